"""SSMD001: a source cannot be read.

ssmd reads regular files. A directory, a FIFO or a device with a document's name, or a file without read permission,
stops nothing but itself.

FAIL exchanges/feeds/kraken.yaml (directory)

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD001"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.UNREADABLE):
        yield error(CODE, f"cannot read this: {fault.detail}", at=fault.span, help="put a readable, regular file here")
