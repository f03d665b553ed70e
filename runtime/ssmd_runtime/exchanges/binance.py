"""Binance spot, combined streams: named in the URL where they are few, subscribed to in commands where they are many.

Source: binance-spot-api-docs, `web-socket-streams.md`: General WSS information, WebSocket Limits, Server Shutdown, Live
Subscribing, Error Messages. A stream is one symbol and one channel; at most 1,024 go over a connection, whatever the
spec says. Five messages a second are read from a client, its pings and pongs among them.

Refuses a spec without symbols, and one with more channels than a connection may have streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from ssmd_runtime.exchanges.answers import answer, demand_instruments, integer, member, reason
from ssmd_runtime.exchanges.protocol import (
    About,
    Connect,
    Credentials,
    Exchange,
    Refusal,
    Reply,
    Session,
    Share,
    shares_of,
)
from ssmd_runtime.spec import SpecError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from ssmd_runtime.spec import CollectorSpec

__all__ = ["EXCHANGE", "BinanceSession", "Data", "Header", "shares"]

MOST_STREAMS: Final = 1024
MOST_TOGETHER: Final = 100  # in one URL or one command: both stay short


class Data(msgspec.Struct, gc=False, frozen=True):
    """What is read of one event."""

    e: str = ""
    s: str = ""
    t: int | None = None


class Header(msgspec.Struct, gc=False):
    """What is read of every frame. The last four members are those of frames that are no combined stream's."""

    data: Data = Data()
    stream: str = ""
    e: str = ""
    id: Any = None
    error: Any = None
    code: Any = None


class BinanceSession(Session):
    """One connection. Trade numbers are the symbol's own, so they go on over connections."""

    frame = Header
    header = Header
    control = frozenset({"answer", "error", "serverShutdown"})
    continues = True
    reserved = 2  # a second can hold our ping and a pong of ours

    def __init__(self, spec: CollectorSpec, share: Share, credentials: Credentials) -> None:
        super().__init__(spec, share, credentials)
        streams = [(channel, symbol) for channel in share.channels for symbol in share.instruments]
        self._in_url = streams if len(streams) <= MOST_TOGETHER else []
        self._parts = {} if self._in_url else dict(enumerate(_split(streams), 1))

    def connect(self, now_ms: int) -> Connect:
        del now_ms
        endpoint = self.spec.endpoint
        if not self._in_url:
            return Connect(endpoint)
        streams = "/".join(quote(_stream(*stream), safe="@") for stream in self._in_url)
        return Connect(f"{endpoint}{'&' if '?' in endpoint else '?'}streams={streams}")

    @staticmethod
    def kinds(headers: Sequence[Any]) -> list[str]:
        kinds = [header.data.e for header in headers]
        if "" in kinds:
            return [kind or _unnamed(header) for kind, header in zip(kinds, headers, strict=True)]
        return kinds

    def commands(self) -> Iterable[tuple[tuple[Hashable, ...], bytes]]:
        for number, part in self._parts.items():
            params = [_stream(channel, symbol) for channel, symbol in part]
            yield (number,), msgspec.json.encode({"method": "SUBSCRIBE", "params": params, "id": number})

    def answered(self, kind: str, payload: bytes, now: float) -> Reply:
        del now
        if kind == "serverShutdown":
            return Reply(leave="the server said that it shuts down")
        said = answer(payload)
        number = integer(said.get("id"))
        self._waiting.pop(number, None)
        if kind != "error":
            return Reply()
        flaw = member(said, "error") or said
        why = reason(flaw.get("msg"), flaw.get("code"))
        return Reply(refused=tuple(Refusal(*about, why) for about in self._about(number)))

    def _about(self, identity: Any) -> Iterable[About]:
        return self._parts.get(identity, ((None, None),))


def _stream(channel: str, symbol: str) -> str:
    return f"{symbol.lower()}@{channel}"


def _split(streams: list[tuple[str, str]]) -> Iterable[tuple[tuple[str, str], ...]]:
    for start in range(0, len(streams), MOST_TOGETHER):
        yield tuple(streams[start : start + MOST_TOGETHER])


def _unnamed(header: Any) -> str:
    """The kind of a frame whose data has no event: partial books and best prices go by their stream's channel."""
    if header.e:
        return str(header.e)
    if header.error is not None or header.code is not None:
        return "error"
    if header.stream:
        return str(header.stream.partition("@")[2])
    return "" if header.id is None else "answer"


def shares(spec: CollectorSpec) -> list[Share]:
    """As many symbols a connection as their streams leave room for."""
    wanted = spec.subscriptions
    demand_instruments(spec, wanted.channels)
    most = min(wanted.limits.max_symbols_per_connection or MOST_STREAMS, MOST_STREAMS)
    if len(wanted.channels) > most:
        raise SpecError(f"binance: {len(wanted.channels)} channels, and a connection may have {most} streams")
    return shares_of(wanted.channels, wanted.instruments, most // max(1, len(wanted.channels)))


EXCHANGE: Final = Exchange(BinanceSession, shares)
