"""SSMD603: the feed does not work with the environment's transport.

A feed's version may list the transports that it works with, under `required_transport`; empty means any.

FAIL exchanges/feeds/kalshi.yaml
    spec:
      versions:
      - version: v2
        effective_from: 2025-01-01
        protocol: wss
        endpoint: wss://example.com/ws
        parser_config: {channels: [trade]}
        required_transport:
        - nats

PASS exchanges/feeds/kalshi.yaml
    spec:
      versions:
      - version: v2
        effective_from: 2025-01-01
        protocol: wss
        endpoint: wss://example.com/ws
        parser_config: {channels: [trade]}
        required_transport:
        - nats
        - memory
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import listed
from ssmd_compiler.diagnostics import Diagnostic, Related, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD603"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    feed, target, version = linked.sound_feed, linked.feed.target, linked.version
    used = linked.environment.middleware.transport.type
    if feed is None or target is None or version is None or not version.required_transport:
        return
    if used not in version.required_transport:
        related = (Related(target.span("versions", feed.versions.index(version), "required_transport"), "listed here"),)
        at = linked.bound.span("middleware", "transport", "type")
        help_ = f"it works with {listed(version.required_transport)}"
        yield error(
            CODE, f"feed `{feed.name}` does not work with transport `{used}`", at=at, related=related, help=help_
        )
