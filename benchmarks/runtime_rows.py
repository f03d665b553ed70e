"""The rows of the table: what each contestant is, what runs it, and how much it must leave in its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["ROWS", "TRACED", "Row", "records"]

_WIRE = 224
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Row:
    """`name` is what runtime_contestant.py calls it. `peer`: it needs requirements-collectors.txt; `rust`: cargo."""

    name: str
    title: str
    stored: Callable[[Path], int] | None = None
    """How many records its directory holds; None: it keeps nothing."""
    peer: bool = False
    rust: bool = False


def records(directory: Path) -> int:
    """Lines of every data file, compressed or not."""
    import zstandard

    total = 0
    for path in directory.rglob("kalshi*.jsonl*"):
        if ".gaps." in path.name:
            continue
        with path.open("rb") as file:
            plain = (
                zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
                if path.suffix == ".zst"
                else file
            )
            while chunk := plain.read(_CHUNK):
                total += chunk.count(b"\n")
    return total


def _raw(directory: Path) -> int:
    return (directory / "raw").stat().st_size // _WIRE


def _framed(directory: Path) -> int:
    return (directory / "framed.jsonl").read_bytes().count(b"\n")


def _cryptofeed(directory: Path) -> int:
    return sum(path.read_bytes().count(b'"seq":') for path in directory.iterdir())


ROWS = (
    Row("floor-raw", "floor: read the socket, write the bytes", _raw),
    Row("floor-framed", "floor: find the frames, write the lines, in plain Python", _framed),
    Row("picows", "picows, frames counted"),
    Row("aiohttp", "aiohttp, frames counted", peer=True),
    Row("websockets", "websockets, frames counted"),
    Row("receive", "ssmd, received only"),
    Row("none", "ssmd, JSONL, `sync: none`", records),
    Row("interval", "ssmd, durable JSONL, `sync: interval`", records),
    Row("batch", "ssmd, durable JSONL, `sync: batch`", records),
    Row("zstd", "ssmd, durable, `interval`, zstd", records),
    Row("over-websockets", "the same as `interval` on websockets", records),
    Row("rust", "tokio-tungstenite: the same lines, unchecked, a buffer, one sync", _framed, rust=True),
    Row("cryptofeed", "cryptofeed's raw data collection", _cryptofeed, peer=True),
)
TRACED = (
    Row("traced-none", "`sync: none`", records),
    Row("traced-interval", "`sync: interval`", records),
    Row("traced-batch", "`sync: batch`", records),
    Row("traced-zstd", "`sync: interval`, zstd", records),
    Row("traced-over-websockets", "`sync: interval`, on websockets", records),
)
