"""What `ssmd compile` and `ssmd validate` cost, beside the least that compiling could cost and beside peers.

    python benchmarks/compile.py [--sizes 10,100,1000] [--runs 5] [--only NAME;NAME...] [--json FILE] [--seed 1]
                                 [--bound 300] [--patience 20] [--limit 60] [--scratch DIR]

Run it by the interpreter that has ssmd installed (`make bench`). The peers come from the package index at first use, at
the versions of requirements-*.txt, into benchmarks/.work, kustomize from `make tools`; everything else happens in
benchmarks/.work too, on the disk that the checkout is on. README.md tells what is measured, and how to read it.

For each size N, trees.py writes N environments over N/10 feeds. Each contestant gets its own copy of the tree or, for a
peer, the same environments in the peer's idiom (peer_inputs.py; templates by hand in peers/NAME). After a warm-up the
contestants run in turn, R rounds, each round in another order, so that a drift of the machine hits all of them. Before
each run its state is put back, everything earlier is synced to disk, and earlier output is moved aside, never deleted
(contestant.py says why). What `ssmd compile` made of a change is compared with a compile without a cache at the end.

A contestant whose warm-up takes longer than `--patience` seconds is measured by that one run and marked so; one that is
stopped at `--bound`, and a peer that takes longer than `--limit`, is left out of larger sizes: nothing is extrapolated.

Prints Markdown. Exit code: 0, or 1 when a contestant failed or wrote the wrong documents. Times are never judged.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from contestant import Case
from contestants import ALL
from installed import WORK, install
from report import figures, legend, summary, table
from rounds import Measured, Pace, measure_case


def parse(arguments: list[str]) -> argparse.Namespace:
    names = [contestant.name for contestant in ALL]
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--sizes", default="10,100,1000", help="numbers of environments (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="measured runs after the warm-up (default: %(default)s)")
    parser.add_argument(
        "--only", default=";".join(names), metavar="NAME;NAME", help="contestants (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--bound", type=float, default=300, help="stop a run after these seconds (default: %(default)s)"
    )
    parser.add_argument("--patience", type=float, default=20, help="above these seconds one run is enough")
    parser.add_argument(
        "--limit", type=float, default=60, help="above these seconds a peer is left out of larger sizes"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="raw figures")
    parser.add_argument("--scratch", type=Path, default=WORK, help="where to work (default: beside this file)")
    options = parser.parse_args(arguments)
    options.only = [name.strip() for name in options.only.split(";")]
    if unknown := [name for name in options.only if name not in names]:
        parser.error(f"no contestant named {', '.join(unknown)}; there are {', '.join(names)}")
    options.sizes = [int(size) for size in options.sizes.split(",")]
    return options


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    options.scratch.mkdir(parents=True, exist_ok=True)
    contestants = [contestant for contestant in ALL if contestant.name in options.only]
    for name in sorted({contestant.requires for contestant in contestants if contestant.requires}):
        install(name)
    print(f"    {shlex.join(['python', 'benchmarks/compile.py', *arguments])}", end="\n\n", flush=True)
    done: list[Measured] = []
    left_out: dict[str, str] = {}
    scratch = Path(tempfile.mkdtemp(dir=options.scratch, prefix="run-"))
    try:
        for size in sorted(options.sizes):
            case = Case(size, options.seed, scratch / str(size), options.bound)
            pace = Pace(options.runs, options.patience, options.limit)
            done.append(measure_case(case, contestants, pace, left_out))
            print("\n".join(table(done[-1])), end="\n\n", flush=True)
            for result in done[-1].results:
                if not result.left_out and (reason := result.beyond(options.limit)):
                    left_out[result.contestant.name] = f"{reason} at {size:,}"
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print("\n".join(summary(done, contestants)), end="\n\n")
    print("\n".join(legend(contestants)))
    if options.json:
        options.json.write_text(json.dumps(figures(done), indent=2) + "\n", encoding="utf-8")
    return int(any(result.failed for one in done for result in one.results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
