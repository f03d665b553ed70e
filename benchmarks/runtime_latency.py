"""How long a frame takes from the exchange's send to the file, and to the disk, at a given rate.

`written`: the moment at which the frame's line was in the file, for whoever reads it; it survives a kill from then on.
`durable`: the moment at which the collector acknowledged it, after fdatasync; it survives the loss of power.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec
from runtime_rounds import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runtime_rounds import Flood
    from runtime_rows import Row

__all__ = ["Latency", "latencies", "percentile"]


class _Trade(msgspec.Struct):
    ts: int


class _Data(msgspec.Struct):
    msg: _Trade
    seq: int


class _Line(msgspec.Struct):
    data: _Data


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds, in order; `durable` is empty where nothing is acknowledged. `cpu`: of a second, while it ran."""

    rate: float
    """Frames a second that the exchange really sent."""
    cpu: float
    written: list[float]
    durable: list[float]


def latencies(flood: Flood, row: Row, rate: int, seconds: float) -> Latency:
    """One run of a row at a rate."""
    frames = int(rate * seconds)
    trace = flood.directory / f"{row.name}.trace"
    try:
        with run(flood, row, frames, f"paced/{rate}/{frames}", ("--trace", str(trace))) as (cost, directory):
            sent = sent_times(directory)
        noted = json.loads(trace.read_text(encoding="utf-8"))
    finally:
        trace.unlink(missing_ok=True)
    durable = [] if row.name == "traced-none" else noted["durable"]
    return Latency(
        rate=(frames - 1) / (sent[-1] - sent[0]) * 1e9,
        cpu=(cost["user"] + cost["system"]) / cost["wall"],
        written=sorted(_since(sent, noted["written"])),
        durable=sorted(_since(sent, durable)),
    )


def sent_times(directory: Path) -> list[int]:
    """When each record was sent, by what the files say, in the order in which they hold them: that of the numbers."""
    content = b"".join(
        _contents(path) for path in sorted(directory.rglob("kalshi*.jsonl*")) if ".gaps." not in path.name
    )
    lines = msgspec.json.Decoder(_Line).decode_lines(content)
    if any(after.data.seq != before.data.seq + 1 for before, after in pairwise(lines)):
        raise AssertionError("the files hold the frames in another order, or not all of them")
    return [line.data.msg.ts for line in lines]


def _contents(path: Path) -> bytes:
    if path.suffix != ".zst":
        return path.read_bytes()
    import zstandard

    with path.open("rb") as file:
        return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()


def _since(sent: list[int], noted: list[tuple[int, int]]) -> Iterator[float]:
    """For each record the milliseconds until the first note that covers it."""
    done = 0
    for records, moment in noted:
        for time in sent[done:records]:
            yield (moment - time) / 1e6
        done = max(done, records)


def percentile(ordered: list[float], part: float) -> float:
    """The value below which `part` (0.99) of them are."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
