"""SSMD309: an environment uses a feed that is disabled.

FAIL exchanges/feeds/kalshi.yaml
    spec: {status: disabled}

PASS exchanges/feeds/kalshi.yaml
    spec: {status: active}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, Related, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD309"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    feed, target = linked.sound_feed, linked.feed.target
    if feed is not None and target is not None and feed.status == "disabled":
        other = (Related(target.span("status"), "disabled here"),)
        help_ = "set its status to `active`, or remove the environment"
        yield error(CODE, f"feed `{feed.name}` is disabled", at=linked.feed.span, related=other, help=help_)
