"""SSMD013: a symbolic link cannot be followed.

Links are followed inside of the workspace. One that leaves it, that leads to nothing, or that goes round in a loop is
refused, and nothing behind it is read.

FAIL environments/dev.yaml (link)
    /etc/hostname

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD013"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.LINK):
        yield error(
            CODE, f"this link {fault.detail}", at=fault.span, help="replace it by the file itself, inside the workspace"
        )
