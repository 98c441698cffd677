"""A folder of results that is there whole or not at all, whenever the program is killed."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from slmdecide.cli.output import umask
from slmdecide.errors import InputError, RunError

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator


def check_new(folder: Path, option: str, *, force: bool) -> None:
    """Makes the folders above; InputError if the folder cannot be written as a new one, or holds something and `force` is not given."""
    target = folder.resolve()
    if target == Path.cwd() or target in Path.cwd().parents:
        raise InputError(f"{option}: {folder} is the folder that you are in, or one above", hint="name a new one inside it")
    if target.exists() and not target.is_dir():
        raise InputError(f"{option}: {folder} is no folder")
    if target.is_dir() and not force and any(target.iterdir()):
        raise InputError(f"{option}: {folder} holds files already", hint="name a new folder; --force replaces what an earlier run wrote")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{folder}: cannot be made: {error.strerror or error}") from None
    if not os.access(target.parent, os.W_OK):
        raise RunError(f"{folder}: cannot be made: the folder above is not writable")


@contextmanager
def whole_folder(folder: Path, ours: re.Pattern[str]) -> Iterator[Path]:
    """A new folder to write to; when the block ends well it takes the place of `folder`, else it is gone.

    Files in `folder` stay, unless their names are ours. At no time does it hold some files of one run and some of another.
    RunError if it cannot be written.
    """
    target = folder.resolve()
    try:
        staged = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp"))
        try:
            yield staged
            _put(staged, target, ours)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    except OSError as error:
        raise RunError(f"{folder}: cannot be written: {error.strerror or error}") from None


def _put(staged: Path, target: Path, ours: re.Pattern[str]) -> None:
    staged.chmod(0o777 & ~umask())
    if not target.exists() or not any(target.iterdir()):
        staged.replace(target)
        return
    staged.chmod(target.stat().st_mode & 0o7777)
    for one in target.iterdir():
        if ours.fullmatch(one.name) is None:
            _copy(one, staged / one.name)
    earlier = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.", suffix=".old"))
    target.replace(earlier)
    staged.replace(target)
    shutil.rmtree(earlier, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target, follow_symlinks=False)
