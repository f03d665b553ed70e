"""SSMD704: two environments publish to one subject.

Their messages would mix, and nobody could tell them apart. Each environment has a `subject_prefix`; by default it is
the environment's name. A JetStream stream takes all that is below its prefix, so none may stand inside of another's:
the server refuses the second stream.

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

    from ssmd_compiler.checks.stages import Claim, Topology

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
    for claim, outer in _inside(topology):
        message = f"`{claim.name}` is inside of `{outer.name}`, which environment `{outer.environment}`'s stream takes"
        related = (Related(outer.span, "all that is below this prefix"),)
        yield error(CODE, message, at=claim.span, related=related, help="give one another `subject_prefix`")


def _inside(topology: Topology) -> Iterator[tuple[Claim, Claim]]:
    """Each prefix that begins with another environment's, with the nearest such."""
    prefixes = {(claim.scope, claim.name): claim for claim in topology.of("prefix")}
    for (scope, name), claim in prefixes.items():
        tokens = name.split(".")
        above = ((scope, ".".join(tokens[:length])) for length in range(len(tokens) - 1, 0, -1))
        outer = next((prefixes[place] for place in above if place in prefixes), None)
        if outer is not None:
            yield claim, outer
