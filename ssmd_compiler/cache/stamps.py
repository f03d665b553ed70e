"""Stamps: what the file system says of a file without reading it. An equal stamp means equal bytes.

That holds for a stamp whose file had been at rest for a moment: file systems count time in ticks, and a file that is
written twice in one tick can look the same. One that was not at rest has no stamp.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from hashlib import blake2b
from struct import Struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["NO_STAMP", "at_rest", "clock", "folder_stamps", "some_time_ago", "stamp", "stamp_of"]

NO_STAMP: Final = b""
_SECOND: Final = 1_000_000_000
_TICK: Final = 20_000_000
"""Nanoseconds: twice the longest tick of a Linux kernel. A file system that counts seconds gets two of them."""

_PACKED = Struct("<QQQqqI").pack
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def stamp(status: os.stat_result) -> bytes:
    """Which file, how long, when last written, when last changed in any way: nobody sets the last one at will."""
    return _PACKED(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_mode)


def stamp_of(path: str) -> bytes:
    """The stamp of what stands at `path`, links followed; none if there is nothing."""
    try:
        return stamp(os.stat(path))  # noqa: PTH116 -- a Path costs ten times this
    except (OSError, ValueError):
        return NO_STAMP


def at_rest(status: os.stat_result, now: int) -> bool:
    """Whether nothing can have been written since without changing the stamp, by the file system's own clock."""
    return max(status.st_mtime_ns, status.st_ctime_ns) + tick(now) < now


def tick(now: int) -> int:
    """Nanoseconds within which two writes may carry one time, on the file system that said `now`."""
    return _TICK if now % _SECOND else 2 * _SECOND


def clock(folder: int) -> int:
    """The time by the clock of the file system that `folder` is on, in nanoseconds. Raises OSError."""
    name = f".clock-{os.getpid()}"
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
    fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        return os.fstat(fd).st_ctime_ns
    finally:
        os.close(fd)
        os.unlink(name, dir_fd=folder)


def some_time_ago() -> int:
    """A time that is past by any file system's clock that is right to two seconds, in nanoseconds."""
    return time.time_ns() // _SECOND * _SECOND - 2 * _SECOND


def folder_stamps(root: str, names: Iterable[str]) -> dict[str, tuple[bytes, int]]:
    """Of each folder in `root`: one stamp for all files directly in it, and the latest time that one of them bears.

    Without a stamp are those that are missing, or led to by a link.
    """
    try:
        fd = os.open(root, _FOLDER)
    except OSError:
        return {}
    try:
        return {name: _stamp_of_folder(fd, name) for name in names}
    finally:
        os.close(fd)


def _stamp_of_folder(parent: int, name: str) -> tuple[bytes, int]:
    try:
        fd = os.open(name or ".", _FOLDER, dir_fd=parent)
    except OSError:
        return NO_STAMP, 0
    try:
        return _folder_stamp(fd)
    except OSError:
        return NO_STAMP, 0
    finally:
        os.close(fd)


def _folder_stamp(fd: int) -> tuple[bytes, int]:
    with os.scandir(fd) as entries:
        found = sorted(
            (entry.name, None if entry.is_dir(follow_symlinks=False) else entry.stat(follow_symlinks=False))
            for entry in entries
        )
    lines = [b"%b\0%b" % (os.fsencode(name), stamp(status) if status else b"/") for name, status in found]
    latest = max((max(status.st_mtime_ns, status.st_ctime_ns) for _, status in found if status), default=0)
    return blake2b(b"".join(lines), digest_size=16).digest(), latest
