"""What proving generated manifests costs, beside the programs that people check manifests with, on the same files.

    python benchmarks/validation.py [--sizes 10,100] [--runs 5] [--bound 300] [--seed 1] [--scratch DIR]

Run it by the interpreter that has ssmd installed (`make bench` runs it too); kubeconform, promtool and the schemas are
those of `make tools`. The other peers come from the package index at first use, at the versions of
requirements-validators.txt, into benchmarks/.work/validators.

What is measured. For each size one workspace of trees.py is compiled; its Kubernetes documents (no kustomizations,
which no API server sees) are the input of all. After a warm-up all run in turn, R rounds, each round in another order.
A figure is the median of R: wall clock and CPU of the whole command, with Python's start and imports. `ssmd, by itself`
is the CPU that the first spends on proving alone, which is what `ssmd validate` adds in a process that runs already. A
peer that takes longer than `--limit` seconds is left out of larger sizes.

Is it the same work? Everybody must take every document, and refuse the same tree with a text in the place of a number;
promtool reads the rules alone, and must refuse one that does not parse. ssmd and kubeconform hold documents against the
same schemas, check-jsonschema too (a run for each kind: it takes one schema at a time), kubernetes-validate against its
own, of built-in kinds alone. Only ssmd looks at documents, expressions, metrics and labels in one go.

Exit code: 0, 1 when a contestant failed or took wrong for right, 2 when a tool is not built. Times are never judged.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import trees
import yaml
from installed import HERE, TOOLS, WORK, built, install, pinned
from measure import ContestantError, Cost, TimeBoundError, apart, best, median, ratio, run
from report import markdown
from rounds import rotated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SSMD = Path(sys.executable).with_name("ssmd")
KUBERNETES = "1.34"
CORE = ("v1", "apps/v1", "batch/v1", "networking.k8s.io/v1", "policy/v1", "rbac.authorization.k8s.io/v1")


@dataclass(slots=True)
class Contestant:
    """A command line over the folder of documents."""

    name: str
    without: str
    """What it does not look at."""
    command: Callable[[Path], list[str]]
    version: str = ""
    runs: list[Cost] = field(default_factory=list)
    problem: str = ""


def contestants(peers: Path) -> list[Contestant]:
    release = next((TOOLS / "schemas").iterdir())
    version = release.name.removeprefix("v").partition("-")[0]
    kubeconform = [str(TOOLS / "bin/kubeconform"), "-strict", "-kubernetes-version", version]
    location = ["-schema-location", str(TOOLS / "schemas")]
    promtool = [str(TOOLS / "bin/promtool"), "check", "rules"]
    return [
        Contestant("ssmd", "", lambda folder: [sys.executable, str(HERE / "prove.py"), str(folder / "all")]),
        Contestant(
            "kubeconform",
            "expressions, metrics, labels",
            lambda folder: [*kubeconform, *location, str(folder / "all")],
            built("kubeconform", "github.com/yannh/kubeconform"),
        ),
        Contestant(
            "check-jsonschema",
            "expressions, metrics, labels",
            partial(_check_jsonschema, peers, release),
            pinned("validators", "check-jsonschema"),
        ),
        Contestant(
            "kubernetes-validate",
            "custom resources, expressions, metrics, labels",
            partial(_kubernetes_validate, peers),
            pinned("validators", "kubernetes-validate"),
        ),
        Contestant(
            "promtool check rules",
            "all but rules; metrics",
            lambda folder: [*promtool, *_files(folder / "rules")],
            built("promtool", "github.com/prometheus/prometheus"),
        ),
    ]


def _files(folder: Path) -> list[str]:
    return [str(path) for path in sorted(folder.rglob("*.yaml"))]


def _check_jsonschema(peers: Path, release: Path, folder: Path) -> list[str]:
    """One run a kind, one after another; any that fails fails all."""
    program, lines = peers / "bin/check-jsonschema", ["failed=0"]
    lines += [
        f"'{program}' --schemafile '{release / kind.name}.json' '{kind}'/*.yaml || failed=1"
        for kind in sorted((folder / "kinds").iterdir())
    ]
    return ["/bin/sh", "-c", "\n".join([*lines, "exit $failed"])]


def _kubernetes_validate(peers: Path, folder: Path) -> list[str]:
    return [str(peers / "bin/kubernetes-validate"), "-k", KUBERNETES, "--strict", *_files(folder / "core")]


def prepare(environments: int, seed: int, scratch: Path) -> Path:
    """The documents, as each contestant wants them: all by environment, the core ones, by kind, the rules alone."""
    workspace, documents = scratch / "workspace", scratch / "documents"
    trees.write(workspace, trees.tree(environments, seed=seed))
    subprocess.run([str(SSMD), "compile", "--config-dir", str(workspace)], check=True)
    counted: dict[str, int] = defaultdict(int)
    for path in sorted((workspace / "generated").rglob("*.yaml")):
        if path.name == "kustomization.yaml":
            continue
        for content in path.read_text(encoding="utf-8").split("\n---\n"):
            document = yaml.load(content, yaml.CSafeLoader)
            number = counted[path.parent.name] = counted[path.parent.name] + 1
            name = f"{path.parent.name}/{number:03}-{path.name}"
            _place(documents, name, document, content)
    return documents


def _place(documents: Path, name: str, document: dict[str, object], content: str) -> None:
    group, _, version = str(document["apiVersion"]).rpartition("/")
    kind = "-".join(part.lower() for part in (str(document["kind"]), group.partition(".")[0], version) if part)
    _write(documents / "all" / name, content)
    _write(documents / "kinds" / kind / name.replace("/", "-"), content)
    if document["apiVersion"] in CORE:
        _write(documents / "core" / name, content)
    if document["kind"] == "PrometheusRule":
        _write(documents / "rules" / name, yaml.safe_dump(document["spec"]))


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def spoil(documents: Path) -> Path:
    """A copy in which one Deployment's replicas are a text, and one rule's expression lacks its end."""
    spoilt = documents.with_name("spoilt")
    shutil.copytree(documents, spoilt)
    for part in ("all", "core", "kinds"):
        path = next(path for path in sorted((spoilt / part).rglob("*deployment*.yaml")))
        path.write_text(path.read_text().replace("replicas: 1", "replicas: one"), encoding="utf-8")
    rule = min((spoilt / "rules").rglob("*.yaml"))
    rule.write_text(rule.read_text().replace("expr: ", "expr: (", 1), encoding="utf-8")
    return spoilt


def measure(one: Contestant, folder: Path, scratch: Path, bound: float, *, expect: int = 0) -> Cost | None:
    """What one run cost; None, and the reason in the contestant, when it did not come to the expected verdict."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTHON", "SSMD_"))}
    try:
        return run(one.command(folder), cwd=scratch, log=scratch / "log", environment=kept, bound=bound, expect=expect)
    except TimeBoundError:
        one.problem = f"stopped after {bound:.0f} s"
    except (ContestantError, OSError) as error:
        one.problem = str(error).replace(str(folder), "...")[:600]
    return None


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--sizes", default="10,100", help="numbers of environments (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="measured runs after the warm-up (default: %(default)s)")
    parser.add_argument("--bound", type=float, default=300, help="stop a run after these seconds")
    parser.add_argument(
        "--limit", type=float, default=60, help="above these seconds a peer is left out of larger sizes"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scratch", type=Path, default=WORK, help="where to work (default: beside this file)")
    options = parser.parse_args(arguments)
    options.sizes = sorted(int(size) for size in options.sizes.split(","))
    return options


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    if missing := [name for name in ("bin/kubeconform", "bin/promtool", "schemas") if not (TOOLS / name).exists()]:
        print(f"validation.py: {', '.join(missing)} not built: run `make tools` first", file=sys.stderr)
        return 2
    options.scratch.mkdir(parents=True, exist_ok=True)
    peers = install("validators")
    print(f"    {shlex.join(['python', 'benchmarks/validation.py', *arguments])}", end="\n\n", flush=True)
    left_out: dict[str, str] = {}
    failed = False
    for size in options.sizes:
        everybody = contestants(peers)
        for one in everybody:
            one.problem = left_out.get(one.name, "")
        lines = measure_size(options, size, everybody)
        print("\n".join(lines), end="\n\n", flush=True)
        failed |= any(one.problem and one.name not in left_out for one in everybody)
        for one in everybody:
            if one.runs and not one.problem and median(one.runs).wall > options.limit:
                left_out[one.name] = f"left out: took {median(one.runs).wall:.0f} s at {size:,}"
    return int(failed)


def measure_size(options: argparse.Namespace, size: int, everybody: list[Contestant]) -> list[str]:
    """Run everybody on one size; the lines to show."""
    scratch = Path(tempfile.mkdtemp(dir=options.scratch, prefix="validation-"))
    alone: list[float] = []
    try:
        documents = apart(partial(prepare, size, options.seed, scratch))
        spoilt = apart(partial(spoil, documents))
        for one in [one for one in everybody if not one.problem]:
            measure(one, spoilt, scratch, options.bound, expect=1)
            if not one.problem:
                measure(one, documents, scratch, options.bound)
        for number in range(options.runs):
            for one in rotated([one for one in everybody if not one.problem], number):
                cost = measure(one, documents, scratch, options.bound)
                if cost is not None:
                    one.runs.append(cost)
                if cost is not None and one.name == "ssmd":
                    alone.append(json.loads((scratch / "log").read_text(encoding="utf-8"))["seconds"])
        counts = {part: len(_files(documents / part)) for part in ("all", "core", "rules")}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return list(table(size, everybody, alone, counts))


def table(size: int, everybody: list[Contestant], alone: list[float], counts: dict[str, int]) -> Iterator[str]:
    yield (
        f"**{size:,} environments**: {counts['all']:,} documents, {counts['core']:,} of them of built-in kinds, "
        f"{counts['rules']:,} of rules; {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}"
    )
    yield ""
    base = next((one for one in everybody if one.name == "ssmd" and one.runs), None)
    rows = [_row(one, base) for one in everybody if one.runs and not one.problem]
    if alone:
        middle, least = sorted(alone)[len(alone) // 2], min(alone)
        per = f"{middle * 1000 / counts['all']:.3f} s for 1,000 documents"
        rows.insert(1, ["ssmd, by itself", "", "", f"{middle:.3f}", f"{least:.3f}", "", "", "", per])
    header = ("", "wall s", "least", "CPU s", "least", "peak MB", "wall ratio", "CPU ratio", "without")
    yield from markdown(header, rows, texts=frozenset({0, 8}))
    yield ""
    yield from (f"- {one.name}: {one.problem}" for one in everybody if one.problem)


def _row(one: Contestant, base: Contestant | None) -> list[str]:
    cost, least = median(one.runs), best(one.runs)
    ratios = [f"{times:.2f}" for times in ratio(one.runs, base.runs)] if base else ["", ""]
    times = [f"{cost.wall:.3f}", f"{least.wall:.3f}", f"{cost.cpu:.3f}", f"{least.cpu:.3f}", f"{cost.peak / 1024:.0f}"]
    return [f"{one.name} {one.version}".rstrip(), *times, *ratios, one.without]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
