"""Reads a data file back: how much of it is whole, what it holds, where it is damaged.

A torn tail is what a kill leaves: a last line without its line break, a last frame without its end. It was never
acknowledged and is cut off before anything is appended. Damage in the middle is something else (a failing disk, an
editor): it is told with its place and size, and nobody skips it in silence.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import msgspec

from ssmd_runtime.storage.envelope import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["Contents", "Damage", "inspect"]

_CHUNK: Final = 1 << 20
_MOST_DAMAGE: Final = 100
_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_MOST_FRAME: Final = 256 << 20
_MOST_BLOCK: Final = 128 << 10
_RUN_LENGTH: Final = 1
_RESERVED: Final = 3
_DECODER: Final = msgspec.json.Decoder(Line)


@dataclass(frozen=True, slots=True)
class Damage:
    """`bytes` bytes from `offset` on that are no records, between the records of `after_ts` and of `before_ts`."""

    offset: int
    bytes: int
    after_ts: str | None
    before_ts: str | None = None


@dataclass(slots=True)
class Contents:
    """What a file holds. `whole` is the length up to which it is whole; `torn` how many bytes follow."""

    records: int = 0
    whole: int = 0
    torn: int = 0
    first_ts: str | None = None
    last_ts: str | None = None
    damage: list[Damage] = field(default_factory=list)
    damaged: int = 0
    _open: int = 0  # how many of `damage` have no record behind them yet

    def add(self, lines: list[Line]) -> None:
        """More records, in order."""
        if lines:
            self.records += len(lines)
            self.first_ts = self.first_ts or lines[0].ts
            self.last_ts = lines[-1].ts
            if self._open:
                behind = [replace(damage, before_ts=lines[0].ts) for damage in self.damage[-self._open :]]
                self.damage[-self._open :], self._open = behind, 0

    def hurt(self, offset: int, length: int) -> None:
        """One more damaged place."""
        self.damaged += 1
        if len(self.damage) < _MOST_DAMAGE:
            self.damage.append(Damage(offset, length, self.last_ts))
            self._open += 1


def inspect(path: Path, visit: Callable[[list[Line]], None] | None = None) -> Contents:
    """The contents of a data file, compressed where its name ends in `.zst`; `visit` sees the records."""
    contents = Contents()
    compressed = path.suffix == ".zst"
    for offset, block in (_frames if compressed else _blocks)(path, contents):
        lines = _lines(block, contents, offset, compressed=compressed)
        if visit is not None and lines:
            visit(lines)
    return contents


def _blocks(path: Path, contents: Contents) -> Iterator[tuple[int, bytes]]:
    """Whole lines with their place, about a megabyte at a time."""
    rest = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            end = chunk.rfind(b"\n") + 1
            if not end:
                rest += chunk
                continue
            block = rest + chunk[:end]
            yield contents.whole, block
            contents.whole += len(block)
            rest = chunk[end:]
    contents.torn = len(rest)


def _lines(block: bytes, contents: Contents, offset: int, *, compressed: bool) -> list[Line]:
    """The records of a block. What is none is damage: at its own place, or at the compressed frame's."""
    try:
        lines = _DECODER.decode_lines(block)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        lines = []
    if len(lines) == block.count(b"\n"):
        contents.add(lines)
        return lines
    good: list[Line] = []
    at = offset
    for raw in block.split(b"\n")[:-1]:
        try:
            line = _line(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            contents.hurt(at, len(raw) + 1)
        else:
            good.append(line)
            contents.add([line])
        at += 0 if compressed else len(raw) + 1
    return good


def _line(raw: bytes) -> Line:
    try:
        return _DECODER.decode(raw)
    except RecursionError:  # nested deeper than can be read here, which was just possible where it was written
        head, _, frame = raw.partition(b',"data":')
        line = _DECODER.decode(head + b',"data":null}')
        line.data = msgspec.Raw(frame.removesuffix(b"}"))
        return line


def _frames(path: Path, contents: Contents) -> Iterator[tuple[int, bytes]]:
    """Every whole Zstandard frame with its place; one that ends too early at the end of the file is the torn tail.

    Behind bytes that are no frame the next one is searched for, so that a damaged length hides nothing behind it.
    """
    window, at, hurt = b"", 0, 0
    with path.open("rb") as file:
        while True:
            length = frame_length(window, at)
            block = _decompressed(window[at : at + length]) if length > 0 else None
            if length == 0 and not (skip := _whole_frame_after(window, at)):
                if chunk := file.read(_CHUNK):
                    window, at = window[at:] + chunk, 0
                    continue
                break
            if block is None or not block.endswith(b"\n"):
                bad = skip if length == 0 else -length if length < 0 else _to_next_magic(window, at)
                hurt, at = hurt + bad, at + bad
                continue
            hurt = _told(contents, hurt)
            yield contents.whole, block
            contents.whole += length
            at += length
    _told(contents, hurt)
    contents.torn = len(window) - at


def _told(contents: Contents, hurt: int) -> int:
    """Tells of so many bytes that are no frames, as one place; none are left then."""
    if hurt:
        contents.hurt(contents.whole, hurt)
        contents.whole += hurt
    return 0


def _to_next_magic(window: bytes, at: int) -> int:
    place = window.find(_MAGIC, at + 1)
    return place - at if place > 0 else max(len(window) - at - len(_MAGIC) + 1, 1)


def _whole_frame_after(window: bytes, at: int) -> int:
    """How far behind `at` a whole frame starts, where what is at `at` looks torn: then it is damage. 0: nowhere."""
    place = window.find(_MAGIC, at + 1)
    while place > 0:
        used = frame_length(window, place)
        if used > 0 and _decompressed(window[place : place + used]) is not None:
            return place - at
        place = window.find(_MAGIC, place + 1)
    return 0


def _decompressed(frame: bytes) -> bytes | None:
    import zstandard

    try:
        if zstandard.get_frame_parameters(frame).content_size > _MOST_FRAME:
            return None
        return zstandard.ZstdDecompressor().decompress(frame)
    except zstandard.ZstdError:
        return None


def frame_length(buffer: bytes, at: int) -> int:
    """The length of the Zstandard frame at `at` (RFC 8878, 3.1.1); 0: more is needed; negative: so many bytes are none.

    Walks the headers of the blocks and decodes nothing.
    """
    left = len(buffer) - at
    if not buffer.startswith(_MAGIC, at):
        if left < len(_MAGIC) and _MAGIC.startswith(buffer[at:]):
            return 0
        return -_to_next_magic(buffer, at)
    if left < len(_MAGIC) + 1:
        return 0
    end = _header_length(buffer[at + 4])
    last = False
    while not last:
        if left < end + 3:
            return 0
        header = int.from_bytes(buffer[at + end : at + end + 3], "little")
        last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
        if kind == _RESERVED or size > _MOST_BLOCK:
            return -_to_next_magic(buffer, at)
        end += 3 + (1 if kind == _RUN_LENGTH else size)
    end += 4 if buffer[at + 4] & 4 else 0
    return end if left >= end else 0


def _header_length(descriptor: int) -> int:
    """The length of magic number and frame header by the header's first byte."""
    single = descriptor >> 5 & 1
    size = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    return len(_MAGIC) + 1 + (0 if single else 1) + (0, 1, 2, 4)[descriptor & 3] + size
