"""What is polled and when, without a socket: addresses, cursors, the rate, the turns."""

from __future__ import annotations

import datetime
import json
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_specs import rest_spec
from ssmd_runtime.feeds.polling import Cursor, Pace, Plan, Polls, Target, cursor_in, one_line, plan, retry_after
from ssmd_runtime.spec import SpecError

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def urls(**said) -> list[str]:
    return [target.url for target in plan(rest_spec(**said)).targets]


def test_each_path_for_each_instrument():
    assert urls(paths=["/status", "/m/{instrument}/trades?limit=5"], instruments=("A", "B")) == [
        "https://exchange.example/v1/status",
        "https://exchange.example/v1/m/A/trades?limit=5",
        "https://exchange.example/v1/m/B/trades?limit=5",
    ]


def test_by_default_every_ten_seconds_and_without_a_cursor():
    found = plan(rest_spec(paths=["/status"]))
    assert (found.interval_seconds, found.cursor) == (10.0, None)


@given(st.text(min_size=1).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text) and set(text) != {"."}))
def test_an_instrument_stays_one_segment_of_the_path(instrument):
    (url,) = urls(paths=["/m/{instrument}/trades"], instruments=(instrument,))
    parts = urlsplit(url)
    assert (parts.netloc, parts.query, parts.fragment) == ("exchange.example", "", "")
    assert unquote(parts.path) == f"/v1/m/{instrument}/trades"
    assert parts.path.count("/") == 4
    assert parts.path.split("/")[3] not in (".", "..")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "`paths` must be a list"),
        ({"paths": []}, "`paths` must be a list"),
        ({"paths": "/a"}, "`paths` must be a list"),
        ({"paths": [1]}, "`paths` must be a list"),
        ({"paths": ["a"]}, "must start with /"),
        ({"paths": ["@evil.example/"]}, "must start with /"),
        ({"paths": ["/a b"]}, "must start with /"),
        ({"paths": ["/a\r\nX: y"]}, "must start with /"),
        ({"paths": ["/a/../../b"]}, "segments"),
        ({"paths": ["/{instrument}"], "instruments": ()}, "no instruments"),
        *(({"paths": ["/{instrument}"], "instruments": (one,)}, "dots alone") for one in ("", ".", "..")),
        ({"paths": ["/a"], "endpoint": "wss://exchange.example"}, "endpoint: "),
        ({"paths": ["/a"], "endpoint": "https://u:p@exchange.example"}, "endpoint: "),
        ({"paths": ["/a"], "endpoint": "https://exchange.example/?x"}, "endpoint: "),
        ({"paths": ["/a"], "endpoint": "https://[x"}, "endpoint: "),
        ({"paths": ["/a"], "poll_interval_seconds": 0}, "poll_interval_seconds"),
        ({"paths": ["/a"], "poll_interval_seconds": True}, "poll_interval_seconds"),
        ({"paths": ["/a"], "poll_interval_seconds": "1"}, "poll_interval_seconds"),
        ({"paths": ["/a"], "poll_interval_seconds": float("nan")}, "poll_interval_seconds"),
        ({"paths": ["/a"], "cursor": "last"}, "`cursor` must be"),
        ({"paths": ["/a"], "cursor": {"parameter": "since"}}, "`cursor` must be"),
    ],
)
def test_what_is_refused(said, words):
    with pytest.raises(SpecError) as told:
        plan(rest_spec(**said))
    assert words in str(told.value)
    assert str(told.value).isprintable()


# Cursors

CURSOR = Cursor("since", ("result", "last"))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"result": {"last": "abc"}}', "abc"),
        (b'{"result": {"last": 12}}', "12"),
        (b'{"result": {"last": ""}}', None),
        (b'{"result": {"last": null}}', None),
        (b'{"result": {"last": true}}', None),
        (b'{"result": {"last": [1]}}', None),
        (b'{"result": []}', None),
        (b"[]", None),
        (b"no", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
        (json.dumps({"result": {"last": "x" * 1_001}}).encode(), None),
    ],
)
def test_the_cursor_in_an_answer(body, found):
    assert cursor_in(body, CURSOR) == found


@given(st.binary())
def test_looking_for_a_cursor_never_raises(body):
    cursor_in(body, CURSOR)


@pytest.mark.parametrize("address", ["https://e.example/a", "https://e.example/a?limit=5"])
def test_the_next_request_goes_on_from_the_answer_before(address):
    target, other = Target("/a", None, address), Target("/b", None, "https://e.example/b")
    polls = Polls(Plan((target, other), 10.0, CURSOR), 0.0)
    assert polls.url(target) == address
    polls.answered(target, b'{"result": {"last": "a&b=c/d"}}')
    assert ("since", "a&b=c/d") in parse_qsl(urlsplit(polls.url(target)).query)
    assert polls.url(other) == other.url
    polls.answered(target, b"{}")
    assert polls.url(target) == address


# Time


@given(st.integers(1, 50), st.lists(st.floats(0, 3), min_size=1, max_size=120))
def test_never_more_than_the_rate_in_any_second(rate, waits):
    pace, now, sent = Pace(rate), 0.0, []
    for wait in waits:
        now += wait
        sent.append(pace.take(now))
    assert sent == sorted(sent)
    for index, first in enumerate(sent):
        within = [moment for moment in sent[index:] if moment < first + 1 - 1e-6]
        assert len(within) <= rate


def test_a_pause_holds_everything_back():
    pace = Pace(None)
    assert pace.take(1.0) == 1.0
    pace.pause(5.0)
    pace.pause(3.0)
    assert (pace.take(2.0), pace.take(6.0)) == (5.0, 6.0)


def test_turns_come_in_order_and_those_that_passed_are_left_out():
    one, two = (Target(name, None, f"https://e.example{name}") for name in ("/1", "/2"))
    polls = Polls(Plan((one, two), 10.0, None), 100.0)
    assert polls.next() == (one, 100.0)
    assert polls.ended(one, 101.0) == 0
    assert polls.next() == (two, 100.0)
    assert polls.ended(two, 135.0) == 3
    assert polls.next() == (one, 110.0)
    assert polls.ended(one, 135.0) == 2
    assert polls.next() == (one, 140.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("7", 7),
        ("-7", 0),
        ("1.5", 0),
        ("9" * 400, 3600),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30),
        ("Thu, 01 Jan 2026 00:00:30 -0000", 30),
        ("Wed, 31 Dec 2025 23:00:00 GMT", 0),
        ("Thu, 01 Jan 2099 00:00:00 GMT", 3600),
        ("soon", 0),
        ("\u0667", 0),
    ],
)
def test_what_a_retry_after_asks_for(header, seconds):
    assert retry_after(header, NOW) == seconds


# Bodies


@pytest.mark.parametrize(
    ("body", "frame"),
    [
        (b'{"a": 1}', b'{"a": 1}'),
        (b'{\r\n "a": "\\n"\n}\n', b'{   "a": "\\n" } '),
        (b"<html>\n", b"<html>\n"),
        (b'"a\nb"', b'"a\nb"'),
    ],
)
def test_a_body_that_is_json_has_no_line_break(body, frame):
    assert one_line(body) == frame
