"""SSMD104: a value has the wrong type.

A plain scalar is text until its field asks for a number, a date or a boolean. Booleans are `true` and `false` only, and
text in quotes stays text.

FAIL environments/dev.yaml
    spec: {connector: {replicas: two}}

PASS environments/dev.yaml
    spec: {connector: {replicas: 1}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.checks.wording import shape_faults, type_help
from ssmd_compiler.diagnostics import Diagnostic, TextEdit, error
from ssmd_compiler.model import Bound, ShapeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD104"


def check(bound: Bound[Any]) -> Iterator[Diagnostic]:
    for fault in shape_faults(bound, ShapeKind.WRONG_TYPE):
        # A word for a boolean is no secret, whatever stands around it.
        hidden = fault.near_secrets and fault.right not in ("true", "false")
        right = fault.right if fault.span.line == fault.span.end_line and not hidden else ""
        yield error(
            CODE,
            f"`{fault.subject}`: {fault.detail}",
            at=fault.span,
            help=type_help(fault.detail),
            fix=(TextEdit(fault.span, right),) if right else (),
            hidden=hidden,
        )
