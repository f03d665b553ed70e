"""SSMD310: an environment uses a deprecated feed.

FAIL exchanges/feeds/kalshi.yaml
    spec: {status: deprecated}

PASS
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD310"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    feed = linked.sound_feed
    if feed is not None and feed.status == "deprecated":
        yield warning(CODE, f"feed `{feed.name}` is deprecated", at=linked.feed.span, help="move to its successor")
