"""Logs as JSON Lines on stdout: `{"ts","level","event",...}`, one line an event, no value of any key ever.

What code logs goes through `Log` or through the standard `logging` with `extra={"event": ..., "fields": {...}}`.
Libraries' own records are taken from level WARNING on; control characters are escaped by JSON, and long texts are cut.
"""

from __future__ import annotations

import datetime
import json
import logging
import sys
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["JsonFormatter", "Log", "set_up"]

_MOST_TEXT: Final = 500


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.datetime.fromtimestamp(record.created, datetime.UTC)
        line: dict[str, Any] = {
            "ts": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", None) or "log",
        }
        if line["event"] == "log":
            line |= {"logger": record.name, "message": record.getMessage()[:_MOST_TEXT]}
        for name, value in getattr(record, "fields", {}).items():
            if value is not None:
                line.setdefault(name, value[:_MOST_TEXT] if isinstance(value, str) else value)
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
        return json.dumps(line, default=str)


class Log:
    """Events of one collector; `fields` stand in every line."""

    def __init__(self, name: str = "ssmd", **fields: Any) -> None:
        self._logger = logging.getLogger(name)
        self._fields = fields

    def info(self, event: str, **fields: Any) -> None:
        self._tell(logging.INFO, event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._tell(logging.WARNING, event, fields)

    def error(self, event: str, **fields: Any) -> None:
        self._tell(logging.ERROR, event, fields)

    def _tell(self, level: int, event: str, fields: dict[str, Any]) -> None:
        self._logger.log(level, event, extra={"event": event, "fields": self._fields | fields})


def set_up(stream: TextIO | None = None, *, verbose: bool = False) -> None:
    """Sends everything to stdout as JSON; what nobody can read any more is dropped without a word."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.raiseExceptions = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("ssmd").setLevel(logging.DEBUG if verbose else logging.INFO)
