"""The clocks of a connection: only what comes counts, and a pause is our own silence."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from ssmd_runtime.reliability.liveness import Liveness


def live(ping: float = 30, stale: float = 90, now: float = 0) -> Liveness:
    return Liveness(ping_seconds=ping, stale_seconds=stale, now=now)


def test_silence_on_the_line_is_stale_and_on_data_alone_mute():
    clock = live()
    clock.data(10)
    clock.heard(95)
    assert (clock.stale(101), clock.mute(101)) == (False, True)
    assert (clock.stale(185), clock.stale(185.1)) == (False, True)
    clock.data(186)
    assert (clock.stale(186), clock.mute(186)) == (False, False)


def test_a_ping_is_due_when_its_time_has_come_and_proves_nothing():
    clock = live()
    assert [clock.ping_due(now) for now in (29, 30, 31, 59, 60, 91)] == [False, True, False, False, True, True]
    assert clock.stale(91)


def test_a_pause_does_not_count():
    clock = live()
    clock.data(10)
    clock.paused(20)
    clock.paused(50)
    assert clock.silence(1000) == 10
    assert not clock.stale(1000)
    clock.resumed(1000)
    clock.resumed(1001)
    assert clock.silence(1001) == clock.data_silence(1001) == 11


EVENTS = st.lists(st.tuples(st.sampled_from(("heard", "data", "paused", "resumed")), st.floats(0, 50)), max_size=30)


@given(EVENTS)
def test_silence_is_the_time_since_without_the_pauses(events: list[tuple[str, float]]):
    clock, now = live(), 0.0
    silent = dataless = 0.0
    paused = False
    for event, later in events:
        now += later
        if not paused:
            silent, dataless = silent + later, dataless + later
        if event in {"heard", "data"} and not paused:
            silent = 0.0
            dataless = 0.0 if event == "data" else dataless
            getattr(clock, event)(now)
        elif event in {"paused", "resumed"}:
            paused = event == "paused"
            getattr(clock, event)(now)
        assert abs(clock.silence(now) - silent) < 1e-6
        assert abs(clock.data_silence(now) - dataless) < 1e-6
