"""SSMD105: a value is none of those that its field knows.

The field takes one of a few words.

FAIL environments/dev.yaml
    spec: {middleware: {transport: {type: rabbitmq}}}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.checks.remedies import meant
from ssmd_compiler.checks.wording import shape_faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.model import Bound, ShapeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD105"


def check(bound: Bound[Any]) -> Iterator[Diagnostic]:
    for fault in shape_faults(bound, ShapeKind.NOT_ALLOWED):
        allowed = ", ".join(f"`{name}`" for name in fault.known)
        right = meant(fault.detail, fault.known, fault.span)
        hidden = fault.near_secrets and not right.label
        found = "this" if hidden else f"`{fault.detail}`"
        message = f"`{fault.subject}` cannot be {found}"
        help_ = f"it is one of {allowed}"
        yield error(CODE, message, at=fault.span, label=right.label, help=help_, fix=right.fix, hidden=hidden)
