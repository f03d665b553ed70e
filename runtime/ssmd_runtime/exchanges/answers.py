"""What a server answered, read without trusting any of it.

Answers are small and rare, so they are read whole; what is too long, too deep, or no object reads as an empty one. Text
that goes into records and logs is short and printable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from ssmd_runtime.printable import LONGEST_REASON, printable
from ssmd_runtime.spec import SpecError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ssmd_runtime.spec import CollectorSpec

__all__ = ["already_subscribed", "answer", "demand_instruments", "integer", "member", "reason", "text"]

LONGEST_ANSWER: Final = 1 << 20


def answer(payload: bytes) -> dict[str, Any]:
    """The object that the frame holds; empty for anything else. Never raises."""
    if len(payload) > LONGEST_ANSWER:
        return {}
    try:
        said = msgspec.json.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def member(said: dict[str, Any], name: str) -> dict[str, Any]:
    """The object in a member; empty for anything else."""
    value = said.get(name)
    return value if isinstance(value, dict) else {}


def integer(value: object) -> int | None:
    """The value where it is an integer; JSON's true is none."""
    return value if type(value) is int else None


def text(value: object) -> str | None:
    """The value where it is text."""
    return value if isinstance(value, str) else None


def reason(said: object, code: object = None) -> str:
    """Why something was refused, in the server's words and with its number, as far as it gave any."""
    words = text(said) or "refused without a reason"
    number = integer(code)
    if number is None or abs(number) > 10**9:
        return printable(words)
    ending = f" (code {number})"
    return printable(words, LONGEST_REASON - len(ending)) + ending


def already_subscribed(said: object) -> bool:
    """Whether a refusal says that we have what we asked for."""
    return (text(said) or "")[:18].casefold() == "already subscribed"


def demand_instruments(spec: CollectorSpec, channels: Sequence[str]) -> None:
    """Raises `SpecError` if the spec names no instruments while these channels take some."""
    if channels and not spec.subscriptions.instruments:
        raise SpecError(
            f"{spec.feed.exchange}: channel {printable(channels[0], 60)} takes instruments, and this spec names none"
            " (only kalshi finds its own)"
        )
