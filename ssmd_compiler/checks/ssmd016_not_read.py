"""SSMD016: a YAML file stands where nobody would read it.

Documents stand directly in `feeds/`, `schemas/` or `environments/` and end in `.yaml`. Anything else would be passed
over in silence, and somebody would believe that it is deployed.

FAIL environments/prod.yml (as is)
    name: prod

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import faults
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.source import Document, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "SSMD016"


def check(document: Document) -> Iterator[Diagnostic]:
    for fault in faults(document, FaultKind.NOT_READ):
        name = fault.span.path.rpartition("/")[2]
        meant = did_you_mean(name, fault.known)
        what = "file" if "." in name else "folder"
        help_ = f"rename it: {meant}" if meant else "move or rename it"
        yield error(CODE, f"this {what} is not read: {fault.detail}", at=fault.span, help=help_)
