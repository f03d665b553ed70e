"""SSMD304: a feed or a schema has one version twice.

FAIL schemas/trade.yaml
    spec: {versions: [{version: v1, effective_from: 2025-01-01, hash: "sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174"}, {version: v1, effective_from: 2025-02-01, hash: "sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174"}]}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.stages import FeedStage, SchemaStage
from ssmd_compiler.diagnostics import Diagnostic, Related, error
from ssmd_compiler.model import Bound, Feed, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD304"


def check(stage: FeedStage | SchemaStage) -> Iterator[Diagnostic]:
    bound: Bound[Feed] | Bound[Schema] = stage.feed if isinstance(stage, FeedStage) else stage.schema
    first: dict[str, int] = {}
    for index, version in enumerate(bound.value.versions):
        if version.version in first:
            other = (Related(bound.span("versions", first[version.version], "version"), "first said here"),)
            at = bound.span("versions", index, "version")
            yield error(CODE, f"version `{version.version}` is said twice", at=at, related=other, help="rename one")
        first.setdefault(version.version, index)
