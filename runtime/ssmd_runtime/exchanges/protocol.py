"""What every exchange module provides: a conversation without sockets or clocks.

An `Exchange` says how the instruments of a spec are shared out over connections; a `Session` is one connection's
conversation: what to open, what to send, what a frame is. The shell in `feeds.websocket` does the input and output and
writes every frame down before a session looks at it, so nothing here can lose data. Nothing here raises on what a
server sends.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ssmd_runtime.spec import SpecError

if TYPE_CHECKING:
    import msgspec

    from ssmd_runtime.secret import Secret
    from ssmd_runtime.spec import CollectorSpec

__all__ = [
    "About",
    "Connect",
    "Credentials",
    "Exchange",
    "Refusal",
    "Reply",
    "Session",
    "Share",
    "batches",
    "share_out",
    "shares_of",
]

Credentials = Mapping[str, "Secret"]
About = tuple[str | None, str | None]
"""A channel and an instrument, as far as they are known."""


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
    """Something that the exchange does not send us: it becomes a gap record. `instrument` None: the whole channel.

    `asked`: when it was asked for, on the caller's monotonic clock, where that is known.
    """

    channel: str | None
    instrument: str | None
    reason: str
    asked: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What follows from a control frame: frames to send, what was refused, and why to leave, if to leave."""

    send: tuple[bytes, ...] = ()
    refused: tuple[Refusal, ...] = ()
    leave: str | None = None


class Session(ABC):
    """One connection's conversation.

    Class attributes describe the frames: `frame` is the msgspec type of a partial view of one frame, `control` the
    kinds that are not data, `counted` those control kinds that take a number in their subscription's sequence all the
    same, `records` where the records of a fanned-out kind are, for kinds that something counts. The path to a number
    starts at a `record`, or at the `header` where the frame is the record; a number that a frame lacks is None. `kinds`
    names each frame's kind, in the words of the spec's message types; it never raises and answers "" for what has none.
    `texts` names frames that are no JSON and yet no error (a PONG); `continues` says that the exchange's sequence
    numbers go on over connections.

    Commands wait in a queue and leave it evenly spaced within the exchange's limit of requests a second, of which
    `reserved` are left to pings and pongs: ask `due` every time that `next_due` (seconds on the caller's monotonic
    clock) has passed.
    """

    frame: ClassVar[Any]
    control: ClassVar[frozenset[str]]
    counted: ClassVar[frozenset[str]] = frozenset()
    records: ClassVar[Mapping[str, Callable[[Any], Sequence[Any]]]] = {}
    header: ClassVar[type[msgspec.Struct]]
    record: ClassVar[type[msgspec.Struct] | None] = None
    texts: ClassVar[Mapping[bytes, str]] = {}
    continues: ClassVar[bool] = False
    answer_seconds: ClassVar[float] = 30.0
    reserved: ClassVar[int] = 0

    def __init__(self, spec: CollectorSpec, share: Share, credentials: Credentials) -> None:
        self.spec = spec
        self.share = share
        self.credentials = credentials
        self._commands: deque[tuple[tuple[Hashable, ...], bytes]] = deque()
        self._next_command = 0.0
        self._waiting: dict[Hashable, float] = {}

    @abstractmethod
    def connect(self, now_ms: int) -> Connect:
        """What to open at Unix time `now_ms` (milliseconds): signed anew at every call where the exchange wants it."""

    @abstractmethod
    def commands(self) -> Iterable[tuple[tuple[Hashable, ...], bytes]]:
        """Every command that subscribes to the share, in order, each with the ids of the answers it awaits."""

    @staticmethod
    @abstractmethod
    def kinds(headers: Sequence[Any]) -> list[str]:
        """The kind of each frame."""

    def answered(self, kind: str, payload: bytes, now: float) -> Reply:
        """What follows from a frame whose kind is in `control`. `payload` is valid JSON. Never raises."""
        del kind, payload, now
        return Reply()

    def opened(self, now: float) -> list[bytes]:
        """The text frames to send first: all of them, or the first where the exchange limits requests."""
        self._waiting.clear()
        self._commands = deque(self.commands())
        return self.due(now)

    def due(self, now: float) -> list[bytes]:
        """The commands whose time has come."""
        rate = self.spec.subscriptions.limits.rate_limit_per_second
        sent: list[bytes] = []
        while self._commands and now >= self._next_command:
            identities, command = self._commands.popleft()
            sent.append(command)
            self._waiting |= dict.fromkeys(identities, now + self.answer_seconds)
            if rate:
                self._next_command = now + 1.0 / max(1, rate - self.reserved)
        return sent

    @property
    def next_due(self) -> float | None:
        """When `due` has something to send, on the same clock; None: nothing waits."""
        return self._next_command if self._commands else None

    @property
    def subscribed(self) -> bool:
        """Whether every command was sent and answered."""
        return not self._commands and not self._waiting

    def settled(self, now: float) -> bool:
        """Whether every command was sent, and answered or given up."""
        return not self._commands and all(now > until for until in self._waiting.values())

    def overdue(self, now: float) -> list[Refusal]:
        """What was asked for and not answered in time; told at every call until it is answered."""
        late = [(identity, until - self.answer_seconds) for identity, until in self._waiting.items() if now > until]
        why = f"not answered within {self.answer_seconds:g} s"
        return [Refusal(*about, why, asked) for identity, asked in late for about in self._about(identity)]

    def _about(self, identity: Any) -> Iterable[About]:
        """What an answer is about: where ids are not such pairs, the session knows."""
        return (identity,)

    def keep(self, instruments: tuple[str, ...]) -> tuple[str, ...]:
        """Let an open connection drop what is not among the instruments; returns those that it does not hold.

        Here and in `take_up`: nothing can change while a connection is open, and nothing has to.
        """
        return instruments

    def take_up(self, instruments: tuple[str, ...]) -> tuple[str, ...]:
        """Let an open connection hold those of the instruments that it has room for; returns the others."""
        del instruments
        return ()

    def ping(self) -> bytes | None:
        """The text frame that is this exchange's ping; None: a WebSocket ping."""
        text = self.spec.parser_config.get("ping_text")
        return str(text).encode() if text else None

    @property
    def ping_seconds(self) -> float:
        """How often to ping, in seconds. Raises `SpecError` where `parser_config` says no such number."""
        said = self.spec.parser_config.get("ping_interval_seconds") or self.spec.liveness.ping_seconds
        if not isinstance(said, int | float) or not 0 < said < float("inf"):
            raise SpecError(f"parser_config: ping_interval_seconds is no number of seconds: {str(said)[:40]!r}")
        return float(said)


def batches(items: Sequence[str], size: int) -> Iterable[tuple[str, ...]]:
    """The items in order, at most `size` at a time."""
    for start in range(0, len(items), size):
        yield tuple(items[start : start + size])


def shares_of(
    channels: tuple[str, ...],
    instruments: tuple[str, ...],
    most: int | None,
    apart: frozenset[str] = frozenset(),
    first: int = 1,
) -> list[Share]:
    """Each connection's share where at most `most` instruments go over one (None: any number).

    Channels in `apart` take no instruments, so connection 1 alone has them. Numbers start at `first`.
    """
    listed = tuple(channel for channel in channels if channel not in apart)
    parts = list(batches(instruments, most or len(instruments))) if listed and instruments else [()]
    return [Share(number, channels if number == 1 else listed, part) for number, part in enumerate(parts, first)]


def share_out(sessions: Sequence[Session], instruments: tuple[str, ...]) -> tuple[str, ...]:
    """Let open connections hold these instruments between them; returns those that none has room for.

    What a connection holds stays there: moved to another, it would be held by none for a moment.
    """
    for session in sessions:
        instruments = session.keep(instruments)
    for session in sessions:
        instruments = session.take_up(instruments)
    return instruments


@dataclass(frozen=True, slots=True)
class Exchange:
    """One protocol: its conversation, and how a spec's subscriptions are shared out over connections."""

    session: type[Session]
    shares: Callable[[CollectorSpec], list[Share]]
    further: Callable[[CollectorSpec, tuple[str, ...], int], list[Share]] = lambda _, __, ___: []
    """Connections for instruments found later that no open one could take, numbered from the last argument."""
