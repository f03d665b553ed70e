"""SSMD406: a schema version says no definition file.

Each version has one: its own `schema_file`, or the schema's.

FAIL schemas/trade.yaml
    spec: {schema_file: null}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import SchemaStage

CODE = "SSMD406"


def check(stage: SchemaStage) -> Iterator[Diagnostic]:
    schema = stage.schema.value
    for index, version in enumerate(schema.versions):
        if schema.file_of(version) is None:
            at = stage.schema.span("versions", index, "version")
            message = f"version `{version.version}` of `{schema.name}` says no definition"
            yield error(CODE, message, at=at, help="add `schema_file: ...`, a path next to this document")
