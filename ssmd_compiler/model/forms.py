"""What an editor's JSON Schema says of a scalar, beside what `scalars` says of it to us.

YAML types a plain scalar before an editor looks at it: `version: 1.10` is text to us and a number there. So where text
is asked for, numbers and booleans pass there too, within the bounds that their digits could meet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["DAY", "PORT", "Form", "at_least", "number", "size", "text", "text_or_number"]

DAY: Final = (
    r"(?!0000)[0-9]{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
    r"|(?!0000)(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29"
)
"""Every day that there is, leap days among them."""

PORT: Final = r"0*(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
"""A port from 1 to 65535."""


def at_least(least: int, digits: int) -> str:
    """A pattern of the whole numbers from `least` on, written with at most so many digits, and no zero before them.

    >>> at_least(42, 5)
    '(?:42|4[3-9]|[5-9][0-9]|[1-9][0-9]{2,4})'
    """
    said = str(least)
    larger = [
        f"{said[:at]}[{int(digit) + 1}-9]" + "[0-9]" * (len(said) - at - 1)
        for at, digit in enumerate(said)
        if digit != "9"
    ]
    return f"(?:{'|'.join([said, *reversed(larger), f'[1-9][0-9]{{{len(said)},{digits - 1}}}'])})"


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """The JSON Schema of one scalar type, under the name that fields refer to it by."""

    name: str
    said: Mapping[str, Any]
    words: Callable[[], Iterable[str]] | None = None
    """All that it can be; they are asked for only when a schema is written."""

    def schema(self) -> dict[str, Any]:
        return {**self.said, "enum": sorted(self.words())} if self.words is not None else dict(self.said)


def text(name: str, pattern: str = "", expected: str = "", *, examples: Iterable[str] = ()) -> Form:
    """A text whose plain form YAML always reads as text; it matches `pattern` as a whole."""
    return Form(name, {"type": "string", **_matching(pattern, expected), **_examples(examples)})


def text_or_number(
    name: str,
    pattern: str = "",
    expected: str = "",
    *,
    examples: Iterable[str] = (),
    kind: str = "number",
    **bounds: Any,
) -> Form:
    """A text whose plain form YAML may read as a number within `bounds`, or as a boolean if that matches too.

    What may come is asked for in an `if`: an editor that read it in `type` would offer `true` and `false` to fill in.
    """
    plain = ["string", kind, *(["boolean"] if not pattern or re.fullmatch(pattern, "true") else [])]
    asked = {"if": {"type": plain}, "else": {"type": "string"}}
    return Form(name, {**asked, **_matching(pattern, expected), **bounds, **_examples(examples)})


def size(name: str, pattern: str, expected: str, *, least: int, examples: Iterable[str]) -> Form:
    """Bytes with a unit, of at least so many: without one it is a whole number to YAML."""
    most = 10**15 - 1
    return text_or_number(name, pattern, expected, examples=examples, kind="integer", minimum=least, maximum=most)


def number(name: str, kind: str, *, examples: Iterable[float] = (), **bounds: Any) -> Form:
    """A number within `bounds`; a whole one with the kind `integer`."""
    return Form(name, {"type": kind, **bounds, **_examples(examples)})


def _matching(pattern: str, expected: str) -> dict[str, Any]:
    if not pattern:
        return {"minLength": 1}
    return {"pattern": f"^(?:{pattern})$", "patternErrorMessage": f"expected {expected}"}


def _examples(examples: Iterable[Any]) -> dict[str, Any]:
    return {"examples": list(examples)} if examples else {}
