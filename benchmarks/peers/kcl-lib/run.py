"""Evaluate environments/*.k and write what each gives: {file: text}. Run by benchmarks/compile.py.

    python run.py DIRECTORY OUT

A process evaluates all its environments as one program, which halves the time of one program for each.
"""

import json
import os
import sys
from functools import partial
from multiprocessing import Pool
from pathlib import Path

from kcl_lib import api


def program(names: list[str]) -> str:
    imports = "\n".join(f"import environments.{name} as e{number}" for number, name in enumerate(names))
    entries = "\n".join(f"    {name} = e{number}.files" for number, name in enumerate(names))
    return f"{imports}\nmade = {{\n{entries}\n}}\n"


def evaluate(directory: Path, out: Path, names: list[str]) -> None:
    main = directory / f"main_{names[0]}.k"
    main.write_text(program(names), encoding="utf-8")
    arguments = api.ExecProgramArgs(work_dir=str(directory), k_filename_list=[str(main)], disable_yaml_result=True)
    result = api.API().exec_program(arguments)
    if result.err_message:
        sys.exit(result.err_message)
    for files in json.loads(result.json_result)["made"].values():
        write(out, files)


def write(out: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def main(directory: Path, out: Path) -> None:
    names = sorted(path.stem for path in (directory / "environments").iterdir())
    # A second process costs more than it brings below some twenty environments.
    jobs = min(os.cpu_count() or 1, 1 + len(names) // 20)
    work = partial(evaluate, directory, out)
    if jobs == 1:
        work(names)
        return
    with Pool(jobs) as pool:
        pool.map(work, [names[number::jobs] for number in range(jobs)])


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
