"""SSMD006: a source is nested too deeply.

Mappings and lists may stand 48 deep inside each other; real documents stay below ten.

FAIL environments/dev.yaml (as is)
    name: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD006"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.TOO_DEEP):
        yield error(
            CODE, f"more than {fault.detail} mappings and lists inside each other", at=fault.span, help="flatten it"
        )
