"""SSMD308: a feed's `active` names a version that it does not have.

FAIL exchanges/feeds/kalshi.yaml
    spec: {active: v9}

PASS exchanges/feeds/kalshi.yaml
    spec: {active: v2}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.remedies import meant
from ssmd_compiler.checks.wording import listed
from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import FeedStage

CODE = "SSMD308"


def check(stage: FeedStage) -> Iterator[Diagnostic]:
    feed = stage.feed.value
    versions = [version.version for version in feed.versions]
    if feed.active is not None and feed.active not in versions:
        at = stage.feed.span("active")
        help_ = f"its versions are {listed(versions)}"
        message = f"feed `{feed.name}` has no version `{feed.active}`"
        right = meant(feed.active, versions, at)
        yield error(CODE, message, at=at, label=right.label, help=help_, fix=right.fix)
