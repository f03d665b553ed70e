"""SSMD109: a document is of another API version.

This compiler reads `ssmd/v1`.

FAIL environments/dev.yaml
    apiVersion: ssmd/v9

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

CODE = "SSMD109"


def check(bound: Bound[Any]) -> Iterator[Diagnostic]:
    for fault in shape_faults(bound, ShapeKind.API_VERSION):
        right = meant(fault.subject, (fault.detail,), fault.span)
        yield error(
            CODE,
            f"apiVersion `{fault.subject}` is not read here",
            at=fault.span,
            label=right.label,
            help=f"say `apiVersion: {fault.detail}`",
            fix=right.fix,
        )
