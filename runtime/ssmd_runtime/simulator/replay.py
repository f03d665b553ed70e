"""Recordings to send again: JSON Lines of `{"ts","feed","data"}`, plain or zstd.

A frame goes out as it was received, flagged ones too. What is no such line raises ReplayError, with its number.
"""

from __future__ import annotations

import datetime
import io
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple

import msgspec

from ssmd_runtime.storage.envelope import Line, frame_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Recorded", "ReplayError", "recorded"]

_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_UNITS: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))  # above: nanoseconds, microseconds, milliseconds


class ReplayError(ValueError):
    """A recording that cannot be read."""


class Recorded(NamedTuple):
    """One frame and when it was received (Unix seconds)."""

    seconds: float
    payload: bytes
    binary: bool = False


class _Line(msgspec.Struct):
    ts: str | int | float
    data: msgspec.Raw
    flag: str | None = None


_decode: Final = msgspec.json.Decoder(_Line).decode


def recorded(path: Path) -> Iterator[Recorded]:
    """The frames of a recording, in order. Raises ReplayError and OSError."""
    with path.open("rb") as file:
        compressed = file.read(4) == _MAGIC
        file.seek(0)
        for number, line in enumerate(_unpacked(file) if compressed else file, 1):
            if line.strip():
                yield _frame(line, number)


def _unpacked(file: BinaryIO) -> Iterator[bytes]:
    import zstandard

    try:
        with zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as reader:
            yield from io.BufferedReader(reader)
    except zstandard.ZstdError as error:
        raise ReplayError(f"damaged zstd: {error}") from None


def _frame(line: bytes, number: int) -> Recorded:
    try:
        read = _decode(line)
        data = bytes(read.data)
        if read.flag is None and data.startswith(b'"'):  # older recordings escape without saying so
            return Recorded(_seconds(read.ts), msgspec.json.decode(data, type=str).encode())
        payload = frame_of(Line("", "", read.data, read.flag))
        return Recorded(_seconds(read.ts), payload, binary=read.flag == "binary")
    except (msgspec.DecodeError, ValueError) as error:
        raise ReplayError(f"line {number}: {error}") from None


def _seconds(ts: str | float) -> float:
    if isinstance(ts, str):
        return datetime.datetime.fromisoformat(ts).timestamp()
    return next((ts / unit for above, unit in _UNITS if ts > above), float(ts))
