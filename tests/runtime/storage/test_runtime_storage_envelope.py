"""Lines: whatever came is in them byte for byte, on one line of JSON."""

from __future__ import annotations

import datetime
import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from ssmd_runtime.storage.envelope import Envelope, Line, frame_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
FEEDS = st.text(min_size=1, max_size=20)
NOW = st.integers(0, 4 * 10**18)


def one(line: bytes) -> Line:
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    return msgspec.json.decode(line, type=Line)


@given(FEEDS, st.binary(max_size=300), NOW)
def test_any_bytes_come_back(feed: str, frame: bytes, now: int):
    envelope = Envelope(feed)
    lines = [envelope.flagged(frame, "binary", now), envelope.flagged(frame, "utf8", now)]
    for line in lines:
        assert frame_of(one(line)) == frame
        assert json.loads(line)["feed"] == feed


@given(FEEDS, st.text(max_size=300).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)), NOW)
def test_any_text_comes_back(feed: str, text: str, now: int):
    envelope = Envelope(feed)
    assert frame_of(one(envelope.flagged(text.encode(), "not_json", now))) == text.encode()
    assert frame_of(one(envelope.flagged(text.encode(), "newline", now))) == text.encode()


@given(FEEDS, st.lists(JSON, min_size=1, max_size=5), NOW)
def test_json_is_spliced_in_as_it_is(feed: str, values: list[object], now: int):
    frames = [json.dumps(value).encode() for value in values]
    lines = Envelope(feed).lines(frames, now)
    said = [one(line + b"\n") for line in lines.split(b"\n")[:-1]]
    assert [frame_of(line) for line in said] == frames
    assert {line.feed for line in said} == {feed}


@given(st.lists(NOW, min_size=1, max_size=5))
def test_stamps_are_the_time_to_the_microsecond(moments: list[int]):
    envelope = Envelope("x")
    for now in moments:
        moment = datetime.datetime.fromisoformat(envelope.stamp(now).decode() + "+00:00")
        since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
        assert since // datetime.timedelta(microseconds=1) == now // 1000
