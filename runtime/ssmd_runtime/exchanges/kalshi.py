"""Kalshi, WebSocket v2: signed connections, one subscription a channel, markets that come and go.

Sources: Kalshi API documentation, "Quick Start: WebSockets", "WebSocket Connection" with its AsyncAPI specification
(commands, answers, error codes), "API Keys" (what is signed). Code 6, "already subscribed", is retired there; a server
that still sends it means that we have what we asked for.

Refuses a key that it cannot read, and a spec that wants order books and names no markets.
"""

from __future__ import annotations

from base64 import b64encode
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple
from urllib.parse import urlsplit

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
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from ssmd_runtime.spec import CollectorSpec

__all__ = ["EXCHANGE", "Header", "KalshiSession", "further", "shares"]

MOST_MARKETS: Final = 256
_UNLISTED: Final = frozenset({"market_lifecycle_v2"})  # tells of every market, takes no list of them
_LISTED_ONLY: Final = frozenset({"orderbook_delta"})  # the others go without a list: every market
_ALREADY_SUBSCRIBED: Final = 6


class Header(msgspec.Struct, gc=False):
    """What is read of every frame."""

    type: str = ""
    sid: int | None = None
    seq: int | None = None


class _Asked(NamedTuple):
    """A command that was not answered yet."""

    command: str
    channel: str
    markets: tuple[str, ...]

    @property
    def about(self) -> list[About]:
        """What we do not get if it is refused: nothing, if it was to take something away."""
        if self.command == "subscribe" and not self.markets:
            return [(self.channel, None)]
        return [(self.channel, market) for market in self.markets]


class KalshiSession(Session):
    """One connection. Its markets can change while it is open (`update`); a reconnect asks for those it has then."""

    frame = Header
    header = Header
    control = frozenset({"subscribed", "unsubscribed", "ok", "error"})
    counted: ClassVar[frozenset[str]] = frozenset({"ok", "unsubscribed"})

    def __init__(self, spec: CollectorSpec, share: Share, credentials: Credentials) -> None:
        super().__init__(spec, share, credentials)
        self._markets = dict.fromkeys(share.instruments)
        self._all = not share.instruments and spec.subscriptions.discovery is None
        self._sign = _signer(credentials) if spec.auth.method == "api_key" else None
        self._forget()

    def connect(self, now_ms: int) -> Connect:
        path = urlsplit(self.spec.endpoint).path
        headers = {} if self._sign is None else self._sign(now_ms, path)
        return Connect(self.spec.endpoint, headers)

    @staticmethod
    def kinds(headers: Sequence[Any]) -> list[str]:
        return [header.type for header in headers]

    def commands(self) -> Iterable[tuple[tuple[Hashable, ...], bytes]]:
        self._forget()
        markets = tuple(self._markets)
        for channel in self.share.channels:
            if channel in _UNLISTED or self._all:
                yield self._subscribe(channel, ())
            elif markets:
                yield self._subscribe(channel, markets)

    def keep(self, instruments: tuple[str, ...]) -> tuple[str, ...]:
        self.update((), self._markets.keys() - set(instruments))
        return tuple(name for name in instruments if name not in self._markets)

    def take_up(self, instruments: tuple[str, ...]) -> tuple[str, ...]:
        return self.update(instruments, ())

    def update(self, add: Iterable[str], remove: Iterable[str]) -> tuple[str, ...]:
        """Take up markets and drop others; the commands for it wait in the queue (`due`).

        Returns the markets that did not fit: `further` makes connections for them.
        """
        if self._all:
            return ()
        for market in remove:
            self._markets.pop(market, None)
        new = [market for market in dict.fromkeys(add) if market not in self._markets]
        room = max(0, _most(self.spec) - len(self._markets))
        self._markets |= dict.fromkeys(new[:room])
        for channel in self.share.channels:
            self._catch_up(channel)
        return tuple(new[room:])

    @property
    def markets(self) -> tuple[str, ...]:
        """The markets of this connection, in the order in which they came."""
        return tuple(self._markets)

    def answered(self, kind: str, payload: bytes, now: float) -> Reply:
        said = answer(payload)
        number = integer(said.get("id"))
        self._waiting.pop(number, None)
        asked = None if number is None else self._asked.pop(number, None)
        about = member(said, "msg")
        if kind == "error" and integer(about.get("code")) != _ALREADY_SUBSCRIBED:
            return self._refused(asked, said, about)
        if asked is not None and asked.command == "subscribe":
            self._subscribed_as(asked.channel, integer(about.get("sid")) or integer(said.get("sid")))
        return Reply(send=tuple(self.due(now)))

    def _forget(self) -> None:
        """What was known of the last connection's subscriptions."""
        self._ids = count(1)
        self._asked: dict[int, _Asked] = {}
        self._sids: dict[str, int] = {}
        self._held: dict[str, set[str]] = {}

    def _subscribed_as(self, channel: str, sid: int | None) -> None:
        if sid is not None:
            self._sids[channel] = sid
            self._catch_up(channel)

    def _catch_up(self, channel: str) -> None:
        """Queue what makes the channel's subscription hold the markets that it should."""
        if channel in _UNLISTED or self._all:
            return
        held, sid = self._held.get(channel), self._sids.get(channel)
        if held is None:
            if self._markets:
                self._commands.append(self._subscribe(channel, tuple(self._markets)))
        elif sid is not None:
            gone = tuple(sorted(held - self._markets.keys()))
            new = tuple(market for market in self._markets if market not in held)
            self._commands.extend(self._change(channel, sid, gone, new))

    def _change(
        self, channel: str, sid: int, gone: tuple[str, ...], new: tuple[str, ...]
    ) -> Iterable[tuple[tuple[Hashable, ...], bytes]]:
        """Removes before it adds: at no time are there more markets than may be."""
        held = self._held[channel]
        if held == set(gone):  # a list with nothing in it could mean every market
            del self._held[channel], self._sids[channel]
            yield self._command(_Asked("unsubscribe", channel, ()), {"sids": [sid]})
            if new:
                yield self._subscribe(channel, new)
            return
        for action, markets in (("delete_markets", gone), ("add_markets", new)):
            if markets:
                asked = _Asked("update_subscription", channel, new if action == "add_markets" else ())
                yield self._command(asked, {"sids": [sid], "market_tickers": markets, "action": action})
        self._held[channel] = set(self._markets)

    def _subscribe(self, channel: str, markets: tuple[str, ...]) -> tuple[tuple[Hashable, ...], bytes]:
        self._held[channel] = set(markets)
        listed = {"market_tickers": markets} if markets else {}
        return self._command(_Asked("subscribe", channel, markets), {"channels": [channel], **listed})

    def _command(self, asked: _Asked, params: dict[str, Any]) -> tuple[tuple[Hashable, ...], bytes]:
        number = next(self._ids)
        self._asked[number] = asked
        return (number,), msgspec.json.encode({"id": number, "cmd": asked.command, "params": params})

    def _refused(self, asked: _Asked | None, said: dict[str, Any], about: dict[str, Any]) -> Reply:
        why = reason(about.get("msg"), about.get("code"))
        if asked is None:
            return Reply(refused=(Refusal(self._channel(said), None, why),))
        if asked.command == "subscribe":
            self._held.pop(asked.channel, None)
        else:
            self._held.get(asked.channel, set()).difference_update(asked.markets)
        return Reply(refused=tuple(Refusal(*about, why) for about in asked.about))

    def _about(self, identity: Any) -> Iterable[About]:
        asked = self._asked.get(identity)  # an answer that came before its command was sent took it away
        return [(None, None)] if asked is None else asked.about

    def _channel(self, said: dict[str, Any]) -> str | None:
        sid = integer(said.get("sid"))
        return next((channel for channel, known in self._sids.items() if known == sid), None)


def shares(spec: CollectorSpec) -> list[Share]:
    """At most 256 markets a connection. Without markets, and with nobody to find some: every market."""
    wanted = spec.subscriptions
    if wanted.discovery is None:
        demand_instruments(spec, [channel for channel in wanted.channels if channel in _LISTED_ONLY])
    return shares_of(wanted.channels, wanted.instruments, _most(spec), apart=_UNLISTED)


def further(spec: CollectorSpec, markets: tuple[str, ...], first: int) -> list[Share]:
    """Connections for markets found later, numbered from `first`."""
    more = shares_of(spec.subscriptions.channels, markets, _most(spec), apart=_UNLISTED, first=first)
    return [share for share in more if share.instruments]


def _most(spec: CollectorSpec) -> int:
    return min(spec.subscriptions.limits.max_symbols_per_connection or MOST_MARKETS, MOST_MARKETS)


def _signer(credentials: Credentials) -> Callable[[int, str], dict[str, str]]:
    """Signs a handshake with the RSA key in `api_secret`, a PEM in PKCS#1 or PKCS#8. It is read once."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    name, pem = _credential(credentials, "api_key"), _credential(credentials, "api_secret")
    if not (name.isascii() and name.isprintable() and " " not in name):
        raise SpecError("kalshi: api_key is no key id: it holds characters that no header may hold")
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise SpecError("kalshi: api_secret is no RSA private key in PEM (PKCS#1 or PKCS#8, without a passphrase)")

    def sign(now_ms: int, path: str) -> dict[str, str]:
        signature = key.sign(f"{now_ms}GET{path}".encode(), PSS(MGF1(SHA256()), 32), SHA256())
        return {
            "KALSHI-ACCESS-KEY": name,
            "KALSHI-ACCESS-TIMESTAMP": str(now_ms),
            "KALSHI-ACCESS-SIGNATURE": b64encode(signature).decode(),
        }

    return sign


def _credential(credentials: Credentials, field: str) -> str:
    secret = credentials.get(field)
    if secret is None:
        raise SpecError(f"kalshi: its key has no field {field}")
    return secret.reveal().strip()


EXCHANGE: Final = Exchange(KalshiSession, shares, further)
