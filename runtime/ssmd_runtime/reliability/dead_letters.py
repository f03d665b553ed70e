"""The file of dead letters of one component: `<storage path>/dlq/<component>.jsonl`.

Appending is durable (fdatasync, and the folder's entry of a new file) and bounded: past `most_bytes` a letter is
refused with `DeadLettersFull`, which the caller has to count. A line torn by a crash stays a line of its own and is
told by `contents`, never hidden. Every writer holds the lock (flock); purging replaces the file atomically, and who
waited for the lock meanwhile starts again with the new one.
"""

from __future__ import annotations

import errno
import fcntl
import io
import os
import re
import secrets
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ssmd_runtime.reliability import letters
from ssmd_runtime.reliability.letters import Contents, Damage, Letter, Replayed

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterator

__all__ = ["FOLDER", "DeadLetters", "DeadLettersFull", "files"]

FOLDER: Final = "dlq"
_SUFFIX: Final = ".jsonl"
_COMPONENT: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_WRITE: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class DeadLettersFull(Exception):  # noqa: N818 -- it says what the file is
    """The file has no room for another letter: look at it, replay, purge."""


def files(storage_path: Path | str) -> dict[str, DeadLetters]:
    """The dead letters under a storage path, by component; none where there is no folder of them."""
    folder = Path(storage_path) / FOLDER
    try:
        names = sorted(entry.name for entry in os.scandir(folder))
    except FileNotFoundError:
        return {}
    components = [name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)]
    return {name: DeadLetters(storage_path, name) for name in components if _COMPONENT.fullmatch(name)}


class DeadLetters:
    """One component's dead letters."""

    def __init__(self, storage_path: Path | str, component: str, most_bytes: int = letters.MOST_BYTES) -> None:
        if not _COMPONENT.fullmatch(component):
            raise ValueError("a component's name is lower-case letters, digits and dashes")
        self.component = component
        self.path = Path(storage_path) / FOLDER / f"{component}{_SUFFIX}"
        self._most_bytes = most_bytes

    def append(self, letter: Letter) -> None:
        """Write a letter down; it is on disk when this returns. Raises `DeadLettersFull`, or OSError."""
        self._append(letters.encode(letter), self._most_bytes)

    def contents(self) -> Contents:
        """All that stands in the file; nothing when there is none."""
        found: list[Letter] = []
        replayed: dict[str, str] = {}
        damage: list[Damage] = []
        for number, line in enumerate(self._lines(), 1):
            try:
                record = _record(line)
            except ValueError as problem:
                damage.append(Damage(number, str(problem), torn=not line.endswith(b"\n")))
                continue
            if isinstance(record, Replayed):
                replayed[record.replayed] = record.ts
            else:
                found.append(record)
        return Contents(tuple(found), replayed, tuple(damage))

    def replay(self, letter: Letter, hand: Callable[[Letter], None], now_ns: int) -> None:
        """Hand a letter on, then mark it: what fails in between is handed on again, so at least once."""
        hand(letter)
        self.mark(letter.id, now_ns)

    def mark(self, identity: str, now_ns: int) -> None:
        """Note that a letter was replayed. A full file takes this still: it is how it gets emptier."""
        self._append(letters.encode(Replayed(replayed=identity, ts=letters.moment(now_ns))), None)

    def purge(self, before: datetime.datetime) -> int:
        """Remove the letters given up before a time, with their marks; how many. Lines that cannot be read are kept."""
        if not self.path.exists():
            return 0
        with self._locked() as descriptor:
            lines = _split(_everything(descriptor, self.path))
            gone = {record.id for record in map(_letter_of, lines) if record is not None and record.given_up < before}
            if gone:
                self._replace(b"".join(_ended(line) for line in lines if not _is_of(line, gone)), descriptor)
            return len(gone)

    def _append(self, line: bytes, most: int | None) -> None:
        self._folder_made()
        with self._locked() as descriptor:
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            written = b"\n" + line if torn else line
            if most is not None and size + len(written) > most:
                raise DeadLettersFull(f"{self.path} holds {size} bytes, of {most} at most")
            try:
                _write(descriptor, written)
            except OSError:
                # Half a line would be there for the next reader to puzzle over.
                with suppress(OSError):
                    os.ftruncate(descriptor, size)
                raise
            os.fdatasync(descriptor)
        if size == 0:
            _sync_folder(self.path.parent)

    def _folder_made(self) -> None:
        if not self.path.parent.is_dir():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _sync_folder(self.path.parent.parent)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, open and ours alone; still the one of this name when we have it."""
        while True:
            descriptor = os.open(self.path, _WRITE, 0o640)
            try:
                _refuse_irregular(descriptor, self.path)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if _same(descriptor, self.path):
                    yield descriptor
                    return
            finally:
                os.close(descriptor)

    def _lines(self) -> list[bytes]:
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return []
        try:
            _refuse_irregular(descriptor, self.path)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            return _split(_everything(descriptor, self.path))
        finally:
            os.close(descriptor)

    def _replace(self, content: bytes, descriptor: int) -> None:
        """The file's new content, under its name at once or not at all."""
        temporary = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        mode = os.fstat(descriptor).st_mode & 0o777
        made = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            try:
                _write(made, content)
                os.fsync(made)
            finally:
                os.close(made)
            temporary.replace(self.path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(self.path.parent)


def _record(line: bytes) -> Letter | Replayed:
    """Raises `ValueError` for what is none; a line that is not ended is none, whatever it says."""
    if not line.endswith(b"\n"):
        raise ValueError("it is not ended: torn by a crash, or still being written")
    return letters.read(line)


def _letter_of(line: bytes) -> Letter | None:
    try:
        record = _record(line)
    except ValueError:
        return None
    return record if isinstance(record, Letter) else None


def _is_of(line: bytes, identities: set[str]) -> bool:
    """Whether a line is one of these letters, or the mark of one."""
    try:
        record = _record(line)
    except ValueError:
        return False
    return (record.id if isinstance(record, Letter) else record.replayed) in identities


def _split(content: bytes) -> list[bytes]:
    """The lines, ended at line feeds alone (`splitlines` would take a carriage return for an end too)."""
    return io.BytesIO(content).readlines()


def _ended(line: bytes) -> bytes:
    return line if line.endswith(b"\n") else line + b"\n"


def _everything(descriptor: int, path: Path) -> bytes:
    """The file's bytes; what is far longer than we let one grow is not ours."""
    size = os.fstat(descriptor).st_size
    if size > 2 * letters.MOST_BYTES:
        raise OSError(errno.EFBIG, "too long for a file of dead letters", str(path))
    found = bytearray()
    while len(found) < size and (part := os.pread(descriptor, size - len(found), len(found))):
        found += part
    return bytes(found)


def _refuse_irregular(descriptor: int, path: Path) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _same(descriptor: int, path: Path) -> bool:
    try:
        named = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    ours = os.fstat(descriptor)
    return (ours.st_dev, ours.st_ino) == (named.st_dev, named.st_ino)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
