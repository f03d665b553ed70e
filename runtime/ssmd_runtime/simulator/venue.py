"""What every simulated exchange provides: its market, and a conversation with each client. No sockets, no clock.

A `Venue` holds what outlives a connection (prices, trade numbers); a `Conversation` is what one client asked for, and
answers it. An event happens once, at the venue; each conversation makes its own frame of it, or none. Everything but
the times, which come in as arguments, follows from the seed.
"""

from __future__ import annotations

import random
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ssmd_runtime.simulator.market import Market

__all__ = [
    "Conversation",
    "Data",
    "Event",
    "Hangup",
    "Out",
    "Page",
    "Ping",
    "Text",
    "Topic",
    "Venue",
    "object_of",
    "quoted",
    "texts",
]

Topic = tuple[str, str]  # channel, instrument
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,127}")  # what stands in JSON text as it is


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at the venue: `body` is the frame's text, or the part that all its frames share."""

    topic: Topic
    type: str
    body: str
    seq: int | None = None
    records: int = 1
    instrument: str = ""


@dataclass(frozen=True, slots=True)
class Data:
    """One data frame for one client. `seq` is the number of its first record, where records are numbered."""

    text: str
    type: str
    sid: int | None = None
    symbol: str | None = None
    seq: int | None = None
    records: int = 1


@dataclass(frozen=True, slots=True)
class Text:
    """A text frame that is not data: an answer, a heartbeat."""

    text: str


@dataclass(frozen=True, slots=True)
class Ping:
    """A WebSocket ping; `answer_seconds`: how long the exchange waits for the pong (None: for ever)."""

    payload: bytes
    answer_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Hangup:
    """The exchange closes the connection."""

    code: int
    reason: str


Out = Data | Text | Ping | Hangup


@dataclass(frozen=True, slots=True)
class Page:
    """An answer in plain HTTP."""

    status: int
    body: str
    content_type: Literal["application/json", "text/plain"] = "application/json"


class Conversation(ABC):
    """One client's connection, as the exchange sees it."""

    def opened(self) -> Sequence[Out]:
        """What the exchange says unasked."""
        return ()

    @abstractmethod
    def received(self, text: str, now: float) -> Sequence[Out]:
        """The answer to a client's frame at `now` (seconds, monotonic). Never raises."""

    @abstractmethod
    def topics(self) -> Sequence[Topic]:
        """What the client gets data of, in a fixed order."""

    @abstractmethod
    def frame(self, event: Event) -> Data | None:
        """The client's frame of an event, its sequence number used up; None: the client did not ask for it."""

    def heartbeat(self, now_ns: int) -> Out | None:
        """What the exchange sends every `Venue.heartbeat_seconds`."""
        del now_ns
        return None


class Venue(ABC):
    """An exchange. `sequenced` are the channels whose frames are numbered."""

    name: ClassVar[str]
    path: ClassVar[str]
    defaults: ClassVar[tuple[str, ...]]
    sequenced: ClassVar[frozenset[str]] = frozenset()
    heartbeat_seconds: ClassVar[float] = 1.0
    heartbeat_when_idle: ClassVar[bool] = False

    def __init__(self, seed: int = 1, instruments: Sequence[str] = (), now_ns: int = 0) -> None:
        self.seed = seed
        self.closed = bool(instruments)  # an instrument that was not listed does not exist
        self.instruments = tuple(instruments) or self.defaults
        self.now_ns = now_ns
        self._markets: dict[str, Market] = {}

    def knows(self, instrument: str) -> bool:
        """Whether there is such an instrument; where none were listed, every name is one."""
        return instrument in self.instruments if self.closed else _NAME.fullmatch(instrument) is not None

    def market(self, instrument: str) -> Market:
        """The instrument's market, the same whenever it is first asked for."""
        found = self._markets.get(instrument)
        if found is None:
            found = self._markets[instrument] = self.new_market(random.Random(f"{self.seed}/{instrument}"))  # noqa: S311  prices, not keys
        return found

    @abstractmethod
    def new_market(self, rng: random.Random) -> Market:
        """A market in this exchange's prices and sizes."""

    @abstractmethod
    def conversation(self, path: str) -> Conversation | Page:
        """A client connects to `path`, query included."""

    @abstractmethod
    def event(self, topic: Topic, now_ns: int, rng: random.Random) -> Event:
        """Something happens at Unix time `now_ns` (nanoseconds). `rng` chooses where the topic leaves a choice."""

    def admits(self, path: str, headers: Mapping[str, str], now_ms: int) -> Page | None:
        """Why a handshake is refused; None: it is not."""
        del path, headers, now_ms
        return None

    def page(self, path: str, headers: Mapping[str, str], now_ns: int) -> Page:
        """The answer to a plain HTTP request."""
        del path, headers, now_ns
        return Page(404, '{"error":"not found"}')

    def farewell(self, now_ns: int) -> Text | None:
        """What the exchange announces before it goes down."""
        del now_ns
        return None


def object_of(text: str) -> dict[str, Any] | None:
    """The JSON object that the text is; None: it is none."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def texts(value: Any) -> list[str] | None:
    """The value as a list of texts without repetitions; None: it is none."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(dict.fromkeys(value))
    return None


def quoted(value: Any) -> str:
    """The value as JSON text."""
    return msgspec.json.encode(value).decode()
