"""SSMD103: a required field is missing.

Some fields have no default that could be right for everybody.

FAIL environments/dev.yaml
    spec: {feed: null}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.checks.wording import misspelt, shape_faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.model import Bound, ShapeKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD103"


def check(bound: Bound[Any]) -> Iterator[Diagnostic]:
    for fault in shape_faults(bound, ShapeKind.MISSING_FIELD):
        if not misspelt(bound, fault):
            where = f" in `{fault.detail}`" if fault.detail else ""
            # The one field that nobody can write by heart; schemas alone have it.
            source = f", as `ssmd schema hash {bound.name}` prints it" if fault.subject == "hash" else ""
            help_ = f"add `{fault.subject}: ...`{source}"
            yield error(CODE, f"`{fault.subject}` is missing{where}", at=fault.span, help=help_)
