"""Dates as everybody in this project writes them: YYYY-MM-DD, nothing shorter and nothing cleverer."""

from __future__ import annotations

import datetime
import re

__all__ = ["date_of"]

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def date_of(text: str) -> datetime.date | None:
    """The date that `text` says, or None.

    >>> date_of("2026-11-21"), date_of("20261121")
    (datetime.date(2026, 11, 21), None)
    """
    if not _DATE.fullmatch(text):
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None
