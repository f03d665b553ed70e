"""A circuit breaker: after failures in a row nothing is tried for a while, then one attempt at a time.

It knows no operation and no clock of its own. Ask `allow` before an attempt, and tell how it ended with the permit that
it gave; a late answer to a permit from before the last change of state says nothing about now, and is passed over.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ssmd_runtime import spec

__all__ = ["CircuitBreaker", "State"]


class State(IntEnum):
    """As the metric `ssmd_circuit_breaker_state` shows it."""

    CLOSED = 0
    OPEN = 1
    HALF_OPEN = 2


class CircuitBreaker:
    """Closed: all goes. Open: nothing does, for `timeout_seconds`. Half open: one attempt at a time."""

    def __init__(
        self,
        settings: spec.CircuitBreaker,
        now: Callable[[], float],
        changed: Callable[[State], None] = lambda _: None,
    ) -> None:
        """`now` is monotonic, in seconds; `changed` is called with each new state."""
        self._settings = settings
        self._now = now
        self._changed = changed
        self._state = State.CLOSED
        self._permit = 0
        self._counted = 0
        self._probing = False
        self._until = 0.0

    @property
    def state(self) -> State:
        return self._state

    @property
    def wait_seconds(self) -> float:
        """How long `allow` will refuse from now on, as far as time alone decides."""
        return max(0.0, self._until - self._now()) if self._state is State.OPEN else 0.0

    def allow(self) -> int | None:
        """A permit for one attempt; None: do not try now."""
        if self._state is State.OPEN and self._now() >= self._until:
            self._become(State.HALF_OPEN)
        if self._state is State.OPEN or self._probing:
            return None
        self._probing = self._state is State.HALF_OPEN
        return self._permit

    def succeeded(self, permit: int) -> None:
        """The attempt went well."""
        if permit != self._permit:
            return
        self._probing = False
        if self._state is State.CLOSED:
            self._counted = 0
            return
        self._counted += 1
        if self._counted >= self._settings.success_threshold:
            self._become(State.CLOSED)

    def failed(self, permit: int) -> None:
        """The attempt failed, in a way that speaks against the other side."""
        if permit != self._permit:
            return
        self._counted += 1
        if self._state is State.HALF_OPEN or self._counted >= self._settings.failure_threshold:
            self._until = self._now() + self._settings.timeout_seconds
            self._become(State.OPEN)

    def abandoned(self, permit: int) -> None:
        """The attempt ended without a verdict: it was cancelled, or never made."""
        if permit == self._permit:
            self._probing = False

    def _become(self, state: State) -> None:
        """The new state, with nothing counted in it yet; permits of the one before are void."""
        self._state = state
        self._permit += 1
        self._counted = 0
        self._probing = False
        self._changed(state)
