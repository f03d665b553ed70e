"""SSMD407: a schema's definition file cannot be read.

It is a regular file of at most 1 MiB.

FAIL schemas/trade.v1.capnp (directory)

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import FaultKind, beside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import SchemaStage

CODE = "SSMD407"


def check(stage: SchemaStage) -> Iterator[Diagnostic]:
    for file, at in stage.places():
        path = beside(stage.schema.path, file)
        found = stage.files.get(path) if path else None
        if found is not None and found.refused is FaultKind.TOO_LARGE:
            yield error(
                CODE, f"`{path}` is too large: {found.detail} bytes", at=at, help="a definition has at most 1 MiB"
            )
        elif found is not None and found.refused is FaultKind.UNREADABLE:
            yield error(CODE, f"`{path}` cannot be read: {found.detail}", at=at)
