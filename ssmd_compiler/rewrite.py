"""New content for sources that exist: each file has its old bytes or its new ones at every instant, and keeps its mode.

All new contents are on the disk before the first file changes. Refused, before anything changes: what is no regular
file, what stands behind a symbolic link, what may not be written, and what is not as it was when it was read.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["RewriteError", "rewrite"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class RewriteError(Exception):
    """A file that is not rewritten, and why; `changed` says whether others were before it."""

    def __init__(self, path: str, reason: str, *, changed: bool = False) -> None:
        super().__init__(f"cannot write `{path}`: {reason}")
        self.path, self.reason, self.changed = path, reason, changed


@dataclass(frozen=True, slots=True)
class _Staged:
    """A file and its new content beside it."""

    path: str
    folder: int
    name: str
    beside: str
    seen: tuple[int, int, int]


def rewrite(root: Path, files: Mapping[str, tuple[bytes, bytes]]) -> None:
    """Give each file below `root` its new content; `files` holds, by path, the content as read and the new one."""
    staged: list[_Staged] = []
    with ExitStack() as stack:
        folders: dict[str, int] = {}
        try:
            for path, (before, after) in sorted(files.items()):
                staged.append(_staged(_folder(stack, folders, root, path), path, before, after))
            _move(staged)
            for one in staged:
                _flush(one)
        finally:
            _clean(staged)


def _folder(stack: ExitStack, folders: dict[str, int], root: Path, path: str) -> int:
    """The folder of the file at `path`, each step of the way a folder itself."""
    inner = path.rpartition("/")[0]
    if inner not in folders:
        try:
            folder = (
                os.open(inner.rpartition("/")[2], _FOLDER, dir_fd=_folder(stack, folders, root, inner))
                if inner
                else os.open(root, _FOLDER & ~os.O_NOFOLLOW)
            )
        except OSError as problem:
            raise RewriteError(path, _reason(problem)) from None
        stack.callback(os.close, folder)
        folders[inner] = folder
    return folders[inner]


def _staged(folder: int, path: str, before: bytes, after: bytes) -> _Staged:
    try:
        return _stage(folder, path, before, after)
    except OSError as problem:
        raise RewriteError(path, _reason(problem)) from None


def _stage(folder: int, path: str, before: bytes, after: bytes) -> _Staged:
    name = path.rpartition("/")[2]
    status = _looked_at(folder, name, path, before)
    if not os.fstat(folder).st_mode & 0o222:
        raise RewriteError(path, "its folder is read-only")
    beside = f".{name}.{os.urandom(6).hex()}.tmp"
    new = os.open(beside, _NEW, 0o600, dir_fd=folder)
    try:
        with os.fdopen(new, "wb") as file:
            file.write(after)
            file.flush()
            with suppress(PermissionError):
                os.fchown(new, status.st_uid, status.st_gid)
            os.fchmod(new, stat.S_IMODE(status.st_mode))
            os.fsync(new)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside, dir_fd=folder)
        raise
    return _Staged(path, folder, name, beside, _identity(status))


def _looked_at(folder: int, name: str, path: str, before: bytes) -> os.stat_result:
    """The file's status, once it is known to be what was read, and may be written."""
    file = os.open(name, _FILE, dir_fd=folder)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise RewriteError(path, "it is not a regular file")
        if status.st_size != len(before) or _read(file, status.st_size) != before:
            raise RewriteError(path, "it was changed in the meantime")
    finally:
        os.close(file)
    if not status.st_mode & 0o222 or not os.access(name, os.W_OK, dir_fd=folder):
        raise RewriteError(path, "it is read-only")
    return status


def _read(file: int, size: int) -> bytes:
    content = b""
    while len(content) <= size and (more := os.read(file, size + 1 - len(content))):
        content += more
    return content


def _identity(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_size


def _move(staged: list[_Staged]) -> None:
    for number, one in enumerate(staged):
        try:
            now = os.stat(one.name, dir_fd=one.folder, follow_symlinks=False)
            if _identity(now) != one.seen:
                raise RewriteError(one.path, "it was changed in the meantime", changed=number > 0)
            os.rename(one.beside, one.name, src_dir_fd=one.folder, dst_dir_fd=one.folder)
        except OSError as problem:
            raise RewriteError(one.path, _reason(problem), changed=number > 0) from None


def _flush(one: _Staged) -> None:
    try:
        os.fsync(one.folder)
    except OSError as problem:
        raise RewriteError(one.path, _reason(problem), changed=True) from None


def _clean(staged: list[_Staged]) -> None:
    """Remove what was staged and not moved."""
    for one in staged:
        with suppress(OSError):
            os.unlink(one.beside, dir_fd=one.folder)


def _reason(problem: OSError) -> str:
    link = "it is a symbolic link, or behind one"
    reasons = {errno.ELOOP: link, errno.ENOTDIR: link, errno.ENOENT: "it is gone", errno.EACCES: "permission denied"}
    return reasons.get(problem.errno or 0) or (problem.strerror or "it failed").lower()
