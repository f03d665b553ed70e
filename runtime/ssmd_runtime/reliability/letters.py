"""A dead letter: a message that was given up after all retries, with what is needed to look at it and to try it again.

One JSON line each. A payload that is UTF-8 stands as text, any other in base64 (`encoding` says which). That a letter
was replayed is a line of its own, `{"replayed": ID, "ts": ...}`: nothing that was written is changed.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import secrets
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

__all__ = ["MOST_BYTES", "Contents", "Damage", "Letter", "Replayed", "encode", "letter", "moment", "read"]

MOST_BYTES: Final = 64 << 20
"""Bytes of one dead-letter file, and so of one line."""
_MOST_ERROR: Final = 1_000


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """One message. Times are RFC 3339 in UTC; `ts` is when it was given up."""

    id: str
    ts: str
    component: str
    subject: str
    payload: str
    encoding: Literal["text", "base64"]
    error: str
    attempts: int
    first_attempt: str
    last_attempt: str

    @property
    def content(self) -> bytes:
        """The message's bytes, as they were."""
        return base64.b64decode(self.payload) if self.encoding == "base64" else self.payload.encode()

    @property
    def given_up(self) -> datetime.datetime:
        return datetime.datetime.fromisoformat(self.ts)


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """The letter `replayed` was handed on at `ts`."""

    replayed: str
    ts: str


@dataclass(frozen=True, slots=True)
class Damage:
    """A line that is no record: its number, from 1, and why. `torn`: the last line, cut short by a crash."""

    line: int
    why: str
    torn: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in a dead-letter file: the letters in order, which were replayed when, and what cannot be read."""

    letters: tuple[Letter, ...] = ()
    replayed: dict[str, str] | None = None
    damage: tuple[Damage, ...] = ()

    def when_replayed(self, letter: Letter) -> str | None:
        return (self.replayed or {}).get(letter.id)


def letter(  # noqa: PLR0913 -- one parameter a field
    component: str,
    subject: str,
    payload: bytes,
    error: str,
    *,
    attempts: int,
    first_attempt_ns: int,
    last_attempt_ns: int,
    now_ns: int,
    identity: str | None = None,
) -> Letter:
    """A letter of a message given up at Unix time `now_ns` (nanoseconds). `error` is kept on one line, and short."""
    try:
        text, encoding = payload.decode(), "text"
    except UnicodeDecodeError:
        text, encoding = base64.b64encode(payload).decode("ascii"), "base64"
    return Letter(
        id=identity or secrets.token_hex(8),
        ts=moment(now_ns),
        component=component,
        subject=subject,
        payload=text,
        encoding="text" if encoding == "text" else "base64",
        error=" ".join(error.split())[:_MOST_ERROR],
        attempts=attempts,
        first_attempt=moment(first_attempt_ns),
        last_attempt=moment(last_attempt_ns),
    )


def moment(now_ns: int) -> str:
    """`2026-11-21T10:30:00.123456Z` of a Unix time in nanoseconds."""
    second, rest = divmod(now_ns, 1_000_000_000)
    return f"{datetime.datetime.fromtimestamp(second, datetime.UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"


def encode(record: Letter | Replayed) -> bytes:
    """The record's line, line break included."""
    return msgspec.json.encode(record) + b"\n"


def read(line: bytes) -> Letter | Replayed:
    """The record in a line. Raises `ValueError`, in a few words, for what is none."""
    try:
        try:
            found = msgspec.json.decode(line, type=Letter)
        except msgspec.ValidationError:
            return msgspec.json.decode(line, type=Replayed)
        if found.given_up.tzinfo is None:
            raise ValueError("its time has no time zone")
        if found.encoding == "base64":
            base64.b64decode(found.payload, validate=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ValueError("it is no dead letter") from None
    except binascii.Error:
        raise ValueError("its payload is not base64") from None
    return found
