"""The tables of runtime_speed.py, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runtime_latency import percentile

if TYPE_CHECKING:
    from runtime_latency import Latency
    from runtime_rounds import Figures
    from runtime_rows import Row

__all__ = ["latency_table", "speed_table", "summary"]

_BASES = {"floor-raw": "raw floor", "floor-framed": "framed floor", "over-websockets": "on websockets"}
_MIB = 1 << 20


def speed_table(rows: list[Row], figures: dict[str, Figures]) -> str:
    """A line a row. Ratios are of frames a CPU second: above 1 is faster."""
    bases = [name for name in _BASES if name in figures]
    head = ["", "frames/s", "frames/CPU s", "us CPU", "of it user", *(f"x {_BASES[base]}" for base in bases), "MiB"]
    lines = [head, ["---", *["--:"] * (len(head) - 1)]]
    for row in rows:
        one = figures[row.name]
        ratios = [f"{figures[base].cpu / one.cpu:.2f}" for base in bases]
        lines.append(
            [
                row.title,
                f"{one.frames / one.median('wall'):,.0f}",
                f"{1 / one.cpu:,.0f}",
                f"{one.cpu * 1e6:.2f}",
                f"{one.median('user') / one.frames * 1e6:.2f}",
                *ratios,
                f"{max(run['peak'] for run in one.runs) / _MIB:.0f}",
            ]
        )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def latency_table(found: dict[tuple[str, int], Latency]) -> str:
    """Milliseconds from the exchange's send: p50 / p99 / p99.9."""
    lines = [["", "frames/s", "cores", "written p50 / p99 / p99.9", "durable p50 / p99 / p99.9"], ["---", *["--:"] * 4]]
    for (title, _), one in found.items():
        lines.append([title, f"{one.rate:,.0f}", f"{one.cpu:.2f}", _three(one.written), _three(one.durable)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def summary(one: Latency) -> dict[str, Any]:
    """A row for programs."""
    return {
        "rate": one.rate,
        "cpu": one.cpu,
        "written": _percentiles(one.written),
        "durable": _percentiles(one.durable),
    }


def _three(ordered: list[float]) -> str:
    return " / ".join(f"{value:.2f}" for value in _percentiles(ordered)) or "never"


def _percentiles(ordered: list[float]) -> list[float]:
    return [percentile(ordered, part) for part in (0.5, 0.99, 0.999)] if ordered else []
