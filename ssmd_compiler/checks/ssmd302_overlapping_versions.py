"""SSMD302: two versions of a feed are in force on the same day.

Which one is meant? End the earlier one with `effective_to` on the day on which the later one starts.

FAIL exchanges/feeds/kalshi.yaml
    spec:
      versions:
      - version: v1
        effective_from: 2024-01-01
        effective_to: 2025-06-01
        protocol: wss
        endpoint: wss://example.com/ws
        parser_config: {channels: [trade]}
      - version: v2
        effective_from: 2025-01-01
        protocol: wss
        endpoint: wss://example.com/ws
        parser_config: {channels: [trade]}

PASS exchanges/feeds/kalshi.yaml
    spec:
      versions:
      - version: v1
        effective_from: 2024-01-01
        effective_to: 2025-01-01
        protocol: wss
        endpoint: wss://example.com/ws
        parser_config: {channels: [trade]}
      - version: v2
        effective_from: 2025-01-01
        protocol: wss
        endpoint: wss://example.com/ws
        parser_config: {channels: [trade]}
"""

from __future__ import annotations

import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Related, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import FeedStage

CODE = "SSMD302"


def check(stage: FeedStage) -> Iterator[Diagnostic]:
    versions = stage.feed.value.versions
    order = sorted(range(len(versions)), key=lambda index: versions[index].effective_from)
    for earlier, later in pairwise(order):
        first, second = versions[earlier], versions[later]
        # An open range ends where the next one starts: "the latest such" is in force.
        end = first.effective_to or (
            second.effective_from if first.effective_from < second.effective_from else _FOREVER
        )
        if second.effective_from < end:
            at = stage.feed.span("versions", later, "effective_from")
            other = (Related(stage.feed.span("versions", earlier, "version"), "is still in force then"),)
            message = f"version `{second.version}` starts while `{first.version}` is in force"
            help_ = f"end `{first.version}` with `effective_to: {second.effective_from}`"
            yield error(CODE, message, at=at, related=other, help=help_)


_FOREVER = datetime.date.max
