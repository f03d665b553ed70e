"""The clocks of one connection: what was received, never what was sent.

Two of them: anything at all (a pong included), and data. Silence on the first means that the line is dead; silence on
the second alone is `mute`, a state of its own: the market may be quiet. While reading is paused both stand still,
because silence is then our own doing. Times are seconds of the caller's monotonic clock.
"""

from __future__ import annotations

__all__ = ["Liveness"]


class Liveness:
    """Says when to ping, when the line is stale, and whether it is mute."""

    def __init__(self, *, ping_seconds: float, stale_seconds: float, now: float) -> None:
        self._ping_seconds = ping_seconds
        self._stale_seconds = stale_seconds
        self._heard = now
        self._data = now
        self._pinged = now
        self._paused_at: float | None = None

    def heard(self, now: float) -> None:
        """Something came: a frame, a ping, a pong."""
        self._heard = now

    def data(self, now: float) -> None:
        """Data came."""
        self._heard = self._data = now

    def paused(self, now: float) -> None:
        """Reading stopped: the clocks stand."""
        if self._paused_at is None:
            self._paused_at = now

    def resumed(self, now: float) -> None:
        """Reading goes on: the clocks go on from where they stood."""
        if self._paused_at is not None:
            stood = now - self._paused_at
            self._heard += stood
            self._data += stood
            self._paused_at = None

    def ping_due(self, now: float) -> bool:
        """Whether to ping now; the next is due `ping_seconds` after the last time that this was answered with yes."""
        if now - self._pinged < self._ping_seconds:
            return False
        self._pinged = now
        return True

    def silence(self, now: float) -> float:
        """Seconds without anything."""
        return (self._paused_at if self._paused_at is not None else now) - self._heard

    def data_silence(self, now: float) -> float:
        """Seconds without data."""
        return (self._paused_at if self._paused_at is not None else now) - self._data

    def stale(self, now: float) -> bool:
        """Whether nothing came for too long."""
        return self.silence(now) > self._stale_seconds

    def mute(self, now: float) -> bool:
        """Whether the line lives and carries no data for too long."""
        return self.data_silence(now) > self._stale_seconds
