"""One client's connection: what the exchange says on it, and how it falters."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from typing import TYPE_CHECKING, Any, Final, cast

from websockets.asyncio.server import ServerConnection, broadcast
from websockets.exceptions import ConcurrencyError, ConnectionClosed
from websockets.protocol import State

from ssmd_runtime.simulator.wire import PING, Faltering, encode, in_fragments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ssmd_runtime.simulator.sent import Sent
    from ssmd_runtime.simulator.venue import Conversation, Ping, Topic

__all__ = ["Accepted", "Link"]

_KEPT: Final = 1000
SOFT_BYTES: Final = 1 << 20  # above: no new frames for this client
HARD_BYTES: Final = 96 << 20  # above: it is cut, as exchanges cut slow clients


class Accepted(ServerConnection):
    """A connection as websockets serves it, on a transport that can falter. `conversation`: set by the handshake."""

    def __init__(self, *arguments: Any, drip_seconds: float | None = None, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.drip_seconds = drip_seconds
        self.wire: Faltering
        self.conversation: Conversation

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.wire = Faltering(cast("asyncio.Transport", transport), self.drip_seconds)
        super().connection_made(self.wire)


class Link:
    """Connection `number`, counted from 1 in the order of acceptance."""

    def __init__(self, number: int, connection: Accepted, seed: int) -> None:
        self.number = number
        self.connection = connection
        self.wire = connection.wire
        self.conversation = connection.conversation
        self.rng = random.Random(f"{seed}/connection/{number}")  # noqa: S311  frames, not keys
        self.topics: Sequence[Topic] = ()
        self.numbered: Sequence[Topic] = ()
        self.entries = 0
        self.recent: deque[Sent] = deque(maxlen=_KEPT)
        self.muted = False
        self.fragmenting = False
        self.pongs = 0
        self.last_data = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._unmute: asyncio.TimerHandle | None = None

    @property
    def open(self) -> bool:
        """Whether anything can be sent."""
        return self.connection.state is State.OPEN and not self.wire.dead and not self.wire.is_closing()

    @property
    def listening(self) -> bool:
        """Whether data goes to this client now."""
        return not self.muted and not self.wire.held and self.open

    @property
    def subscribed(self) -> bool:
        """Whether it listens to anything."""
        return bool(self.topics) and self.listening

    @property
    def behind(self) -> bool:
        """Whether the client reads more slowly than it is written to."""
        return self.wire.get_write_buffer_size() > SOFT_BYTES

    def refresh(self, numbered: frozenset[str]) -> None:
        """Looks up what the client is subscribed to now."""
        self.topics = self.conversation.topics()
        self.numbered = [topic for topic in self.topics if topic[0] in numbered] or self.topics

    def text(self, payload: bytes) -> bytes:
        """The payload as a text frame; in fragments, if that was ordered for the next."""
        if self.fragmenting:
            self.fragmenting = False
            return in_fragments(payload)
        return encode(payload)

    def write(self, frames: bytes) -> None:
        """Sends whole frames. A client that lags too far behind is cut."""
        if self.open:
            self.wire.write(frames)
            if self.wire.get_write_buffer_size() > HARD_BYTES:
                self.wire.reset()

    def compressed(self, payload: bytes) -> bool:
        """Sends a text frame by way of the negotiated extensions; false: there are none."""
        if not self.connection.protocol.extensions or self.fragmenting:
            return False
        broadcast([self.connection], payload, text=True)
        return True

    def ping(self, ping: Ping) -> None:
        """Pings, and closes if no pong comes in time."""
        self.do(self._ping(ping))

    async def _ping(self, ping: Ping) -> None:
        try:
            pong = await self.connection.ping(ping.payload)
            await asyncio.wait_for(pong, ping.answer_seconds)
            self.pongs += 1
        except ConcurrencyError:  # the last one with this payload was not answered yet
            self.write(encode(ping.payload, PING))
        except TimeoutError:
            await self.connection.close(1008, "no pong")
        except ConnectionClosed:
            pass

    def close(self, code: int, reason: str = "") -> None:
        """Starts the closing handshake."""
        self.do(self.connection.close(code, reason))

    def do(self, work: Any) -> None:
        """Runs something beside the conversation."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def mute(self, seconds: float | None) -> None:
        """No data for so long; None: until told otherwise."""
        self.unmute()
        self.muted = True
        if seconds is not None:
            self._unmute = asyncio.get_running_loop().call_later(seconds, self.unmute)

    def unmute(self) -> None:
        """Data again."""
        self.muted = False
        if self._unmute is not None:
            self._unmute.cancel()
            self._unmute = None

    def stall(self, seconds: float) -> None:
        """Neither reads nor writes for so long."""
        self.wire.hold()
        asyncio.get_running_loop().call_later(seconds, self.wire.release)

    def end(self) -> None:
        """The client is gone."""
        self.unmute()
        for task in self._tasks:
            task.cancel()
