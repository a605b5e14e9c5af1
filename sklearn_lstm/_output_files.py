"""Results in files that appear whole or not at all, in the place of nothing that is not theirs."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Give a path to write to, which takes the place of ``path`` when all went well.

    A link stays, and what it leads to is written; the permissions of a file stay, too.

    Parameters
    ----------
    path : path

    Yields
    ------
    unfinished : Path
        In the same folder, with the same name but for its folder.

    Raises
    ------
    ValueError
        As :func:`check_output`, before anything is written.
    """
    target = _target(path)
    with _folder_beside(target, path) as folder:
        unfinished = folder / Path(path).name  # a format may be told by the ending of a link
        yield unfinished
        if target.exists():
            _take_permissions(target, unfinished)
        unfinished.replace(target)


@contextmanager
def written_together(*paths: str | Path | None) -> Iterator[list[Any]]:
    """Give paths to write to, which take the places of ``paths`` when all of them are written.

    Parameters
    ----------
    *paths : path or None
        None is given for None.

    Yields
    ------
    unfinished : list of Path or None
        As :func:`written_whole` gives them.

    Raises
    ------
    ValueError
        As :func:`check_output`, before anything is written.
    """
    with ExitStack() as files:
        yield [None if path is None else files.enter_context(written_whole(path)) for path in paths]


def check_output(path: str | Path) -> None:
    """Refuse a path that can't be written to, by making a file beside it and removing it again.

    Parameters
    ----------
    path : path

    Raises
    ------
    ValueError
        If it names no file, something stands there that is no ordinary file that may be written,
        or no file can be made in its folder.
    """
    target = _target(path)
    with _folder_beside(target, path):
        pass


def check_outputs(outputs: Mapping[str, Path | None], inputs: Mapping[str, Path | None]) -> None:
    """Refuse outputs that can't be written to, or would replace an input or one another.

    Parameters
    ----------
    outputs, inputs : dict
        Paths by the names of their parameters; None is left out.

    Raises
    ------
    ValueError
        As :func:`check_output`, and if two names lead to the same file.
    """
    taken = {name: path for name, path in inputs.items() if path is not None}
    for name, path in outputs.items():
        if path is None:
            continue
        check_output(path)
        for other_name, other in taken.items():
            if _is_same(path, other):
                raise ValueError(
                    f"{name} {os.fspath(path)!r} is the same file as {other_name} "
                    f"{os.fspath(other)!r}, which would be lost. Name another file."
                )
        taken[name] = path


def _target(path):
    """Return the file that is written, behind all links."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path={path!r} must be text or a Path.")
    name = os.fspath(path)
    if not name or name.endswith((os.sep, "/")):
        raise ValueError(f"path={name!r} names no file. Name one, such as 'result.csv'.")
    if "\0" in name:
        raise ValueError(f"path={name!r} holds a null character, which no name of a file may.")
    target = Path(os.path.realpath(name))
    try:
        mode = os.stat(name).st_mode  # not of the target: a pipe in /dev/fd leads to no file
    except FileNotFoundError:
        mode = None
    except OSError as error:  # such as links that lead in a circle, or too long a name
        raise _not_written(name, error) from error
    if mode is not None:
        _check_replaceable(name, target, mode)
    elif not target.parent.is_dir():
        raise ValueError(f"There is no folder {target.parent} for {target.name}. Create it.")
    return target


def _check_replaceable(name, target, mode):
    if stat.S_ISDIR(mode):
        raise ValueError(f"{name} is a folder: name a file in it.")
    if not stat.S_ISREG(mode):
        raise ValueError(
            f"{name} is no ordinary file but a {_kind(mode)}, which would be lost. Name another."
        )
    if _is_stream(target):  # such as /dev/stdout, with > in the shell
        raise ValueError(f"{name} is where this program prints, which would be lost. Name another.")
    if not os.access(target, os.W_OK):
        raise ValueError(f"{name} is write-protected. Name another file, or allow writing to it.")


def _is_stream(target):
    """Tell whether a file is the standard input, output or error of this process."""
    status = os.stat(target)
    for stream in range(3):
        with suppress(OSError):  # a program may have none of them
            if os.path.samestat(status, os.fstat(stream)):
                return True
    return False


def _kind(mode):
    kinds = {stat.S_ISFIFO: "pipe", stat.S_ISSOCK: "socket"}
    return next((kind for is_kind, kind in kinds.items() if is_kind(mode)), "device")


@contextmanager
def _folder_beside(target, path):
    """Make a folder for the unfinished file, on the same disk; refuse where that can't be."""
    try:
        folder = tempfile.TemporaryDirectory(prefix=".unfinished-", dir=target.parent)
    except OSError as error:
        raise _not_written(os.fspath(path), error) from error
    with folder as name:
        try:
            trial = Path(name) / target.name
            trial.touch()
            trial.unlink()
        except OSError as error:
            raise _not_written(os.fspath(path), error) from error
        yield Path(name)


def _not_written(name, error):
    shown = name if len(name) <= 120 else f"{name[:60]}...{name[-40:]}"
    return ValueError(f"{shown} can't be written: {error.strerror}. Name another file.")


def _take_permissions(target, unfinished):
    status = os.stat(target)
    if hasattr(os, "chown"):
        with suppress(OSError):  # only who may give files away needs to
            os.chown(unfinished, status.st_uid, status.st_gid)
    os.chmod(unfinished, stat.S_IMODE(status.st_mode))


def _is_same(path, other):
    if os.path.realpath(path) == os.path.realpath(other):
        return True
    try:
        return os.path.samefile(path, other)  # two names of one file, hard links or other capitals
    except (OSError, ValueError):
        return False
