"""SSMD111: one thing is said under two names.

Older spellings are read for ever, but not beside the newer one: which of the two is meant?

FAIL environments/dev.yaml
    spec: {schedule: {day_start: "00:10", startup: "00:20", day_end: "00:00"}}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.checks.wording import shape_faults
from ssmd_compiler.diagnostics import Diagnostic, Related, error
from ssmd_compiler.model import Bound, ShapeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD111"


def check(bound: Bound[Any]) -> Iterator[Diagnostic]:
    for fault in shape_faults(bound, ShapeKind.SAID_TWICE):
        other = (Related(fault.other, "and here"),) if fault.other else ()
        message = (
            f"`{fault.subject}` means the same as `{fault.detail}`"
            if fault.subject != fault.detail
            else f"`{fault.subject}` is said twice"
        )
        yield error(CODE, message, at=fault.span, related=other, help="remove one of the two")
