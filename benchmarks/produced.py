"""What a contestant wrote: files, documents, bytes. Everything is parsed; a malformed document is a failure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from measure import ContestantError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Produced", "inspect"]


@dataclass(frozen=True, slots=True)
class Produced:
    """Counts of one output tree. Objects have apiVersion and kind; other documents are JSON specs and the like."""

    files: int
    objects: int
    others: int
    bytes: int
    content: str
    """Digest of what the documents mean, whatever their spelling, order or file names."""


def inspect(directory: Path) -> Produced:
    files = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    documents = [document for path in files for document in _documents(path)]
    objects = sum(isinstance(document, dict) and {"apiVersion", "kind"} <= document.keys() for document in documents)
    meanings = sorted(json.dumps(_meaning(document), sort_keys=True) for document in documents)
    return Produced(
        files=len(files),
        objects=objects,
        others=len(documents) - objects,
        bytes=sum(path.stat().st_size for path in files),
        content=hashlib.sha256("\n".join(meanings).encode()).hexdigest(),
    )


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
