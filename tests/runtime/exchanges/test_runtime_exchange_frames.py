"""What every exchange makes of recorded frames, and of frames that no exchange should send."""

from __future__ import annotations

import json
from operator import attrgetter

import msgspec
import pytest
from exchange_specs import EXCHANGES, ROOT, committed, frames, only, sessions, spec_of
from hypothesis import given
from hypothesis import strategies as st
from ssmd_runtime import spec as specs
from ssmd_runtime.exchanges import check_paths, exchange_named

MARKETS = {
    "binance": ("BTCUSDT",),
    "kalshi": ("KXBTCD-26MAR1217-T69999.99",),
    "kraken": ("BTC/USD",),
    "kraken-futures": ("PF_XBTUSD",),
    "polymarket": ("65818619657568813474341868652308942079804919287380422192892211131408793125422",),
}
NUMBERS = {
    "binance": {"trade": [("BTCUSDT", 4812345678)]},
    "kalshi": {
        "trade": [(2, 2573), (11, 1)],
        "orderbook_snapshot": [(2, 2)],
        "orderbook_delta": [(2, 3)],
    },
    "kraken": {"trade": [("BTC/USD", 70635251), ("BTC/USD", 70635249), ("BTC/USD", 70635250)]},
    "kraken-futures": {"trade": [("PF_XBTUSD", 653355)], "book": [("PF_XBTUSD", 326094134)]},
    "polymarket": {},
}


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_batch_of_recorded_frames_has_the_kinds_of_its_files(exchange):
    session = exchange_named(exchange).session
    named = frames(exchange)
    headers = msgspec.json.Decoder(session.frame).decode_lines(b"\n".join(frame for _, frame in named))
    assert session.kinds(headers) == [kind for kind, _ in named]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_every_message_type_of_the_feed_is_recorded_and_is_data(exchange):
    recorded = {kind for kind, _ in frames(exchange)}
    types = committed(exchange).message_types.keys()
    assert types <= recorded
    assert not types & exchange_named(exchange).session.control


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_what_is_recorded_and_no_data_is_control(exchange):
    session = exchange_named(exchange).session
    others = {"instrument", "bookTicker"}  # data of channels that our feeds do not take
    assert {kind for kind, _ in frames(exchange)} - committed(exchange).message_types.keys() - others <= session.control


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_numbers_and_groups_are_read_along_the_paths_of_the_spec(exchange):
    session = exchange_named(exchange).session
    found: dict[str, list[tuple[object, object]]] = {}
    for kind, message in committed(exchange).message_types.items():
        if message.sequenced:
            number, group = attrgetter(message.sequence_field), attrgetter(message.sequence_group_by)
            for name, frame in frames(exchange):
                if name == kind:
                    header = msgspec.json.decode(frame, type=session.frame)
                    records = session.records[kind](header) if message.fanout else (header,)
                    found.setdefault(kind, []).extend((group(record), number(record)) for record in records)
    assert found == NUMBERS[exchange]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_frame_with_nothing_in_it_has_no_kind_and_no_number(exchange):
    session = exchange_named(exchange).session
    header = msgspec.json.decode(b"{}", type=session.frame)
    assert session.kinds([header]) == [""]
    for message in committed(exchange).message_types.values():
        if message.sequenced:
            record = session.record() if message.fanout else header
            assert attrgetter(message.sequence_field)(record) is None


def test_kalshi_counts_acknowledged_changes():
    session = exchange_named("kalshi").session
    counted = {
        kind: msgspec.json.decode(frame, type=session.frame)
        for kind, frame in frames("kalshi")
        if kind in session.counted
    }
    assert {kind: (header.sid, header.seq) for kind, header in counted.items()} == {
        "ok": (456, 222),
        "unsubscribed": (2, 7),
    }
    assert session.counted <= session.control


@pytest.mark.parametrize(
    "path", sorted((ROOT / "generated").glob("*/spec*.json")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_every_committed_spec_can_be_executed(path):
    spec = specs.decode(path.read_bytes())
    check_paths(spec)
    assert exchange_named(spec.feed.exchange).shares(spec)


def test_polymarket_s_pong_is_known_text():
    session = exchange_named("polymarket").session
    assert session.texts == {b"PONG": "pong"}
    assert set(session.texts.values()) <= session.control
    assert only(spec_of("polymarket", MARKETS["polymarket"])).answered("pong", b"PONG", 0.0).refused == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
WORDS = st.sampled_from(
    ["subscribe", "subscribed", "error", "trade", "BTC/USD", "PF_XBTUSD", "Already subscribed", "", "x" * 300]
)
MEMBERS = {
    name: JSON | WORDS | st.sampled_from([1, 2, 10**40, -1, True])
    for name in (
        "id", "req_id", "type", "method", "event", "feed", "channel", "success", "result", "error", "msg", "code", "sid",
        "product_ids", "symbol", "message", "data", "event_type",
    )
}  # fmt: skip
DEEPER = st.fixed_dictionaries({}, optional={**MEMBERS, "msg": st.fixed_dictionaries({}, optional=MEMBERS)})
SHAPES = JSON | st.fixed_dictionaries({}, optional=MEMBERS) | DEEPER


@pytest.mark.parametrize("exchange", EXCHANGES)
@given(value=SHAPES)
def test_no_answer_raises_and_all_that_is_told_is_short_and_printable(exchange, value):
    for session in sessions(spec_of(exchange, MARKETS[exchange])):
        for state in ("before", "opened"):
            for kind in sorted(session.control):
                reply = session.answered(kind, json.dumps(value).encode(), 1.0)
                for refusal in reply.refused:
                    assert refusal.reason.isprintable(), state
                    assert 0 < len(refusal.reason) <= 200
                    assert refusal.channel in {None, *session.share.channels}
                    assert refusal.instrument in {None, *session.share.instruments}
            session.opened(0.0)


@pytest.mark.parametrize("exchange", EXCHANGES)
@given(value=SHAPES)
def test_whatever_decodes_has_a_kind_that_is_text(exchange, value):
    session = exchange_named(exchange).session
    try:
        header = msgspec.json.decode(json.dumps(value).encode(), type=session.frame)
    except msgspec.MsgspecError:
        return
    (kind,) = session.kinds([header])
    assert isinstance(kind, str)


@pytest.mark.parametrize(
    "payload", [b"[" * 5000 + b"]" * 5000, b'{"id":' * 5000 + b"1" + b"}" * 5000, b'"\xff"', b"", b"PONG"]
)
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_no_payload_raises(exchange, payload):
    session = only(spec_of(exchange, MARKETS[exchange]))
    session.opened(0.0)
    for kind in sorted(session.control):
        session.answered(kind, payload, 1.0)


def test_an_answer_of_megabytes_is_not_read():
    session = only(spec_of("kraken", ("BTC/USD",), channels=("trade",)))
    session.opened(0.0)
    answer = {
        "method": "subscribe",
        "success": True,
        "result": {"channel": "trade", "symbol": "BTC/USD"},
        "junk": "x" * (1 << 20),
    }
    session.answered("subscribe", json.dumps(answer).encode(), 0.0)
    assert not session.subscribed
    del answer["junk"]
    session.answered("subscribe", json.dumps(answer).encode(), 0.0)
    assert session.subscribed
