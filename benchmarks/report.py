"""What was measured: Markdown tables for people, JSON for machines."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict
from typing import TYPE_CHECKING

from contestants_ssmd import BASE
from measure import best, median, ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from contestant import Contestant
    from produced import Produced
    from rounds import Measured, Result

__all__ = ["figures", "legend", "markdown", "summary", "table"]

HEADER = (
    "",
    "wall s",
    "least",
    "CPU s",
    "least",
    "peak MB",
    "wall ratio",
    "CPU ratio",
    "files",
    "objects",
    "others",
    "MB",
)


def markdown(
    header: Iterable[str], rows: Iterable[Iterable[str]], *, texts: frozenset[int] = frozenset({0})
) -> list[str]:
    """A table; numbers stand on the right, the columns in `texts` on the left."""
    cells = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(3, *(len(row[column]) for row in cells)) for column in range(len(cells[0]))]
    rule = [("-" * width if at in texts else "-" * (width - 1) + ":") for at, width in enumerate(widths)]
    padded = [
        [
            cell.ljust(width) if at in texts else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        for row in cells
    ]
    return [f"| {' | '.join(row)} |" for row in (padded[0], rule, *padded[1:])]


def table(measured: Measured) -> Iterator[str]:
    """One size: every figure."""
    case = measured.case
    load = os.getloadavg()[0]
    yield (
        f"**{case.environments:,} environments**: {measured.inputs:,} files, {measured.input_bytes / 1e6:.2f} MB of "
        f"input; {os.cpu_count()} CPUs, load {load:.1f}"
    )
    yield ""
    yield from markdown(HEADER, [row(result, measured.of(BASE)) for result in measured.results if result.runs])
    yield ""
    yield from (f"- {remark}" for remark in remarks(measured))


def row(result: Result, base: Result | None) -> tuple[str, ...]:
    name = f"`{result.contestant.name}`" + (" (1 run)" if result.single else "")
    cost, least, ratios = median(result.runs), best(result.runs), ("", "")
    if base is not None:
        wall, cpu = ratio(result.runs, base.runs)
        ratios = (f"{wall:.2f}", f"{cpu:.2f}")
    times = (f"{cost.wall:.3f}", f"{least.wall:.3f}", f"{cost.cpu:.3f}", f"{least.cpu:.3f}", f"{cost.peak / 1024:.0f}")
    return (name, *times, *ratios, *counts(result.produced))


def counts(produced: Produced | None) -> tuple[str, str, str, str]:
    if produced is None:
        return ("", "", "", "")
    return (f"{produced.files:,}", f"{produced.objects:,}", f"{produced.others:,}", f"{produced.bytes / 1e6:.2f}")


def remarks(measured: Measured) -> Iterator[str]:
    if measured.syncs:
        yield f"one syncfs after the floor: {sorted(measured.syncs)[len(measured.syncs) // 2]:.3f} s more"
    if measured.stand_in:
        yield f"the floor writes a stand-in, for there is no output of ssmd: {measured.stand_in}"
    peers = [result for result in measured.results if result.contestant.peer and result.produced]
    if peers and not any(result.problem for result in peers):
        yield "all peers wrote documents of the kinds and numbers that were due" + (
            ", and the same ones but for those with names of their own" if len(peers) > 1 else ""
        )
    for result in measured.results:
        if result.problem:
            what = "left out" if result.left_out else "failed"
            yield f"{result.contestant.name}: {'' if result.stopped else what + ': '}{result.problem}"


def summary(measured: list[Measured], contestants: Iterable[Contestant]) -> list[str]:
    """All sizes side by side: wall and CPU, medians."""
    header = ["wall / CPU, s", *(f"N = {one.case.environments:,}" for one in measured), "without"]
    rows = [
        [f"`{contestant.title}`", *(_cell(one, contestant) for one in measured), contestant.without]
        for contestant in contestants
    ]
    return markdown(header, rows, texts=frozenset({0, len(header) - 1}))


def _cell(measured: Measured, contestant: Contestant) -> str:
    result = next((one for one in measured.results if one.contestant is contestant), None)
    if result is None:
        return ""
    if result.left_out:
        return f"left out: {result.problem}"
    if result.problem or not result.runs:
        return str(result.problem if result.stopped else "failed")
    cost = median(result.runs)
    return f"{cost.wall:.2f} / {cost.cpu:.2f}"


def legend(contestants: Iterable[Contestant]) -> Iterator[str]:
    yield (
        f"Medians; `least` is the least of the rounds. Ratios are relative to `{BASE}`, paired round by round: 2.00 "
        "takes twice as long. CPU is user and system, with children."
    )
    yield ""
    for contestant in contestants:
        yield f"- `{contestant.title}`: {contestant.does}"


def figures(measured: list[Measured]) -> dict[str, object]:
    """Everything measured, raw."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "sizes": [
            {
                "environments": one.case.environments,
                "seed": one.case.seed,
                "input_files": one.inputs,
                "input_bytes": one.input_bytes,
                "stand_in": one.stand_in,
                "syncfs": one.syncs,
                "contestants": [
                    {
                        "name": result.contestant.title,
                        "runs": [asdict(cost) for cost in result.runs],
                        "produced": asdict(result.produced) if result.produced else None,
                        "problem": result.problem,
                    }
                    for result in one.results
                ],
            }
            for one in measured
        ],
    }
