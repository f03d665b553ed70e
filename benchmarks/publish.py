"""Publishing 15,000 small files beside its floors, in one run on one file system.

Floors: a plain open-write-close loop without durability, the same with one `fsync` per file, and for the no-op an
open-read-compare loop. Rounds alternate, so noise falls on all alike; the ratios of medians are what to look at.
Nothing is deleted before the end: ext4 avoids inodes deleted in the last minutes and pays for the search. For the same
reason a second run soon after the first is slower throughout, the plain loop included.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ssmd_compiler.publish import publish

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SEAL = "ssmd.lock.json"
FILES = 15
FSYNC_SHARE = 20  # one directory in so many takes part in the fsync floor, and the time is multiplied


def outputs(directories: int, salt: str = "") -> dict[str, bytes]:
    tree = {
        f"env-{number:04}/{name:02}.yaml": f"# {number} {name}{salt if number == 0 else ''}\n".encode() + b"x" * 1400
        for number in range(directories)
        for name in range(FILES)
    }
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in tree.items()}
    return tree | {SEAL: json.dumps(digests, indent=1).encode()}


def write_plainly(target: Path, tree: Mapping[str, bytes], *, sync: bool = False) -> None:
    made = {""}
    for path, data in tree.items():
        directory = path.rpartition("/")[0]
        if directory not in made:
            (target / directory).mkdir()
            made.add(directory)
        fd = os.open(f"{target}/{path}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        os.write(fd, data)
        if sync:
            os.fsync(fd)
        os.close(fd)


def read_plainly(target: Path, tree: Mapping[str, bytes]) -> None:
    for path, data in tree.items():
        fd = os.open(f"{target}/{path}", os.O_RDONLY)
        assert os.read(fd, len(data) + 1) == data
        os.close(fd)


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of processor time: the second says more when the machine is busy with other things."""

    wall: float
    processor: float

    def times(self, factor: float) -> Spent:
        return Spent(self.wall * factor, self.processor * factor)


def spent(work: Callable[[], object]) -> Spent:
    os.sync()
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - processor)


def measure(base: Path, directories: int) -> dict[str, Spent]:
    tree, changed = outputs(directories), outputs(directories, salt=" changed")
    share = outputs(max(1, directories // FSYNC_SHARE))
    plain, synced, target = base / "plain", base / "synced", base / "published"
    for directory in (base, plain, synced):
        directory.mkdir()
    return {
        "plain": spent(lambda: write_plainly(plain, tree)),
        "cold": spent(lambda: publish(target, tree)),
        "fsync": spent(lambda: write_plainly(synced, share, sync=True)).times(len(tree) / len(share)),
        "read": spent(lambda: read_plainly(plain, tree)),
        "no-op": spent(lambda: publish(target, tree)),
        "one": spent(lambda: publish(target, changed)),
    }


def show(results: list[dict[str, Spent]], files: int) -> None:
    median = {key: statistics.median(result[key].wall for result in results) for key in results[0]}
    print(f"{files:,} files, load {os.getloadavg()[0]:.1f}, {len(results)} rounds")
    print(f"  {'':55} median       best  processor   median/floor")
    for key, label, floor in (
        ("plain", "floor: open, write, close; not durable", "plain"),
        ("cold", "publish, cold", "plain"),
        ("fsync", f"floor: one fsync per file (1/{FSYNC_SHARE} of them, scaled)", "plain"),
        ("read", "floor: open, read, compare, close", "read"),
        ("no-op", "publish, nothing changed", "read"),
        ("one", "publish, one directory changed", "read"),
    ):
        best = min(result[key].wall for result in results)
        processor = statistics.median(result[key].processor for result in results)
        ratio = median[key] / median[floor]
        print(f"  {label:55} {median[key]:6.3f} s  {best:6.3f} s   {processor:6.3f} s  {ratio:12.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directories", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--base", type=Path, default=Path(__file__).parent / ".work")
    options = parser.parse_args()
    options.base.mkdir(exist_ok=True)
    base = Path(tempfile.mkdtemp(dir=options.base, prefix="publish-"))
    try:
        results = [measure(base / str(number), options.directories) for number in range(options.rounds)]
        show(results, options.directories * FILES)
    finally:
        shutil.rmtree(base)


if __name__ == "__main__":
    main()
