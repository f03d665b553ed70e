"""Where an environment's files are: the storage path in its compiled specs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ssmd_compiler.cli.paths import find_workspace
from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.generated import FOLDER, read_seal
from ssmd_compiler.source import DirectoryTree, Refused

if TYPE_CHECKING:
    from ssmd_compiler.source import Tree

__all__ = ["storage_path"]


def storage_path(environment: str, config_dir: Path | None) -> Path:
    """The path that `generated/ENV/spec.json`, or every one of a shard, names."""
    from ssmd_runtime import spec

    tree = DirectoryTree(find_workspace(config_dir))
    files = _specs(tree, environment)
    paths = set()
    for file in files:
        try:
            paths.add(spec.decode(tree.read_unlinked(file)).storage.path)
        except (FileNotFoundError, Refused, spec.SpecError) as problem:
            raise click.UsageError(f"`{file}` cannot be used: {_why(problem)}") from None
    if len(paths) != 1:
        raise click.UsageError(f"the shards of `{environment}` have different storage paths: name one with --path")
    path = Path(paths.pop())
    if not path.is_absolute():
        raise click.UsageError(f"`{environment}` keeps its files elsewhere than in a local storage path")
    return path


def _specs(tree: Tree, environment: str) -> list[str]:
    """The spec files of an environment, as the lock lists them."""
    seal = read_seal(tree)
    outputs = seal.lock.outputs if seal.lock is not None else {}
    specs: dict[str, list[str]] = {}
    for path in outputs:
        folder, _, file = path.partition("/")
        if file == "spec.json" or (file.startswith("spec-") and file.endswith(".json")):
            specs.setdefault(folder, []).append(f"{FOLDER}/{path}")
    if environment not in specs:
        meant = did_you_mean(environment, specs) or "`ssmd compile` writes it"
        raise click.UsageError(f"nothing in {FOLDER}/ is of an environment `{environment}`: {meant}")
    return specs[environment]


def _why(problem: Exception) -> str:
    if isinstance(problem, FileNotFoundError):
        return "it is not there: run `ssmd compile`"
    return problem.detail if isinstance(problem, Refused) else str(problem)
