"""What a contestant wrote: files, documents, bytes, and which of them. Everything is parsed; malformed is a failure."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from measure import ContestantError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Kinds", "Produced", "expected", "inspect", "wrong"]

Kinds = dict[str, dict[str, int]]
"""Environment -> kind -> documents of that kind; what no environment's namespace tells is that of `""`."""

SPEC = "specs in a file"
"""How a JSON document counts: it has no kind."""
ALWAYS = ("NetworkPolicy", "PodMonitor", "PrometheusRule", "ServiceAccount")
DAY = ("CronJob", "CronJob", "ServiceAccount", "Role", "RoleBinding", "NetworkPolicy")
SHARD = ("ConfigMap", "Deployment", "Service", "PodDisruptionBudget")
ARCHIVER = ("Deployment", "Service", "PodDisruptionBudget")


@dataclass(frozen=True, slots=True)
class Produced:
    """Counts of one output tree. Objects have apiVersion and kind; other documents are JSON specs and the like."""

    files: int
    objects: int
    others: int
    bytes: int
    kinds: Kinds
    contents: dict[str, str]
    """Kind -> digest of what its documents mean, whatever their spelling, order or file names."""


def inspect(directory: Path) -> Produced:
    files = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    meanings: dict[str, list[str]] = defaultdict(list)
    for path in files:
        for document in _documents(path):
            kind = _kind(document)
            counts[_environment(document)][kind] += 1
            meanings[kind].append(json.dumps(_meaning(document), sort_keys=True))
    others = sum(count[SPEC] for count in counts.values())
    return Produced(
        files=len(files),
        objects=sum(count.total() for count in counts.values()) - others,
        others=others,
        bytes=sum(path.stat().st_size for path in files),
        kinds={environment: dict(count) for environment, count in counts.items()},
        contents={
            kind: hashlib.sha256("\n".join(sorted(texts)).encode()).hexdigest() for kind, texts in meanings.items()
        },
    )


def expected(tree: Path) -> Kinds:
    """What the peers are to write for the workspace at `tree`, read from its environments alone."""
    kinds: Kinds = {"": {}}
    documents = [yaml.load(path.read_bytes(), yaml.CSafeLoader) for path in (tree / "environments").glob("*.yaml")]
    for document in documents:
        spec, middleware = document["spec"], document["spec"]["middleware"]
        shards = len(spec.get("shards", "1"))
        kinds[spec["namespace"]] = dict(
            Counter(
                [
                    "Application",
                    *ALWAYS,
                    *DAY,
                    *SHARD * shards,
                    *(ARCHIVER if "archiver" in spec else ()),
                    *(("Stream", "Consumer") if middleware["transport"]["type"] == "nats" else ()),
                    *(("PersistentVolumeClaim",) * shards if middleware["storage"]["type"] == "local" else ()),
                ]
            )
        )
    kinds[""] = {"Kustomization": len(documents), SPEC: len(documents)}
    return kinds


def wrong(produced: Produced, wanted: Kinds, lacks: Iterable[str]) -> str | None:
    """The first difference between what was written and what was to be, but for the kinds in `lacks`."""
    for environment in sorted(wanted.keys() | produced.kinds.keys()):
        there, due = produced.kinds.get(environment, {}), wanted.get(environment, {})
        for kind in sorted(there.keys() | due.keys()):
            count = 0 if kind in lacks else due.get(kind, 0)
            if there.get(kind, 0) != count:
                where = f" of {environment}" if environment else ""
                return f"wrote {there.get(kind, 0)} {kind}{where} where {count} were due"
    return None


def _kind(document: Any) -> str:
    if isinstance(document, dict) and {"apiVersion", "kind"} <= document.keys():
        return str(document["kind"])
    return SPEC


def _environment(document: Any) -> str:
    """The namespace that a document is for."""
    if not isinstance(document, dict):
        return ""
    if document.get("kind") == "Application":
        return str(document["spec"]["destination"].get("namespace", ""))
    return str(document.get("metadata", {}).get("namespace", ""))


def _documents(path: Path) -> Iterator[Any]:
    """Every document of a file; one of a YAML file must be a Kubernetes object."""
    content = path.read_bytes()
    try:
        if path.suffix == ".json":
            yield json.loads(content)
            return
        for document in yaml.load_all(content, Loader=yaml.CSafeLoader):
            if not isinstance(document, dict) or not {"apiVersion", "kind"} <= document.keys():
                raise ContestantError(f"{path.name}: a document without apiVersion and kind")
            yield document
    except (ValueError, yaml.YAMLError) as error:
        raise ContestantError(f"{path.name}: {error}") from error


def _meaning(value: Any) -> Any:
    """`value` without what may differ between two spellings: JSON inside text, checksums of such text."""
    if isinstance(value, dict):
        return {str(key): _meaning(one) for key, one in value.items() if not str(key).startswith("checksum/")}
    if isinstance(value, list):
        return [_meaning(one) for one in value]
    if isinstance(value, str) and value.startswith("{"):
        try:
            return _meaning(json.loads(value))
        except ValueError:
            return value
    return value
