"""SSMD002: a source is larger than 1 MiB.

No configuration is that large; it is refused unread, so that it costs neither time nor memory.

FAIL environments/dev.yaml (repeat 1100000)
    #

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import Document, FaultKind
from ssmd_compiler.source.limits import MAX_FILE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD002"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.TOO_LARGE):
        yield error(
            CODE,
            f"{fault.detail} bytes; a source may have {MAX_FILE_BYTES}",
            at=fault.span,
            help="is this really a source? Data belongs elsewhere",
        )
