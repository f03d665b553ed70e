"""The states that ssmd is measured from: workspaces compiled or not, and what somebody has just changed in them."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import trees
from contestant import Case, call
from measure import ContestantError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CHANGES", "KEYSTROKE", "SSMD", "changed", "compiled", "faulty", "first", "keystroke", "proven", "workspace"]

SSMD = Path(sys.executable).with_name("ssmd")
KEYSTROKE = ".keystroke"


def workspace(case: Case, directory: Path) -> None:
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


def compiled(case: Case, directory: Path) -> None:
    """One that has been worked in: at the second time, the folders that the first one made are there."""
    workspace(case, directory)
    for _ in range(2):
        call([str(SSMD), "compile"], directory, case)


def proven(case: Case, directory: Path) -> None:
    """`compile` does not prove everything that `validate` does."""
    compiled(case, directory)
    call([str(SSMD), "validate"], directory, case)


def faulty(case: Case, directory: Path) -> None:
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


def first(directory: Path, folder: str) -> Path:
    return min((directory / folder).glob("*.yaml"))


def _environment_changed(directory: Path, number: int) -> None:
    path = first(directory, "environments")
    _replace(path, r"memory: \d+Mi", f"memory: {600 + number}Mi")


def _feed_changed(directory: Path, number: int) -> None:
    path = first(directory, "exchanges/feeds")
    _replace(path, r"max_symbols_per_connection: \d+", f"max_symbols_per_connection: {600 + number}")


def _environment_deleted(directory: Path, number: int) -> None:
    """Another one each time."""
    names = sorted((directory / "environments").glob("*.yaml"))
    names[number % len(names)].unlink()


def _environment_renamed(directory: Path, number: int) -> None:
    path = first(directory, "environments")
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


def changed(change: Callable[[Path, int], None]) -> Callable[[Case, Path], None]:
    numbers = itertools.count()

    def before(case: Case, directory: Path) -> None:
        _restore(case, directory)
        change(directory, next(numbers))

    return before


def keystroke() -> Callable[[Case, Path], None]:
    """What an editor holds: the first environment with one value changed, each time another."""
    numbers = itertools.count()

    def before(_case: Case, directory: Path) -> None:
        text = first(directory, "environments").read_text(encoding="utf-8")
        changed = re.sub(r"memory: \d+Mi", f"memory: {600 + next(numbers)}Mi", text)
        (directory / KEYSTROKE).write_text(changed, encoding="utf-8")

    return before
