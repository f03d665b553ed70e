"""Workspaces for tests of rules: the minimal one of the scenarios, its environment merged with what a test says."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import yaml
from examples import _merged, _Plain, base_files, write

from ssmd_compiler.compiler import Compilation, Options, compile
from ssmd_compiler.source import DirectoryTree

if TYPE_CHECKING:
    from pathlib import Path

    from ssmd_compiler.diagnostics import Diagnostic

DATE = datetime.date(2026, 11, 21)


def document(path: str, patch: dict[str, Any]) -> bytes:
    """A document of the minimal workspace with a merge patch; one that it does not hold is the patch alone."""
    base = yaml.load(base_files().get(path, b"{}"), yaml.BaseLoader)
    return yaml.dump(_merged(base, patch), Dumper=_Plain, sort_keys=False, width=10_000).encode()


def compiled(root: Path, files: dict[str, bytes | None], **options: Any) -> Compilation:
    """The minimal workspace with other files (None: without that one), compiled."""
    everything = {**base_files(), **files}
    write({path: content for path, content in everything.items() if content is not None}, root)
    return compile(DirectoryTree(root), Options(DATE, **options))


def with_rules(root: Path, rules: str | list[dict[str, Any]], **environments: dict[str, Any]) -> list[Diagnostic]:
    """The findings of rules: on the minimal environment, or on others made of it by a merge patch."""
    text = rules if isinstance(rules, str) else yaml.safe_dump({"policy": rules}, sort_keys=False, width=10_000)
    files: dict[str, bytes | None] = {"ssmd.yaml": text.encode()}
    if environments:
        files["environments/dev.yaml"] = None
    for name, patch in environments.items():
        slug = name.replace("_", "-")
        merged = yaml.load(document("environments/dev.yaml", patch), yaml.BaseLoader)
        merged["metadata"]["name"] = slug
        merged["spec"].setdefault("namespace", slug)
        storage = merged["spec"]["middleware"]["storage"]
        if storage["type"] == "local":
            storage["path"] = f"/var/lib/ssmd/{slug}"
        files[f"environments/{slug}.yaml"] = yaml.dump(merged, Dumper=_Plain, sort_keys=False, width=10_000).encode()
    found = compiled(root, files).diagnostics
    return [one for one in found if one.code in ("SSMD903", "SSMD904")] if not _broken(found) else list(found)


def _broken(found: tuple[Diagnostic, ...]) -> bool:
    return any(one.severity.value == "error" and one.code not in ("SSMD903", "SSMD904") for one in found)
