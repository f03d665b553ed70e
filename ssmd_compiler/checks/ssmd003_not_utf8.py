r"""SSMD003: a source is not plain UTF-8.

Documents are UTF-8 without a byte order mark. Save the file again with that encoding.

FAIL environments/dev.yaml (bytes)
    \xff\xfen\x00a\x00

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD003"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.NOT_UTF8):
        yield error(
            CODE, f"not UTF-8: {fault.detail}", at=fault.span, help="save the file as UTF-8 without a byte order mark"
        )
