"""SSMD404: a schema's definition is empty.

An empty file has a hash that matches and parses in most formats, and describes nothing.

FAIL schemas/trade.v1.capnp (as is)
    # to be written

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Related, Span, error
from ssmd_compiler.source import beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import SchemaStage

CODE = "SSMD404"


def check(stage: SchemaStage) -> Iterator[Diagnostic]:
    for file, at in stage.places():
        parsed = stage.parsed.get(beside(stage.schema.path, file) or "")
        if parsed is None or parsed.flaws or parsed.records:
            continue
        # A JSON Schema may describe records without naming any.
        if stage.schema.value.format != "json_schema" or not parsed.definition.content.strip():
            path = parsed.definition.path
            yield error(
                CODE, "this definition describes no record", at=Span(path), related=(Related(at, "named here"),)
            )
