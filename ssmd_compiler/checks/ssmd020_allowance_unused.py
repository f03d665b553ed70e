"""SSMD020: an allowance allows nothing.

What it was written for is mended, or stands elsewhere: at the end of a line it covers the findings of that line, alone
on a line the entry that follows it and all below. It would hide the next finding of its code, so it has to go.

FAIL environments/dev.yaml (as is)
    name: dev
    feed: kalshi
    schemas: [trade:v1]  # ssmd: allow SSMD306 until 2026-12-31 -- v2 is tried out first
    secrets: {kalshi: sealed-secret/kalshi-creds}
    transport: {type: memory}
    storage: {type: local, path: /data}

PASS exchanges/feeds/kalshi.yaml
    spec: {status: deprecated}
AND environments/dev.yaml (as is)
    name: dev
    feed: kalshi  # ssmd: allow SSMD310 until 2026-12-31 -- its successor is announced for December
    schemas: [trade:v1]
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

CODE = "SSMD020"
ALLOWABLE = False


def check(stage: Allowing) -> Iterator[Diagnostic]:
    for one in stage.settled():
        expired = one.until is None or one.until < stage.as_of
        for code, span in one.codes if not expired else ():
            judged = stage.codes.get(code) and code not in stage.unjudged
            if judged and (one.span, code) not in stage.used:
                where = f"on line {one.first}" if one.first == one.last else f"on lines {one.first} to {one.last}"
                yield warning(CODE, f"there is no {code} {where} to allow", at=span, help="remove it")
