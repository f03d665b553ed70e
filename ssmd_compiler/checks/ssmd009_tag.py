"""SSMD009: a source uses a YAML tag.

What type a value has, its field decides. A tag would be a second opinion, and some tags run code in other readers.

FAIL environments/dev.yaml (as is)
    name: !!str dev

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults, short_tag
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD009"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.TAG):
        yield error(
            CODE,
            f"{short_tag(fault.detail)} is not read",
            at=fault.span,
            help="remove the tag, for fields have their types; text that starts with `!`, as a rule may, needs quotes",
        )
