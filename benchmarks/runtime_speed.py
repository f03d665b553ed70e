"""What capturing costs, from a socket to a file: ssmd beside two floors and beside peers.

    python benchmarks/runtime_speed.py [--frames 1000000] [--rounds 3] [--only NAME,NAME...] [--rates 1000,10000,100000]
                                       [--seconds 3] [--directory DIR] [--json FILE] [--bound 300]

Run it by the interpreter that has ssmd-runtime installed (`make bench-runtime`). A process of its own floods each
contestant in turn with the same frames, made beforehand; each contestant is a process of its own as well. aiohttp and
cryptofeed come from the package index at first use, at the versions of requirements-collectors.txt, and the peer in
Rust is built, where there is cargo; all of it in benchmarks/.work. README.md tells what is measured, and how to read
it. What is written goes to `--directory` (a new one among temporary files) and is removed. Every file is read back: a
contestant that did not keep every frame fails the run.

Prints Markdown. Exit code: 0, or 1 when a contestant failed. Times are never judged.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from installed import HERE, WORK, install
from runtime_latency import Latency, latencies
from runtime_report import latency_table, speed_table, summary
from runtime_rounds import Figures, Flood, RuntimeBenchmarkError, flooded, run
from runtime_rows import ROWS, TRACED, Row


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(row.name for row in ROWS), metavar="NAME,NAME")
    parser.add_argument("--rates", default="1000,10000,100000", help="frames a second; none: an empty text")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each rate is kept up")
    parser.add_argument("--directory", type=Path, help="where contestants write")
    parser.add_argument("--json", type=Path, help="all figures, for programs")
    parser.add_argument("--bound", type=float, default=300.0, help="seconds that a run may take")
    return parser.parse_args(arguments)


def built() -> Path | None:
    """The peer in Rust; None: there is no cargo. Built beside its sources' copy, which keeps the checkout as it is."""
    if shutil.which("cargo") is None:
        print("there is no cargo: the row of Rust is left out", file=sys.stderr)
        return None
    made = WORK / "flood_rust"
    shutil.copytree(HERE / "peers/flood_rust", made, dirs_exist_ok=True)
    subprocess.run(["cargo", "build", "--quiet", "--release"], cwd=made, check=True)
    return made / "target/release/flood-rust"


def rounds(flood: Flood, rows: list[Row], count: int) -> dict[str, Figures]:
    """Every row once a round, each round from another one on, so that a slow minute does not hit the same ones."""
    figures = {row.name: Figures(flood.frames) for row in rows}
    for number in range(count):
        for row in rows[number % len(rows) :] + rows[: number % len(rows)]:
            print(f"round {number + 1}: {row.name}", file=sys.stderr)
            with run(flood, row, flood.frames) as (cost, _):
                figures[row.name].runs.append(cost)
    return figures


def delays(flood: Flood, rates: list[int], seconds: float) -> dict[tuple[str, int], Latency]:
    """Each mode at each rate."""
    found: dict[tuple[str, int], Latency] = {}
    for rate in rates:
        for row in TRACED:
            print(f"{rate} a second: {row.name}", file=sys.stderr)
            found[row.title, rate] = latencies(flood, row, rate, seconds)
    return found


def measure(options: argparse.Namespace, directory: Path) -> None:
    names = options.only.split(",")
    rows = [row for row in ROWS if row.name in names]
    rust = built() if any(row.rust for row in rows) else None
    rows = [row for row in rows if rust is not None or not row.rust]
    rates = [int(rate) for rate in options.rates.split(",") if rate]
    peers = install("collectors") if any(row.peer for row in rows) else None
    print(f"`{shlex.join(['python', 'benchmarks/runtime_speed.py', *sys.argv[1:]])}`")
    with flooded(options.frames, directory, bound=options.bound, peers=peers, rust=rust) as flood:
        load = os.getloadavg()[0]
        figures = rounds(flood, rows, options.rounds)
        print(
            f"\n{datetime.datetime.now(datetime.UTC):%Y-%m-%d}: {options.frames:,} frames, medians of {options.rounds}"
        )
        print(f"rounds, load {load:.1f} before\n\n{speed_table(rows, figures)}")
        delayed = delays(flood, rates, options.seconds)
        if delayed:
            print(f"\n{latency_table(delayed)}")
    if options.json is not None:
        content = {
            "speed": {name: asdict(one) for name, one in figures.items()},
            "latency": [{"mode": mode, "asked": rate, **summary(one)} for (mode, rate), one in delayed.items()],
        }
        options.json.write_text(json.dumps(content), encoding="utf-8")


def main() -> int:
    options = parse(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="ssmd-bench-", dir=options.directory) as directory:
        try:
            measure(options, Path(directory))
        except RuntimeBenchmarkError as problem:
            print(problem, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
