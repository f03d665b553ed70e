"""SSMD012: a source is empty.

A document without a word in it, or with comments alone, declares nothing. Fill it, or remove it.

FAIL environments/dev.yaml (as is)
    # soon

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD012"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.EMPTY):
        yield error(CODE, "there is no document in this file", at=fault.span, help="fill it, or remove it")
