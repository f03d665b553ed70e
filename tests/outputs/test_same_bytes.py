"""Same sources, same bytes: in whatever order a tree lists them, whoever does the work, and wherever the program runs."""

from __future__ import annotations

import concurrent.futures
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from budget import tries
from captures import DATE, MINIMAL, WORKSPACES
from examples import write
from hypothesis import given
from hypothesis import strategies as st

from ssmd_compiler.cli import pool
from ssmd_compiler.compiler import Compilation, Options, compile
from ssmd_compiler.generated import FOLDER
from ssmd_compiler.source import MemoryTree

# More environments than one, so that there is an order; wrong ones among them, so that findings have one too.
RIGHT = WORKSPACES["everything"] | {
    f"environments/e{number}.yaml": WORKSPACES["minimal"][MINIMAL]
    .replace(b"name: dev", b"name: e%d" % number)
    .replace(b"/var/lib/ssmd", b"/var/lib/e%d" % number)
    for number in range(6)
}
WRONG = RIGHT | {
    "environments/e1.yaml": b"feed: nothing\n",
    "environments/e2.yaml": RIGHT["environments/e3.yaml"].replace(b"name: e3", b"name: e2"),
    "feeds/kalshi.yaml": RIGHT["exchanges/feeds/kalshi.yaml"],
    "exchanges/environments/e4.yaml": RIGHT["environments/e4.yaml"],
}


def result(compilation: Compilation) -> tuple[Any, ...]:
    return compilation.diagnostics, list(compilation.outputs.items()), compilation.lock.encode(), compilation.checked


EXPECTED = {
    name: result(compile(MemoryTree(files), Options(DATE))) for name, files in (("right", RIGHT), ("wrong", WRONG))
}


@dataclass(frozen=True)
class Shuffled(MemoryTree):
    """A tree that lists names as they come."""

    random: Any = None

    def names(self, folder: str) -> list[str]:
        found = super().names(folder)
        self.random.shuffle(found)
        return found


@pytest.mark.parametrize("name", EXPECTED)
@given(st.randoms(use_true_random=False))
@tries(5)
def test_the_order_in_which_names_are_listed_does_not_matter(name, random):
    files = RIGHT if name == "right" else WRONG
    assert result(compile(Shuffled(files, random), Options(DATE))) == EXPECTED[name]


def threads(work: Callable[[str], Any], paths: Iterable[str]) -> list[Any]:
    with concurrent.futures.ThreadPoolExecutor(4) as executor:
        return list(executor.map(work, paths))


def backwards(work: Callable[[str], Any], paths: Iterable[str]) -> list[Any]:
    return [work(path) for path in reversed(list(paths))][::-1]


@pytest.mark.parametrize("each", [threads, backwards], ids=["threads", "backwards"])
@pytest.mark.parametrize("name", EXPECTED)
def test_who_does_the_work_does_not_matter(name, each):
    files = RIGHT if name == "right" else WRONG
    assert result(compile(MemoryTree(files), Options(DATE, each))) == EXPECTED[name]


@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.parametrize("name", EXPECTED)
def test_how_many_processes_do_the_work_does_not_matter(name, processes, monkeypatch):
    monkeypatch.setattr(pool, "FEWEST", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {*range(processes)}, raising=False)
    files = RIGHT if name == "right" else WRONG
    assert result(compile(MemoryTree(files), Options(DATE, pool.each))) == EXPECTED[name]


def test_what_was_compiled_before_does_not_matter():
    before = {f"{FOLDER}/{path}": content for path, content in EXPECTED["right"][1]}
    assert result(compile(MemoryTree(RIGHT | before), Options(DATE))) == EXPECTED["right"]


# Whole processes, from the command line to the bytes on the disk

PLACES = {
    "as usual": ({}, 0o022),
    "C": ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONHASHSEED": "1"}, 0o077),
    "Turkish": ({"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Istanbul", "PYTHONHASHSEED": "2"}, 0o027),
    "German": (
        {"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE", "TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "3"},
        0o002,
    ),
    "far west": ({"TZ": "Pacific/Niue", "PYTHONHASHSEED": "4294967295", "PYTHONOPTIMIZE": "2"}, 0o000),
    "one processor": ({"PYTHONHASHSEED": "5"}, 0o022),
}
"""A place: its variables (a locale that the machine does not have counts as none) and its umask."""


def compiled_at(place: str, folder: Path, *arguments: str) -> dict[str, bytes]:
    """What `ssmd compile` leaves on the disk there, run from a folder of its own."""
    variables, umask = PLACES[place]
    workspace, elsewhere = folder / "Wörk space", folder / "elsewhere"
    write(RIGHT, workspace)
    elsewhere.mkdir()
    (workspace / "nested").mkdir()
    command = [sys.executable, "-m", "ssmd_compiler", "compile", "--as-of", DATE.isoformat(), *arguments]
    environment = {"PATH": os.environ["PATH"], **variables}
    within = place == "one processor"
    if not within:
        command += ["--config-dir", str(workspace)]
    done = subprocess.run(
        command,
        cwd=workspace / "nested" if within else elsewhere,
        env=environment,
        umask=umask,
        capture_output=True,
        preexec_fn=_one_processor if within and hasattr(os, "sched_setaffinity") else None,
    )
    assert done.returncode == 0, done.stderr.decode()
    files = (path for path in sorted((workspace / FOLDER).rglob("*")) if path.is_file())
    return {path.relative_to(workspace / FOLDER).as_posix(): path.read_bytes() for path in files}


def _one_processor() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


@pytest.fixture(scope="module")
def usual(tmp_path_factory) -> dict[str, bytes]:
    return compiled_at("as usual", tmp_path_factory.mktemp("usual"))


@pytest.mark.parametrize("place", [place for place in PLACES if place != "as usual"])
def test_where_the_program_runs_does_not_matter(place, tmp_path, usual):
    assert compiled_at(place, tmp_path) == usual


def test_the_program_writes_what_the_library_returns(usual):
    _, outputs, lock, _ = EXPECTED["right"]
    assert usual == {**dict(outputs), "ssmd.lock.json": lock}


def test_places_differ():
    """A control: no two of them are one."""
    assert all(first != second for first, second in itertools.combinations(PLACES.values(), 2))
