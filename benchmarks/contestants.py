"""Who is measured: ssmd's commands, the floor, and peers that compile parameters to manifests.

Each contestant prepares its own copy of a case's tree once, is put back into its starting state before every run (none
of that is measured), and is then one command line.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import measure
import trees
from measure import ContestantError, Cost, TimeBoundError
from peer_inputs import write_inputs

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ALL", "Case", "Contestant", "reference"]

HERE = Path(__file__).resolve().parent
SSMD = Path(sys.executable).with_name("ssmd")


@dataclass(frozen=True, slots=True)
class Case:
    """One size: a directory for its tree and everybody's copies of it, the peers' environment, the bound in seconds."""

    environments: int
    seed: int
    scratch: Path
    venv: Path
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


@dataclass(frozen=True, slots=True)
class Contestant:
    """A command line and the state it starts from; paths are relative to `directory(case)`."""

    name: str
    does: str
    """What it does and does not do, beside what ssmd's compile does."""
    setup: Callable[[Case, Path], None]
    command: Callable[[Case, Path], list[str]]
    before: Callable[[Path], None] = lambda _: None
    output: str | None = None
    expect: int = 0
    cost: Callable[[Case, Cost], Cost] = lambda _, cost: cost
    peer: bool = False

    def directory(self, case: Case) -> Path:
        return case.scratch / self.name.replace(" ", "-")

    def prepare(self, case: Case) -> None:
        self.setup(case, self.directory(case))

    def run(self, case: Case) -> Cost:
        """One run, from its starting state, with nothing of earlier runs left to be written back."""
        directory = self.directory(case)
        self.before(directory)
        os.sync()
        measured = _run(self.command(case, directory), directory, case, expect=self.expect)
        return self.cost(case, measured)


def _run(command: list[str], directory: Path, case: Case, *, expect: int = 0) -> Cost:
    """Without the caller's Git and Python variables, and with caches of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHON", "SSMD_"))}
    environment = {**kept, "NO_COLOR": "1", "XDG_CACHE_HOME": str(directory / ".cache")}
    return measure.run(command, cwd=directory, log=case.log, environment=environment, bound=case.bound, expect=expect)


# ssmd


def _workspace(case: Case, directory: Path) -> None:
    """A Git work tree, as every real workspace is one: what ssmd asks of Git is part of what it costs."""
    shutil.copytree(case.tree, directory)
    _commit(directory)


def _commit(directory: Path) -> None:
    if not (git := shutil.which("git")):
        return
    command = [git, "-c", "user.name=bench", "-c", "user.email=bench@invalid", "-c", "gc.auto=0"]
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for arguments in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "tree"]):
        subprocess.run([*command, *arguments], cwd=directory, env=environment, check=True)


def _compiled_workspace(case: Case, directory: Path) -> None:
    _workspace(case, directory)
    _run([str(SSMD), "compile"], directory, case)


def _faulty_workspace(case: Case, directory: Path) -> None:
    trees.write(directory, trees.tree(case.environments, seed=case.seed, invalid=max(1, case.environments // 10)))
    _commit(directory)


def _set_aside(*names: str) -> Callable[[Path], None]:
    """Move what earlier runs left out of the way. Not deleted: without a journal, ext4 avoids the inodes of deleted
    files for a minute and longer, and whoever creates files next pays for the search, up to forty times over."""

    def before(directory: Path) -> None:
        aside = Path(tempfile.mkdtemp(dir=directory.parent, prefix="aside-"))
        for name in names:
            if (directory / name).exists():
                (directory / name).rename(aside / name)

    return before


def _edit(directory: Path) -> None:
    """Another memory limit for one environment, each time another one."""
    path = min((directory / "environments").glob("*.yaml"))
    text = path.read_text(encoding="utf-8")
    now, new = ("memory: 512Mi", "memory: 640Mi") if "memory: 512Mi" in text else ("memory: 640Mi", "memory: 512Mi")
    path.write_text(text.replace(now, new, 1), encoding="utf-8")


def _ssmd(*arguments: str) -> Callable[[Case, Path], list[str]]:
    return lambda _case, _directory: [str(SSMD), *arguments]


def reference(case: Case) -> str | None:
    """Pack what the floor is to write: the files of one `ssmd compile`, or a stand-in and the reason for it."""
    directory = case.scratch / "reference"
    _workspace(case, directory)
    try:
        _run([str(SSMD), "compile"], directory, case)
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


# The floor


def _floor(case: Case, directory: Path) -> list[str]:
    return [
        sys.executable,
        "-I",
        str(HERE / "floor.py"),
        str(case.tree),
        str(case.pack),
        str(directory / "out"),
    ]


def _floor_cost(case: Case, cost: Cost) -> Cost:
    """Loading what to write and syncing it are no part of the floor."""
    report = json.loads(case.log.read_text(encoding="utf-8"))
    return cost.less(
        wall=report["load"]["wall"] + report["syncfs"]["wall"], cpu=report["load"]["cpu"] + report["syncfs"]["cpu"]
    )


# Peers


def _peer(name: str, output: str, does: str, command: Callable[[Case, Path], list[str]]) -> Contestant:
    return Contestant(
        name,
        does,
        setup=lambda case, directory: write_inputs(name, case.tree, directory),
        command=command,
        before=_set_aside(output),
        output=output,
        peer=True,
    )


def _library(case: Case, directory: Path) -> list[str]:
    return [str(case.venv / "bin/python"), str(directory / "run.py"), str(directory), str(directory / "out")]


def _kapitan(case: Case, _directory: Path) -> list[str]:
    return [str(case.venv / "bin/kapitan"), "compile", "--quiet", "--inventory-backend", "reclass-rs"]


ALL = (
    Contestant(
        "compile cold",
        "ssmd compile in a fresh work tree: no generated/, no cache.",
        setup=_workspace,
        command=_ssmd("compile"),
        before=_set_aside("generated", ".ssmd", ".cache"),
        output="generated",
    ),
    Contestant(
        "compile again",
        "ssmd compile with nothing changed since the last one.",
        setup=_compiled_workspace,
        command=_ssmd("compile"),
        output="generated",
    ),
    Contestant(
        "compile edit",
        "ssmd compile after a change to one environment.",
        setup=_compiled_workspace,
        command=_ssmd("compile"),
        before=_edit,
        output="generated",
    ),
    Contestant(
        "validate",
        "ssmd validate of the sources, and of generated/ against them.",
        setup=_compiled_workspace,
        command=_ssmd("validate"),
    ),
    Contestant(
        "validate faulty",
        "ssmd validate where one environment in ten has a mistake (trees.py, MISTAKES).",
        setup=_faulty_workspace,
        command=_ssmd("validate"),
        expect=1,
    ),
    Contestant("help", "ssmd --help.", setup=_workspace, command=_ssmd("--help")),
    Contestant(
        "floor",
        "libyaml events of every input and a plain write of ssmd's very output, one process (floor.py).",
        setup=lambda _, directory: directory.mkdir(),
        command=_floor,
        before=_set_aside("out"),
        output="out",
        cost=_floor_cost,
    ),
    _peer(
        "kapitan",
        "compiled",
        "a target an environment, Jinja2 templates, its own pool of processes, the reclass-rs inventory. It tells an "
        "undefined parameter; it knows no schema of them, no references between documents.",
        _kapitan,
    ),
    _peer(
        "rjsonnet",
        "out",
        "a Jsonnet program an environment, a process a core. No checks but those of the language, positions in the "
        "program only.",
        _library,
    ),
    _peer(
        "kcl-lib",
        "out",
        "KCL, one program a core. Types of the language are checked, positions are those of the program; our program "
        "declares no schemas.",
        _library,
    ),
)
"""In the order of the table. No peer checks references, versions, hashes or keys, or writes atomically or durably."""
