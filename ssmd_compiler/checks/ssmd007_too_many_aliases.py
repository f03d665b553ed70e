"""SSMD007: a source is too large once its aliases are written out.

A few lines of anchors and aliases can stand for billions of values. 64 aliases, and 100,000 keys and values, are
allowed, and an alias may not stand inside of what it names.

FAIL environments/dev.yaml (as is)
    name: &name [*name]

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD007"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.TOO_MANY_ALIASES):
        if fault.detail == "itself":
            yield error(CODE, "an alias inside of what it stands for", at=fault.span, help="write the value out")
        else:
            message = f"more than {fault.detail} in one file"
            yield error(CODE, message, at=fault.span, help="write the values out, or split the document")
