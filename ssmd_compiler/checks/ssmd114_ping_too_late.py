"""SSMD114: a line counts as dead before it was pinged.

After `stale_seconds` of silence a connection is cut. A ping makes the other side answer, so that a quiet market is told
from a dead line: it has to come before. What is not said has its default: a ping every 30 seconds, stale after 90. The
runtime refuses to start with anything else.

FAIL environments/dev.yaml
    spec: {connector: {liveness: {stale_seconds: 20}}}

PASS environments/dev.yaml
    spec: {connector: {liveness: {ping_seconds: 10, stale_seconds: 20}}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.checks.stages import FeedStage
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.model.component import COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment
    from ssmd_compiler.model import Bound
    from ssmd_compiler.model.component import Liveness

CODE = "SSMD114"


def check(stage: LinkedEnvironment | FeedStage) -> Iterator[Diagnostic]:
    for bound, place, clocks in _clocks(stage):
        if clocks.ping_seconds < clocks.stale_seconds:
            continue
        said = "stale_seconds" if "stale_seconds" in clocks.model_fields_set else "ping_seconds"
        yield error(
            CODE,
            f"a line is dead after {clocks.stale_seconds} s of silence, and pinged only after {clocks.ping_seconds} s",
            at=bound.span(*place, said),
            help="say a `ping_seconds` that is less than `stale_seconds`: a third of it leaves room for a lost one",
        )


def _clocks(stage: LinkedEnvironment | FeedStage) -> Iterator[tuple[Bound[Any], tuple[str, ...], Liveness]]:
    """Wherever clocks are said, with their place."""
    feed = isinstance(stage, FeedStage)
    bound: Bound[Any] = stage.feed if isinstance(stage, FeedStage) else stage.bound
    for name in COMPONENTS:
        component = getattr(bound.value.defaults if feed else bound.value, name)
        if component is not None and component.liveness is not None:
            yield bound, (*(("defaults",) if feed else ()), name, "liveness"), component.liveness
