"""SSMD701: a derived name is longer than Kubernetes or NATS allows.

Names are made from the environment's, the shard's and the key's. A CronJob keeps 11 of the 63 characters for its jobs.

FAIL environments/an-environment-with-a-name-that-goes-on-for-far-too-long.yaml (as is)
    name: an-environment-with-a-name-that-goes-on-for-far-too-long
    feed: kalshi
    keys: {kalshi: {type: api_key, fields: [a], source: env}}
    schedule: {day_start: "00:10", day_end: "00:00"}
    middleware: {transport: {type: memory}, storage: {type: memory}}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.names import LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.lower import Lowered

CODE = "SSMD701"


def check(lowered: Lowered) -> Iterator[Diagnostic]:
    for derived in dict.fromkeys(lowered.derived()):
        limit = LIMITS[derived.kind]
        if len(derived.name) > limit:
            at = lowered.linked.bound.span(*derived.origin)
            message = (
                f"the {derived.kind} name `{derived.name}` has {len(derived.name)} characters; {limit} are allowed"
            )
            yield error(CODE, message, at=at, help="shorten the names that it is made from")
