"""Trying again: how long to wait, and how often, as a spec's `retry` says.

Delays grow by the multiplier up to the cap. Jitter takes a part of each away, at most the fraction named: 0 leaves the
delays as they are, 1.0 draws each from nothing to the whole ("full jitter"). So no delay is ever longer than the cap.
What is worth another attempt is the caller's to say; an exception that is not ends the matter at once.
"""

from __future__ import annotations

import asyncio
import random as chance
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from ssmd_runtime.spec import Retry

__all__ = ["Backoff", "delays", "retry"]

T = TypeVar("T")


class Backoff:
    """Delays without an end, for what must be reached in the end; `reset` when it was."""

    def __init__(self, policy: Retry, random: Callable[[], float] = chance.random) -> None:
        self._policy = policy
        self._random = random
        self._next = 0.0
        self.reset()

    def next_delay(self) -> float:
        """Seconds to wait before the next attempt."""
        delay = min(self._next, self._policy.max_delay_ms / 1000)
        self._next = delay * self._policy.multiplier
        return delay * (1.0 - self._policy.jitter * self._random())

    def reset(self) -> None:
        """The next delay is the first again."""
        self._next = self._policy.initial_delay_ms / 1000


def delays(policy: Retry, random: Callable[[], float] = chance.random) -> Iterator[float]:
    """Seconds to wait between the attempts of one operation: one fewer than there are attempts."""
    backoff = Backoff(policy, random)
    for _ in range(policy.max_attempts - 1):
        yield backoff.next_delay()


async def retry(  # noqa: PLR0913 -- what is tried, how, and what a test puts in the place of chance and time
    operation: Callable[[], Awaitable[T]],
    policy: Retry,
    transient: Callable[[Exception], bool],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    *,
    random: Callable[[], float] = chance.random,
    at_least: Callable[[Exception], float] = lambda _: 0.0,
) -> T:
    """What `operation` gives, tried again after each exception that is `transient`; the last one is raised as it is.

    `at_least` is how many seconds an exception asks to be waited for, as a Retry-After does.
    """
    for delay in delays(policy, random):
        try:
            return await operation()
        except Exception as problem:
            if not transient(problem):
                raise
            pause = max(delay, at_least(problem))
        await sleep(pause)
    return await operation()
