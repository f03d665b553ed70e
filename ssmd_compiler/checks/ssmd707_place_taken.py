"""SSMD707: two environments write to one place.

On one machine, or in one bucket, their files would overwrite each other. In a cluster a local path is inside of a
volume of its own, so this is a warning there.

FAIL environments/prod.yaml (as is)
    name: prod
    feed: kalshi
    keys: {kalshi: {type: api_key, fields: [a], source: env}}
    middleware: {transport: {type: memory}, storage: {type: local, path: /var/lib/ssmd/storage}}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Related, error, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Topology

CODE = "SSMD707"


def check(topology: Topology) -> Iterator[Diagnostic]:
    for claim, holder in topology.contested("place"):
        kind, _, place = claim.name.partition(":")
        say = warning if kind == "local" else error
        message = f"environment `{holder.environment}` writes to `{place}` as well"
        related = (Related(holder.span, "said here"),)
        yield say(CODE, message, at=claim.span, related=related, help="give one another `path`, `bucket` or `prefix`")
