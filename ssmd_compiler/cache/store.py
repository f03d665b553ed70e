"""The cache's files: read only when they are whole, ours, of this compiler and of this very folder; written at once.

A cache that somebody committed, copied or edited is as good as none: it names the folder's inode, which no copy has.
"""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager, suppress
from hashlib import blake2b, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ssmd_compiler import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_BYTES", "SEAL", "identity", "opened", "read", "seal", "write"]

FOLDER: Final = (".ssmd", "cache")
MOST_BYTES: Final = 256 << 20
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
SEAL: Final = 32
"""Bytes before the content."""


@contextmanager
def opened(root: Path, *, make: bool = False) -> Iterator[int]:
    """The cache's folder, never through a link. Raises OSError."""
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in FOLDER:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(name, 0o755 if name == FOLDER[0] else 0o700, dir_fd=fd)
            inner = os.open(name, _DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = inner
        yield fd
    finally:
        os.close(fd)


def read(folder: int, name: str) -> bytes | None:
    """What `write` put there; None for anything else."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_size > MOST_BYTES:
            return None
        with os.fdopen(os.dup(fd), "rb") as file:
            content = file.read(MOST_BYTES)
    except OSError:
        return None
    finally:
        os.close(fd)
    body = content[SEAL:]
    return body if content[:SEAL] == seal(body) else None


def write(folder: int, name: str, content: bytes) -> None:
    """Whole or not at all; a power cut may tear it, and `read` then refuses it. Raises OSError."""
    _leave_out_of_git(folder)
    draft = f".{name}-{os.getpid()}"
    with suppress(FileNotFoundError):
        os.unlink(draft, dir_fd=folder)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(seal(content))
            file.write(content)
        os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with suppress(OSError):
            os.unlink(draft, dir_fd=folder)
        raise


def _leave_out_of_git(folder: int) -> None:
    """As other tools' caches do: a folder that ignores itself needs no line in anybody's .gitignore."""
    with suppress(FileExistsError):
        fd = os.open(".gitignore", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
        os.write(fd, b"*\n")
        os.close(fd)


def seal(content: bytes) -> bytes:
    """What tells that content is whole; processors have instructions for it."""
    return sha256(content).digest()


def identity() -> str:
    """This compiler: its version, its very files, the packages beside it, and the interpreter."""
    known = blake2b(f"{__version__}\0{sys.version}\0".encode(), digest_size=16)
    package = Path(__file__).parent.parent
    for folder in (package, package.parent / "templates", *_installed("ssmd_runtime")):
        for line in sorted(_files(str(folder))):
            known.update(line.encode())
    for place in sys.path:
        with suppress(OSError):
            names = os.listdir(place)  # noqa: PTH208 -- strings are what is wanted
            known.update("\n".join(sorted(name for name in names if name.endswith("-info"))).encode())
    return known.hexdigest()


def _installed(package: str) -> list[Path]:
    import importlib.util

    found = importlib.util.find_spec(package)
    return [Path(place) for place in (found.submodule_search_locations or [])] if found is not None else []


def _files(folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names:
            status = os.stat(os.path.join(place, name))  # noqa: PTH116, PTH118 -- a Path costs as much as the call
            yield f"{place}/{name} {status.st_size} {status.st_mtime_ns}\n"
