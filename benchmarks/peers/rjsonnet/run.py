"""Evaluate environments/*.jsonnet one by one and write what each gives: {file: text}. Run by benchmarks/compile.py.

python run.py DIRECTORY OUT
"""

import json
import os
import sys
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import rjsonnet


def evaluate(directory: Path, out: Path, path: Path) -> None:
    files: dict[str, str] = json.loads(rjsonnet.evaluate_file(str(path), jpathdir=[str(directory)]))
    for name, text in files.items():
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def main(directory: Path, out: Path) -> None:
    paths = sorted((directory / "environments").iterdir())
    # A second process costs more than it brings below some twenty environments.
    jobs = min(os.cpu_count() or 1, 1 + len(paths) // 20)
    work = partial(evaluate, directory, out)
    if jobs == 1:
        list(map(work, paths))
        return
    with Pool(jobs) as pool:
        pool.map(work, paths, chunksize=max(1, len(paths) // (jobs * 8)))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
