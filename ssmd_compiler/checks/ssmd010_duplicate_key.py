"""SSMD010: a mapping has one key twice.

Most readers take the last one in silence. Remove the one that is wrong.

FAIL environments/dev.yaml (as is)
    name: dev
    feed: kalshi
    feed: kraken

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, Related, TextEdit, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD010"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.DUPLICATE_KEY):
        other = (Related(fault.other, "first said here"),) if fault.other else ()
        fix = (TextEdit(fault.again, ""),) if fault.again else ()
        message, help_ = f"`{fault.detail}` is said twice", "remove one of the two"
        yield error(CODE, message, at=fault.span, related=other, help=help_, fix=fix)
