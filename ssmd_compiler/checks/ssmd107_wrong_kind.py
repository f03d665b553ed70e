"""SSMD107: a document stands in the folder of another kind.

Feeds stand in `feeds/`, schemas in `schemas/`, environments in `environments/`.

FAIL environments/dev.yaml
    kind: Feed

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

CODE = "SSMD107"


def check(bound: Bound[Any]) -> Iterator[Diagnostic]:
    for fault in shape_faults(bound, ShapeKind.WRONG_KIND):
        right = meant(fault.subject, (fault.detail,), fault.span)
        yield error(
            CODE,
            f"kind `{fault.subject}` in a folder of `{fault.detail}` documents",
            at=fault.span,
            label=right.label,
            help=f"say `kind: {fault.detail}`, or move the file",
            fix=right.fix,
        )
