"""A Tree is where sources come from: a directory here, a Git revision elsewhere, the same two questions asked of both.

Paths are relative to the workspace's root, with `/`. A directory tree follows a symbolic link only while it stays
inside the root, opens only regular files, and never reads past the size limit.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Protocol

from ssmd_compiler.source.faults import FaultKind
from ssmd_compiler.source.limits import MAX_FILE_BYTES, MAX_GENERATED_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["DirectoryTree", "MemoryTree", "Refused", "Tree", "beside", "inside", "sha256"]


class Refused(Exception):  # noqa: N818 -- it is an answer, not a failure of ours
    """A path that the tree will not read, and why; `at` is the folder on the way, or the file, that is in the way."""

    def __init__(self, kind: FaultKind, detail: str, at: str = "") -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.at = at


class Tree(Protocol):
    """Where sources come from."""

    def names(self, folder: str) -> list[str]:
        """The names in `folder`, sorted; a folder's name ends in `/`. Empty when there is no such folder.

        Raises `Refused` for a folder that cannot be listed or leads out of the workspace.
        """

    def read(self, path: str) -> bytes:
        """The bytes of one file. Raises `Refused`, or `FileNotFoundError` when there is none."""

    def digest(self, path: str) -> str:
        """The sha256 of one file, as hexadecimal digits. Raises as `read` does; a tree may know it without reading."""

    def read_unlinked(self, path: str) -> bytes:
        """As `read`, but a symbolic link anywhere on the way is refused: for what ssmd itself writes."""


def sha256(content: bytes) -> str:
    """The digest that locks, specs and trees name content by."""
    return hashlib.sha256(content).hexdigest()


def inside(path: str) -> str | None:
    """`path` without `.` and `..`, or None when it is absolute, leaves the root, or cannot be a path.

    >>> inside("schemas/../schemas/trade.capnp"), inside("../x"), inside("/etc/passwd")
    ('schemas/trade.capnp', None, None)
    """
    if not path or "\0" in path or "\\" in path or path.startswith(("/", "file:")) or "://" in path:
        return None
    parts: list[str] = []
    for part in PurePosixPath(path).parts:
        if part != "..":
            parts.append(part)
        elif parts:
            parts.pop()
        else:
            return None
    return "/".join(parts) or None


def beside(document: str, path: str) -> str | None:
    """The file that `path` names when written in `document`; None when it is not one inside of the workspace.

    >>> beside("schemas/trade.yaml", "trade.capnp"), beside("schemas/trade.yaml", "../../etc/passwd")
    ('schemas/trade.capnp', None)
    """
    if not path or path.startswith("/"):
        return None
    return inside("/".join(filter(None, (document.rpartition("/")[0], path))))


@dataclass(frozen=True, slots=True)
class MemoryTree:
    """Files held in memory: what tests and editors hand to the compiler."""

    files: Mapping[str, bytes]

    def names(self, folder: str) -> list[str]:
        prefix = f"{folder}/" if folder else ""
        rest = (path[len(prefix) :].partition("/") for path in self.files if path.startswith(prefix))
        return sorted({f"{head}{slash}" for head, slash, _ in rest})

    def read(self, path: str) -> bytes:
        if path not in self.files:
            raise FileNotFoundError(path)
        if len(self.files[path]) > MAX_FILE_BYTES:
            raise Refused(FaultKind.TOO_LARGE, str(len(self.files[path])))
        return self.files[path]

    read_unlinked = read

    def digest(self, path: str) -> str:
        return sha256(self.read(path))


class _Folder:
    """A folder, held open as long as somebody holds this."""

    __slots__ = ("descriptor",)

    def __init__(self, real: str) -> None:
        self.descriptor = os.open(real, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)

    def __del__(self) -> None:
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)


@dataclass(frozen=True, slots=True)
class DirectoryTree:
    """A workspace on disk."""

    root: Path
    _real_root: str = field(init=False)
    _plain_folders: set[str] = field(init=False, default_factory=set, compare=False)
    _folders: dict[str, _Folder] = field(init=False, default_factory=dict, compare=False)
    """Folders that were read from: held, so that one that somebody replaces by a link leads nowhere else."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_real_root", os.path.realpath(self.root))

    def names(self, folder: str) -> list[str]:
        try:
            with os.scandir(self._resolve(folder)) as entries:
                return sorted(f"{entry.name}/" if self._is_folder(entry) else entry.name for entry in entries)
        except FileNotFoundError:
            return []
        except OSError as problem:
            raise Refused(FaultKind.UNREADABLE, _reason(problem)) from None

    def read(self, path: str) -> bytes:
        folder, _, name = path.rpartition("/")
        try:
            if name not in ("", ".", "..") and "\0" not in name and not path.startswith("/"):
                return self._read_regular(name, within=self._opened(folder))
        except (OSError, Refused):
            pass  # it is a link, or is not there: look again, and say why
        try:
            return self._read_regular(self._resolve(path))
        except FileNotFoundError:
            raise
        except OSError as problem:
            raise Refused(FaultKind.UNREADABLE, _reason(problem)) from None

    def digest(self, path: str) -> str:
        return sha256(self.read(path))

    def read_unlinked(self, path: str) -> bytes:
        if inside(path) != path:
            raise Refused(FaultKind.UNREADABLE, "its name cannot be a path in the workspace")
        joined = os.path.join(self._real_root, path)  # noqa: PTH118 -- as in _resolve
        try:
            return self._read_regular(self._unlinked(path, joined), limit=MAX_GENERATED_BYTES)
        except FileNotFoundError:
            raise
        except NotADirectoryError:
            raise FileNotFoundError(path) from None
        except OSError as problem:
            if problem.errno == errno.ELOOP:
                raise Refused(FaultKind.LINK, "it is a symbolic link") from None
            raise Refused(FaultKind.UNREADABLE, _reason(problem), self._closed(path)) from None

    def _closed(self, path: str) -> str:
        """The first folder on the way to a path that may not be entered, or else the path itself."""
        folders = _prefixes(path)[:-1]
        return next((folder for folder in folders if not os.access(self.root / folder, os.X_OK)), path)

    def _unlinked(self, path: str, joined: str) -> str:
        folder = os.path.dirname(joined)  # noqa: PTH120 -- as in _resolve
        if folder not in self._plain_folders:
            if os.path.realpath(folder) != folder:
                link = next((part for part in _prefixes(path)[:-1] if (self.root / part).is_symlink()), "")
                raise Refused(FaultKind.LINK, f"`{path.rpartition('/')[0]}` leads through a symbolic link", link)
            self._plain_folders.add(folder)
        return joined

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        try:
            return entry.is_dir()
        except OSError:
            return False

    def _resolve(self, path: str) -> str:
        """Where `path` really is, links followed, or Refused when that is outside of the root."""
        if "\0" in path:
            raise Refused(FaultKind.UNREADABLE, "its name holds a NUL")
        joined = os.path.join(self._real_root, path) if path else self._real_root  # noqa: PTH118 -- a Path costs 20 times this
        try:
            real = os.path.realpath(joined, strict=True)
        except (FileNotFoundError, NotADirectoryError):
            if self._through_a_link(path):
                raise Refused(FaultKind.LINK, "leads to nothing") from None
            if self._through_a_file(path):
                raise Refused(FaultKind.UNREADABLE, "what should be a folder is a file") from None
            raise FileNotFoundError(path) from None
        except OSError as problem:
            if problem.errno == errno.ELOOP:
                raise Refused(FaultKind.LINK, "goes round in a loop") from None
            if problem.errno == errno.ENAMETOOLONG:
                raise FileNotFoundError(path) from None
            raise
        if real != self._real_root and not real.startswith(self._real_root.rstrip("/") + "/"):
            raise Refused(FaultKind.LINK, "leads out of the workspace")
        return real

    def _through_a_link(self, path: str) -> bool:
        """Whether a part of a path that leads to nothing is a link."""
        return any((self.root / part).is_symlink() for part in _prefixes(path))

    def _through_a_file(self, path: str) -> bool:
        return any((self.root / part).is_file() for part in _prefixes(path)[:-1])

    def _opened(self, folder: str) -> int:
        if folder not in self._folders:
            self._folders[folder] = _Folder(self._resolve(folder))
        return self._folders[folder].descriptor

    def _read_regular(self, real: str, limit: int = MAX_FILE_BYTES, *, within: int | None = None) -> bytes:
        # O_NONBLOCK: opening a FIFO would wait for its writer for ever.
        descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise Refused(FaultKind.UNREADABLE, _kind_of(status.st_mode))
            if status.st_size > limit:
                raise Refused(FaultKind.TOO_LARGE, str(status.st_size))
            return _read_all(descriptor, status.st_size, limit)
        finally:
            os.close(descriptor)


def _read_all(descriptor: int, expected: int, limit: int) -> bytes:
    content = os.read(descriptor, expected + 1)
    while len(content) <= limit and len(content) != expected and (more := os.read(descriptor, limit)):
        content += more
    if len(content) > limit:
        raise Refused(FaultKind.TOO_LARGE, str(len(content)))
    return content


def _prefixes(path: str) -> list[str]:
    """`a`, `a/b` and `a/b/c` of `a/b/c`."""
    parts = path.split("/")
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _kind_of(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a directory",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFSOCK: "a socket",
    }
    return f"it is {kinds.get(stat.S_IFMT(mode), 'not a regular file')}, not a regular file"


def _reason(problem: OSError) -> str:
    return (problem.strerror or "it cannot be read").lower()
