"""Durability: what was written is on the disk when these return, or an error says that it is not.

A few files are flushed one by one, because `syncfs` also waits for what other programs wrote to the same file system;
many are flushed by one `syncfs`, because a flush for each costs hundreds of times more.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from ssmd_compiler.publish.directories import DIRECTORY, FILE, descend, kinds, opened

if TYPE_CHECKING:
    from collections.abc import Collection

    from ssmd_compiler.publish.errors import Place

__all__ = ["FEW", "flush_all", "flush_directories", "flush_tree"]

FEW = 16
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def flush_tree(fd: int, size: int) -> None:
    """Make a tree of about `size` files durable."""
    if size <= FEW or not _sync_filesystem(fd):
        _flush_each(fd)


def flush_all(fd: int) -> None:
    """Make everything under `fd` durable, however much it is."""
    flush_tree(fd, FEW + 1)


def flush_directories(root: int, paths: Collection[str], place: Place) -> None:
    """Make the entries of these directories durable: what appeared in them, and what went."""
    if len(paths) > FEW and _sync_filesystem(root):
        return
    for path in paths:
        place.path = path
        with descend(root, path, place) as fd:
            os.fsync(fd)


def _sync_filesystem(fd: int) -> bool:
    """Whether this system has `syncfs`; a failed one raises. `fd` was opened before the writes it answers for."""
    try:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        failed = libc.syncfs(fd)
    except (ImportError, AttributeError, OSError):
        return False
    if not failed:
        return True
    number = ctypes.get_errno()
    if number == errno.ENOSYS:
        return False
    raise OSError(number, os.strerror(number))


def _flush_each(fd: int) -> None:
    for name, kind in kinds(fd).items():
        if kind == DIRECTORY:
            with opened(name, fd) as inner:
                _flush_each(inner)
        elif kind == FILE:
            _flush_file(name, fd)
    os.fsync(fd)


def _flush_file(name: str, parent: int) -> None:
    fd = os.open(name, _READ, dir_fd=parent)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
