"""Trading days: every moment is in exactly one, whatever clocks are set to."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ssmd_runtime.spec import Rotation, SpecError
from ssmd_runtime.storage.trading_day import NANOSECONDS, TradingDays

ZONES = (
    "UTC", "America/New_York", "America/Chicago", "Europe/London", "Asia/Tokyo", "Africa/Cairo", "Asia/Beirut",
    "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/Sao_Paulo",
)  # fmt: skip
TIMES = st.times().map(lambda time: time.replace(microsecond=0, second=0).isoformat("minutes"))
MOMENTS = st.integers(0, 2_000_000_000 * NANOSECONDS)


def days(timezone: str = "UTC", start: str | None = None, end: str | None = None) -> TradingDays:
    return TradingDays(Rotation(max_bytes=1, timezone=timezone, day_start=start, day_end=end))


def ns(text: str, zone: str = "UTC", fold: int = 0) -> int:
    moment = datetime.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return int(moment.timestamp()) * NANOSECONDS


@pytest.mark.parametrize(
    ("zone", "start", "end", "moment", "day"),
    [
        ("UTC", None, None, "2026-03-01T23:59:59", "2026-03-01"),
        ("UTC", None, None, "2026-03-02T00:00:00", "2026-03-02"),
        ("America/New_York", "09:30", "16:00", "2026-03-02T15:59", "2026-03-02"),
        ("America/New_York", "09:30", "16:00", "2026-03-02T23:59", "2026-03-02"),
        ("America/Chicago", "17:00", "16:00", "2026-03-02T16:59:59", "2026-03-02"),
        ("America/Chicago", "17:00", "16:00", "2026-03-02T17:00:00", "2026-03-03"),
        ("America/Chicago", "17:00", "16:00", "2026-03-03T01:00:00", "2026-03-03"),
        ("UTC", "00:10", "00:00", "2026-03-02T00:05", "2026-03-02"),
        ("UTC", "22:00", "00:00", "2026-03-02T23:00", "2026-03-02"),
    ],
)
def test_a_moment_belongs_to_its_day(zone: str, start: str | None, end: str | None, moment: str, day: str):
    assert days(zone, start, end).at(ns(moment, zone)).name == day


def test_a_day_has_23_and_25_hours_where_clocks_change():
    new_york = days("America/New_York")
    spring, autumn = new_york.at(ns("2026-03-08T12:00")), new_york.at(ns("2026-11-01T12:00"))
    assert spring.until_ns - ns("2026-03-08T00:00", "America/New_York") == 23 * 3600 * NANOSECONDS
    assert autumn.until_ns - ns("2026-11-01T00:00", "America/New_York") == 25 * 3600 * NANOSECONDS


def test_an_hour_that_comes_twice_rolls_once():
    """The session starts at 01:30, which comes twice on that night: the first one counts, and nothing goes back."""
    overnight = days("America/New_York", "01:30", "01:00")
    names = [overnight.at(ns(f"2026-11-01T{at}", "America/New_York", fold)).name for at, fold in (
        ("01:29", 0), ("01:30", 0), ("01:59", 0), ("01:00", 1), ("01:29", 1), ("01:30", 1),
    )]  # fmt: skip
    assert names == ["2026-11-01", *["2026-11-02"] * 5]


@given(st.sampled_from(ZONES), st.none() | TIMES, st.none() | TIMES, MOMENTS)
@example("Africa/Cairo", None, None, ns("2026-04-24T12:00"))
@example("America/New_York", "02:30", "02:00", ns("2026-03-08T07:15"))
@example("Pacific/Apia", None, None, ns("2011-12-30T09:00"))
def test_a_day_ends_where_the_next_one_starts(zone: str, start: str | None, end: str | None, now: int):
    calendar = days(zone, start, end)
    day = calendar.at(now)
    assert now < day.until_ns
    assert calendar.at(day.until_ns - 1) == day
    following = calendar.at(day.until_ns)
    assert following.date > day.date
    assert following.until_ns > day.until_ns


@given(st.sampled_from(ZONES), st.none() | TIMES, st.none() | TIMES, MOMENTS, st.integers(0, 10**15))
def test_days_only_go_on(zone: str, start: str | None, end: str | None, now: int, later: int):
    calendar = days(zone, start, end)
    assert calendar.at(now).date <= calendar.at(now + later).date


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Mars/Olympus"},
        {"timezone": "../etc/passwd"},
        {"timezone": ""},
        {"start": "25:00"},
        {"end": "noon"},
        {"start": "10:00+02:00"},
    ],
)
def test_what_is_no_zone_or_time_is_refused_in_one_line(wrong: dict[str, str]):
    with pytest.raises(SpecError, match="rotation: ") as caught:
        days(**wrong)
    assert "\n" not in str(caught.value)
