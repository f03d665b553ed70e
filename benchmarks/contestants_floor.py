"""The floor: the least that a compiler with these inputs and outputs must do (floor.py), and what it is to write."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path

from contestant import Case, Contestant, call, set_aside
from measure import ContestantError, Cost, TimeBoundError
from workspaces import SSMD, workspace

__all__ = ["FLOOR", "reference"]

PROGRAM = Path(__file__).resolve().with_name("floor.py")


def reference(case: Case) -> str | None:
    """Pack what the floor is to write: the files of one `ssmd compile`, or a stand-in and the reason for it."""
    directory = case.scratch / "reference"
    workspace(case, directory)
    try:
        call([str(SSMD), "compile"], directory, case)
    except (ContestantError, TimeBoundError, OSError) as error:
        case.pack.write_bytes(pickle.dumps(_stand_in(case.tree)))
        return (str(error) or "too slow").splitlines()[0]
    case.pack.write_bytes(pickle.dumps(_read(directory / "generated")))
    return None


def _read(directory: Path) -> dict[str, bytes]:
    files = (path for path in sorted(directory.rglob("*")) if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}


def _stand_in(tree: Path) -> dict[str, bytes]:
    """Fourteen files of some 2 KB for each environment."""
    names = [path.stem for path in sorted((tree / "environments").glob("*.yaml"))]
    line = b"# a line of a manifest that is not there yet\n"
    return {f"{name}/{number}.yaml": line * 45 for name in names for number in range(14)}


def _floor(case: Case, directory: Path) -> list[str]:
    return [sys.executable, "-I", str(PROGRAM), str(case.tree), str(case.pack), str(directory / "out")]


def _floor_cost(case: Case, cost: Cost) -> Cost:
    """Loading what to write and syncing it are no part of the floor."""
    report = json.loads(case.log.read_text(encoding="utf-8"))
    return cost.less(
        wall=report["load"]["wall"] + report["syncfs"]["wall"], cpu=report["load"]["cpu"] + report["syncfs"]["cpu"]
    )


FLOOR = Contestant(
    "floor",
    "libyaml events of every input and a plain write of ssmd's very output, one process (floor.py).",
    setup=lambda _, directory: directory.mkdir(),
    command=_floor,
    before=set_aside("out"),
    output="out",
    without="all but reading and writing",
    cost=_floor_cost,
)
