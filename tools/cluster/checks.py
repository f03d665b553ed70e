"""What needs no server: promtool, kubeconform, kube-score and kustomize, each over a whole tree in one go.

A check returns what it looked at, in a few words, and raises `Finding` with all that is wrong.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from cluster.programs import Finding, built, run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cluster.trees import Document, Tree

__all__ = ["CHECKS", "EXPLAINED", "kube_score", "kubeconform", "kustomize", "promtool"]

EXPLAINED: dict[str, str] = yaml.safe_load(Path(__file__).with_name("explained.yaml").read_text(encoding="utf-8"))
SHORTCOMINGS = (1, 5)
"""kube-score's grades for critical and warning."""


def promtool(tree: Tree) -> str:
    """The rules of every PrometheusRule, as Prometheus reads them."""
    rules = {path: found[0]["spec"] for path, found in tree.files.items() if found[0]["kind"] == "PrometheusRule"}
    with tempfile.TemporaryDirectory() as folder:
        files: list[Path] = []
        for path, spec in rules.items():
            files.append(Path(folder, f"{path.parent.name}-{path.name}"))
            files[-1].write_text(yaml.safe_dump({"groups": spec["groups"]}), encoding="utf-8")
        if files:
            run("promtool", "check", "rules", "--lint-fatal", *files)
    count = sum(len(group["rules"]) for spec in rules.values() for group in spec["groups"])
    return f"{count} rules in {len(rules)} files"


def kubeconform(tree: Tree) -> str:
    """Every document against the schema of its kind, strictly: an unknown field is an error."""
    schemas = built("schemas")
    release = next(schemas.iterdir()).name.removeprefix("v").partition("-")[0]
    options = ["-strict", "-kubernetes-version", release, "-schema-location", str(schemas), "-skip", "Kustomization"]
    options += ["-ignore-filename-pattern", r"\.json$", "-summary", "-output", "json"]
    said = json.loads(run("kubeconform", *options, tree.root, accept=(0, 1)))
    wrong = [f"{one['filename']}: {one['kind']} {one['name']}: {one['msg']}" for one in said.get("resources") or ()]
    if wrong:
        raise Finding("\n".join(wrong))
    if said["summary"]["valid"] != len(tree.written):
        raise Finding(f"{said['summary']['valid']} documents are valid, and {len(tree.written)} are there")
    return f"{len(tree.written)} documents"


def kube_score(tree: Tree) -> str:
    """Good practice; what stays as it is has its reason in explained.yaml."""
    scored = json.loads(run("kube-score", "score", "--output-format", "json", *tree.files, accept=(0, 1)))
    found = [(one["file_name"], words) for one in scored for words in _shortcomings(one["checks"])]
    wrong = {f"{file}: {words}" for file, words in found if words not in EXPLAINED}
    if wrong:
        raise Finding("\n".join(sorted(wrong)))
    kinds = {words for _, words in found}
    return f"{len(found)} findings of {len(kinds)} kinds, all explained" if found else "nothing to explain"


def _shortcomings(checks: Iterable[dict[str, Any]]) -> Iterable[str]:
    for check in checks:
        if check["grade"] in SHORTCOMINGS and not check["skipped"]:
            comments = check["comments"] or [{"summary": check["check"]["name"]}]
            yield from (comment["summary"] for comment in comments)


def kustomize(tree: Tree) -> str:
    """Every folder builds, and what comes out is every document that was written, unchanged."""
    made, written = (Counter(map(_canonical, documents)) for documents in (tree.documents, tree.written))
    if made != written:
        names = sorted({json.loads(one)["metadata"]["name"] for one in (made - written) + (written - made)})
        raise Finding(f"kustomize does not give back what is written: {', '.join(names)}")
    return f"{len(tree.documents)} documents of {len(tree.folders)} folders"


def _canonical(document: Document) -> str:
    return json.dumps(document, sort_keys=True, default=str)


CHECKS = {"promtool": promtool, "kubeconform": kubeconform, "kube-score": kube_score, "kustomize": kustomize}
