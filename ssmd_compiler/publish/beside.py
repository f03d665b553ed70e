"""Put a few small files into one folder of a workspace, each whole or not at all, whatever else stands there.

For what has no seal and nobody deploys. Neither the folder nor a file is reached through a symbolic link.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ssmd_compiler.publish.directories import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["differing", "put"]

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def put(root: Path, folder: str, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Make `folder` hold `files`, and name those that it did not hold already. Raises OSError."""
    with suppress(FileExistsError), _told_of(folder):
        (root / folder).mkdir()
    with _folder(root, folder) as fd:
        changed = tuple(_differing(fd, folder, files))
        for name in changed:
            with _told_of(f"{folder}/{name}"):
                _replace(fd, name, files[name])
        os.fsync(fd)
    return changed


def differing(root: Path, folder: str, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Those of `files` that `folder` does not hold as they are. Raises OSError."""
    try:
        with _folder(root, folder) as fd:
            return tuple(_differing(fd, folder, files))
    except FileNotFoundError:
        return tuple(files)


@contextmanager
def _folder(root: Path, folder: str) -> Iterator[int]:
    above = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with opened(folder, above) as fd:
            yield fd
    finally:
        os.close(above)


@contextmanager
def _told_of(path: str) -> Iterator[None]:
    """The system's reason, of a place as a person knows it: seen from the workspace, and not the file beside it."""
    try:
        yield
    except OSError as problem:
        raise OSError(problem.errno, problem.strerror, path) from problem


def _differing(fd: int, folder: str, files: Mapping[str, bytes]) -> Iterator[str]:
    for name, content in files.items():
        with _told_of(f"{folder}/{name}"):
            found = _content(fd, name, len(content))
        if found != content:
            yield name


def _content(fd: int, name: str, size: int) -> bytes | None:
    """The first bytes of a file, one more than are expected; None where there is no file."""
    try:
        file = os.open(name, _READ, dir_fd=fd)
    except FileNotFoundError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", name)
        with os.fdopen(file, "rb", closefd=False) as reader:
            return reader.read(size + 1)
    finally:
        os.close(file)


def _replace(fd: int, name: str, content: bytes) -> None:
    beside = f"{name}.new"
    with suppress(FileNotFoundError):
        os.unlink(beside, dir_fd=fd)
    with os.fdopen(os.open(beside, _WRITE, 0o666, dir_fd=fd), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, name, src_dir_fd=fd, dst_dir_fd=fd)
