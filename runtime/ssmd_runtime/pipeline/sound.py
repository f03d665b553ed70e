"""What a spec and the options can say wrongly, whatever the exchange: all of it at once, one line each.

The compiler lets nothing of this through; a spec written by hand, or by another version, may hold it. No line shows the
endpoint, which may hold a secret, and none shows anything that could steer a terminal.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Final, get_args
from urllib.parse import urlsplit

from ssmd_runtime.printable import printable
from ssmd_runtime.spec import (
    LEAST_BUFFER,
    LEAST_PING,
    LEAST_ROTATION,
    LEAST_WATCHDOG,
    MOST_NUMBER,
    SequenceScope,
    TimestampFormat,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ssmd_runtime.spec import CollectorSpec

__all__ = ["NO_CHANNELS", "unsound"]

NO_CHANNELS: Final = "subscriptions: there are no channels, so nothing would ever be sent"

_MOST_PORT: Final = 65_535
_MOST_BYTES: Final = 2**63 - 1
_SCHEMES: Final = {"websocket": ("ws", "wss"), "rest": ("http", "https")}


def unsound(
    spec: CollectorSpec, *, endpoint: str | None = None, http_host: str | None = None, http_port: int | None = None
) -> Iterator[str]:
    """A line for each thing to mend, in the spec and in the options that are not None."""
    for find in _CHECKS:
        yield from find(spec)
    if endpoint is not None:
        yield from _url("--endpoint", endpoint, spec.feed.type)
    if http_host is not None and not _is_host(http_host):
        yield f"--http-host is no name or address of a host: {_shown(http_host)}"
    if http_port is not None:
        yield from _number("--http-port", http_port, 0, _MOST_PORT)


def _endpoint(spec: CollectorSpec) -> Iterator[str]:
    yield from _url("endpoint", spec.endpoint, spec.feed.type)


def _subscriptions(spec: CollectorSpec) -> Iterator[str]:
    wanted = spec.subscriptions
    if spec.feed.type == "websocket" and not wanted.channels:
        yield NO_CHANNELS
    yield from _names("subscriptions.channels", wanted.channels)
    yield from _names("subscriptions.instruments", wanted.instruments)
    for name in ("max_symbols_per_connection", "rate_limit_per_second"):
        limit = getattr(wanted.limits, name)
        if limit is not None:
            yield from _number(f"subscriptions.limits.{name}", limit, 1)


def _message_types(spec: CollectorSpec) -> Iterator[str]:
    for kind, message in spec.message_types.items():
        where = f"message type {printable(kind, 60)}"
        yield from _one_of(f"{where}: timestamp_format", message.timestamp_format, get_args(TimestampFormat))
        if message.sequence_scope is not None:
            yield from _one_of(f"{where}: sequence_scope", message.sequence_scope, get_args(SequenceScope))


def _storage(spec: CollectorSpec) -> Iterator[str]:
    storage = spec.storage
    if not storage.path:
        yield "storage.path is empty"
    elif _steers(storage.path):
        yield "storage.path holds control characters"
    stem = storage.file_stem
    if not stem or "/" in stem or stem.startswith(".") or _steers(stem):
        yield (
            f"storage.file_stem {_shown(stem)} begins no file name:"
            " it is empty, starts with a dot, or holds a slash or control characters"
        )
    yield from _number("storage.sync_interval_ms", storage.sync_interval_ms, 1)


def _liveness(spec: CollectorSpec) -> Iterator[str]:
    clocks = spec.liveness
    wrong = [
        *_number("liveness.ping_seconds", clocks.ping_seconds, LEAST_PING),
        *_number("liveness.stale_seconds", clocks.stale_seconds, 1),
    ]
    yield from wrong
    if not wrong and clocks.ping_seconds >= clocks.stale_seconds:
        yield (
            f"liveness: ping_seconds ({clocks.ping_seconds}) must be less than stale_seconds ({clocks.stale_seconds}),"
            " or a quiet line is cut before it was asked"
        )
    yield from _number("liveness.watchdog_seconds", clocks.watchdog_seconds, LEAST_WATCHDOG)


def _parser_config(spec: CollectorSpec) -> Iterator[str]:
    name, said = "parser_config.ping_interval_seconds", spec.parser_config.get("ping_interval_seconds")
    if said is None:
        return
    if isinstance(said, bool) or not isinstance(said, int | float):
        yield f"{name} is no number of seconds: {_shown(str(said))}"
    else:
        yield from _number(name, said, LEAST_PING)


def _retry(spec: CollectorSpec) -> Iterator[str]:
    retry = spec.retry
    yield from _number("retry.max_attempts", retry.max_attempts, 1)
    yield from _number("retry.initial_delay_ms", retry.initial_delay_ms, 0)
    yield from _number("retry.max_delay_ms", retry.max_delay_ms, 0)
    if not 1 <= retry.multiplier < float("inf"):
        yield f"retry.multiplier is {retry.multiplier}: at least 1 is needed"
    if not 0 <= retry.jitter <= 1:
        yield f"retry.jitter is {retry.jitter}: it must be from 0 to 1"


def _circuit_breaker(spec: CollectorSpec) -> Iterator[str]:
    breaker = spec.circuit_breaker
    yield from _number("circuit_breaker.failure_threshold", breaker.failure_threshold, 1)
    yield from _number("circuit_breaker.success_threshold", breaker.success_threshold, 1)
    yield from _number("circuit_breaker.timeout_seconds", breaker.timeout_seconds, 1)


def _sizes(spec: CollectorSpec) -> Iterator[str]:
    yield from _number("buffer.max_bytes", spec.buffer.max_bytes, LEAST_BUFFER, _MOST_BYTES)
    yield from _number("rotation.max_bytes", spec.rotation.max_bytes, LEAST_ROTATION, _MOST_BYTES)


def _http(spec: CollectorSpec) -> Iterator[str]:
    yield from _number("http.port", spec.http.port, 0, _MOST_PORT)


_CHECKS: Final[tuple[Callable[[CollectorSpec], Iterator[str]], ...]] = (
    _endpoint,
    _subscriptions,
    _message_types,
    _storage,
    _liveness,
    _parser_config,
    _retry,
    _circuit_breaker,
    _sizes,
    _http,
)


def _number(name: str, value: float, least: int, most: int = MOST_NUMBER) -> Iterator[str]:
    if value < least:
        yield f"{name} is {value}: at least {least} is needed"
    elif value > most:
        yield f"{name} is {value}: at most {most} is possible"


def _one_of(name: str, value: str, known: tuple[str, ...]) -> Iterator[str]:
    if value not in known:
        yield f"{name} is {_shown(value)}, and this runtime knows {', '.join(known)}"


def _names(name: str, values: tuple[str, ...]) -> Iterator[str]:
    if "" in values:
        yield f"{name}: one of them is empty"
    for value, times in Counter(values).items():
        if value and times > 1:
            yield f"{name}: {_shown(value)} is there more than once"


def _url(name: str, value: str, kind: str) -> Iterator[str]:
    schemes = _SCHEMES.get(kind)
    if schemes is None:
        return  # no such feed is received, which is told by itself
    if not _is_url(value, schemes):
        expected = " or ".join(f"{scheme}://" for scheme in schemes)
        yield f"{name} is no {expected} URL with a host, a port from 1 to 65535 where it says one, and no spaces"


def _is_url(value: str, schemes: tuple[str, ...]) -> bool:
    if _steers(value) or any(map(str.isspace, value)):  # urlsplit takes line breaks out, and would see another text
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        return False


@lru_cache(maxsize=256)
def _is_host(value: str) -> bool:
    try:
        return bool(value.encode("idna")) and not _steers(value)
    except UnicodeError:
        return False


def _shown(value: str) -> str:
    return f"'{printable(value, 60)}'"


def _steers(value: str) -> bool:
    """Whether there are control characters, line breaks, or halves of characters."""
    return not value.isprintable() and any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in value)
