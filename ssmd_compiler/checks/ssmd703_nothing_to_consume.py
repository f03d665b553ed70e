"""SSMD703: a component reads a stream to which nothing is published.

An archiver and a gateway read what the connector publishes; a `memory` transport ends inside of the connector.

FAIL environments/dev.yaml
    spec: {archiver: {replicas: 1}}

PASS environments/dev.yaml
    spec:
      archiver:
        replicas: 1
      middleware:
        transport:
          type: nats
          url: nats://nats.example:4222
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Related, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.lower import Lowered

CODE = "SSMD703"


def check(lowered: Lowered) -> Iterator[Diagnostic]:
    if lowered.produces:
        return
    bound = lowered.linked.bound
    related = (Related(bound.span("middleware", "transport", "type"), "publishes nothing that others can read"),)
    for component in lowered.consumes:
        at = bound.span(component, key=True)
        message = f"the {component} has nothing to read: nothing is published"
        yield error(CODE, message, at=at, related=related, help=f"use a `nats` transport, or remove `{component}`")
