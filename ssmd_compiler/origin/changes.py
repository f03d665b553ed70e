"""A text as a person wrote it -> other texts that could stand there: what a field is tried with.

Nothing is known here of the field. Whether another text is allowed is for its model to say, so what is offered comes in
groups, the likeliest first: the forms of numbers, dates, times, sizes and URLs keep their form.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING

from ssmd_compiler.dates import date_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["longer", "others"]

_WHOLE = re.compile(r"-?[0-9]{1,17}")
_DECIMAL = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,15}")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2})")
_AMOUNT = re.compile(r"([0-9]{1,15})([A-Za-z]{1,3})")
_URL = re.compile(r"([a-z][a-z0-9+.-]*://)([^\s/?#:@]+)(:[0-9]{1,5})?(.*)", re.DOTALL)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SWITCH = {"true": "false", "false": "true"}
_ZONES = ("UTC", "Europe/Berlin")


def others(text: str) -> Iterator[tuple[str, ...]]:
    """Groups of texts to try in the place of `text`; who finds one of a group allowed needs no later group."""
    if text in _SWITCH:
        yield (_SWITCH[text],)
    elif _WHOLE.fullmatch(text):
        yield (str(int(text) + 1),)
        yield (str(int(text) - 1),)
    elif _DECIMAL.fullmatch(text):
        yield (repr(float(text) + 0.125),)
        yield (repr(float(text) - 0.125),)
    elif date := date_of(text):
        yield _neighbours(date)
    elif found := _TIME.fullmatch(text):
        yield (f"{found[1]}:{(int(found[2]) + 1) % 60:02}",)
    elif found := _AMOUNT.fullmatch(text):
        yield (f"{int(found[1]) + 1}{found[2]}",)
    elif found := _URL.fullmatch(text):
        port = int(found[3][1:]) % 65535 + 1 if found[3] else 4443
        yield (f"{found[1]}x{found[2]}{found[3] or ''}{found[4]}", f"{found[1]}{found[2]}:{port}{found[4]}")
    elif _DIGEST.fullmatch(text):
        yield (text[:-1] + ("0" if text[-1] != "0" else "1"),)
    yield (longer(text),)
    yield (_last_changed(text),)
    yield tuple(zone for zone in _ZONES if zone != text)


def longer(text: str) -> str:
    """`text` and a letter: what a name is changed to."""
    return f"{text}x"


def _last_changed(text: str) -> str:
    return text[:-1] + ("y" if text.endswith("x") else "x")


def _neighbours(date: datetime.date) -> tuple[str, ...]:
    """The day before and the day after, where there are such."""
    day = datetime.timedelta(days=1)
    before = [(date - day).isoformat()] if date > datetime.date.min else []
    return (*before, *([(date + day).isoformat()] if date < datetime.date.max else []))
