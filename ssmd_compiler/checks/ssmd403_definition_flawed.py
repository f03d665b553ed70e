"""SSMD403: a schema's definition does not parse.

The message is the format's own compiler's: Cap'n Proto's, protoc's, or the JSON Schema metaschema's.

FAIL schemas/trade.v1.capnp (as is)
    @0xabcdef1234567890;
    struct Trade { price @0 :Float65; }

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Related, Span, error
from ssmd_compiler.source import beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import SchemaStage

CODE = "SSMD403"


def check(stage: SchemaStage) -> Iterator[Diagnostic]:
    for file, at in stage.places():
        parsed = stage.parsed.get(beside(stage.schema.path, file) or "")
        for flaw in parsed.flaws if parsed is not None else ():
            path = parsed.definition.path if parsed is not None else ""
            span = Span(path, flaw.line, flaw.column, flaw.end_line, flaw.end_column)
            yield error(CODE, flaw.message, at=span, related=(Related(at, "named here"),))
