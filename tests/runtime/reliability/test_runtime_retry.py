"""Trying again: the delays that a policy means, and what is and is not tried again."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ssmd_runtime.reliability.retry import Backoff, delays, retry
from ssmd_runtime.spec import Retry

POLICY = Retry(max_attempts=5, initial_delay_ms=100, max_delay_ms=300, multiplier=2.0, jitter=0.0)
POLICIES = st.builds(
    Retry,
    max_attempts=st.integers(1, 60),
    initial_delay_ms=st.integers(1, 100_000),
    max_delay_ms=st.integers(1, 100_000),
    multiplier=st.floats(1, 1000),
    jitter=st.floats(0, 1),
)
CHANCE = st.floats(0, 1, exclude_max=True)


def test_they_grow_by_the_multiplier_up_to_the_cap():
    assert list(delays(POLICY, lambda: 0.9)) == [0.1, 0.2, 0.3, 0.3]


def test_full_jitter_draws_from_nothing_to_the_whole():
    full = Retry(max_attempts=3, initial_delay_ms=1000, max_delay_ms=1000, multiplier=1.0, jitter=1.0)
    drawn = iter([0.0, 0.75])
    assert list(delays(full, lambda: next(drawn))) == [1.0, 0.25]


@given(POLICIES, CHANCE)
def test_each_delay_is_within_its_jitter_and_never_above_the_cap(policy, chance):
    found = list(delays(policy, lambda: chance))
    assert len(found) == policy.max_attempts - 1
    for number, delay in enumerate(found):
        try:
            whole = min(policy.initial_delay_ms * policy.multiplier**number, policy.max_delay_ms) / 1000
        except OverflowError:
            whole = policy.max_delay_ms / 1000
        assert delay <= policy.max_delay_ms / 1000
        assert whole * (1 - policy.jitter) * 0.999 <= delay <= whole * 1.001


@given(POLICIES, CHANCE)
def test_a_backoff_that_was_reset_starts_again(policy, chance):
    backoff = Backoff(policy, lambda: chance)
    first = [backoff.next_delay() for _ in range(200)]
    backoff.reset()
    assert [backoff.next_delay() for _ in range(200)] == first


class _Slept:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def failing(times: int, problem: Exception):
    tried = []

    async def operation():
        tried.append(None)
        if len(tried) <= times:
            raise problem
        return len(tried)

    return operation


def test_it_is_tried_again_until_it_goes_well():
    slept = _Slept()
    assert asyncio.run(retry(failing(2, OSError()), POLICY, lambda _: True, slept)) == 3
    assert slept.seconds == [0.1, 0.2]


def test_the_last_exception_is_raised_as_it_is():
    slept, problem = _Slept(), OSError("no")
    with pytest.raises(OSError, match="no") as told:
        asyncio.run(retry(failing(99, problem), POLICY, lambda _: True, slept))
    assert told.value is problem
    assert len(slept.seconds) == 4


def test_what_is_not_transient_is_not_tried_again():
    slept = _Slept()
    with pytest.raises(ValueError, match="no"):
        asyncio.run(retry(failing(1, ValueError("no")), POLICY, lambda one: isinstance(one, OSError), slept))
    assert slept.seconds == []


def test_a_cancellation_is_no_failure():
    async def cancelled():
        raise asyncio.CancelledError

    slept = _Slept()
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(retry(cancelled, POLICY, lambda _: True, slept))
    assert slept.seconds == []


def test_a_pause_that_was_asked_for_is_kept():
    slept = _Slept()
    asyncio.run(retry(failing(2, OSError()), POLICY, lambda _: True, slept, at_least=lambda _: 0.15))
    assert slept.seconds == [0.15, 0.2]
