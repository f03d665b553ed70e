"""The least that any compiler with these inputs and outputs must do, as one process. Run by benchmarks/compile.py.

    python floor.py TREE PACK OUT

Reads every file of TREE and lets libyaml parse the YAML ones to events, then writes the files of PACK (a pickled
{path: bytes}, what ssmd wrote) below OUT: plain open, write, close. No checks, no positions, no rename, no fsync.
Prints as JSON what is not part of the floor and is to be subtracted: loading PACK, and one syncfs of OUT at the end,
which tells what durability would add.
"""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable


def parse(tree: Path) -> None:
    for path in sorted(tree.rglob("*")):
        if path.is_file() and ".git" not in path.parts:
            content = path.read_bytes()
            if path.suffix == ".yaml":
                for _ in yaml.parse(content, Loader=yaml.CLoader):
                    pass


def load(pack: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = pickle.loads(pack.read_bytes())
    return files


def write(files: dict[str, bytes], out: Path) -> None:
    for name, content in files.items():
        target = f"{out}/{name}"
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        except FileNotFoundError:
            Path(target).parent.mkdir(parents=True)
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.write(descriptor, content)
        os.close(descriptor)


def sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
        raise OSError(ctypes.get_errno(), "syncfs")
    os.close(descriptor)


def timed(work: Callable[[], object]) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def main(tree: Path, pack: Path, out: Path) -> None:
    files: dict[str, bytes] = {}
    parse(tree)
    loaded = timed(lambda: files.update(load(pack)))
    write(files, out)
    print(json.dumps({"load": loaded, "syncfs": timed(lambda: sync(out))}))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
