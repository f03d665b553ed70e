"""The scalar types a field can ask for. Until one asks, everything is text.

So `version: 1.10` stays "1.10", `country: no` stays "no", `010` is never 8 and `12:30:45` is never 45045. Text in
quotes is text: it is refused where a number or a boolean belongs, so that an editor's JSON Schema and this model agree.
"""

from __future__ import annotations

import datetime
import math
import re
import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError
from ssmd_runtime.spec import LEAST_BUFFER, LEAST_ROTATION, LEAST_WATCHDOG, MOST_NUMBER

from ssmd_compiler.dates import date_of
from ssmd_compiler.model import forms
from ssmd_compiler.source import Map, Quoted, Seq

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "ENVIRONMENT_NAME",
    "NAME",
    "SCHEMA_NAME",
    "Boolean",
    "BufferSize",
    "Copies",
    "Cpu",
    "Date",
    "Duration",
    "Fraction",
    "FramePath",
    "Freeform",
    "Identifier",
    "ImageName",
    "Integer",
    "KeySource",
    "KeyUse",
    "Multiplier",
    "Name",
    "Number",
    "Positive",
    "RotationSize",
    "SchemaUse",
    "Sha256",
    "Size",
    "Subdomain",
    "Text",
    "TimeOfDay",
    "Timezone",
    "Url",
    "WatchdogSeconds",
    "bytes_of",
    "cores_of",
    "describe",
]


MAX_POSITIVE = MOST_NUMBER
"""What Kubernetes and most protocols hold in an integer."""

MAX_COPIES = 5
"""What JetStream keeps of a stream at most, each on a server of its own."""


def wrong_type(expected: str, found: Any) -> PydanticCustomError:
    return PydanticCustomError("ssmd_type", "{message}", {"message": f"expected {expected}, found {describe(found)}"})


def wrong_form(message: str, known: Iterable[str] = ()) -> PydanticCustomError:
    return PydanticCustomError("ssmd_form", "{message}", {"message": message, "known": tuple(known)})


def describe(found: Any) -> str:
    """What was found, in a word; never the value itself, which may be a secret."""
    kinds = {Map: "a mapping", Seq: "a list", Quoted: "quoted text", str: "text", type(None): "nothing"}
    return kinds.get(type(found), f"a {type(found).__name__}")


def _text(found: Any) -> str:
    if not isinstance(found, str):
        raise wrong_type("text", found)
    if not found:
        raise wrong_form("expected some text, found an empty string")
    return str.__str__(found) if type(found) is str else str(found)


def _plain(expected: str, found: Any) -> str:
    if type(found) is not str:
        raise wrong_type(expected, found)
    return found


def _boolean(found: Any) -> bool:
    value = _plain("true or false", found)
    if value not in ("true", "false"):
        raise wrong_type("true or false", found)
    return value == "true"


_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][-+]?[0-9]{1,3})?")


def _integer(found: Any) -> int:
    value = _plain("a whole number", found)
    if not _INTEGER.fullmatch(value):
        raise wrong_type("a whole number", found)
    return int(value)


def _positive(found: Any) -> int:
    value = _integer(found)
    if value < 1:
        raise wrong_form("expected a whole number of at least 1")
    if value > MAX_POSITIVE:
        raise wrong_form(f"expected a whole number of at most {MAX_POSITIVE}")
    return value


def _watchdog(found: Any) -> int:
    value = _positive(found)
    if value < LEAST_WATCHDOG:
        raise wrong_form(f"expected a whole number of at least {LEAST_WATCHDOG}")
    return value


def _copies(found: Any) -> int:
    value = _positive(found)
    if value > MAX_COPIES:
        raise wrong_form(f"expected a whole number from 1 to {MAX_COPIES}")
    return value


def _number(found: Any) -> float:
    value = _plain("a number", found)
    if not _NUMBER.fullmatch(value):
        raise wrong_type("a number", found)
    if not math.isfinite(float(value)):
        raise wrong_form("expected a number that is not beyond all bounds")
    return float(value)


def _between(low: float, high: float, expected: str) -> Callable[[Any], float]:
    def check(found: Any) -> float:
        value = _number(found)
        if not low <= value <= high:
            raise wrong_form(f"expected {expected}")
        return value

    return check


def _url(found: Any) -> str:
    value = _URL_FORM(found)
    if not _URL.fullmatch(value):
        raise wrong_form("expected a port from 1 to 65535 in this URL")
    try:
        urlsplit(value)
    except ValueError:
        raise wrong_form("expected the name or the address of a host in this URL") from None
    return value


def _date(found: Any) -> datetime.date:
    date = date_of(_text(found))
    if date is None:
        raise wrong_form("expected a date such as 2026-01-31")
    return date


def _matching(pattern: str, expected: str) -> Callable[[Any], str]:
    compiled = re.compile(pattern)

    def check(found: Any) -> str:
        value = _text(found)
        if not compiled.fullmatch(value):
            raise wrong_form(f"expected {expected}")
        return value

    return check


_TIMEZONE_EXPECTED = "an IANA time zone such as UTC or America/New_York"


@lru_cache(maxsize=1)
def _timezones() -> frozenset[str]:
    """The names of the `tzdata` package, whatever the machine has: the same tree is right everywhere."""
    from importlib import resources

    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def _timezone(found: Any) -> str:
    value = _text(found)
    if value != "UTC" and value not in _timezones():
        raise wrong_form(f"expected {_TIMEZONE_EXPECTED}", sorted(_timezones()))
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


def _freeform_mapping(found: Any) -> dict[str, Any]:
    if not isinstance(found, Map):
        raise wrong_type("a mapping", found)
    return {key: _freeform(value) for key, value in found.items()}


_SIZE = re.compile(r"([1-9][0-9]{0,14})(B|KiB|MiB|GiB|TiB|Ki|Mi|Gi|Ti|KB|MB|GB|TB|k|M|G|T)?")
_UNITS = {"": 1, "B": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BINARY_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def bytes_of(size: str) -> int:
    """The bytes that a size stands for: `64MiB` and `64Mi` are 67108864, `100MB` and `100M` are 100000000.

    >>> bytes_of("64MiB"), bytes_of("100MB"), bytes_of("1024")
    (67108864, 100000000, 1024)
    """
    match = _SIZE.fullmatch(size)
    if match is None:
        raise ValueError(size)
    unit = (match[2] or "").removesuffix("B") if match[2] != "B" else ""
    return int(match[1]) * (_BINARY_UNITS.get(unit) or _UNITS[unit.upper()])


def _size_from(least: int) -> str:
    """The pattern of the sizes of at least so many bytes: for each unit, the numbers that suffice."""
    units: dict[int, list[str]] = {}
    scaled = [f"{scale}{end}" for scale in (*_BINARY_UNITS, "M", "G", "T") for end in ("", "B")]
    for unit in ("", "B", "k", "KB", *scaled):
        units.setdefault(-(-least // bytes_of(f"1{unit}")), []).append(unit)
    return "|".join(f"{forms.at_least(number, 15)}(?:{'|'.join(names)})" for number, names in units.items())


NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""A DNS label (RFC 1123): what Kubernetes takes as the name of nearly everything."""

ENVIRONMENT_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
"""A label that a Service can have (RFC 1035): it starts with a letter."""

SCHEMA_NAME = re.compile(r"[a-z0-9]([-_a-z0-9]{0,61}[a-z0-9])?")
"""A schema's name: it names no Kubernetes object, and real ones hold `_`."""


def cores_of(cpu: str) -> float:
    """The cores that a CPU quantity stands for: `250m` is 0.25."""
    return float(cpu.removesuffix("m")) / 1000 if cpu.endswith("m") else float(cpu)


_BEFORE_PORT = r"[a-z][a-z0-9+.-]{0,15}://([^\s/?#\[\]]*@)?([^\s/?#@:\[\]]+|\[[0-9A-Fa-f:.]+\])"
_URL = re.compile(rf"{_BEFORE_PORT}(:{forms.PORT})?([/?#]\S*)?")
_URL_EXPECTED = "a URL such as wss://host/path"
_URL_FORM = _matching(rf"{_BEFORE_PORT}(:[^\s/?#]*)?([/?#]\S*)?", _URL_EXPECTED)
_TIME_OF_DAY, _TIME_OF_DAY_EXPECTED = r"([01][0-9]|2[0-3]):[0-5][0-9]", "a time of day from 00:00 to 23:59"
_NAME_EXPECTED = "lower-case letters, digits and `-`, at most 63 (RFC 1123)"
_SUBDOMAIN = rf"(?=.{{1,253}}$){NAME.pattern}(\.{NAME.pattern})*"
_SUBDOMAIN_EXPECTED = "lower-case letters, digits, `-` and `.`, at most 253 (RFC 1123)"
_IDENTIFIER = r"[A-Za-z0-9]([-A-Za-z0-9._]{0,61}[A-Za-z0-9])?"
_IDENTIFIER_EXPECTED = "letters and digits, with `.`, `_` and `-` between them, at most 63"
_SHA256, _SHA256_EXPECTED = r"sha256:[0-9a-f]{64}", "`sha256:` and 64 hexadecimal digits"
_SIZE_EXPECTED = "a size such as 64MiB, 20Gi or 100MB"
_BUFFER_SIZE = _size_from(LEAST_BUFFER)
_BUFFER_SIZE_EXPECTED = f"a size of at least {LEAST_BUFFER} bytes, such as 64MiB"
_ROTATION_SIZE = _size_from(LEAST_ROTATION)
_ROTATION_SIZE_EXPECTED = f"a size of at least {LEAST_ROTATION} bytes, such as 256MiB"
_CPU = r"[1-9][0-9]{0,5}m?|0\.(?=[0-9]*[1-9])[0-9]{1,3}|[1-9][0-9]{0,3}\.[0-9]{1,3}"
_CPU_EXPECTED = "CPU such as 250m, 1 or 0.5"
_DURATION, _DURATION_EXPECTED = r"[1-9][0-9]{0,5}[smhd]", "a duration such as 30s, 5m, 1h or 2d"
_IMAGE_PART = r"[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*"
_IMAGE = (
    rf"{_IMAGE_PART}(:[0-9]{{1,5}})?(/{_IMAGE_PART})*"
    r"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?"
)
_IMAGE_EXPECTED = "a container image such as ghcr.io/ssmd/ssmd-runtime"

# Each type with what checks it here, and the form that an editor holds it against.
Text = Annotated[str, BeforeValidator(_text), forms.text_or_number("Text")]
Boolean = Annotated[bool, BeforeValidator(_boolean), forms.number("Boolean", "boolean")]
Integer = Annotated[
    int, BeforeValidator(_integer), forms.number("Integer", "integer", minimum=1 - 10**18, maximum=10**18 - 1)
]
Positive = Annotated[
    int, BeforeValidator(_positive), forms.number("Positive", "integer", minimum=1, maximum=MAX_POSITIVE)
]
WatchdogSeconds = Annotated[
    int,
    BeforeValidator(_watchdog),
    forms.number("WatchdogSeconds", "integer", minimum=LEAST_WATCHDOG, maximum=MAX_POSITIVE),
]
Copies = Annotated[int, BeforeValidator(_copies), forms.number("Copies", "integer", minimum=1, maximum=MAX_COPIES)]
Number = Annotated[
    float,
    BeforeValidator(_number),
    forms.number("Number", "number", minimum=-sys.float_info.max, maximum=sys.float_info.max),
]
Date = Annotated[
    datetime.date,
    BeforeValidator(_date),
    forms.text("Date", forms.DAY, "a date such as 2026-01-31", examples=["2026-01-31"]),
]
Freeform = Annotated[dict[str, Any], BeforeValidator(_freeform_mapping), forms.Form("Freeform", {"type": "object"})]
Timezone = Annotated[
    str,
    BeforeValidator(_timezone),
    forms.Form("Timezone", {"errorMessage": f"expected {_TIMEZONE_EXPECTED}"}, words=lambda: {"UTC"} | _timezones()),
]
TimeOfDay = Annotated[
    str,
    BeforeValidator(_matching(_TIME_OF_DAY, _TIME_OF_DAY_EXPECTED)),
    forms.text("TimeOfDay", _TIME_OF_DAY, _TIME_OF_DAY_EXPECTED, examples=["09:30"]),
]
Name = Annotated[
    str,
    BeforeValidator(_matching(NAME.pattern, _NAME_EXPECTED)),
    forms.text_or_number("Name", NAME.pattern, _NAME_EXPECTED, minimum=0),
]
Subdomain = Annotated[
    str,
    BeforeValidator(_matching(_SUBDOMAIN, _SUBDOMAIN_EXPECTED)),
    forms.text_or_number("Subdomain", _SUBDOMAIN, _SUBDOMAIN_EXPECTED, minimum=0),
]
Identifier = Annotated[
    str,
    BeforeValidator(_matching(_IDENTIFIER, _IDENTIFIER_EXPECTED)),
    forms.text_or_number("Identifier", _IDENTIFIER, _IDENTIFIER_EXPECTED, minimum=0),
]
Sha256 = Annotated[
    str,
    BeforeValidator(_matching(_SHA256, _SHA256_EXPECTED)),
    forms.text("Sha256", _SHA256, _SHA256_EXPECTED),
]
Size = Annotated[
    str,
    BeforeValidator(_matching(_SIZE.pattern, _SIZE_EXPECTED)),
    forms.size("Size", _SIZE.pattern, _SIZE_EXPECTED, least=1, examples=["64MiB", "20Gi"]),
]
BufferSize = Annotated[
    str,
    BeforeValidator(_matching(_BUFFER_SIZE, _BUFFER_SIZE_EXPECTED)),
    forms.size("BufferSize", _BUFFER_SIZE, _BUFFER_SIZE_EXPECTED, least=LEAST_BUFFER, examples=["64MiB"]),
]
RotationSize = Annotated[
    str,
    BeforeValidator(_matching(_ROTATION_SIZE, _ROTATION_SIZE_EXPECTED)),
    forms.size("RotationSize", _ROTATION_SIZE, _ROTATION_SIZE_EXPECTED, least=LEAST_ROTATION, examples=["256MiB"]),
]
Cpu = Annotated[
    str,
    BeforeValidator(_matching(_CPU, _CPU_EXPECTED)),
    forms.text_or_number("Cpu", _CPU, _CPU_EXPECTED, examples=["250m", 1], exclusiveMinimum=0, maximum=999_999),
]
Duration = Annotated[
    str,
    BeforeValidator(_matching(_DURATION, _DURATION_EXPECTED)),
    forms.text("Duration", _DURATION, _DURATION_EXPECTED, examples=["30s", "5m"]),
]
Url = Annotated[str, BeforeValidator(_url), forms.text("Url", _URL.pattern, _URL_EXPECTED)]
Fraction = Annotated[
    float,
    BeforeValidator(_between(0, 1, "a number from 0 to 1")),
    forms.number("Fraction", "number", minimum=0, maximum=1),
]
Multiplier = Annotated[
    float,
    BeforeValidator(_between(1, 1000, "a number from 1 to 1000")),
    forms.number("Multiplier", "number", minimum=1, maximum=1000),
]
ImageName = Annotated[
    str,
    BeforeValidator(_matching(_IMAGE, _IMAGE_EXPECTED)),
    forms.text_or_number("ImageName", _IMAGE, _IMAGE_EXPECTED, examples=["ghcr.io/ssmd/ssmd-runtime"], minimum=0),
]

# Texts of which an editor can show an example.
KeyUse = Annotated[Text, forms.text_or_number("KeyUse", examples=["$key:kalshi"])]
KeySource = Annotated[
    Text, forms.text_or_number("KeySource", examples=["env:API_KEY,API_SECRET", "sealed-secret/kalshi"])
]
SchemaUse = Annotated[Text, forms.text_or_number("SchemaUse", examples=["trade:v1"])]
FramePath = Annotated[Text, forms.text_or_number("FramePath", examples=["msg.market_ticker"])]
