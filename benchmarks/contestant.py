"""One contestant of a benchmark: a command line, the state that it starts from, and what it writes.

Each prepares its own copy of a case's tree once, is put back into its starting state before every run (none of that is
measured), and is then one command line.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import measure
from installed import WORK

if TYPE_CHECKING:
    from collections.abc import Callable

    from measure import Cost

__all__ = ["Case", "Contestant", "call", "set_aside"]


@dataclass(frozen=True, slots=True)
class Case:
    """One size: a directory for its tree and everybody's copies of it, and the bound in seconds."""

    environments: int
    seed: int
    scratch: Path
    bound: float

    @property
    def tree(self) -> Path:
        return self.scratch / "tree"

    @property
    def log(self) -> Path:
        return self.scratch / "log"

    @property
    def pack(self) -> Path:
        """What the floor writes: {path: bytes}, pickled."""
        return self.scratch / "pack"

    def installed(self, name: str) -> Path:
        """Programs of the peers: see installed.py."""
        return WORK / name / "bin"


@dataclass(frozen=True, slots=True)
class Contestant:
    """A command line and the state it starts from; paths are relative to `directory(case)`."""

    name: str
    does: str
    """What it does and does not do, beside what ssmd's compile does."""
    setup: Callable[[Case, Path], None]
    command: Callable[[Case, Path], list[str]]
    before: Callable[[Case, Path], None] = lambda _case, _directory: None
    output: str | None = None
    stdin: str | None = None
    """The file of its directory that is its standard input."""
    expect: int = 0
    cost: Callable[[Case, Cost], Cost] = lambda _, cost: cost
    check: Callable[[Case, Path], None] = lambda _case, _directory: None
    """What must hold after the last run, beside its exit codes; raises ContestantError where it does not."""
    peer: bool = False
    version: str = ""
    without: str = ""
    """What it leaves undone of ssmd's compile, in a few words for a table."""
    requires: str | None = None
    """The peers that have to be installed: see installed.py."""
    lacks: frozenset[str] = frozenset()
    """Kinds of documents that this peer cannot write, or that are its input."""
    own_names: bool = False
    """It writes documents of the right kind and number under names of its own: their contents are not compared."""

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}".rstrip()

    def directory(self, case: Case) -> Path:
        return case.scratch / self.name.replace(" ", "-").replace(",", "")

    def prepare(self, case: Case) -> None:
        self.setup(case, self.directory(case))

    def run(self, case: Case) -> Cost:
        """One run, from its starting state, with nothing of earlier runs left to be written back."""
        directory = self.directory(case)
        self.before(case, directory)
        os.sync()
        stdin = directory / self.stdin if self.stdin else None
        measured = call(self.command(case, directory), directory, case, expect=self.expect, stdin=stdin)
        return self.cost(case, measured)


def call(command: list[str], directory: Path, case: Case, *, expect: int = 0, stdin: Path | None = None) -> Cost:
    """Without the caller's Git and Python variables, and with caches of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHON", "SSMD_"))}
    environment = {**kept, "NO_COLOR": "1", "XDG_CACHE_HOME": str(directory / ".cache")}
    return measure.run(
        command, cwd=directory, log=case.log, environment=environment, bound=case.bound, expect=expect, stdin=stdin
    )


def set_aside(*names: str) -> Callable[[Case, Path], None]:
    """Move what earlier runs left out of the way. Not deleted: without a journal, ext4 avoids the inodes of deleted
    files for a minute and longer, and whoever creates files next pays for the search, up to forty times over."""

    def before(_case: Case, directory: Path) -> None:
        aside = Path(tempfile.mkdtemp(dir=directory.parent, prefix="aside-"))
        for name in names:
            if (directory / name).exists():
                (directory / name).rename(aside / name)

    return before
