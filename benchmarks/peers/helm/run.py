"""Render the chart for environments/*.yaml, each with its feed's values, a file for each template. Run by compile.py.

python run.py DIRECTORY OUT
"""

import os
import sys
from functools import partial
from multiprocessing import Pool
from pathlib import Path


def render(directory: Path, out: Path, names: list[str]) -> None:
    # Imported by the process that renders: a Go runtime does not survive a fork.
    import helm_python as helm

    with helm.Chart.load(directory / "chart") as chart:
        for name in names:
            values = helm.values_from_yaml((directory / f"environments/{name}.yaml").read_text(encoding="utf-8"))
            feed = directory / f"feeds/{values['environment']['feed']}.yaml"
            values |= helm.values_from_yaml(feed.read_text(encoding="utf-8"))
            write(out / name, chart.render(values, name=name, namespace=values["environment"]["namespace"]))


def write(target: Path, rendered: dict[str, str]) -> None:
    target.mkdir(parents=True)
    for path, text in rendered.items():
        if text.strip():
            (target / path.rpartition("/")[2]).write_text(text, encoding="utf-8")


def main(directory: Path, out: Path) -> None:
    names = sorted(path.stem for path in (directory / "environments").iterdir())
    # A second process costs more than it brings below some twenty environments.
    jobs = min(os.cpu_count() or 1, 1 + len(names) // 20)
    work = partial(render, directory, out)
    if jobs == 1:
        work(names)
        return
    with Pool(jobs) as pool:
        pool.map(work, [names[number::jobs] for number in range(jobs)])


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
