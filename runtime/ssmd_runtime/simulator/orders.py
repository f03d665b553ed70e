"""What the simulator can be told to do, as words: on its standard input, and as the steps of a script.

An order is a word and its arguments, `@N` at the end for connection N alone. A step is `after N frames: ORDER` or
`after 2s: ORDER`, counted from the step before. What is not understood raises OrderError, with what was meant.
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["GARBAGE", "USAGE", "Order", "OrderError", "Step", "close_code", "order_of", "script_of"]

GARBAGE: Final = ("binary", "json", "utf8", "newline", "huge")
_MOST_FRAMES: Final = 100_000_000
_MOST_SECONDS: Final = 1_000_000.0


class OrderError(ValueError):
    """An order that is none."""


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to do. `connection` None: with all of them."""

    word: str
    arguments: tuple[int | float | str, ...] = ()
    connection: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """An order and when: after so many frames, or so many seconds, since the step before."""

    order: Order
    frames: int | None = None
    seconds: float | None = None


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12 and 0 < int(text) <= _MOST_FRAMES):
        raise OrderError(f"`{text}` is no count: a whole number from 1 to {_MOST_FRAMES}")
    return int(text)


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= _MOST_SECONDS:
        raise OrderError(f"`{text}` is no number from 0 to {_MOST_SECONDS:.0f}")
    return number


def close_code(code: int) -> int:
    """The code, if it may stand in a close frame (RFC 6455, section 7.4)."""
    if 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999:
        return code
    raise OrderError(f"{code} is no code of a close frame: 1000 to 1003, 1007 to 1014, 3000 to 4999")


def _code(text: str) -> int:
    return close_code(_count(text))


def _one_of(*words: str) -> Callable[[str], str]:
    def chosen(text: str) -> str:
        if text not in words:
            raise OrderError(f"`{text}` is none of {', '.join(words)}{_meant(text, words)}")
        return text

    return chosen


def _meant(text: str, words: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(text, words, 1)
    return f"; did you mean `{near[0]}`?" if near else ""


@dataclass(frozen=True, slots=True)
class _Form:
    usage: str
    arguments: tuple[Callable[[str], int | float | str], ...] = ()
    required: int = 0


_FORMS: Final[Mapping[str, _Form]] = {
    "cut": _Form("cut [mid-frame]", (_one_of("mid-frame"),)),
    "close": _Form("close [CODE]", (_code,)),
    "stall": _Form("stall SECONDS", (_positive,), 1),
    "mute": _Form("mute [SECONDS]", (_positive,)),
    "unmute": _Form("unmute"),
    "half-open": _Form("half-open"),
    "repeat": _Form("repeat N", (_count,), 1),
    "skip": _Form("skip N", (_count,), 1),
    "garbage": _Form(f"garbage [{'|'.join(GARBAGE)}]", (_one_of(*GARBAGE),)),
    "fragment": _Form("fragment"),
    "flood": _Form("flood N [RATE]", (_count, _positive), 1),
    "rate": _Form("rate FRAMES_A_SECOND", (_positive,), 1),
    "refuse": _Form("refuse [N]", (_count,)),
    "unauthorized": _Form("unauthorized [N]", (_count,)),
    "accept": _Form("accept"),
    "slow": _Form("slow [SECONDS]", (_positive,)),
    "bomb": _Form("bomb"),
    "shutdown": _Form("shutdown"),
    "status": _Form("status"),
}
USAGE: Final = tuple(form.usage for form in _FORMS.values())
_SELECTS: Final = frozenset(_FORMS) - {"flood", "rate", "refuse", "unauthorized", "accept", "skip", "status"}


def order_of(line: str) -> Order:
    """The order that a line gives."""
    word, *rest = line.split() or [""]
    form = _FORMS.get(word)
    if form is None:
        raise OrderError(f"unknown order `{word}`{_meant(word, tuple(_FORMS))}")
    connection = _count(rest.pop()[1:]) if rest and rest[-1].startswith("@") else None
    if connection is not None and word not in _SELECTS:
        raise OrderError(f"`{word}` takes no connection")
    if not form.required <= len(rest) <= len(form.arguments):
        raise OrderError(f"this is written `{form.usage}`")
    return Order(word, tuple(read(text) for read, text in zip(form.arguments, rest, strict=False)), connection)


_STEP: Final = re.compile(r"after\s+(?:(?P<frames>\d+)\s+frames?|(?P<seconds>[0-9.]+)\s*s)\s*:\s*(?P<order>.+)")


def script_of(text: str) -> list[Step]:
    """The steps of a script, one a line; `#` starts a comment."""
    steps = []
    for number, line in enumerate(text.splitlines(), 1):
        said = line.partition("#")[0].strip()
        if not said:
            continue
        try:
            steps.append(_step(said))
        except OrderError as error:
            raise OrderError(f"line {number}: {error}") from None
    return steps


def _step(said: str) -> Step:
    match = _STEP.fullmatch(said)
    if match is None:
        raise OrderError("a step is written `after N frames: ORDER` or `after 2s: ORDER`")
    order = order_of(match["order"])
    if match["frames"]:
        return Step(order, frames=_count(match["frames"]))
    return Step(order, seconds=_positive(match["seconds"]))
