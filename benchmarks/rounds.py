"""One size measured: everybody prepared, warmed up, run in turn, and their outputs inspected."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import trees
from contestants_floor import reference
from measure import ContestantError, Cost, TimeBoundError, apart, median
from produced import Produced, expected, inspect, wrong

if TYPE_CHECKING:
    from contestant import Case, Contestant

__all__ = ["Measured", "Pace", "Result", "measure_case"]


@dataclass(frozen=True, slots=True)
class Pace:
    """How many measured runs, above how many seconds one is enough, and above how many no larger size is tried."""

    runs: int
    patience: float
    limit: float


@dataclass(slots=True)
class Result:
    """What came of one contestant at one size."""

    contestant: Contestant
    runs: list[Cost] = field(default_factory=list)
    single: bool = False
    problem: str | None = None
    stopped: bool = False
    left_out: bool = False
    """The problem is one of a smaller size."""
    produced: Produced | None = None

    @property
    def open(self) -> bool:
        return self.problem is None and not self.single

    @property
    def failed(self) -> bool:
        return self.problem is not None and not (self.stopped or self.left_out)

    def beyond(self, limit: float) -> str | None:
        """Why no larger size is tried; ssmd and the floor are tried at all."""
        if self.left_out or self.stopped:
            return self.problem
        if self.contestant.peer and self.runs and not self.problem and median(self.runs).wall > limit:
            return f"took {median(self.runs).wall:.0f} s"
        return None


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


def measure_case(case: Case, contestants: list[Contestant], pace: Pace, left_out: dict[str, str]) -> Measured:
    """All contestants at one size, but for those in `left_out`: name -> why."""
    case.scratch.mkdir()
    inputs, input_bytes = apart(partial(write_tree, case))
    stand_in = None
    if any(contestant.name == "floor" for contestant in contestants):
        say(case, "reference")
        stand_in = apart(partial(reference, case))
    results = [Result(one, problem=left_out.get(one.name), left_out=one.name in left_out) for one in contestants]
    syncs: list[float] = []
    for result in [result for result in results if result.open]:
        warm_up(case, result, pace.patience)
    for number in range(pace.runs):
        for result in rotated([result for result in results if result.open], number):
            say(case, f"run {number + 1} of {pace.runs}: {result.contestant.name}")
            attempt(case, result)
            if result.contestant.name == "floor" and not result.problem:
                syncs.append(json.loads(case.log.read_text(encoding="utf-8"))["syncfs"]["wall"])
    for result in results:
        if not (stand_in and result.contestant.name == "floor"):
            inspect_output(case, result)
    judge_peers(case, results)
    hush()
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
    if not result.runs:
        return
    say(case, f"reading what {contestant.name} wrote")
    try:
        apart(partial(contestant.check, case, contestant.directory(case)))
        if contestant.output is None:
            return
        result.produced = apart(partial(inspect, contestant.directory(case) / contestant.output))
    except ContestantError as error:
        result.problem = str(error)


def judge_peers(case: Case, results: list[Result]) -> None:
    """A peer that writes other kinds or numbers than are due, or other documents than the first, is not comparable."""
    peers = [result for result in results if result.contestant.peer and result.produced and not result.problem]
    if not peers:
        return
    wanted = apart(partial(expected, case.tree))
    first: dict[str, tuple[str, str]] = {}
    for result in peers:
        contestant, produced = result.contestant, result.produced
        assert produced is not None
        result.problem = wrong(produced, wanted, contestant.lacks)
        if result.problem or contestant.own_names:
            continue
        for kind, content in produced.contents.items():
            name, known = first.setdefault(kind, (contestant.name, content))
            if content != known:
                result.problem = f"wrote other documents of kind {kind} than {name}"


def say(case: Case, what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{case.environments}: {what}", end="", file=sys.stderr, flush=True)


def hush() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
