"""What every exchange module provides: a conversation without sockets or clocks.

An `Exchange` says how the instruments of a spec are shared out over connections; a `Session` is one connection's
conversation: what to open, what to send, what a frame is. The shell in `feeds.websocket` does the input and output and
writes every frame down before a session looks at it, so nothing here can lose data. Nothing here raises on what a
server sends.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from ssmd_runtime.keys.secret import Secret
    from ssmd_runtime.spec import CollectorSpec

__all__ = ["Connect", "Credentials", "Refusal", "Reply", "Session", "Share", "batches", "shares_of"]

Credentials = Mapping[str, "Secret"]


@dataclass(frozen=True, slots=True)
class Connect:
    """What to open: the URL and the headers of the handshake. Headers may hold secrets: never shown, never logged."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Share:
    """One connection's part of the subscriptions; connections are numbered from 1."""

    number: int
    channels: tuple[str, ...]
    instruments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that the exchange does not send us: it becomes a gap record. `instrument` None: the whole channel."""

    channel: str | None
    instrument: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What follows from a control frame: frames to send, what was refused, and why to leave, if to leave."""

    send: tuple[bytes, ...] = ()
    refused: tuple[Refusal, ...] = ()
    leave: str | None = None


class Session(ABC):
    """One connection's conversation.

    Class attributes describe the frames: `frame` is the msgspec type of a partial view of one frame, `control` the kinds
    that are not data, `counted` those control kinds that take a number in their subscription's sequence all the same,
    `records` where the records of a fanned-out kind are. `kinds` names each frame's kind, in the words of the spec's
    message types; it never raises and answers "" for what has none.

    Commands wait in a queue and leave it within the exchange's limit of requests a second: ask `due` every time that
    `next_due` (seconds on the caller's monotonic clock) has passed.
    """

    frame: ClassVar[Any]
    control: ClassVar[frozenset[str]]
    counted: ClassVar[frozenset[str]] = frozenset()
    records: ClassVar[Mapping[str, Callable[[Any], Sequence[Any]]]] = {}
    answer_seconds: ClassVar[float] = 30.0

    def __init__(self, spec: CollectorSpec, share: Share, credentials: Credentials) -> None:
        self.spec = spec
        self.share = share
        self.credentials = credentials
        self._commands: deque[tuple[Any, bytes]] = deque()
        self._next_command = 0.0
        self._waiting: dict[Any, float] = {}

    @abstractmethod
    def connect(self, now_ms: int) -> Connect:
        """What to open at Unix time `now_ms` (milliseconds): signed anew at every call where the exchange wants it."""

    @abstractmethod
    def commands(self) -> Iterable[tuple[Any, bytes]]:
        """Every command that subscribes to the share, in order, each with the id its answer carries (None: no answer)."""

    @staticmethod
    @abstractmethod
    def kinds(headers: Sequence[Any]) -> list[str]:
        """The kind of each frame."""

    def answered(self, kind: str, payload: bytes, now: float) -> Reply:
        """What follows from a frame whose kind is in `control`. `payload` is valid JSON. Never raises."""
        del kind, payload, now
        return Reply()

    def opened(self, now: float) -> list[bytes]:
        """The text frames to send first, as many as the limit of requests a second lets go at once."""
        self._waiting.clear()
        self._commands = deque(self.commands())
        return self.due(now)

    def due(self, now: float) -> list[bytes]:
        """The commands whose time has come."""
        rate = self.spec.subscriptions.limits.rate_limit_per_second
        sent: list[bytes] = []
        while self._commands and now >= self._next_command:
            identity, command = self._commands.popleft()
            sent.append(command)
            if identity is not None:
                self._waiting[identity] = now + self.answer_seconds
            if rate:
                self._next_command = max(self._next_command, now - 1.0) + 1.0 / rate
        return sent

    @property
    def next_due(self) -> float | None:
        """When `due` has something to send, on the same clock; None: nothing waits."""
        return self._next_command if self._commands else None

    @property
    def subscribed(self) -> bool:
        """Whether every command was sent and answered."""
        return not self._commands and not self._waiting

    def overdue(self, now: float) -> list[Any]:
        """The ids of commands whose answer did not come in time."""
        return [identity for identity, until in self._waiting.items() if now > until]

    def ping(self) -> bytes | None:
        """The text frame that is this exchange's ping; None: a WebSocket ping."""
        text = self.spec.parser_config.get("ping_text")
        return str(text).encode() if text else None

    @property
    def ping_seconds(self) -> float:
        """How often to ping, in seconds."""
        return float(self.spec.parser_config.get("ping_interval_seconds") or self.spec.liveness.ping_seconds)


def batches(items: Sequence[str], size: int) -> Iterable[tuple[str, ...]]:
    """The items in order, at most `size` at a time."""
    for start in range(0, len(items), size):
        yield tuple(items[start : start + size])


def shares_of(channels: tuple[str, ...], instruments: tuple[str, ...], most: int | None) -> list[Share]:
    """Each connection's share where at most `most` instruments go over one (None: any number)."""
    parts = list(batches(instruments, most)) if most and instruments else [instruments]
    return [Share(number, channels, part) for number, part in enumerate(parts, 1)]
