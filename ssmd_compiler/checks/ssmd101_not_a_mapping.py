"""SSMD101: a document is not a mapping.

A document is a mapping of fields: `name:`, `feed:` and so on.

FAIL environments/dev.yaml (as is)
    - kalshi

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.checks.wording import shape_faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.model import Bound, ShapeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD101"


def check(bound: Bound[Any]) -> Iterator[Diagnostic]:
    for fault in shape_faults(bound, ShapeKind.NOT_A_MAPPING):
        yield error(CODE, f"expected a mapping of fields, found {fault.detail}", at=fault.span)
