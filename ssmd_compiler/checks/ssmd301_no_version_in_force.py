"""SSMD301: no version of the feed is in force on the date that is compiled for.

A version is in force from `effective_from` up to, but not on, `effective_to`. The date is today in UTC, or `--as-of`.

FAIL exchanges/feeds/kalshi.yaml
    spec:
      versions:
      - version: v2
        effective_from: 2024-01-01
        effective_to: 2024-06-01
        protocol: wss
        endpoint: wss://example.com/ws

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Related, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD301"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    feed, target = linked.sound_feed, linked.feed.target
    if feed is None or target is None or linked.version is not None or feed.active is not None:
        return
    nearest = min(feed.versions, key=lambda version: abs(version.effective_from - linked.shared.as_of))
    index = feed.versions.index(nearest)
    until = f" until {nearest.effective_to}" if nearest.effective_to else ""
    note = f"the nearest is in force from {nearest.effective_from}{until}"
    yield error(
        CODE,
        f"feed `{feed.name}` has no version in force on {linked.shared.as_of}",
        at=linked.feed.span,
        related=(Related(target.span("versions", index, "effective_from"), note),),
        help="add a version to the feed, or compile for another date with `--as-of`",
    )
