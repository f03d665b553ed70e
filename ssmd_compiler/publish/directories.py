"""Directories by descriptor: every step is relative to one already held and refuses to pass through a symbolic link.

What is planted after a path was looked at therefore leads nowhere: the kernel says no at the step itself.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ssmd_compiler.publish.errors import Place

__all__ = ["DIRECTORY", "FILE", "descend", "kinds", "open_root", "opened", "remove_tree", "what_stands"]

FILE = "a file"
DIRECTORY = "a directory"
_LINK = "a symbolic link"
_SPECIAL = "neither a file nor a directory"
_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {stat.S_IFREG: FILE, stat.S_IFDIR: DIRECTORY, stat.S_IFLNK: _LINK}
_NOT_A_DIRECTORY = (errno.ELOOP, errno.ENOTDIR)


@contextmanager
def opened(name: str, parent: int) -> Iterator[int]:
    """One directory inside another."""
    fd = os.open(name, _FLAGS, dir_fd=parent)
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def descend(root: int, path: str, place: Place, *, create: bool = False) -> Iterator[int]:
    """The directory at `path` under `root`, each component opened from the one before."""
    fd = os.dup(root)
    try:
        for end in _ends(path):
            inner = _step(fd, path[:end], place, create=create)
            os.close(fd)
            fd = inner
        yield fd
    finally:
        os.close(fd)


def _ends(path: str) -> list[int]:
    return [*(at for at, letter in enumerate(path) if letter == "/"), len(path)] if path else []


def _step(parent: int, path: str, place: Place, *, create: bool) -> int:
    name = path.rpartition("/")[2]
    if create:
        with suppress(FileExistsError):
            os.mkdir(name, 0o755, dir_fd=parent)
    return _open(name, parent, path, place)


def open_root(directory: Path, place: Place) -> int:
    """The directory itself, made when it is missing. Links above it are the person's own affair and are followed."""
    if not os.path.lexists(directory):
        _make_root(directory, place)
    return _open(directory, None, "", place)


def _make_root(directory: Path, place: Place) -> None:
    try:
        directory.mkdir(0o755)
    except FileExistsError:
        pass  # another publisher was quicker
    except FileNotFoundError as error:
        raise place.refuse("", "the directory that should hold it does not exist; make it first") from error


def _open(name: str | Path, parent: int | None, path: str, place: Place) -> int:
    try:
        return os.open(name, _FLAGS, dir_fd=parent)
    except OSError as error:
        if error.errno in _NOT_A_DIRECTORY:
            raise place.refuse(path, f"{what_stands(name, parent)} stands where a directory should be") from error
        raise


def what_stands(name: str | Path, parent: int | None = None) -> str:
    mode = os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode
    return _KINDS.get(stat.S_IFMT(mode), _SPECIAL)


def kinds(fd: int) -> dict[str, str]:
    """What the directory holds, by name, without following anything."""
    with os.scandir(fd) as entries:
        return {entry.name: _kind(entry) for entry in entries}


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_file(follow_symlinks=False):
        return FILE
    if entry.is_dir(follow_symlinks=False):
        return DIRECTORY
    return _LINK if entry.is_symlink() else _SPECIAL


def remove_tree(name: str, parent: int) -> None:
    """Remove a directory and all that it holds; a link inside is removed, not followed."""
    with opened(name, parent) as fd:
        for inner, kind in kinds(fd).items():
            if kind == DIRECTORY:
                remove_tree(inner, fd)
            else:
                os.unlink(inner, dir_fd=fd)
    os.rmdir(name, dir_fd=parent)
