"""What a REST poller asks, and when: targets, cursors, the rate, the pauses. No sockets, no clock.

A spec's `parser_config` says it: `paths` (`{instrument}` stands for each instrument, quoted), `poll_interval_seconds`,
and `cursor {parameter, field}`: the value at `field` of an answer goes into that target's next request. Refused in one
line (`SpecError`): a path that could name another host, an endpoint with more than a path, no instrument for a path.
"""

from __future__ import annotations

import datetime
import email.utils
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import msgspec

from ssmd_runtime.spec import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ssmd_runtime.spec import CollectorSpec

__all__ = ["Cursor", "Pace", "Plan", "Polls", "Target", "cursor_in", "one_line", "plan", "retry_after"]

INTERVAL_SECONDS: Final = 10.0
MOST_PAUSE_SECONDS: Final = 3_600.0
_MOST_CURSOR: Final = 1_000
_INSTRUMENT: Final = "{instrument}"


@dataclass(frozen=True, slots=True)
class Target:
    """One address that is polled: its path as the spec spells it, the instrument in it, the URL short of a cursor."""

    path: str
    instrument: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """A request's `parameter` is what the answer before it has at `field`, a dotted path."""

    parameter: str
    field: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is polled, and how often each."""

    targets: tuple[Target, ...]
    interval_seconds: float
    cursor: Cursor | None


def plan(spec: CollectorSpec) -> Plan:
    """What a spec says. Raises `SpecError`."""
    config = spec.parser_config
    paths = config.get("paths")
    if not isinstance(paths, list) or not paths or not all(isinstance(path, str) for path in paths):
        raise SpecError("parser_config: `paths` must be a list of paths, such as /markets/{instrument}/trades")
    endpoint = _endpoint(spec.endpoint)
    targets = [target for path in paths for target in _targets(endpoint, path, spec.subscriptions.instruments)]
    return Plan(tuple(dict.fromkeys(targets)), _interval(config), _cursor(config.get("cursor")))


def _endpoint(url: str) -> str:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or "?" in url or "#" in url or "@" in urlsplit(url).netloc:
        raise SpecError("endpoint: a REST feed needs an http or https URL without user, query and fragment")
    return url.rstrip("/")


def _targets(endpoint: str, path: str, instruments: Sequence[str]) -> list[Target]:
    if not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path or "#" in path:
        raise SpecError("parser_config: each of `paths` must start with / and hold neither spaces nor #")
    if any(segment in (".", "..") for segment in path.partition("?")[0].split("/")):
        raise SpecError("parser_config: `paths` may not hold the segments . and ..")
    if _INSTRUMENT not in path:
        return [Target(path, None, endpoint + path)]
    if not instruments:
        raise SpecError(f"parser_config: a path holds {_INSTRUMENT}, and the spec has no instruments")
    return [Target(path, one, endpoint + path.replace(_INSTRUMENT, _quoted(one))) for one in instruments]


def _quoted(instrument: str) -> str:
    """As one segment, or a part of one. Dots alone would be a way upwards, however they are quoted."""
    if set(instrument) <= {"."}:
        raise SpecError(f"parser_config: {_INSTRUMENT} cannot stand for an instrument that is empty or dots alone")
    return quote(instrument, safe="")


def _interval(config: dict[str, Any]) -> float:
    seconds = config.get("poll_interval_seconds", INTERVAL_SECONDS)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= 86_400:
        raise SpecError("parser_config: `poll_interval_seconds` must be a number above 0, a day at most")
    return float(seconds)


def _cursor(said: Any) -> Cursor | None:
    if said is None:
        return None
    parts = (said.get("parameter"), said.get("field")) if isinstance(said, dict) else (None, None)
    if not all(isinstance(part, str) and part for part in parts):
        raise SpecError("parser_config: `cursor` must be {parameter: NAME, field: PATH}")
    return Cursor(str(parts[0]), tuple(str(parts[1]).split(".")))


def cursor_in(body: bytes, cursor: Cursor) -> str | None:
    """The cursor in an answer: text or a number; None where there is none. Never raises."""
    try:
        found: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    for name in cursor.field:
        found = found.get(name) if isinstance(found, dict) else None
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        return None
    text = str(found)
    return text if 0 < len(text) <= _MOST_CURSOR else None


def one_line(body: bytes) -> bytes:
    """A body that is JSON, on one line: a line break in valid JSON stands between values. Any other is left alone."""
    if b"\n" not in body and b"\r" not in body:
        return body
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return body
    return body.translate(_SPACES)


_SPACES: Final = bytes.maketrans(b"\r\n", b"  ")


def retry_after(header: str | None, now: datetime.datetime) -> float:
    """The seconds that a Retry-After asks for, as a number or a date; 0 where it is neither; an hour at most."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MOST_PAUSE_SECONDS)
    try:
        until = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return 0.0
    if until.tzinfo is None:
        until = until.replace(tzinfo=datetime.UTC)
    return min(max(0.0, (until - now).total_seconds()), MOST_PAUSE_SECONDS)


class Pace:
    """At most `rate` requests in any second, evenly spaced: no burst, however long nothing was sent."""

    def __init__(self, rate: int | None) -> None:
        self._between = 1.0 / rate if rate else 0.0
        self._next = float("-inf")

    def take(self, now: float) -> float:
        """The moment at which the next request may go; it is taken."""
        moment = max(now, self._next)
        self._next = moment + self._between
        return moment

    def pause(self, until: float) -> None:
        """Nothing goes before this moment."""
        self._next = max(self._next, until)


class Polls:
    """Whose turn it is: each target once every interval; turns that passed while others took long are left out."""

    def __init__(self, plan: Plan, now: float) -> None:
        self.plan = plan
        self._due = dict.fromkeys(plan.targets, now)
        self._cursors: dict[Target, str] = {}

    def next(self) -> tuple[Target, float]:
        """The target that is due first, and when."""
        return min(self._due.items(), key=lambda item: item[1])

    def url(self, target: Target) -> str:
        """What to ask now."""
        cursor, value = self.plan.cursor, self._cursors.get(target)
        if cursor is None or value is None:
            return target.url
        mark = "&" if "?" in target.url else "?"
        return f"{target.url}{mark}{quote(cursor.parameter, safe='')}={quote(value, safe='')}"

    def ended(self, target: Target, now: float) -> int:
        """The target had its turn; how many turns passed meanwhile."""
        interval = self.plan.interval_seconds
        missed = max(0, int((now - self._due[target]) // interval))
        self._due[target] += interval * (1 + missed)
        return missed

    def answered(self, target: Target, body: bytes) -> None:
        """An answer was written down: the next request goes on from it, or starts anew where it has no cursor."""
        if self.plan.cursor is None:
            return
        found = cursor_in(body, self.plan.cursor)
        if found is None:
            self._cursors.pop(target, None)
        else:
            self._cursors[target] = found
