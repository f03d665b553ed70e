"""SSMD008: a source uses a merge key.

`<<` is not part of YAML 1.2, and what wins in it depends on the reader. What feeds share, ssmd takes from `defaults`.

FAIL environments/dev.yaml (as is)
    name: dev
    <<: {feed: kalshi}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD008"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.MERGE_KEY):
        yield error(
            CODE,
            "merge keys are not read",
            at=fault.span,
            help="write the fields out; put `<<` in quotes to use it as text",
        )
