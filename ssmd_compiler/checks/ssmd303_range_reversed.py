"""SSMD303: a version ends before it starts.

`effective_to` is the first day on which the version is no longer in force, so it comes after `effective_from`.

FAIL exchanges/feeds/kalshi.yaml
    spec:
      versions:
      - version: v2
        effective_from: 2025-01-01
        effective_to: 2025-01-01
        protocol: wss
        endpoint: wss://example.com/ws
        parser_config: {channels: [trade]}
      - version: v3
        effective_from: 2025-02-01
        protocol: wss
        endpoint: wss://example.com/ws
        parser_config: {channels: [trade]}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import FeedStage

CODE = "SSMD303"


def check(stage: FeedStage) -> Iterator[Diagnostic]:
    for index, version in enumerate(stage.feed.value.versions):
        if version.effective_to is not None and version.effective_to <= version.effective_from:
            at = stage.feed.span("versions", index, "effective_to")
            message = (
                f"version `{version.version}` ends on {version.effective_to}, and starts on {version.effective_from}"
            )
            yield error(CODE, message, at=at, help="`effective_to` is exclusive: it comes after `effective_from`")
