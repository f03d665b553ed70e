"""What proving generated manifests costs, beside the programs that people check manifests with, on the same files.

    python benchmarks/validation.py [--environments 50] [--runs 5] [--bound 300] [--seed 1] [--scratch DIR]

Run it by the interpreter that has ssmd installed (`make bench` runs it too); kubeconform, promtool and the schemas are
those of `make tools`. The other peers come from the package index at first use, at the versions of
requirements-validators.txt, into benchmarks/.work/validators.

What is measured. One workspace of trees.py is compiled; its Kubernetes documents (no kustomizations, which no API
server sees) are the input of all. After a warm-up all run in turn, R rounds, each round in another order. A figure is
the median of R: wall clock and CPU of the whole command, with Python's start and imports. `ssmd, by itself` is the CPU
that the first spends on proving alone, which is what `ssmd validate` adds in a process that runs already.

Is it the same work? Everybody must take every document, and refuse the same tree with a text in the place of a number;
promtool reads the rules alone, and must refuse one that does not parse. ssmd and kubeconform hold documents against the
same schemas, check-jsonschema too (a run for each kind: it takes one schema at a time), kubernetes-validate against its
own, of built-in kinds alone. Only ssmd looks at documents, expressions, metrics and labels in one go.

Exit code: 0, or 1 when a contestant failed or told wrong from right. Times are never judged: benchmarks are not tests.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import trees
import yaml
from measure import ContestantError, Cost, TimeBoundError, apart, median, run
from rounds import rotated

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
WORK = HERE / ".work"
TOOLS = HERE.parent / ".tools"
SSMD = Path(sys.executable).with_name("ssmd")
KUBERNETES = "1.34"
CORE = ("v1", "apps/v1", "batch/v1", "networking.k8s.io/v1", "policy/v1", "rbac.authorization.k8s.io/v1")


@dataclass(slots=True)
class Contestant:
    """A command line over the folder of documents."""

    name: str
    command: Callable[[Path], list[str]]
    runs: list[Cost] = field(default_factory=list)
    problem: str = ""


def peers_venv() -> Path:
    """The peers' virtual environment, made anew when requirements-validators.txt is another."""
    requirements = HERE / "requirements-validators.txt"
    stamp, directory = hashlib.sha256(requirements.read_bytes()).hexdigest(), WORK / "validators"
    mark = directory / "requirements.sha256"
    if not mark.is_file() or mark.read_text(encoding="utf-8") != stamp:
        print(f"installing the peers of {requirements.name}", file=sys.stderr)
        venv.create(directory, clear=True, with_pip=True)
        install = [str(directory / "bin/python"), "-m", "pip", "install", "--quiet", "--requirement", str(requirements)]
        subprocess.run(install, check=True)
        mark.write_text(stamp, encoding="utf-8")
    return directory


def contestants(peers: Path) -> list[Contestant]:
    release = next((TOOLS / "schemas").iterdir())
    version = release.name.removeprefix("v").partition("-")[0]
    kubeconform = [str(TOOLS / "bin/kubeconform"), "-strict", "-kubernetes-version", version]
    return [
        Contestant("ssmd", lambda folder: [sys.executable, str(HERE / "prove.py"), str(folder / "all")]),
        Contestant(
            "kubeconform",
            lambda folder: [*kubeconform, "-schema-location", str(TOOLS / "schemas"), str(folder / "all")],
        ),
        Contestant("check-jsonschema", partial(_check_jsonschema, peers, release)),
        Contestant("kubernetes-validate", partial(_kubernetes_validate, peers)),
        Contestant(
            "promtool check rules",
            lambda folder: [str(TOOLS / "bin/promtool"), "check", "rules", *_files(folder / "rules")],
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


def prepare(options: argparse.Namespace, scratch: Path) -> Path:
    """The documents, as each contestant wants them: all by environment, the core ones, by kind, the rules alone."""
    workspace, documents = scratch / "workspace", scratch / "documents"
    trees.write(workspace, trees.tree(options.environments, seed=options.seed))
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
    parser.add_argument("--environments", type=int, default=50, help="size of the workspace (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="measured runs after the warm-up (default: %(default)s)")
    parser.add_argument("--bound", type=float, default=300, help="stop a run after these seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scratch", type=Path, default=WORK, help="where to work (default: beside this file)")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    options.scratch.mkdir(parents=True, exist_ok=True)
    everybody = contestants(peers_venv())
    scratch = Path(tempfile.mkdtemp(dir=options.scratch, prefix="validation-"))
    alone: list[float] = []
    try:
        documents = apart(partial(prepare, options, scratch))
        spoilt = apart(partial(spoil, documents))
        for one in everybody:
            measure(one, spoilt, scratch, options.bound, expect=1)
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
    show(everybody, alone, counts)
    return int(any(one.problem for one in everybody))


def show(everybody: list[Contestant], alone: list[float], counts: dict[str, int]) -> None:
    print(f"{counts['all']} documents, {counts['core']} of them of built-in kinds, {counts['rules']} of rules")
    base = next((median(one.runs) for one in everybody if one.name == "ssmd" and one.runs), None)
    print(f"  {'':<22}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'wall ratio':>12}{'CPU ratio':>11}")
    for one in everybody:
        if not one.runs or one.problem:
            print(f"  {one.name:<22}{one.problem or 'did not run'}")
            continue
        cost = median(one.runs)
        ratios = f"{cost.wall / base.wall:>12.2f}{cost.cpu / base.cpu:>11.2f}" if base else ""
        print(f"  {one.name:<22}{cost.wall:>9.3f}{cost.cpu:>9.3f}{cost.peak / 1024:>9.0f}{ratios}")
    if alone and base:
        best = sorted(alone)[len(alone) // 2]
        per = best * 1000 / counts["all"]
        print(
            f"  {'ssmd, by itself':<22}{best:>9.3f}{'':>18}{best / base.wall:>12.2f}   {per:.3f} s for 1,000 documents"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
