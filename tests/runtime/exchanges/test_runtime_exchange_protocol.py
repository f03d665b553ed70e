"""The table of exchanges, the check of paths, and what all sessions share: the queue, its spacing, late answers."""

from __future__ import annotations

import msgspec
import pytest
from exchange_specs import committed, only, spec_of
from ssmd_runtime.exchanges import EXCHANGES, check_paths, exchange_named
from ssmd_runtime.exchanges.protocol import Connect, Refusal, Share, shares_of
from ssmd_runtime.spec import SpecError


def test_names_are_those_of_specs():
    assert sorted(EXCHANGES) == ["binance", "kalshi", "kraken", "kraken-futures", "polymarket"]
    for name in EXCHANGES:
        assert committed(name).feed.exchange == name


def test_an_unknown_name_is_refused_in_one_line():
    with pytest.raises(SpecError) as refused:
        exchange_named("krak\nen")
    assert str(refused.value) == (
        "no exchange named krak\\u000aen: this runtime knows binance, kalshi, kraken, kraken-futures, polymarket"
    )


def retyped(exchange, kind, **changes):
    spec = committed(exchange)
    message = msgspec.structs.replace(spec.message_types[kind], **changes)
    return msgspec.structs.replace(spec, message_types={**spec.message_types, kind: message})


@pytest.mark.parametrize(
    ("exchange", "kind", "changes", "says"),
    [
        (
            "kalshi",
            "trade",
            {"sequence_field": "msg.seq"},
            "sequence_field says msg.seq, and what can stand there is sid, seq",
        ),
        (
            "kalshi",
            "trade",
            {"sequence_group_by": "msg.market_ticker"},
            "sequence_group_by says msg.market_ticker, and what can stand there is type, sid, seq",
        ),
        (
            "kalshi",
            "trade",
            {"sequence_field": "type"},
            "sequence_field says type, and what can stand there is sid, seq",
        ),
        (
            "kalshi",
            "trade",
            {"sequence_field": "seq.real"},
            "sequence_field says seq.real, and what can stand there is sid, seq",
        ),
        (
            "kalshi",
            "trade",
            {"sequence_field": None},
            "sequence_field says no path, and what can stand there is sid, seq",
        ),
        (
            "kraken",
            "trade",
            {"sequence_field": "data.trade_id"},
            "sequence_field says data.trade_id, and what can stand there is trade_id",
        ),
        ("kraken", "trade", {"fanout": False}, "sequence_field says trade_id, and what can stand there is nothing"),
        (
            "binance",
            "trade",
            {"sequence_field": "data"},
            "sequence_field says data, and what can stand there is data.t",
        ),
        (
            "polymarket",
            "last_trade_price",
            {"sequenced": True, "sequence_field": "seq"},
            "sequence_field says seq, and what can stand there is nothing",
        ),
        (
            "polymarket",
            "price_change",
            {"sequenced": True, "sequence_field": "seq"},
            "fanned out, and its records are not read one by one",
        ),
    ],
)
def test_a_path_that_is_not_read_is_refused_at_start(exchange, kind, changes, says):
    with pytest.raises(SpecError) as refused:
        check_paths(retyped(exchange, kind, **changes))
    assert str(refused.value) == f"message type {kind}: {says}"


def test_paths_of_what_is_not_sequenced_are_nobody_s_business():
    check_paths(retyped("kalshi", "ticker", sequence_field="msg.nothing"))


def opened_times(session, limit):
    """When each command leaves, if the caller comes exactly when it is told to."""
    now, times = 100.0, [100.0] * len(session.opened(100.0))
    while session.next_due is not None and len(times) < limit:
        now = session.next_due
        times += [now] * len(session.due(now))
    return times


@pytest.mark.parametrize(
    ("exchange", "rate", "spacing"), [("kraken", 4, 0.25), ("binance", 5, 1 / 3), ("binance", 1, 1.0)]
)
def test_commands_are_spaced_evenly(exchange, rate, spacing):
    symbols = tuple(f"S{number}" for number in range(1000))
    times = opened_times(only(spec_of(exchange, symbols, channels=("trade",), rate=rate)), 50)
    assert len(times) == 10
    assert times == pytest.approx([100.0 + spacing * place for place in range(10)])


def test_nothing_leaves_before_its_time():
    session = only(spec_of("kraken", ("A", "B"), channels=("trade", "book"), rate=2))
    assert len(session.opened(10.0)) == 1
    assert session.next_due == 10.5
    assert session.due(10.4) == []
    assert not session.subscribed
    assert len(session.due(10.5)) == 1
    assert session.next_due is None


def test_without_a_limit_all_leave_at_once():
    assert opened_times(only(spec_of("kraken", ("A", "B"))), 50) == [100.0] * 3


def test_late_answers_are_told_until_they_come():
    session = only(spec_of("kraken", ("A", "B"), channels=("trade",)))
    session.opened(10.0)
    assert session.overdue(40.0) == []
    late = [Refusal("trade", symbol, "not answered within 30 s") for symbol in ("A", "B")]
    assert session.overdue(40.1) == late == session.overdue(50.0)
    assert [refusal.asked for refusal in session.overdue(50.0)] == [10.0, 10.0]
    session.answered("subscribe", b'{"success":true,"req_id":1,"result":{"channel":"trade","symbol":"A"}}', 51.0)
    assert session.overdue(52.0) == late[1:]


def test_a_reconnect_starts_over():
    session = only(spec_of("kraken", ("A",), channels=("trade",)))
    first = session.opened(10.0)
    assert session.opened(100.0) == first
    assert session.overdue(101.0) == []


def test_headers_of_a_handshake_are_not_shown():
    assert "hush" not in repr(Connect("wss://exchange.example", {"KEY": "hush"}))


def test_instruments_are_shared_out_in_order():
    assert shares_of(("a", "b"), ("1", "2", "3"), 2) == [
        Share(1, ("a", "b"), ("1", "2")),
        Share(2, ("a", "b"), ("3",)),
    ]
    assert shares_of(("a",), ("1", "2"), None) == [Share(1, ("a",), ("1", "2"))]
    assert shares_of(("a",), (), 2) == [Share(1, ("a",), ())]


def test_a_channel_without_instruments_goes_over_the_first_connection_alone():
    assert shares_of(("a", "all"), ("1", "2"), 1, apart=frozenset({"all"})) == [
        Share(1, ("a", "all"), ("1",)),
        Share(2, ("a",), ("2",)),
    ]
    assert shares_of(("all",), ("1", "2"), 1, apart=frozenset({"all"})) == [Share(1, ("all",), ())]


@pytest.mark.parametrize(
    ("exchange", "channel"),
    [("binance", "trade"), ("kraken", "trade"), ("kraken-futures", "trade"), ("polymarket", "market")],
)
def test_without_instruments_there_is_nothing_to_ask_for(exchange, channel):
    with pytest.raises(SpecError) as refused:
        only(spec_of(exchange, ()))
    assert str(refused.value) == (
        f"{exchange}: channel {channel} takes instruments, and this spec names none (only kalshi finds its own)"
    )


def test_pings_are_those_of_the_feed():
    assert only(spec_of("kraken", ("BTC/USD",))).ping() == b'{"method":"ping"}'
    assert only(spec_of("polymarket", ("1",))).ping() == b"PING"
    assert only(spec_of("polymarket", ("1",))).ping_seconds == 10.0
    assert only(spec_of("kraken-futures", ("PF_XBTUSD",))).ping() is None
    assert only(spec_of("binance", ("BTCUSDT",))).ping_seconds == 30.0
