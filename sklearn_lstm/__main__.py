"""The command ``sklearn-lstm``, also ``python -m sklearn_lstm``."""

import sys

from .command import stopped


def main() -> None:
    """Run the command, or say what to install for it."""
    try:
        from rich.console import Console

        with Console().status("Starting ..."):  # the import takes seconds
            from .command.cli import main
    except ImportError as error:
        print(
            f"sklearn-lstm: {error}. Install what the command needs with: "
            "pip install 'sklearn-lstm[cli]'",
            file=sys.stderr,
        )
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(stopped())
    sys.exit(main())


if __name__ == "__main__":
    main()
