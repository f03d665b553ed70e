"""What was measured, for people as a table and for machines as JSON."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict
from typing import TYPE_CHECKING

from measure import median

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from contestants import Contestant
    from produced import Produced
    from rounds import Measured, Result

__all__ = ["figures", "legend", "table"]

BASE = "compile cold"
"""What the ratios are relative to."""


def table(measured: Measured) -> Iterator[str]:
    case = measured.case
    load = os.getloadavg()[0]
    yield (
        f"{case.environments} environments: {measured.inputs} files, {measured.input_bytes / 1e6:.2f} MB of input; "
        f"{os.cpu_count()} CPUs, load {load:.1f}"
    )
    header = ("", "wall s", "CPU s", "peak MB", "wall ratio", "CPU ratio", "files", "objects", "others", "MB")
    rows = [header, *(row(result, measured.of(BASE)) for result in measured.results)]
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(header))]
    for cells in rows:
        name, *figures = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        yield f"  {name.strip():<{widths[0]}}  {'  '.join(figures)}".rstrip()
    yield from remarks(measured)


def row(result: Result, base: Result | None) -> tuple[str, ...]:
    name = result.contestant.name + (" (1 run)" if result.single else "")
    if not result.runs:
        return (name, *[""] * 9)
    cost = median(result.runs)
    ratios = ("", "")
    if base is not None:
        unit = median(base.runs)
        ratios = (f"{cost.wall / unit.wall:.2f}", f"{cost.cpu / unit.cpu:.2f}")
    times = (f"{cost.wall:.3f}", f"{cost.cpu:.3f}", f"{cost.peak / 1024:.0f}")
    return (name, *times, *ratios, *counts(result.produced))


def counts(produced: Produced | None) -> tuple[str, str, str, str]:
    if produced is None:
        return ("", "", "", "")
    return (str(produced.files), str(produced.objects), str(produced.others), f"{produced.bytes / 1e6:.2f}")


def remarks(measured: Measured) -> Iterator[str]:
    if measured.syncs:
        yield f"  one syncfs after the floor: {sorted(measured.syncs)[len(measured.syncs) // 2]:.3f} s more"
    if measured.stand_in:
        yield f"  the floor writes a stand-in, for there is no output of ssmd: {measured.stand_in}"
    peers = [result for result in measured.results if result.contestant.peer and result.produced]
    if len(peers) > 1 and not any(result.problem for result in peers):
        yield "  all peers wrote the same documents"
    for result in measured.results:
        if result.problem:
            yield f"  {result.contestant.name}: {result.problem}"


def legend(contestants: Iterable[Contestant]) -> Iterator[str]:
    yield f"Ratios are relative to `{BASE}`: 2.00 takes twice as long. Medians; CPU is user and system with children."
    for contestant in contestants:
        yield f"  {contestant.name}: {contestant.does}"


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
                        "name": result.contestant.name,
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
