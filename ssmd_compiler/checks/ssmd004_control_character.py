r"""SSMD004: a source holds a control character.

NUL, escape sequences, and the characters that reverse the direction of text have no place in a configuration: they
hide what a reviewer should see. Written as an escape inside double quotes they are refused as well.

FAIL environments/dev.yaml (bytes)
    name: dev\x00\n

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD004"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.CONTROL_CHARACTER):
        yield error(CODE, f"control character {fault.detail}", at=fault.span, help="remove it")
