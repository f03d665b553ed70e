"""Files that survive a kill: whole appends, durable renames, directories synced.

Formats of errors: a failing disk raises `StorageError`, one line for a person. `full` tells a full disk, which may be
waited for, from everything else, which may not: after a failed fsync nothing is known about what was written before.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["StorageError", "append", "data_sync", "open_to_append", "replace", "storage_error", "sync_directory"]

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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        existed = path.exists()
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        if not existed:
            sync_directory(path.parent)
            sync_directory(path.parent.parent)
    except OSError as problem:
        raise storage_error("open", path, problem) from None
    return descriptor


def append(descriptor: int, block: bytes, path: Path, size: int) -> None:
    """All of `block`, at the end of a file of `size` bytes; or nothing of it, and `StorageError`."""
    written = 0
    try:
        written = os.write(descriptor, block)
        while written < len(block):
            written += os.write(descriptor, memoryview(block)[written:])
    except OSError as problem:
        if written:
            os.ftruncate(descriptor, size)
        raise storage_error("write", path, problem) from None


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
