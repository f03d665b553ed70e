"""SSMD106: a value does not have the form that its field asks for.

A date, a time of day, a size, a URL, a time zone: the message says which form is meant.

FAIL environments/dev.yaml
    spec: {schedule: {day_start: "24:10", day_end: "00:00"}}

PASS environments/dev.yaml
    spec: {schedule: {day_start: "00:10", day_end: "00:00"}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.checks.remedies import meant
from ssmd_compiler.checks.wording import shape_faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.model import Bound, ShapeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD106"


def check(bound: Bound[Any]) -> Iterator[Diagnostic]:
    for fault in shape_faults(bound, ShapeKind.WRONG_FORM):
        right = meant(fault.written, fault.known, fault.span)
        message = f"`{fault.subject}`: {fault.detail}"
        yield error(CODE, message, at=fault.span, label=right.label, fix=right.fix, hidden=fault.near_secrets)
