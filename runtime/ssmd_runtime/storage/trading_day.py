"""Which trading day a moment belongs to.

Sessions within one calendar day belong to that date. A session that runs over midnight (it starts later than it ends)
belongs to the date on which it ends: from `day_start` on, the date is the next one. `day_end: 00:00` is midnight at the
end of the day. Times are local to the spec's time zone, summer time included.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ssmd_runtime.spec import SpecError

if TYPE_CHECKING:
    from ssmd_runtime.spec import Rotation

__all__ = ["NANOSECONDS", "Day", "TradingDays"]

NANOSECONDS: Final = 1_000_000_000
_MIDNIGHT: Final = datetime.time(0, 0)
_ONE: Final = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """One trading day: its date, and the first Unix time (nanoseconds) that belongs to the next one."""

    date: datetime.date
    until_ns: int

    @property
    def name(self) -> str:
        """The directory's name, YYYY-MM-DD."""
        return self.date.isoformat()


class TradingDays:
    """The calendar of one spec's `rotation`. Raises `SpecError` for a time zone or a time that does not exist."""

    def __init__(self, rotation: Rotation) -> None:
        try:
            self._zone = ZoneInfo(rotation.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SpecError(f"rotation: there is no time zone {rotation.timezone!r:.80}") from None
        start = _time("day_start", rotation.day_start)
        end = _time("day_end", rotation.day_end)
        over_midnight = start is not None and end is not None and end != _MIDNIGHT and start > end
        self._roll = start if over_midnight and start is not None else _MIDNIGHT

    def at(self, now_ns: int) -> Day:
        """The day to which Unix time `now_ns` (nanoseconds) belongs."""
        now = now_ns // NANOSECONDS
        date = datetime.datetime.fromtimestamp(now, self._zone).date()
        while (until := self._starts(date + _ONE)) <= now:
            date += _ONE
        return Day(date, until * NANOSECONDS)

    def _starts(self, date: datetime.date) -> int:
        """The one moment at which a day starts, also where clocks are set back over it, or past it."""
        starts_on = date if self._roll == _MIDNIGHT else date - _ONE
        return int(datetime.datetime.combine(starts_on, self._roll, self._zone).timestamp())


def _time(name: str, text: str | None) -> datetime.time | None:
    if text is None:
        return None
    try:
        time = datetime.time.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is not None or time.microsecond:
        raise SpecError(f"rotation: {name} is no time of day: {text!r:.40}")
    return time
