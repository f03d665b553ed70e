"""SSMD402: a schema's definition file is not inside of the workspace.

An absolute path, one that climbs out with `..`, or a link that leads out is refused, and nothing behind it is read:
what is compiled must be what is in Git.

FAIL schemas/trade.yaml
    spec: {schema_file: ../../secrets/trade.capnp}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import FaultKind, beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import SchemaStage

CODE = "SSMD402"


def check(stage: SchemaStage) -> Iterator[Diagnostic]:
    for file, at in stage.places():
        path = beside(stage.schema.path, file)
        found = stage.files.get(path) if path else None
        if path is None:
            yield error(CODE, "this path leaves the workspace", at=at, help="put the definition next to its document")
        elif found is not None and found.refused is FaultKind.LINK:
            yield error(CODE, f"`{path}` is a link that {found.detail}", at=at, help="put the file itself there")
