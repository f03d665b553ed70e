"""Kalshi outside of its WebSocket: the signature of a handshake, and the list of events with their markets.

Source: Kalshi API documentation, "API Keys" and "Get Events".
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from ssmd_runtime.simulator.market import iso
from ssmd_runtime.simulator.venue import Page, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Handshakes", "events_page"]

_LATE_MS: Final = 30_000
_SALT: Final = 32
_MOST: Final = 200
_HOUR: Final = 3_600_000_000_000
_CATEGORIES: Final = {
    "KXBTC": "Crypto",
    "KXETH": "Crypto",
    "KXNFL": "Sports",
    "KXNBA": "Sports",
    "KXMLB": "Sports",
    "KXHIGH": "Climate and Weather",
    "KXFED": "Economics",
}
_OTHERS: Final = ("Economics", "Politics", "Crypto", "Sports")
_CLOSES_IN: Final = (1, 6, 24, 72, 24 * 30)  # hours, by the event's place in the list


class Handshakes:
    """Checks signatures with one public key (PEM). Raises ValueError for what is no RSA public key."""

    def __init__(self, pem: bytes) -> None:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        try:
            key = load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("not a public key in PEM") from None
        if not isinstance(key, RSAPublicKey):
            raise ValueError("not an RSA public key")  # noqa: TRY004  the value is wrong, not the caller's type
        self._key = key

    def refuses(self, path: str, headers: Mapping[str, str], now_ms: int) -> str | None:
        """Why a GET of `path` at Unix time `now_ms` is not signed as it must be; None: it is."""
        stamp, signature = headers.get("KALSHI-ACCESS-TIMESTAMP", ""), headers.get("KALSHI-ACCESS-SIGNATURE", "")
        if not headers.get("KALSHI-ACCESS-KEY") or not stamp or not signature:
            return "missing authentication headers"
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16) or abs(int(stamp) - now_ms) > _LATE_MS:
            return "timestamp out of range"
        return None if self._signed(f"{stamp}GET{path}".encode(), signature) else "incorrect signature"

    def _signed(self, message: bytes, signature: str) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        try:
            raw = base64.b64decode(signature, validate=True)
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), _SALT)
            self._key.verify(raw, message, pss, hashes.SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


def events_page(query: str, tickers: Sequence[str], start_ns: int, now_ns: int) -> Page:
    """One page of events, in the order of their first markets."""
    asked = {name: values[-1] for name, values in parse_qs(query, keep_blank_values=True).items()}
    limit, offset = _limit(asked.get("limit", "100")), _offset(asked.get("cursor", ""))
    if limit is None or offset is None:
        what = "limit" if limit is None else "cursor"
        return Page(400, quoted({"error": {"code": "invalid_parameter", "message": f"invalid {what}"}}))
    nested = asked.get("with_nested_markets") == "true"
    events = [event for event in _events(tickers, start_ns, now_ns) if _fits(event, asked)]
    page = [event if nested else _bare(event) for event in events[offset : offset + limit]]
    end = offset + limit
    cursor = base64.urlsafe_b64encode(f"after {end}".encode()).decode() if end < len(events) else ""
    return Page(200, quoted({"events": page, "cursor": cursor}))


def _limit(text: str) -> int | None:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    return min(number, _MOST) or None


def _offset(cursor: str) -> int | None:
    if not cursor:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(cursor).decode().partition(" ")
        return int(number) if word == "after" else None
    except (ValueError, binascii.Error):
        return None


def _bare(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "markets"}


def _fits(event: dict[str, Any], asked: Mapping[str, str]) -> bool:
    series, status = asked.get("series_ticker"), asked.get("status")
    if series and event["series_ticker"] != series:
        return False
    is_open = any(market["status"] == "active" for market in event["markets"])
    return not status or is_open == ("open" in status.split(","))


def _events(tickers: Sequence[str], start_ns: int, now_ns: int) -> list[dict[str, Any]]:
    grouped: dict[str, list[str]] = {}
    for ticker in tickers:
        grouped.setdefault(ticker.rpartition("-")[0] or ticker, []).append(ticker)
    return [_event(place, name, markets, start_ns, now_ns) for place, (name, markets) in enumerate(grouped.items())]


def _event(place: int, name: str, markets: list[str], start_ns: int, now_ns: int) -> dict[str, Any]:
    close = start_ns + _CLOSES_IN[place % len(_CLOSES_IN)] * _HOUR
    known = [category for prefix, category in _CATEGORIES.items() if name.startswith(prefix)]
    return {
        "event_ticker": name,
        "series_ticker": name.partition("-")[0],
        "title": name,
        "sub_title": "",
        "collateral_return_type": "MECNET",
        "mutually_exclusive": True,
        "category": known[0] if known else _OTHERS[place % len(_OTHERS)],
        "markets": [_market(name, ticker, close, now_ns) for ticker in markets],
    }


def _market(event: str, ticker: str, close_ns: int, now_ns: int) -> dict[str, Any]:
    return {
        "ticker": ticker,
        "event_ticker": event,
        "market_type": "binary",
        "title": ticker,
        "yes_sub_title": ticker.rpartition("-")[2],
        "open_time": iso(close_ns - 24 * 60 * _HOUR)[:19] + "Z",
        "close_time": iso(close_ns)[:19] + "Z",
        "expiration_time": iso(close_ns + 24 * _HOUR)[:19] + "Z",
        "status": "active" if close_ns > now_ns else "closed",
        "yes_bid_dollars": "0.4900",
        "yes_ask_dollars": "0.5100",
        "last_price_dollars": "0.5000",
        "volume_fp": "1204.00",
        "open_interest_fp": "977.00",
    }
