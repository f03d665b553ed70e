"""ssmd's commands from every state that people run them in, and the floor beside them."""

from __future__ import annotations

import itertools
import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import trees
from contestant import Case, Contestant, call, set_aside
from measure import ContestantError, Cost, TimeBoundError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BASE", "CHANGES", "OURS", "reference"]

BASE = "compile"
"""What the ratios are relative to."""
FLOOR = Path(__file__).resolve().with_name("floor.py")
SSMD = Path(sys.executable).with_name("ssmd")
KEYSTROKE = ".keystroke"


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
    call([str(SSMD), "compile"], directory, case)


def _faulty_workspace(case: Case, directory: Path) -> None:
    trees.write(directory, trees.tree(case.environments, seed=case.seed, invalid=max(1, case.environments // 10)))
    _commit(directory)


def _restore(case: Case, directory: Path) -> None:
    """Sources as the tree has them, compiled: the state before every change."""
    for folder in ("environments", "exchanges/feeds"):
        kept = {path.name: path.read_bytes() for path in (case.tree / folder).iterdir()}
        for path in (directory / folder).iterdir():
            if path.name not in kept:
                path.unlink()
        for name, content in kept.items():
            path = directory / folder / name
            if not path.is_file() or path.read_bytes() != content:
                path.write_bytes(content)
    call([str(SSMD), "compile"], directory, case)


# Changes: the directory, and a number that makes each round's change one that no cache has seen.


def _first(directory: Path, folder: str) -> Path:
    return min((directory / folder).glob("*.yaml"))


def _environment_changed(directory: Path, number: int) -> None:
    path = _first(directory, "environments")
    _replace(path, r"memory: \d+Mi", f"memory: {600 + number}Mi")


def _feed_changed(directory: Path, number: int) -> None:
    path = _first(directory, "exchanges/feeds")
    _replace(path, r"max_symbols_per_connection: \d+", f"max_symbols_per_connection: {600 + number}")


def _environment_deleted(directory: Path, number: int) -> None:
    """Another one each time."""
    names = sorted((directory / "environments").glob("*.yaml"))
    names[number % len(names)].unlink()


def _environment_renamed(directory: Path, number: int) -> None:
    path = _first(directory, "environments")
    new = f"{path.stem.rpartition('-')[0]}-{90000 + number}"
    _replace(path, rf"(?m)^  name: {path.stem}$", f"  name: {new}")
    path.rename(path.with_stem(new))


def _replace(path: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"))
    if not count:
        raise ContestantError(f"{path.name}: no place for the change")
    path.write_text(text, encoding="utf-8")


CHANGES: dict[str, Callable[[Path, int], None]] = {
    "one environment changed": _environment_changed,
    "one feed changed": _feed_changed,
    "environment deleted": _environment_deleted,
    "environment renamed": _environment_renamed,
}


def _changed(change: Callable[[Path, int], None]) -> Callable[[Case, Path], None]:
    numbers = itertools.count()

    def before(case: Case, directory: Path) -> None:
        _restore(case, directory)
        change(directory, next(numbers))

    return before


def _keystroke() -> Callable[[Case, Path], None]:
    """What an editor holds: the first environment with one value changed, on a workspace that is compiled."""
    numbers = itertools.count()

    def before(_case: Case, directory: Path) -> None:
        text = _first(directory, "environments").read_text(encoding="utf-8")
        changed = re.sub(r"memory: \d+Mi", f"memory: {600 + next(numbers)}Mi", text)
        (directory / KEYSTROKE).write_text(changed, encoding="utf-8")

    return before


def _keystroke_command(_case: Case, directory: Path) -> list[str]:
    path = _first(directory, "environments").relative_to(directory)
    return [str(SSMD), "validate", "-", "--stdin-path", str(path)]


def _ssmd(*arguments: str) -> Callable[[Case, Path], list[str]]:
    return lambda _case, _directory: [str(SSMD), *arguments]


def _current(case: Case, directory: Path) -> None:
    """What stands in generated/ is what a compile without a cache would write; fails where it is not."""
    call([str(SSMD), "compile", "--check", "--no-cache"], directory, case)


# The floor


def reference(case: Case) -> str | None:
    """Pack what the floor is to write: the files of one `ssmd compile`, or a stand-in and the reason for it."""
    directory = case.scratch / "reference"
    _workspace(case, directory)
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
    return [sys.executable, "-I", str(FLOOR), str(case.tree), str(case.pack), str(directory / "out")]


def _floor_cost(case: Case, cost: Cost) -> Cost:
    """Loading what to write and syncing it are no part of the floor."""
    report = json.loads(case.log.read_text(encoding="utf-8"))
    return cost.less(
        wall=report["load"]["wall"] + report["syncfs"]["wall"], cpu=report["load"]["cpu"] + report["syncfs"]["cpu"]
    )


_compile = partial(Contestant, setup=_compiled_workspace, command=_ssmd("compile"), output="generated", check=_current)
_validate = partial(Contestant, setup=_compiled_workspace, command=_ssmd("validate"))

OURS = (
    _compile(
        BASE,
        "ssmd compile in a fresh work tree: no generated/, no cache.",
        setup=_workspace,
        before=set_aside("generated", ".ssmd", ".cache"),
    ),
    _compile("compile, nothing changed", "ssmd compile again."),
    _compile(
        "compile, one environment changed",
        "another memory limit in one environment.",
        before=_changed(CHANGES["one environment changed"]),
    ),
    _compile(
        "compile, one feed changed",
        "another limit in one feed, which every tenth environment or so captures.",
        before=_changed(CHANGES["one feed changed"]),
    ),
    _compile(
        "compile, environment deleted",
        "one environment's file is gone, and its outputs go.",
        before=_changed(CHANGES["environment deleted"]),
    ),
    _compile(
        "compile, environment renamed",
        "one environment's file and name are others: outputs come and go.",
        before=_changed(CHANGES["environment renamed"]),
    ),
    _validate(
        "validate --no-cache",
        "ssmd validate of the sources, and of generated/ against them, with nothing known from the last time.",
        command=_ssmd("validate", "--no-cache"),
    ),
    _validate("validate, nothing changed", "ssmd validate again."),
    _validate(
        "validate - --stdin-path",
        "an editor's keystroke: one environment from standard input, changed, on a workspace that is compiled.",
        command=_keystroke_command,
        before=_keystroke(),
        stdin=KEYSTROKE,
    ),
    _validate(
        "validate --no-cache, faulty",
        "one environment in ten has a mistake (trees.py, MISTAKES).",
        setup=_faulty_workspace,
        command=_ssmd("validate", "--no-cache"),
        expect=1,
    ),
    Contestant("help", "ssmd --help: what starting costs.", setup=_workspace, command=_ssmd("--help")),
    Contestant(
        "floor",
        "libyaml events of every input and a plain write of ssmd's very output, one process (floor.py).",
        setup=lambda _, directory: directory.mkdir(),
        command=_floor,
        before=set_aside("out"),
        output="out",
        without="all but reading and writing",
        cost=_floor_cost,
    ),
)
