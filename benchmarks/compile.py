"""What `ssmd compile` costs, beside the least it could cost and beside its peers on the nearest equivalent job.

    python benchmarks/compile.py [--sizes 10,100,1000] [--runs 5] [--only NAME,...] [--json FILE]
                                 [--seed 1] [--bound 300] [--patience 20] [--scratch DIR]

Run it by the interpreter that has ssmd installed (`make bench`). The peers come from the package index at first use, at
the versions of requirements.txt, into benchmarks/.work/venv; everything else happens in benchmarks/.work, on the disk
that the checkout is on.

What is measured. For each size N, trees.py writes N environments over N/10 feeds. Each contestant gets its own copy of
the tree or, for a peer, the same environments in the peer's idiom (peer_inputs.py; templates by hand in peers/NAME).
After a warm-up the contestants run in turn, R rounds, each round in another order, so that a drift of the machine hits
all of them; before each run everything earlier is synced to disk, and earlier output is moved aside, never deleted
(contestants.py says why). A figure is the median of R: wall clock; CPU, user and system, with all children; peak memory
of the largest process, of which some 24 MB and less are not told from the harness's own. A contestant whose warm-up
takes longer than `--patience` seconds is measured by that one run and marked so; one that is stopped at `--bound` is
reported as that and left out of larger sizes: nothing is extrapolated.

Who runs. The descriptions are in contestants.py and printed below the tables. All of ssmd's checks are on. What is not
the floor's work, reading the bytes that it is to write, is subtracted from it; what one syncfs after it would add is
printed apart, because ssmd makes its output durable, and neither floor nor peers do.

Is it the same work? Every output is parsed again. Files, Kubernetes objects, other documents and bytes are printed. The
three peers must write the same documents, or the run fails; ssmd's differ from theirs in content, and the counts tell
by how much. The peers know nothing of schemas, versions in force, key references, topology, provenance, or a lock file.

Exit code: 0, or 1 when a contestant failed. Times are never judged: benchmarks are not tests.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from contestants import ALL, HERE, Case
from report import figures, legend, table
from rounds import Measured, Pace, measure_case

WORK = HERE / ".work"


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
            done.append(measure_case(case, contestants, Pace(options.runs, options.patience)))
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
