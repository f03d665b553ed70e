"""SSMD201: an environment names a feed that does not exist.

A feed is declared in `feeds/`, one file each; its name is the file's name.

FAIL environments/dev.yaml
    spec: {feed: kalsi}

PASS environments/dev.yaml
    spec: {feed: kalshi}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.remedies import meant
from ssmd_compiler.checks.wording import listed
from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD201"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    feed = linked.feed
    if feed.missing and linked.shared.whole:
        right = meant(feed.name, feed.known, feed.span)
        yield error(
            CODE,
            f"no feed named `{feed.name}`",
            at=feed.span,
            label=right.label,
            help=f"the feeds here are {listed(feed.known)}"
            if feed.known
            else "there is no feed yet: add one in `feeds/`",
            fix=right.fix,
        )
