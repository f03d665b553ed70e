"""What `ssmd compile` costs, beside the least it could cost and beside its peers on the nearest equivalent job.

    python benchmarks/compile.py [--sizes 10,100,1000] [--runs 5] [--only NAME,...] [--json FILE]
                                 [--seed 1] [--bound 120] [--patience 20] [--scratch DIR]

Run it by the interpreter that has ssmd installed (`make bench`). The peers come from the package index at first use, at
the versions of requirements.txt, into benchmarks/.work/venv; everything else happens in benchmarks/.work, on the disk
that the checkout is on.

What is measured. For each size N, trees.py writes N environments over N/10 feeds. Each contestant gets its own copy of
the tree or, for a peer, the same environments in the peer's idiom (peer_inputs.py; templates by hand in peers/NAME).
After a warm-up the contestants run in turn, R rounds, each round in another order, so that a drift of the machine hits
all of them; before each run everything earlier is synced to disk. A figure is the median of R: wall clock; CPU, user
and system, with all children; peak memory of the largest process. A contestant whose warm-up takes longer than
`--patience` seconds is measured by that one run and marked so; one that is stopped at `--bound` is reported as that and
left out of larger sizes: nothing is extrapolated.

Who runs. The descriptions are in contestants.py and printed below the tables. All of ssmd's checks are on. The floor is
subtracted what is not its work (reading the bytes that it is to write); what one syncfs after it would add is printed
apart, because ssmd makes its output durable and neither floor nor peers do.

Is it the same work? Every output is parsed again. Files, Kubernetes objects, other documents and bytes are printed. The
three peers must write the same documents, or the run fails; ssmd's differ from theirs in content, and the counts tell
by how much. The peers know nothing of schemas, versions in force, key references, topology, provenance, or a lock file.

Exit code: 0, or 1 when a contestant failed. Times are never judged: benchmarks are not tests.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import venv
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import trees
from contestants import ALL, HERE, Case, Contestant, reference
from measure import ContestantError, Cost, TimeBoundError, apart, median
from produced import Produced, inspect

if TYPE_CHECKING:
    from collections.abc import Iterator

WORK = HERE / ".work"
BASE = "compile cold"
"""What the ratios are relative to."""


@dataclass(slots=True)
class Result:
    """What came of one contestant at one size."""

    contestant: Contestant
    runs: list[Cost] = field(default_factory=list)
    single: bool = False
    problem: str | None = None
    stopped: bool = False
    produced: Produced | None = None

    @property
    def open(self) -> bool:
        return self.problem is None and not self.single


@dataclass(frozen=True, slots=True)
class Measured:
    """One size, measured."""

    case: Case
    inputs: int
    input_bytes: int
    stand_in: str | None
    """Why the floor does not write ssmd's output."""
    results: list[Result]
    syncs: list[float]

    def of(self, name: str) -> Result | None:
        return next((result for result in self.results if result.contestant.name == name and result.runs), None)


# Measuring


def measure_case(case: Case, contestants: list[Contestant], options: argparse.Namespace) -> Measured:
    case.scratch.mkdir()
    inputs, input_bytes = apart(partial(write_tree, case))
    stand_in = None
    if any(contestant.name == "floor" for contestant in contestants):
        say(case, "reference")
        stand_in = apart(partial(reference, case))
    results = [Result(contestant) for contestant in contestants]
    syncs: list[float] = []
    for result in results:
        warm_up(case, result, options.patience)
    for number in range(options.runs):
        for result in rotated([result for result in results if result.open], number):
            say(case, f"run {number + 1} of {options.runs}: {result.contestant.name}")
            attempt(case, result)
            if result.contestant.name == "floor":
                syncs.append(json.loads(case.log.read_text(encoding="utf-8"))["syncfs"]["wall"])
    for result in results:
        if not (stand_in and result.contestant.name == "floor"):
            inspect_output(case, result)
    judge_peers(results)
    return Measured(case, inputs, input_bytes, stand_in, results, syncs)


def write_tree(case: Case) -> tuple[int, int]:
    """Files and bytes of the tree that all start from."""
    files = trees.tree(case.environments, seed=case.seed)
    trees.write(case.tree, files)
    return len(files), sum(len(text.encode()) for text in files.values())


def warm_up(case: Case, result: Result, patience: float) -> None:
    """Prepare, run once, forget the figure; keep it where another run would take too long."""
    say(case, f"warm-up: {result.contestant.name}")
    try:
        apart(partial(result.contestant.prepare, case))
    except ContestantError as error:
        result.problem = str(error)
        return
    attempt(case, result)
    if result.runs and result.runs[0].wall > patience:
        result.single = True
    else:
        result.runs.clear()


def attempt(case: Case, result: Result) -> None:
    try:
        result.runs.append(result.contestant.run(case))
    except TimeBoundError:
        result.problem, result.stopped = f"stopped after {case.bound:.0f} s", True
    except (ContestantError, OSError) as error:
        result.problem = str(error)


def rotated(results: list[Result], by: int) -> list[Result]:
    start = by % len(results) if results else 0
    return results[start:] + results[:start]


def inspect_output(case: Case, result: Result) -> None:
    contestant = result.contestant
    if contestant.output is None or not result.runs:
        return
    say(case, f"reading what {contestant.name} wrote")
    try:
        result.produced = apart(partial(inspect, contestant.directory(case) / contestant.output))
    except ContestantError as error:
        result.problem = str(error)


def judge_peers(results: list[Result]) -> None:
    """Peers that disagree on what to write are not comparable with each other, nor with anything."""
    peers = [result for result in results if result.contestant.peer and result.produced]
    for result in peers[1:]:
        if result.produced and peers[0].produced and result.produced.content != peers[0].produced.content:
            result.problem = f"wrote other documents than {peers[0].contestant.name}"


def say(case: Case, what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{case.environments}: {what}", end="", file=sys.stderr, flush=True)


def hush() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


# Showing


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


def legend(contestants: list[Contestant]) -> Iterator[str]:
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


# The command


def peers_venv() -> Path:
    """The peers' virtual environment, made anew when requirements.txt is another."""
    requirements = HERE / "requirements.txt"
    stamp, directory = hashlib.sha256(requirements.read_bytes()).hexdigest(), WORK / "venv"
    mark = directory / "requirements.sha256"
    if mark.is_file() and mark.read_text(encoding="utf-8") == stamp:
        return directory
    print(f"installing the peers of {requirements.name} into {directory.name}", file=sys.stderr)
    venv.create(directory, clear=True, with_pip=True)
    install = [str(directory / "bin/python"), "-m", "pip", "install", "--quiet", "--requirement", str(requirements)]
    subprocess.run(install, check=True)
    mark.write_text(stamp, encoding="utf-8")
    return directory


def parse(arguments: list[str]) -> argparse.Namespace:
    names = [contestant.name for contestant in ALL]
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--sizes", default="10,100,1000", help="numbers of environments (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="measured runs after the warm-up (default: %(default)s)")
    parser.add_argument("--only", default=",".join(names), help="contestants (default: all: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--bound", type=float, default=300, help="stop a run after these seconds (default: %(default)s)"
    )
    parser.add_argument("--patience", type=float, default=20, help="above these seconds one run is enough")
    parser.add_argument("--json", type=Path, metavar="FILE", help="raw figures")
    parser.add_argument("--scratch", type=Path, default=WORK, help="where to work (default: beside this file)")
    options = parser.parse_args(arguments)
    options.scratch.mkdir(parents=True, exist_ok=True)
    options.only = [name.strip() for name in options.only.split(",")]
    if unknown := [name for name in options.only if name not in names]:
        parser.error(f"no contestant named {', '.join(unknown)}; there are {', '.join(names)}")
    options.sizes = [int(size) for size in options.sizes.split(",")]
    return options


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    contestants = [contestant for contestant in ALL if contestant.name in options.only]
    directory = peers_venv() if any(contestant.peer for contestant in contestants) else WORK / "venv"
    done: list[Measured] = []
    scratch = Path(tempfile.mkdtemp(dir=options.scratch, prefix="run-"))
    try:
        for size in sorted(options.sizes):
            case = Case(size, options.seed, scratch / str(size), directory, options.bound)
            done.append(measure_case(case, contestants, options))
            hush()
            print("\n".join(table(done[-1])), end="\n\n", flush=True)
            contestants = [result.contestant for result in done[-1].results if not result.stopped]
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print("\n".join(legend([contestant for contestant in ALL if contestant.name in options.only])))
    if options.json:
        options.json.write_text(json.dumps(figures(done), indent=2) + "\n", encoding="utf-8")
    return int(any(result.problem and not result.stopped for one in done for result in one.results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
