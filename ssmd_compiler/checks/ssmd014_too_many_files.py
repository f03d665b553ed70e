"""SSMD014: a workspace holds too many documents.

20,000 documents are read, and none when there are more. Is `--config-dir` the folder that you meant? Larger captures
are split over several workspaces.

FAIL environments (many 20001)

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD014"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.TOO_MANY_FILES):
        yield error(
            CODE,
            f"more than {fault.detail} files",
            at=fault.span,
            help="split the workspace; compiling is independent for each",
        )
