"""Files that survive a kill: whole appends, durable renames, directories synced.

Formats of errors: a failing disk raises `StorageError`, one line for a person. `full` tells a full disk, which may be
waited for, from everything else, which may not: after a failed fsync nothing is known about what was written before.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "StorageError",
    "append",
    "check_in_place",
    "data_sync",
    "make_directory",
    "open_to_append",
    "refuse_special",
    "replace",
    "storage_error",
    "sync_directory",
]

_FULL: Final = {errno.ENOSPC, errno.EDQUOT}


class StorageError(Exception):
    """The storage failed; the message is one line for a person."""

    def __init__(self, message: str, *, full: bool = False) -> None:
        super().__init__(message)
        self.full = full


def storage_error(what: str, path: Path, problem: OSError) -> StorageError:
    """The error in one line."""
    return StorageError(f"cannot {what} {path}: {problem.strerror}", full=problem.errno in _FULL)


def open_to_append(path: Path) -> int:
    """A descriptor that appends; the file and its directory are made, and durable, when it returns."""
    descriptor = -1
    try:
        make_directory(path.parent)
        refuse_special(path.parent, stat.S_ISDIR)
        refuse_special(path, stat.S_ISREG)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        sync_directory(path.parent)  # always: a process that made the file may have been killed before it did this
        sync_directory(path.parent.parent)
    except OSError as problem:
        if descriptor >= 0:
            os.close(descriptor)
        raise storage_error("open", path, problem) from None
    return descriptor


def make_directory(path: Path) -> None:
    """Makes a directory and what is missing above it, durably. Raises `OSError`."""
    missing: list[Path] = []
    while not path.exists():
        missing.append(path)
        path = path.parent
    for directory in reversed(missing):
        directory.mkdir(exist_ok=True)
        sync_directory(directory.parent)


def refuse_special(path: Path, wanted: Callable[[int], bool]) -> None:
    """Raises `StorageError` where something stands that is not of this kind itself: a link, a pipe, a device."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not wanted(mode):
        kind = "directory" if wanted is stat.S_ISDIR else "regular file"
        raise StorageError(f"cannot write {path}: it is not a {kind}")


def append(descriptor: int, block: bytes, path: Path, size: int) -> None:
    """All of `block`, at the end of a file of `size` bytes; or nothing of it, and `StorageError`."""
    written = 0
    try:
        written = os.write(descriptor, block)
        while written < len(block):
            written += os.write(descriptor, memoryview(block)[written:])
    except OSError as problem:
        if written:
            _undo(descriptor, size, path)
        raise storage_error("write", path, problem) from None


def check_in_place(descriptor: int, path: Path, size: int) -> None:
    """Raises `StorageError` where `path` is not the open file any more, or holds less than the `size` written to it."""
    try:
        held = os.fstat(descriptor)
        named = path.lstat()
        in_place = held.st_nlink > 0 and (held.st_dev, held.st_ino) == (named.st_dev, named.st_ino)
    except (FileNotFoundError, NotADirectoryError):
        in_place = False
    except OSError as problem:
        raise storage_error("look at", path, problem) from None
    if not in_place:
        raise StorageError(f"{path} was removed or replaced while it was written")
    if held.st_size < size:
        raise StorageError(f"{path} was cut from {size} to {held.st_size} bytes while it was written")


def _undo(descriptor: int, size: int, path: Path) -> None:
    try:
        os.ftruncate(descriptor, size)
    except OSError as problem:
        raise StorageError(f"cannot take back half a write to {path}: {problem.strerror}") from None


def data_sync(descriptor: int, path: Path) -> None:
    """fdatasync, once. Where it fails it is not tried again: the kernel may have dropped what it could not write."""
    try:
        os.fdatasync(descriptor)
    except OSError as problem:
        raise StorageError(f"cannot sync {path}: {problem.strerror}: what was not synced before may be lost") from None


def replace(path: Path, content: bytes) -> None:
    """Writes a whole file: afterwards it is there and durable, or the old one is."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        try:
            append(descriptor, content, temporary, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(path)
        sync_directory(path.parent)
    except OSError as problem:
        raise storage_error("write", path, problem) from None


def sync_directory(path: Path) -> None:
    """Makes the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
