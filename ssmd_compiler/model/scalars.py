"""The scalar types a field can ask for. Until one asks, everything is text.

So `version: 1.10` stays "1.10", `country: no` stays "no", `010` is never 8 and `12:30:45` is never 45045. Text in
quotes is text: it is refused where a number or a boolean belongs, so that an editor's JSON Schema and this model agree.
"""

from __future__ import annotations

import datetime
import re
import sys
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator
from ssmd_runtime.spec import LEAST_BUFFER, LEAST_ROTATION, LEAST_WATCHDOG

from ssmd_compiler.model import convert, forms
from ssmd_compiler.model.sizes import CPU, SIZE, size_from

__all__ = [
    "ENVIRONMENT_NAME",
    "NAME",
    "SCHEMA_NAME",
    "SHA256",
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
]

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""A DNS label (RFC 1123): what Kubernetes takes as the name of nearly everything."""

ENVIRONMENT_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
"""A label that a Service can have (RFC 1035): it starts with a letter."""

SCHEMA_NAME = re.compile(r"[a-z0-9]([-_a-z0-9]{0,61}[a-z0-9])?")
"""A schema's name: it names no Kubernetes object, and real ones hold `_`."""

_BEFORE_PORT = r"[a-z][a-z0-9+.-]{0,15}://([^\s/?#\[\]]*@)?([^\s/?#@:\[\]]+|\[[0-9A-Fa-f:.]+\])"
_URL = re.compile(rf"{_BEFORE_PORT}(:{forms.PORT})?([/?#]\S*)?")
_URL_EXPECTED = "a URL such as wss://host/path"
_URL_FORM = convert.matching(rf"{_BEFORE_PORT}(:[^\s/?#]*)?([/?#]\S*)?", _URL_EXPECTED)
_TIME_OF_DAY, _TIME_OF_DAY_EXPECTED = r"([01][0-9]|2[0-3]):[0-5][0-9]", "a time of day from 00:00 to 23:59"
_NAME_EXPECTED = "lower-case letters, digits and `-`, at most 63 (RFC 1123)"
_SUBDOMAIN = rf"(?=.{{1,253}}$){NAME.pattern}(\.{NAME.pattern})*"
_SUBDOMAIN_EXPECTED = "lower-case letters, digits, `-` and `.`, at most 253 (RFC 1123)"
_IDENTIFIER = r"[A-Za-z0-9]([-A-Za-z0-9._]{0,61}[A-Za-z0-9])?"
_IDENTIFIER_EXPECTED = "letters and digits, with `.`, `_` and `-` between them, at most 63"
SHA256, _SHA256_EXPECTED = r"sha256:[0-9a-f]{64}", "`sha256:` and 64 hexadecimal digits"
_SIZE_EXPECTED = "a size such as 64MiB, 20Gi or 100MB"
_BUFFER_SIZE = size_from(LEAST_BUFFER)
_BUFFER_SIZE_EXPECTED = f"a size of at least {LEAST_BUFFER} bytes, such as 64MiB"
_ROTATION_SIZE = size_from(LEAST_ROTATION)
_ROTATION_SIZE_EXPECTED = f"a size of at least {LEAST_ROTATION} bytes, such as 256MiB"
_CPU_EXPECTED = "CPU such as 250m, 1 or 0.5"
_DURATION, _DURATION_EXPECTED = r"[1-9][0-9]{0,5}[smhd]", "a duration such as 30s, 5m, 1h or 2d"
_IMAGE_PART = r"[a-z0-9]+(([._]|__|-+)[a-z0-9]+)*"
_IMAGE = (
    rf"{_IMAGE_PART}(:[0-9]{{1,5}})?(/{_IMAGE_PART})*"
    r"(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?"
)
_IMAGE_EXPECTED = "a container image such as ghcr.io/ssmd/ssmd-runtime"


def _url(found: Any) -> str:
    value = _URL_FORM(found)
    if not _URL.fullmatch(value):
        raise convert.wrong_form("expected a port from 1 to 65535 in this URL")
    try:
        urlsplit(value)
    except ValueError:
        raise convert.wrong_form("expected the name or the address of a host in this URL") from None
    return value


# Each type with what checks it here, and the form that an editor holds it against.
Text = Annotated[str, BeforeValidator(convert.text), forms.text_or_number("Text")]
Boolean = Annotated[bool, BeforeValidator(convert.boolean), forms.number("Boolean", "boolean")]
Integer = Annotated[
    int, BeforeValidator(convert.integer), forms.number("Integer", "integer", minimum=1 - 10**18, maximum=10**18 - 1)
]
Positive = Annotated[
    int, BeforeValidator(convert.positive), forms.number("Positive", "integer", minimum=1, maximum=convert.MAX_POSITIVE)
]
WatchdogSeconds = Annotated[
    int,
    BeforeValidator(convert.watchdog),
    forms.number("WatchdogSeconds", "integer", minimum=LEAST_WATCHDOG, maximum=convert.MAX_POSITIVE),
]
Copies = Annotated[
    int, BeforeValidator(convert.copies), forms.number("Copies", "integer", minimum=1, maximum=convert.MAX_COPIES)
]
Number = Annotated[
    float,
    BeforeValidator(convert.number),
    forms.number("Number", "number", minimum=-sys.float_info.max, maximum=sys.float_info.max),
]
Date = Annotated[
    datetime.date,
    BeforeValidator(convert.date),
    forms.text("Date", forms.DAY, "a date such as 2026-01-31", examples=["2026-01-31"]),
]
Freeform = Annotated[
    dict[str, Any], BeforeValidator(convert.freeform_mapping), forms.Form("Freeform", {"type": "object"})
]
Timezone = Annotated[
    str,
    BeforeValidator(convert.timezone),
    forms.Form(
        "Timezone",
        {"errorMessage": f"expected {convert.TIMEZONE_EXPECTED}"},
        words=lambda: {"UTC"} | convert.timezones(),
    ),
]
TimeOfDay = Annotated[
    str,
    BeforeValidator(convert.matching(_TIME_OF_DAY, _TIME_OF_DAY_EXPECTED)),
    forms.text("TimeOfDay", _TIME_OF_DAY, _TIME_OF_DAY_EXPECTED, examples=["09:30"]),
]
Name = Annotated[
    str,
    BeforeValidator(convert.matching(NAME.pattern, _NAME_EXPECTED)),
    forms.text_or_number("Name", NAME.pattern, _NAME_EXPECTED, minimum=0),
]
Subdomain = Annotated[
    str,
    BeforeValidator(convert.matching(_SUBDOMAIN, _SUBDOMAIN_EXPECTED)),
    forms.text_or_number("Subdomain", _SUBDOMAIN, _SUBDOMAIN_EXPECTED, minimum=0),
]
Identifier = Annotated[
    str,
    BeforeValidator(convert.matching(_IDENTIFIER, _IDENTIFIER_EXPECTED)),
    forms.text_or_number("Identifier", _IDENTIFIER, _IDENTIFIER_EXPECTED, minimum=0),
]
Sha256 = Annotated[
    str,
    BeforeValidator(convert.matching(SHA256, _SHA256_EXPECTED)),
    forms.text("Sha256", SHA256, _SHA256_EXPECTED),
]
Size = Annotated[
    str,
    BeforeValidator(convert.matching(SIZE.pattern, _SIZE_EXPECTED)),
    forms.size("Size", SIZE.pattern, _SIZE_EXPECTED, least=1, examples=["64MiB", "20Gi"]),
]
BufferSize = Annotated[
    str,
    BeforeValidator(convert.matching(_BUFFER_SIZE, _BUFFER_SIZE_EXPECTED)),
    forms.size("BufferSize", _BUFFER_SIZE, _BUFFER_SIZE_EXPECTED, least=LEAST_BUFFER, examples=["64MiB"]),
]
RotationSize = Annotated[
    str,
    BeforeValidator(convert.matching(_ROTATION_SIZE, _ROTATION_SIZE_EXPECTED)),
    forms.size("RotationSize", _ROTATION_SIZE, _ROTATION_SIZE_EXPECTED, least=LEAST_ROTATION, examples=["256MiB"]),
]
Cpu = Annotated[
    str,
    BeforeValidator(convert.matching(CPU, _CPU_EXPECTED)),
    forms.text_or_number("Cpu", CPU, _CPU_EXPECTED, examples=["250m", 1], exclusiveMinimum=0, maximum=999_999),
]
Duration = Annotated[
    str,
    BeforeValidator(convert.matching(_DURATION, _DURATION_EXPECTED)),
    forms.text("Duration", _DURATION, _DURATION_EXPECTED, examples=["30s", "5m"]),
]
Url = Annotated[str, BeforeValidator(_url), forms.text("Url", _URL.pattern, _URL_EXPECTED)]
Fraction = Annotated[
    float,
    BeforeValidator(convert.between(0, 1, "a number from 0 to 1")),
    forms.number("Fraction", "number", minimum=0, maximum=1),
]
Multiplier = Annotated[
    float,
    BeforeValidator(convert.between(1, 1000, "a number from 1 to 1000")),
    forms.number("Multiplier", "number", minimum=1, maximum=1000),
]
ImageName = Annotated[
    str,
    BeforeValidator(convert.matching(_IMAGE, _IMAGE_EXPECTED)),
    forms.text_or_number("ImageName", _IMAGE, _IMAGE_EXPECTED, examples=["ghcr.io/ssmd/ssmd-runtime"], minimum=0),
]

# Texts of which an editor can show an example.
KeyUse = Annotated[Text, forms.text_or_number("KeyUse", examples=["$key:kalshi"])]
KeySource = Annotated[
    Text, forms.text_or_number("KeySource", examples=["env:API_KEY,API_SECRET", "sealed-secret/kalshi"])
]
SchemaUse = Annotated[Text, forms.text_or_number("SchemaUse", examples=["trade:v1"])]
FramePath = Annotated[Text, forms.text_or_number("FramePath", examples=["msg.market_ticker"])]
