"""What a collector counts while it runs; plain numbers, which /metrics, /health and /ready read when they are asked."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

__all__ = ["SYNC_BUCKETS", "Histogram", "Telemetry"]

SYNC_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Histogram:
    """Counts by upper bounds; the last count is what is above them all."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


@dataclass(slots=True)
class Telemetry:
    """The numbers of one collector. `connections` is how many there should be, `problem` why it is ending."""

    feed: str
    connections: int = 0
    connected: int = 0
    subscribed: int = 0
    mute: int = 0
    messages: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    breakers: dict[str, int] = field(default_factory=dict)
    key_days: dict[str, float] = field(default_factory=dict)
    dead_letters: Counter[str] = field(default_factory=Counter)
    last_message: float = 0.0
    last_frame: bytes = b""
    last_kind: str = ""
    queue_bytes: int = 0
    durable_messages: int = 0
    written_bytes: int = 0
    sealed_files: int = 0
    syncs: Histogram = field(default_factory=lambda: Histogram(SYNC_BUCKETS))
    problem: str | None = None
    waiting: str | None = None

    def not_ready(self) -> str | None:
        """Why the collector does not capture everything it should right now; None: it does."""
        if self.problem is not None:
            return self.problem
        if self.waiting is not None:
            return self.waiting
        if not self.connections:
            return "starting"
        if self.connected < self.connections:
            return f"{self.connections - self.connected} of {self.connections} connections are down"
        if self.subscribed < self.connections:
            return f"{self.connections - self.subscribed} of {self.connections} connections wait for subscriptions"
        if self.mute:
            return f"{self.mute} of {self.connections} connections are mute: connected, without data"
        return None
