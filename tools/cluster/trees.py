"""A `generated/` folder: its documents, as files and as kustomize reads them; and a made-up one, for breadth."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import yaml

from cluster.programs import REPOSITORY, Finding, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Document", "Tree", "made_up"]

Document = dict[str, Any]


@dataclass(frozen=True)
class Tree:
    """One `generated/` folder. Nothing is read before it is asked for."""

    root: Path

    @property
    def folders(self) -> list[Path]:
        return sorted(path.parent for path in self.root.rglob("kustomization.yaml"))

    @cached_property
    def files(self) -> dict[Path, list[Document]]:
        """Every Kubernetes document, by file."""
        paths = sorted(path for path in self.root.rglob("*.yaml") if path.name != "kustomization.yaml")
        return {path: list(_documents(path.read_text(encoding="utf-8"))) for path in paths}

    @cached_property
    def text(self) -> str:
        """All that kustomize makes of every folder: what is applied. Raises `Finding`."""
        return "\n---\n".join(run("kustomize", "build", folder) for folder in self.folders)

    @cached_property
    def documents(self) -> list[Document]:
        """`text`, read."""
        return list(_documents(self.text))

    @property
    def written(self) -> list[Document]:
        return [document for found in self.files.values() for document in found]


def _documents(text: str) -> Iterator[Document]:
    yield from (one for one in yaml.load_all(text, yaml.CSafeLoader) if one is not None)


def made_up(folder: Path, environments: int) -> Tree:
    """`generated/` of a workspace of benchmarks/trees.py, compiled below `folder`."""
    make = [str(REPOSITORY / "benchmarks/trees.py"), str(folder), "--environments", str(environments)]
    compile_ = ["-m", "ssmd_compiler", "compile", "--config-dir", str(folder)]
    for arguments in (make, compile_):
        command = [sys.executable, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Finding(done.stdout + done.stderr)
    return Tree(folder / "generated")
