"""What happens at the exchange: events, each client's frame of them, and the log that is written before they go out.

The market moves only for somebody: with no client that listens, nothing happens, unless numbers are skipped on command.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ssmd_runtime.simulator.replay import ReplayError
from ssmd_runtime.simulator.sent import Kind, Log, Sent
from ssmd_runtime.simulator.venue import Data, Event, Hangup, Out, Ping, Text, Topic, Venue
from ssmd_runtime.simulator.wire import BINARY, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ssmd_runtime.simulator.link import Link
    from ssmd_runtime.simulator.replay import Recorded

__all__ = ["Counters", "Floor", "Parcel"]

_CHUNK: Final = 512
_TICK_SECONDS: Final = 0.01


@dataclass(slots=True)
class Counters:
    """What went on so far. `frames`: data frames handed to sockets, of every kind."""

    accepted: int = 0
    refused: int = 0
    frames: int = 0
    bytes: int = 0
    skipped: int = 0
    received: int = 0

    def as_dict(self) -> dict[str, int]:
        """By name."""
        return asdict(self)


class Parcel(NamedTuple):
    """One data frame on its way. `raw`: the bytes to write, where they are not simply the payload's text frame."""

    link: Link
    data: Data
    payload: bytes
    kind: Kind = "data"
    binary: bool = False
    sent: bool = True
    raw: bytes | None = None


class Floor:
    """The exchange and its clients. `barrier`: the count of frames at which all wait for the script's next step."""

    def __init__(self, venue: Venue, clock: Callable[[], int], log: Log, rate: float) -> None:
        self.venue = venue
        self.clock = clock
        self.log = log
        self.rate = rate
        self.links: dict[int, Link] = {}
        self.counters = Counters()
        self.barrier: int | None = None
        self.failure: Exception | None = None
        self.replaying = False
        self._alone = 0
        self._pulse = asyncio.Event()
        self._topics: Sequence[Topic] = [(c, i) for c in sorted(venue.sequenced) for i in venue.instruments]
        self._rng = random.Random(f"{venue.seed}/nobody")  # noqa: S311  frames, not keys

    # What others wait for.

    def changed(self) -> None:
        """Wakes who waits."""
        self._pulse.set()
        self._pulse = asyncio.Event()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits until it holds."""
        while not holds():
            await self._pulse.wait()

    @property
    def subscribed(self) -> list[Link]:
        """The clients that get data now."""
        return [link for link in self.links.values() if link.subscribed]

    @property
    def room(self) -> int:
        """How many frames may go out before the script is asked."""
        return _CHUNK if self.barrier is None else max(0, min(_CHUNK, self.barrier - self.counters.frames))

    # Answers.

    def answer(self, link: Link, answers: Sequence[Out]) -> None:
        """Sends what the exchange says, in order."""
        link.refresh(self.venue.sequenced)
        if link.topics:
            self._topics = link.numbered
        entries: list[Sent] = []
        frames: list[bytes] = []
        after: list[Out] = []
        for said in answers:
            match said:
                case Data() if not self.replaying:
                    parcel = Parcel(link, said, said.text.encode(), sent=link.listening)
                    entries.append(self._entry(parcel, self.clock()))
                    frames += [link.text(parcel.payload)] if parcel.sent else []
                case Text(text):
                    frames.append(encode(text.encode()))
                case Ping() | Hangup():
                    after.append(said)
        self._write_down(entries)
        link.write(b"".join(frames))
        for said in after:
            link.ping(said) if isinstance(said, Ping) else self._hang_up(link, said)
        self.changed()

    @staticmethod
    def _hang_up(link: Link, said: Out) -> None:
        if isinstance(said, Hangup):
            link.close(said.code, said.reason)

    # Data.

    def _entry(self, parcel: Parcel, ts: int) -> Sent:
        link, data = parcel.link, parcel.data
        link.entries += 1
        entry = Sent(
            ts=ts,
            connection=link.number,
            number=link.entries,
            payload=parcel.payload,
            type=data.type,
            sid=data.sid,
            symbol=data.symbol,
            seq=data.seq,
            records=data.records,
            sent=parcel.sent,
            kind=parcel.kind,
            binary=parcel.binary,
        )
        if parcel.sent:
            self.counters.frames += 1
            self.counters.bytes += len(parcel.payload)
            link.last_data = _now()
            if parcel.kind in {"data", "replay"}:
                link.recent.append(entry)
        else:
            self.counters.skipped += 1
        return entry

    def _write_down(self, entries: Sequence[Sent]) -> None:
        try:
            self.log.write(entries)
        except OSError as error:
            self.failure = self.failure or error
            self.changed()
            raise

    def deliver(self, parcels: Sequence[Parcel]) -> None:
        """Writes a batch into the log, then to the sockets."""
        ts = self.clock()
        self._write_down([self._entry(parcel, ts) for parcel in parcels])
        frames: dict[Link, list[bytes]] = {}
        for parcel in parcels:
            link = parcel.link
            if parcel.raw is not None:
                frames.setdefault(link, []).append(parcel.raw)
            elif not parcel.sent:
                continue
            elif parcel.binary:
                frames.setdefault(link, []).append(encode(parcel.payload, BINARY))
            elif not link.compressed(parcel.payload):
                frames.setdefault(link, []).append(link.text(parcel.payload))
        for link, some in frames.items():
            link.write(b"".join(some))
        self.changed()

    def happen(self, link: Link, topics: Sequence[Topic] | None = None) -> list[tuple[Link, Data]]:
        """Something happens that this client is subscribed to: its frame, and that of all others who are, too."""
        for _ in range(100):  # the exchange may pick what a client did not switch on
            event = self.venue.event(link.rng.choice(topics or link.topics), self.clock(), link.rng)
            made = self._frames_of(event)
            if any(other is link for other, _ in made):
                return made
        return []

    def _frames_of(self, event: Event) -> list[tuple[Link, Data]]:
        frames = [(link, link.conversation.frame(event)) for link in self.links.values() if link.topics]
        return [(link, data) for link, data in frames if data is not None]

    def parcels(self, made: Sequence[tuple[Link, Data]], *, sent: bool = True) -> list[Parcel]:
        """Those frames, to be sent to who listens."""
        return [Parcel(link, data, data.text.encode(), sent=sent and link.listening) for link, data in made]

    async def emit(self, count: int) -> int:
        """`count` frames to each subscribed client, at once; how many went out. Who shares events may get more."""
        missing = dict.fromkeys(self.subscribed, count)
        before = self.counters.frames
        while missing:
            if not self.room:
                await self._pulse.wait()
                continue
            batch: list[Parcel] = []
            while missing and len(batch) < self.room:
                batch += self._one_each(missing, self.room - len(batch))
            self.deliver(batch)
            await self._drained(missing)
        return self.counters.frames - before

    def _one_each(self, missing: dict[Link, int], room: int) -> list[Parcel]:
        batch: list[Parcel] = []
        for link in list(missing):
            if len(batch) >= room or link not in missing:
                break
            made = self.parcels(self.happen(link)) if link.subscribed else []
            if not any(parcel.link is link and parcel.sent for parcel in made):
                del missing[link]
            for parcel in made:
                if parcel.sent and parcel.link in missing:
                    missing[parcel.link] -= 1
                    if not missing[parcel.link]:
                        del missing[parcel.link]
            batch += made
        return batch

    async def _drained(self, links: Any) -> None:
        await asyncio.sleep(0)
        for link in list(links):
            while link.listening and link.behind:  # noqa: ASYNC110  a transport tells nobody when it empties
                await asyncio.sleep(0.002)

    def skip(self, count: int) -> None:
        """`count` numbered frames for each subscribed client, or `count` events if there is none, happen unseen."""
        missing = dict.fromkeys(self.subscribed, count)
        if not missing:
            self._skip_alone(count)
        while missing:
            link = next(iter(missing))
            made = self.happen(link, link.numbered)
            self.deliver(self.parcels(made, sent=False))
            for other in {link} if not made else {other for other, _ in made} & missing.keys():
                missing[other] = missing[other] - 1 if made else 0
                if not missing[other]:
                    del missing[other]

    def _skip_alone(self, count: int) -> None:
        entries = []
        for _ in range(count):
            self._alone += 1
            event = self.venue.event(self._rng.choice(self._topics), self.clock(), self._rng)
            data = Sent(
                ts=self.clock(),
                connection=0,
                number=self._alone,
                payload=event.body.encode(),
                type=event.type,
                symbol=event.topic[1],
                seq=event.seq,
                records=event.records,
                sent=False,
            )
            entries.append(data)
        self.counters.skipped += count
        self._write_down(entries)

    async def run(self) -> None:
        """Sends `rate` frames a second in all, for ever."""
        loop = asyncio.get_running_loop()
        owed, last, turn = 0.0, loop.time(), 0
        while True:
            await asyncio.sleep(max(_TICK_SECONDS, min(0.2, 1.0 / self.rate)) if self.rate else 0.05)
            now = loop.time()
            owed, last = min(owed + self.rate * (now - last), max(1.0, self.rate)), now
            ready = [link for link in self.subscribed if not link.behind]
            batch: list[Parcel] = []
            while ready and len(batch) + 1 <= min(owed, self.room):
                turn += 1
                made = self.happen(ready[turn % len(ready)])
                batch += self.parcels(made)
                if not made:
                    break
            if batch:
                self.deliver(batch)
            owed = owed - len(batch) if ready else 0.0

    async def replay(self, frames: Iterator[Recorded], speed: float) -> None:
        """Sends a recording to every subscribed client, at its pace times `speed`; 0: as fast as they read.

        What comes before a damaged place is sent, then ReplayError is raised.
        """
        started: float | None = None
        first = 0.0
        batch: list[Recorded] = []
        try:
            for frame in frames:
                if started is None:
                    await self.until(lambda: bool(self.subscribed))
                    started, first = _now(), frame.seconds
                wait = (frame.seconds - first) / speed - (_now() - started) if speed else 0.0
                if batch and (wait > 0 or len(batch) >= min(_CHUNK, self.room or 1)):
                    await self._replayed(batch)
                    batch = []
                if wait > 0:
                    await asyncio.sleep(wait)
                batch.append(frame)
        except ReplayError:
            await self._replayed(batch)
            raise
        await self._replayed(batch)

    async def _replayed(self, batch: Sequence[Recorded]) -> None:
        if not batch:
            return
        await self.until(lambda: bool(self.subscribed) and bool(self.room))
        links = self.subscribed
        data = Data("", "replay")
        self.deliver([Parcel(link, data, one.payload, "replay", one.binary) for one in batch for link in links])
        await self._drained(links)


def _now() -> float:
    return asyncio.get_running_loop().time()
