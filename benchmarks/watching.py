"""How long a saved change takes until `generated/` has followed: `ssmd compile --watch`, beside the command typed anew.

    python benchmarks/watching.py [--sizes 10,100,1000] [--runs 9] [--seed 1] [--scratch DIR]

Run it by the interpreter that has ssmd installed (`make bench` runs it too). For each size one workspace of trees.py is
compiled and watched. A round changes the memory limit of one environment, each round another, by a rename as editors
save, at a moment of the program's pause that chance picks; the time ends when the new seal is in its place. Then the
same change is made to a second workspace, where nobody watches, and `ssmd compile` is run. After the last round
`ssmd compile --check --no-cache` must find both as a compile from nothing would have them; what fails has no time.

Prints Markdown: the median and the least, and the median of the rounds' ratios. Exit code: 0, or 1 when a row failed.
"""

from __future__ import annotations

import argparse
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import trees
from contestant import Case, call
from installed import WORK
from measure import ContestantError
from workspaces import SSMD, compiled

if TYPE_CHECKING:
    from collections.abc import Iterator

SEAL = "generated/ssmd.lock.json"
BOUND = 60
"""Seconds until a change that nothing follows is given up."""
PAUSE = 0.2
"""Seconds, at most, that a round waits before it changes something: longer than the program's own pause."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--sizes", default="10,100,1000", help="numbers of environments (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=9, help="changes (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scratch", type=Path, default=WORK, help="where to work (default: beside this file)")
    options = parser.parse_args(arguments)
    options.scratch.mkdir(parents=True, exist_ok=True)
    print(f"    {shlex.join(['python', 'benchmarks/watching.py', *arguments])}", end="\n\n")
    print("| environments | `compile --watch`: median, least | `compile`: median, least | ratio |")
    print("|---|---|---|---|", flush=True)
    scratch = Path(tempfile.mkdtemp(dir=options.scratch, prefix="watching-"))
    failed = False
    try:
        for size in map(int, options.sizes.split(",")):
            try:
                print(row(Case(size, options.seed, scratch / str(size), BOUND), options.runs), flush=True)
            except ContestantError as problem:
                failed = True
                print(f"| {size:,} | {problem} | | |", flush=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return int(failed)


def row(case: Case, runs: int) -> str:
    case.scratch.mkdir()
    trees.write(case.tree, trees.tree(case.environments, seed=case.seed))
    watched, typed = case.scratch / "watched", case.scratch / "typed"
    for directory in (watched, typed):
        compiled(case, directory)
    chance = random.Random(case.seed)
    followed, commanded = [], []
    with watching(watched):
        for number in range(runs):
            time.sleep(PAUSE * (1 + chance.random()))
            followed.append(until_followed(watched, number))
            change(typed, number)
            start = time.perf_counter()
            call([str(SSMD), "compile"], typed, case)
            commanded.append(time.perf_counter() - start)
    for directory in (watched, typed):
        call([str(SSMD), "compile", "--check", "--no-cache"], directory, case)
    ratio = median(one / other for one, other in zip(followed, commanded, strict=True))
    shown = (f"{median(times):.2f} s, {min(times):.2f} s" for times in (followed, commanded))
    return f"| {case.environments:,} | {' | '.join(shown)} | {ratio:.2f} |"


@contextmanager
def watching(directory: Path) -> Iterator[None]:
    """`ssmd compile --watch` at work in `directory`, from its first wait on."""
    command = [str(SSMD), "compile", "--watch"]
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        if "watching" not in process.stderr.readline():
            raise ContestantError("it does not watch")
        yield
    finally:
        process.terminate()
        process.communicate()


def change(directory: Path, number: int) -> None:
    """Another memory limit, in one environment, saved as editors do it."""
    names = sorted((directory / "environments").glob("*.yaml"))
    path = names[number % len(names)]
    text, count = re.subn(r"memory: \d+Mi", f"memory: {600 + number}Mi", path.read_text(encoding="utf-8"))
    if not count:
        raise ContestantError(f"{path.name}: no place for the change")
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.rename(path)


def until_followed(directory: Path, number: int) -> float:
    """Seconds from the save to the new seal."""
    seal = directory / SEAL
    before = seal.stat().st_ino
    start = time.perf_counter()
    change(directory, number)
    while seal.stat().st_ino == before:
        if time.perf_counter() - start > BOUND:
            raise ContestantError("nothing followed the change")
        time.sleep(0.001)
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
