"""SSMD019: the last day of an allowance has passed.

What it allowed is told again. Mend that, or agree on a later day.

FAIL environments/dev.yaml (as is)
    name: dev
    feed: kalshi
    schemas: [trade:v1]  # ssmd: allow SSMD306 until 2026-01-31 -- v2 is tried out first
    secrets: {kalshi: sealed-secret/kalshi-creds}
    transport: {type: memory}
    storage: {type: local, path: /data}

PASS environments/dev.yaml (as is)
    name: dev
    feed: kalshi
    schemas: [trade:v1]  # ssmd: allow SSMD306 until 2026-12-31 -- v2 is tried out first
    secrets: {kalshi: sealed-secret/kalshi-creds}
    transport: {type: memory}
    storage: {type: local, path: /data}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Allowing

CODE = "SSMD019"
ALLOWABLE = False


def check(stage: Allowing) -> Iterator[Diagnostic]:
    for one in stage.settled():
        if one.until is not None and one.until < stage.as_of:
            codes = ", ".join(code for code, _ in one.codes)
            message = f"{codes} was allowed until {one.until}"
            yield warning(CODE, message, at=one.span, help="mend what it finds, and remove the comment")
