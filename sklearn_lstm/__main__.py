"""The command ``sklearn-lstm``."""

import sys


def main() -> None:
    """Run the command, or say what to install for it."""
    try:
        from .cli import app
    except ImportError as error:
        sys.exit(f"sklearn-lstm: {error}. Install the command with: pip install 'sklearn-lstm[cli]'")
    app()


if __name__ == "__main__":
    main()
