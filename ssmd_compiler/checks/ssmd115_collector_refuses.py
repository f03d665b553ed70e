"""SSMD115: the collector would refuse to start.

The runtime proves its spec before it connects; this asks the same of every spec that is compiled: an endpoint of the
feed's type, something to subscribe to (`message_types` of the feed, or `channels` in its version's `parser_config`),
no channel or symbol twice or empty, no control characters in file names.

FAIL environments/dev.yaml
    spec: {symbols: [INXD-25-B4000, INXD-25-B4000]}

PASS environments/dev.yaml
    spec: {symbols: [INXD-25-B4000, INXD-25-B4500]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ssmd_runtime.pipeline.sound import NO_CHANNELS, unsound

from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.lower import Lowered

CODE = "SSMD115"

_TOLD_ELSEWHERE: Final = "liveness: "  # SSMD114, where it is said
_PLACES: Final = {
    "subscriptions.instruments": ("symbols",),
    "storage": ("middleware", "storage"),
}
"""Where a line about this part of the spec comes from; all the rest is the feed's."""


_NOTHING_SAID: Final = "say in the feed what it sends, in `message_types`"


def check(lowered: Lowered) -> Iterator[Diagnostic]:
    lines = dict.fromkeys(line for spec in lowered.specs.values() for line in unsound(spec))
    for line in (line for line in lines if not line.startswith(_TOLD_ELSEWHERE)):
        path = next((place for part, place in _PLACES.items() if line.startswith(part)), ("feed",))
        yield error(
            CODE,
            f"the collector would not start: {line}",
            at=lowered.linked.bound.span(*path),
            help=_NOTHING_SAID if line == NO_CHANNELS else "mend it here, or in the feed",
        )
