"""How far behind the exchange we are: the time of receipt less the exchange's own time in a frame."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from ssmd_runtime.spec import CollectorSpec

__all__ = ["seconds_behind"]

_SCALES: Final = {"unix_seconds": 1.0, "epoch_millis": 1e-3, "epoch_micros": 1e-6, "epoch_nanos": 1e-9}
_ARRAYS: Final = ("data", "trades", "price_changes")


def seconds_behind(spec: CollectorSpec, kind: str, frame: bytes, received: float) -> float | None:
    """Seconds between the frame's time and `received` (Unix seconds); None: the frame does not say."""
    message = spec.message_types.get(kind)
    if message is None or message.timestamp_field is None:
        return None
    try:
        record = msgspec.json.decode(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    value = _at(record, message.timestamp_field)
    if value is None:
        inner = record if isinstance(record, list) else next((record[name] for name in _ARRAYS if name in record), None)
        value = _at(inner[0], message.timestamp_field) if isinstance(inner, list) and inner else None
    moment = _seconds(value, message.timestamp_format)
    return None if moment is None else received - moment


def _at(record: Any, path: str) -> Any:
    for name in path.split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record


def _seconds(value: Any, form: str) -> float | None:
    try:
        if form == "iso8601":
            return datetime.datetime.fromisoformat(str(value)).timestamp() if value else None
        return float(value) * _SCALES[form]
    except (TypeError, ValueError, KeyError, OverflowError, RecursionError):
        return None
