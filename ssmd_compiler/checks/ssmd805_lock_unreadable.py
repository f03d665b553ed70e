"""SSMD805: the lock of `generated/` is torn or cannot be understood.

`ssmd.lock.json` says what ssmd wrote. Without it nothing tells a finished publication from an interrupted one, nor a
file of ssmd's from somebody else's.

FAIL generated/ssmd.lock.json (as is)
    {"apiVersion":

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Span, error
from ssmd_compiler.lock import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Generated

CODE = "SSMD805"


def check(generated: Generated) -> Iterator[Diagnostic]:
    if generated.flaw and FILE not in generated.files:
        at = Span(f"{generated.folder}/{FILE}")
        help_ = "run `ssmd compile`: it writes all files anew; remove by hand what is left over"
        yield error(CODE, f"the lock cannot be read: {generated.flaw}", at=at, help=help_)
