"""SSMD706: two environments declare one stream.

Each would set its own subjects on it, and what the other publishes would be dropped.

FAIL environments/prod.yaml (as is)
    name: prod
    feed: kalshi
    keys: {kalshi: {type: api_key, fields: [a], source: env}}
    middleware: {transport: {type: nats, url: "nats://nats.example:4222", stream: trades}, storage: {type: memory}}
AND environments/dev.yaml
    spec: {middleware: {transport: {type: nats, url: "nats://nats.example:4222", stream: trades}}}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Related, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Topology

CODE = "SSMD706"


def check(topology: Topology) -> Iterator[Diagnostic]:
    for claim, holder in topology.contested("stream", "consumer"):
        message = f"the {claim.kind} `{claim.name}` is also environment `{holder.environment}`'s"
        yield error(CODE, message, at=claim.span, related=(Related(holder.span, "declared here"),), help="rename one")
