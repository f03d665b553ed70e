"""SSMD102: a field that nobody reads.

Every field has a meaning or is refused: a misspelt one would be ignored, and its default used in silence.

FAIL environments/dev.yaml
    spec: {conector: {replicas: 1}}

PASS environments/dev.yaml
    spec: {connector: {replicas: 1}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.checks.remedies import meant
from ssmd_compiler.checks.wording import shape_faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.model import Bound, ShapeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD102"


def check(bound: Bound[Any]) -> Iterator[Diagnostic]:
    for fault in shape_faults(bound, ShapeKind.UNKNOWN_FIELD):
        where = f" of `{fault.detail}`" if fault.detail else ""
        known = ", ".join(f"`{name}`" for name in fault.known)
        right = meant(fault.subject, (*fault.known, *fault.older), fault.span)
        yield error(
            CODE,
            f"no field `{fault.subject}`{where}",
            at=fault.span,
            label=right.label,
            help=f"the fields here are {known}" if known else "",
            fix=right.fix,
            hidden=fault.near_secrets and not right.label,
        )
