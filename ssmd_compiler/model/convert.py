"""Text -> a value of the type that a field asks for, or why it is none, without repeating what may be a secret."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError
from ssmd_runtime.spec import LEAST_WATCHDOG, MOST_NUMBER

from ssmd_compiler.dates import date_of
from ssmd_compiler.source import Map, Quoted, Seq

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable

__all__ = [
    "MAX_COPIES",
    "MAX_POSITIVE",
    "TIMEZONE_EXPECTED",
    "between",
    "boolean",
    "copies",
    "date",
    "describe",
    "freeform_mapping",
    "integer",
    "matching",
    "number",
    "positive",
    "text",
    "timezone",
    "timezones",
    "watchdog",
    "wrong_form",
    "wrong_type",
]

MAX_POSITIVE = MOST_NUMBER
"""What Kubernetes and most protocols hold in an integer."""

MAX_COPIES = 5
"""What JetStream keeps of a stream at most, each on a server of its own."""


def wrong_type(expected: str, found: Any) -> PydanticCustomError:
    return _type_fault(f"expected {expected}, found {describe(found)}")


def _type_fault(message: str) -> PydanticCustomError:
    return PydanticCustomError("ssmd_type", "{message}", {"message": message})


def wrong_form(message: str, known: Iterable[str] = ()) -> PydanticCustomError:
    return PydanticCustomError("ssmd_form", "{message}", {"message": message, "known": tuple(known)})


def describe(found: Any) -> str:
    """What was found, in a word; never the value itself, which may be a secret."""
    kinds = {Map: "a mapping", Seq: "a list", Quoted: "quoted text", str: "text", type(None): "nothing"}
    return kinds.get(type(found), f"a {type(found).__name__}")


def text(found: Any) -> str:
    if not isinstance(found, str):
        raise wrong_type("text", found)
    if not found:
        raise wrong_form("expected some text, found an empty string")
    return str.__str__(found) if type(found) is str else str(found)


def _plain(expected: str, found: Any) -> str:
    if type(found) is not str:
        raise wrong_type(expected, found)
    return found


def boolean(found: Any) -> bool:
    value = _plain("true or false", found)
    if value not in ("true", "false"):
        raise wrong_type("true or false", found)
    return value == "true"


_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][-+]?[0-9]{1,3})?")
_OF_ANY_LENGTH = re.compile(r"-?(0|[1-9][0-9]*)(?P<more>(\.[0-9]+)?([eE][-+]?[0-9]+)?)")
_SPELLED_OTHERWISE = re.compile(
    r"[-+]?(0[xX][0-9A-Fa-f_]+|0[oObB][0-7_]+|(\.[0-9]|[0-9])[0-9_,]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?)"
)


def integer(found: Any) -> int:
    return _whole(found, "at most 18 digits", "at most 18 digits")


def _whole(found: Any, least: str, most: str) -> int:
    """A whole number; `least` and `most` are what to say of one that has too many digits."""
    value = _plain("a whole number", found)
    match = _OF_ANY_LENGTH.fullmatch(value)
    if match is None or match["more"]:
        raise _no_number("a whole number", "2", value)
    if not _INTEGER.fullmatch(value):
        raise _type_fault(f"expected a whole number of {least if value.startswith('-') else most}")
    return int(value)


def _no_number(expected: str, example: str, found: str) -> PydanticCustomError:
    if _SPELLED_OTHERWISE.fullmatch(found) is None:
        return wrong_type(expected, found)
    return _type_fault(f"expected {expected} such as {example}, found a number in another form")


def positive(found: Any) -> int:
    value = _whole(found, "at least 1", f"at most {MAX_POSITIVE}")
    if value < 1:
        raise wrong_form("expected a whole number of at least 1")
    if value > MAX_POSITIVE:
        raise wrong_form(f"expected a whole number of at most {MAX_POSITIVE}")
    return value


def watchdog(found: Any) -> int:
    value = positive(found)
    if value < LEAST_WATCHDOG:
        raise wrong_form(f"expected a whole number of at least {LEAST_WATCHDOG}")
    return value


def copies(found: Any) -> int:
    value = positive(found)
    if value > MAX_COPIES:
        raise wrong_form(f"expected a whole number from 1 to {MAX_COPIES}")
    return value


def number(found: Any) -> float:
    value = _plain("a number", found)
    if _OF_ANY_LENGTH.fullmatch(value) is None:
        raise _no_number("a number", "0.5", value)
    if not _NUMBER.fullmatch(value):
        raise _type_fault("expected a number of at most 18 digits before its point, 17 behind it and 3 in its exponent")
    if not math.isfinite(float(value)):
        raise wrong_form("expected a number that is not beyond all bounds")
    return float(value)


def between(low: float, high: float, expected: str) -> Callable[[Any], float]:
    def check(found: Any) -> float:
        value = number(found)
        if not low <= value <= high:
            raise wrong_form(f"expected {expected}")
        return value

    return check


def date(found: Any) -> datetime.date:
    date = date_of(text(found))
    if date is None:
        raise wrong_form("expected a date such as 2026-01-31")
    return date


def matching(pattern: str, expected: str) -> Callable[[Any], str]:
    compiled = re.compile(pattern)

    def check(found: Any) -> str:
        value = text(found)
        if not compiled.fullmatch(value):
            raise wrong_form(f"expected {expected}")
        return value

    return check


TIMEZONE_EXPECTED = "an IANA time zone such as UTC or America/New_York"


@lru_cache(maxsize=1)
def timezones() -> frozenset[str]:
    """The names of the `tzdata` package, whatever the machine has: the same tree is right everywhere."""
    from importlib import resources

    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def timezone(found: Any) -> str:
    value = text(found)
    if value != "UTC" and value not in timezones():
        raise wrong_form(f"expected {TIMEZONE_EXPECTED}", sorted(timezones()))
    return value


def _freeform(found: Any) -> Any:
    """A free mapping, for a connector: what is plain and exactly JSON's spelling of a value is that value."""
    if isinstance(found, Map):
        return {key: _freeform(value) for key, value in found.items()}
    if isinstance(found, Seq):
        return [_freeform(value) for value in found]
    if type(found) is str:
        return _json_scalar(found)
    return str(found) if isinstance(found, str) else found


def _json_scalar(value: str) -> Any:
    if value in ("true", "false"):
        return value == "true"
    if _INTEGER.fullmatch(value) and str(int(value)) == value:
        return int(value)
    # 1.10 would lose its zero as a number: it stays text.
    if _NUMBER.fullmatch(value) and repr(float(value)) == value:
        return float(value)
    return value


def freeform_mapping(found: Any) -> dict[str, Any]:
    if not isinstance(found, Map):
        raise wrong_type("a mapping", found)
    return {key: _freeform(value) for key, value in found.items()}
