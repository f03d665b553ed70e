"""SSMD704: two environments publish to one subject.

Their messages would mix, and nobody could tell them apart. Each environment has a `subject_prefix`; by default it is
the environment's name.

FAIL environments/prod.yaml (as is)
    name: prod
    feed: kalshi
    keys: {kalshi: {type: api_key, fields: [a], source: env}}
    transport: {type: nats, url: "nats://nats.example:4222", subject_prefix: kalshi}
    storage: {type: memory}
AND environments/dev.yaml
    spec:
      middleware:
        transport:
          type: nats
          url: nats://nats.example:4222
          subject_prefix: kalshi

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Related, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Topology

CODE = "SSMD704"


def check(topology: Topology) -> Iterator[Diagnostic]:
    told: set[tuple[str, str]] = set()
    for claim, holder in topology.contested("subject"):
        pair = (claim.environment, holder.environment)
        if pair not in told:
            told.add(pair)
            message = f"environment `{holder.environment}` publishes to `{claim.name}` as well"
            related = (Related(holder.span, "with this prefix"),)
            yield error(CODE, message, at=claim.span, related=related, help="give one another `subject_prefix`")
