"""All that can be ordered: how the simulator fails its clients, on purpose and at once.

Each method does to every open connection, or to connection number `connection`, what its order says.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ssmd_runtime.simulator.floor import Floor, Parcel
from ssmd_runtime.simulator.orders import Order, close_code
from ssmd_runtime.simulator.venue import Data, Hangup, Page, Ping
from ssmd_runtime.simulator.wire import BINARY, TEXT, bomb, encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from ssmd_runtime.simulator.link import Link
    from ssmd_runtime.simulator.sent import Kind

__all__ = ["Mischief"]

_HUGE_BYTES: Final = 20_000_000
_PLAIN: Final = {
    "binary": bytes(range(256)),
    "json": b'{"type":"trade","sid":1,"seq":99,"msg":{"market_ticker":"KX',
    "utf8": b'{"text":"\xc3\x28 \xff\xfe"}',
}


class Mischief:
    """The orders, by the names they have on standard input."""

    def __init__(self, floor: Floor, drip_seconds: float, heard: Callable[[str], None]) -> None:
        self.floor = floor
        self.dripping: float | None = None
        self._drip_seconds = drip_seconds
        self._heard = heard
        self._refusing: dict[int, float] = {}
        self._floods: set[asyncio.Task[None]] = set()

    def perform(self, order: Order) -> None:
        """Does what an order says. Never raises on an order that was read by `order_of`."""
        method = getattr(self, order.word.replace("-", "_"))
        if order.word == "cut":
            method(mid_frame=bool(order.arguments), connection=order.connection)
        elif order.connection is not None:
            method(*order.arguments, connection=order.connection)
        else:
            method(*order.arguments)

    def links(self, connection: int | None = None) -> list[Link]:
        """The connections that an order is about."""
        links = self.floor.links
        return list(links.values()) if connection is None else [links[connection]] if connection in links else []

    def _live(self, connection: int | None) -> list[Link]:
        return [link for link in self.links(connection) if link.open]

    def cut(self, *, mid_frame: bool = False, connection: int | None = None) -> None:
        """A TCP reset at once; `mid_frame`: after the first half of the next data frame."""
        for link in self.links(connection):
            made = self.floor.happen(link) if mid_frame and link.subscribed else []
            self.floor.deliver(
                [self._half(parcel) if parcel.link is link else parcel for parcel in self.floor.parcels(made)]
            )
            link.wire.reset()

    @staticmethod
    def _half(parcel: Parcel) -> Parcel:
        raw = encode(parcel.payload)
        return parcel._replace(kind="partial", sent=False, raw=raw[: len(raw) // 2])

    def close(self, code: int = 1000, connection: int | None = None) -> None:
        """The closing handshake, with this code."""
        for link in self._live(connection):
            link.close(close_code(code), "on command")

    def stall(self, seconds: float, connection: int | None = None) -> None:
        """Neither reads nor writes for so long; the TCP connection stays."""
        for link in self._live(connection):
            link.stall(seconds)

    def mute(self, seconds: float | None = None, connection: int | None = None) -> None:
        """No data for so long, or until `unmute`; pings, heartbeats and commands are answered."""
        for link in self._live(connection):
            link.mute(seconds)

    def unmute(self, connection: int | None = None) -> None:
        """Data again."""
        for link in self.links(connection):
            link.unmute()
        self.floor.changed()

    def half_open(self, connection: int | None = None) -> None:
        """Never sends, reads or answers anything again; the TCP connection stays."""
        for link in self._live(connection):
            link.wire.kill()

    def repeat(self, count: int, connection: int | None = None) -> None:
        """Sends the last `count` data frames again, in their order; at most the last 1,000."""
        for link in self._live(connection):
            for sent in list(link.recent)[-count:]:
                data = Data("", sent.type, sent.sid, sent.symbol, sent.seq, sent.records)
                self.floor.deliver([Parcel(link, data, sent.payload, "repeat", sent.binary, link.listening)])

    def skip(self, count: int) -> None:
        """Uses up the sequence numbers of `count` frames for each subscribed connection, unsent."""
        self.floor.skip(count)

    def garbage(self, kind: str = "binary", connection: int | None = None) -> None:
        """A bad frame: binary, truncated JSON, invalid UTF-8, a real frame with line breaks in it, or one of 20 MB."""
        for link in self._live(connection):
            if kind == "newline":
                self._broken_lines(link)
            else:
                payload = b'{"huge":"' + b"x" * _HUGE_BYTES + b'"}' if kind == "huge" else _PLAIN[kind]
                self._garbage(link, payload, Data("", kind), binary=kind == "binary")

    def _broken_lines(self, link: Link) -> None:
        made = self.floor.happen(link) if link.subscribed else [(link, Data('{"a":1}', "newline"))]
        self.floor.deliver([parcel for parcel in self.floor.parcels(made) if parcel.link is not link])
        for other, data in made:
            if other is link:
                self._garbage(link, msgspec.json.format(data.text.encode(), indent=1), data)

    def _garbage(
        self, link: Link, payload: bytes, data: Data, *, binary: bool = False, raw: bytes | None = None
    ) -> None:
        kind: Kind = "garbage"
        raw = raw or encode(payload, BINARY if binary else TEXT)
        if link.listening:
            self.floor.deliver([Parcel(link, data, payload, kind, binary, raw=raw)])

    def fragment(self, connection: int | None = None) -> None:
        """The next data frame comes in three fragments, with a ping between the first two."""
        for link in self._live(connection):
            link.fragmenting = True

    def bomb(self, connection: int | None = None) -> None:
        """A compressed frame although no compression was agreed: 64 MiB in 64 KiB."""
        raw = bomb()
        for link in self._live(connection):
            self._garbage(link, raw, Data("", "bomb"), binary=True, raw=raw)

    def flood(self, count: int, rate: float = 0.0) -> asyncio.Task[None]:
        """`count` frames to each subscribed connection, at once or at `rate` a second; goes on beside."""
        task = asyncio.ensure_future(self._flood(count, rate))
        self._floods.add(task)
        task.add_done_callback(self._floods.discard)
        return task

    async def _flood(self, count: int, rate: float) -> None:
        if not rate:
            await self.floor.emit(count)
            return
        loop = asyncio.get_running_loop()
        started, done = loop.time(), 0
        while done < count:
            due = min(count, math.floor((loop.time() - started) * rate))
            if due > done:
                await self.floor.emit(due - done)
                done = due
            await asyncio.sleep(max(0.001, min(0.1, 1.0 / rate)))

    def rate(self, frames: float) -> None:
        """Frames a second in all, from now on."""
        self.floor.rate = frames

    def refuse(self, count: float = math.inf) -> None:
        """The next `count` connections get 503; all, until `accept`."""
        self._refusing = {503: count}

    def unauthorized(self, count: float = math.inf) -> None:
        """The next `count` connections get 401; all, until `accept`."""
        self._refusing = {401: count}

    def accept(self) -> None:
        """Connections are accepted again."""
        self._refusing = {}

    def refusal(self) -> Page | None:
        """What the next connection gets, if it is refused on command; it counts as one."""
        for status, left in self._refusing.items():
            self._refusing = {status: left - 1} if left > 1 else {}
            return Page(status, "on command", "text/plain")
        return None

    def slow(self, seconds: float | None = None, connection: int | None = None) -> None:
        """Writes a byte at a time for so long, or for good: frames, and the handshakes of new connections."""
        self._drip(self._drip_seconds, connection)
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, self._drip, None, connection)

    def _drip(self, seconds: float | None, connection: int | None) -> None:
        if connection is None:
            self.dripping = seconds
        for link in self.links(connection):
            link.wire.drip(seconds)

    def shutdown(self, connection: int | None = None) -> None:
        """The exchange goes down: it says so, if that is its custom, and closes with 1001."""
        said = self.floor.venue.farewell(self.floor.clock())
        for link in self._live(connection):
            self.floor.answer(link, ([said] if said else []) + [Hangup(1001, "going down")])

    def status(self) -> dict[str, Any]:
        """The counters, and each open connection; goes to where answers are heard, too."""
        told = self.floor.counters.as_dict() | {
            "connections": [
                {"connection": link.number, "topics": len(link.topics), "muted": link.muted, "entries": link.entries}
                for link in self._live(None)
            ]
        }
        self._heard(msgspec.json.encode(told).decode())
        return told

    def beat(self, connection: int | None = None) -> None:
        """The exchange's heartbeat now, whatever the time."""
        for link in self._live(connection):
            said = link.conversation.heartbeat(self.floor.clock())
            if said is None or link.wire.held:
                continue
            if isinstance(said, Ping):
                link.ping(said)
            else:
                self.floor.answer(link, [said])
