"""SSMD113: a sequenced message type does not say how to follow its sequence.

`sequenced: true` promises that gaps are found. For that the runtime needs the field with the number, the scope in which
it counts, and (unless it counts over the whole connection) the field that tells one count from another.

FAIL exchanges/feeds/kalshi.yaml
    spec: {message_types: {trade: {sequenced: true, sequence_field: seq}}}

PASS exchanges/feeds/kalshi.yaml
    spec:
      message_types:
        trade:
          sequenced: true
          sequence_field: seq
          sequence_scope: per_connection
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import FeedStage

CODE = "SSMD113"


def check(stage: FeedStage) -> Iterator[Diagnostic]:
    for name, kind in stage.feed.value.message_types.items():
        needed = {"sequence_field": kind.sequence_field, "sequence_scope": kind.sequence_scope}
        if kind.sequence_scope in ("per_subscription", "per_product"):
            needed["sequence_group_by"] = kind.sequence_group_by
        missing = [field for field, value in needed.items() if value is None]
        if kind.sequenced and missing:
            at = stage.feed.span("message_types", name, "sequenced")
            fields = " and ".join(f"`{field}`" for field in missing)
            yield error(CODE, f"`{name}` is sequenced, but says no {fields}", at=at, help=f"add {fields}")
