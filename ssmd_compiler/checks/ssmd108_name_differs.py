"""SSMD108: a document and its file have different names.

References go by name, people by file. The two are the same, so that neither is surprised.

FAIL environments/dev.yaml
    metadata: {name: prod}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.checks.wording import shape_faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.model import Bound, ShapeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD108"


def check(bound: Bound[Any]) -> Iterator[Diagnostic]:
    for fault in shape_faults(bound, ShapeKind.NAME_DIFFERS):
        yield error(
            CODE,
            f"the name is `{fault.subject}`, the file says `{fault.detail}`",
            at=fault.span,
            help=f"say `name: {fault.detail}`, or rename the file",
        )
