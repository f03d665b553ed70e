"""A batch of several kinds is followed exactly as its frames would be, one by one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from ssmd_runtime import spec as specs
from ssmd_runtime.exchanges import exchange_named
from ssmd_runtime.reliability.sequences import Jump, SequenceTracker

ROOT = Path(__file__).resolve().parents[3]
KINDS = ("trade", "ticker", "orderbook_snapshot", "orderbook_delta", "ok", "subscribed")


class Following:
    def __init__(self) -> None:
        spec = specs.decode((ROOT / "generated/kalshi-dev/spec.json").read_bytes())
        session = exchange_named("kalshi").session
        self.tracker = SequenceTracker(spec, session)
        self._kinds = session.kinds
        self._decode = msgspec.json.Decoder(session.frame).decode

    def see(self, frames: list[dict[str, Any]]) -> list[Jump]:
        headers = [self._decode(msgspec.json.encode(frame)) for frame in frames]
        kinds = self._kinds(headers)
        return self.tracker.observe(1, Counter(kinds), kinds, headers)

    def state(self) -> tuple[dict[str, int], int, int]:
        return self.tracker.expected(), self.tracker.repeats, self.tracker.unnumbered


def frame(kind: str, sid: int | None, seq: int | None) -> dict[str, Any]:
    return {"type": kind, "sid": sid, "seq": seq}


def test_kinds_of_one_subscription_share_its_counter():
    following = Following()
    first = [("orderbook_snapshot", 7, 1), ("trade", 2, 1), ("orderbook_delta", 7, 2), ("ok", 7, 3), ("trade", 2, 2)]
    assert following.see([frame(*one) for one in first]) == []
    then = [("orderbook_delta", 7, 4), ("trade", 2, 5), ("ticker", 1, None), ("orderbook_delta", 7, 9)]
    jumps = following.see([frame(*one) for one in then])
    assert [(jump.kind, jump.group, jump.expected, jump.got) for jump in jumps] == [
        ("trade", 2, 3, 5),
        ("orderbook_delta", 7, 5, 9),
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(KINDS),
            st.sampled_from((None, 1, 2)),
            st.sampled_from(("next", "next", "next", "skip", "repeat", "restart", "none", "huge")),
        ),
        max_size=40,
    )
)
@settings(max_examples=200, deadline=None)
def test_a_mixed_batch_is_what_its_frames_are(steps: list[tuple[str, int | None, str]]):
    """The numbers of each subscription mostly go on; the same frames at once and one by one tell the same."""
    last: dict[int | None, int] = {}
    frames = []
    for kind, sid, step in steps:
        known = last.get(sid, 0)
        number = {"next": known + 1, "skip": known + 3, "repeat": known, "restart": 1, "none": None, "huge": 1 << 63}[
            step
        ]
        if number is not None and step != "huge":
            last[sid] = number
        frames.append(frame(kind, sid, number))
    whole, single = Following(), Following()
    one_by_one = [jump for one in frames for jump in single.see([one])]
    assert (whole.see(frames) if frames else []) == one_by_one
    assert whole.state() == single.state()
