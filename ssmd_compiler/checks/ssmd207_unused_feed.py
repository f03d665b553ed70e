"""SSMD207: no environment uses a feed.

It is kept up to date, reviewed and proven for nobody. A feed that is disabled, deprecated, or of which no version is in
force yet, is on its way in or out, and is not meant. Nothing is said while an environment or a feed has an error.

FAIL exchanges/feeds/kraken.yaml (as is)
    name: kraken
    type: websocket
    versions:
      - version: v2
        effective_from: 2024-01-01
        protocol: wss
        endpoint: wss://ws.kraken.com/v2

PASS exchanges/feeds/kraken.yaml (as is)
    name: kraken
    type: websocket
    status: deprecated
    versions:
      - version: v2
        effective_from: 2024-01-01
        protocol: wss
        endpoint: wss://ws.kraken.com/v2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks.wording import at_name
from ssmd_compiler.diagnostics import Diagnostic, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.checks.stages import Usage

CODE = "SSMD207"


def check(usage: Usage) -> Iterator[Diagnostic]:
    for feed in usage.feeds:
        help_ = "name it in an environment, say `status: deprecated`, or delete the file"
        yield warning(CODE, f"no environment uses the feed `{feed.name}`", at=at_name(feed), help=help_)
