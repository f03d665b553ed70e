"""One contestant in this process: `runtime_contestant.py NAME URL DIRECTORY [--trace FILE]`. Prints its cost as JSON.

What counts is from before the connection to the end, when everything is written (and, where it promises that, durable);
starting Python and importing does not. The peak of memory is the whole process's.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from pathlib import Path

import runtime_clients
import runtime_collectors
import runtime_floors
from runtime_collectors import Trace, collector

_TRACE = Trace()
PREPARE = {
    "floor-raw": runtime_floors.raw,
    "floor-framed": runtime_floors.framed,
    "picows": runtime_clients.picows,
    "aiohttp": runtime_clients.aiohttp,
    "websockets": runtime_clients.websockets,
    "cryptofeed": runtime_clients.cryptofeed,
    "receive": runtime_collectors.receive,
    "none": collector("none"),
    "interval": collector("interval"),
    "batch": collector("batch"),
    "zstd": collector("interval", "zstd"),
    "over-websockets": collector("interval", websockets=True),
    "traced-none": collector("none", trace=_TRACE),
    "traced-interval": collector("interval", trace=_TRACE),
    "traced-batch": collector("batch", trace=_TRACE),
    "traced-zstd": collector("interval", "zstd", trace=_TRACE),
    "traced-over-websockets": collector("interval", websockets=True, trace=_TRACE),
}


def peak_bytes() -> int:
    """The most memory that this process had; `ru_maxrss` would begin with that of whoever started it."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if os.uname().sysname == "Darwin" else 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("name", choices=PREPARE)
    parser.add_argument("url")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--trace", type=Path)
    options = parser.parse_args()
    run = PREPARE[options.name](options.url, options.directory)
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    frames = run()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    if options.trace is not None:
        options.trace.write_text(json.dumps({"written": _TRACE.written, "durable": _TRACE.durable}), encoding="utf-8")
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    cost = {"frames": frames, "wall": wall, "user": user, "system": system, "peak": peak_bytes()}
    print(json.dumps(cost), flush=True)


if __name__ == "__main__":
    main()
