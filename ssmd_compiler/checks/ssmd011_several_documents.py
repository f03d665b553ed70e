"""SSMD011: a file holds several documents.

One file, one document: the file's name is the document's name.

FAIL environments/dev.yaml (as is)
    name: dev
    ---
    name: prod

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD011"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.SEVERAL_DOCUMENTS):
        yield error(CODE, "a second document starts here", at=fault.span, help="give it a file of its own")
