"""SSMD304: a feed or a schema has one version twice.

FAIL schemas/trade.yaml
    spec:
      versions:
      - version: v1
        effective_from: 2025-01-01
        hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174
      - version: v1
        effective_from: 2025-02-01
        hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.checks.stages import FeedStage, SchemaStage
from ssmd_compiler.diagnostics import Diagnostic, Related, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.model import Bound

CODE = "SSMD304"


def check(stage: FeedStage | SchemaStage) -> Iterator[Diagnostic]:
    if isinstance(stage, FeedStage):
        yield from _repeated(stage.feed, [version.version for version in stage.feed.value.versions])
    else:
        yield from _repeated(stage.schema, [version.version for version in stage.schema.value.versions])


def _repeated(bound: Bound[Any], versions: list[str]) -> Iterator[Diagnostic]:
    for index, version in enumerate(versions):
        first = versions.index(version)
        if first != index:
            other = (Related(bound.span("versions", first, "version"), "first said here"),)
            at = bound.span("versions", index, "version")
            yield error(CODE, f"version `{version}` is said twice", at=at, related=other, help="rename one")
