"""Kraken: commands, and answers symbol by symbol."""

from __future__ import annotations

import json

import msgspec
from exchange_specs import only, sessions, spec_of, tell
from ssmd_runtime.exchanges.kraken import KrakenSession
from ssmd_runtime.exchanges.protocol import Connect, Refusal

BTC, ETH = "BTC/USD", "ETH/USD"


def opened(*symbols, channels=("trade", "book"), **limits):
    session = only(spec_of("kraken", symbols, channels=channels, **limits))
    session.opened(0.0)
    return session


def yes(channel, symbol, **more):
    return {"method": "subscribe", "success": True, "result": {"channel": channel, "symbol": symbol}, **more}


def no(symbol, **more):
    return {
        "method": "subscribe",
        "success": False,
        "error": f"Currency pair not supported {symbol}",
        "symbol": symbol,
        **more,
    }


def test_a_command_for_each_channel():
    session = only(spec_of("kraken", (BTC, ETH)))
    assert session.connect(1) == Connect("wss://ws.kraken.com/v2")
    assert session.opened(0.0) == [
        b'{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD","ETH/USD"]},"req_id":1}',
        b'{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","ETH/USD"]},"req_id":2}',
        b'{"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/USD","ETH/USD"]},"req_id":3}',
    ]


def test_many_symbols_go_in_commands_of_a_hundred():
    symbols = tuple(f"S{number}/USD" for number in range(250))
    asked = [json.loads(frame) for frame in only(spec_of("kraken", symbols, channels=("trade",))).opened(0.0)]
    assert [len(one["params"]["symbol"]) for one in asked] == [100, 100, 50]
    assert tuple(symbol for one in asked for symbol in one["params"]["symbol"]) == symbols
    assert [one["req_id"] for one in asked] == [1, 2, 3]


def test_a_limit_of_the_spec_makes_more_connections():
    assert [session.share.instruments for session in sessions(spec_of("kraken", ("A", "B", "C"), most=2))] == [
        ("A", "B"),
        ("C",),
    ]


def test_instrument_takes_no_symbols_and_goes_over_one_connection():
    first, second = sessions(spec_of("kraken", (BTC, ETH), channels=("instrument", "trade"), most=1))
    assert first.opened(0.0) == [
        b'{"method":"subscribe","params":{"channel":"instrument"},"req_id":1}',
        b'{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD"]},"req_id":2}',
    ]
    assert len(second.opened(0.0)) == 1
    tell(
        first,
        {"method": "subscribe", "success": True, "req_id": 1, "result": {"channel": "instrument", "snapshot": True}},
    )
    tell(first, yes("trade", BTC, req_id=2))
    assert first.subscribed


def test_a_command_is_answered_when_all_its_symbols_are():
    session = opened(BTC, ETH, channels=("trade",))
    tell(session, yes("trade", BTC, req_id=1))
    tell(session, yes("trade", BTC, req_id=1))
    assert not session.subscribed
    tell(session, yes("trade", ETH, req_id=1))
    assert session.subscribed


def test_answers_without_a_number_are_told_apart_by_channel_and_symbol():
    session = opened(BTC, ETH)
    for channel in ("book", "trade"):
        for symbol in (ETH, BTC):
            assert not session.subscribed
            tell(session, yes(channel, symbol))
    assert session.subscribed


def test_an_answer_without_a_number_is_of_its_channel():
    session = opened(BTC)
    tell(session, yes("book", BTC))
    assert [(late.channel, late.instrument) for late in session.overdue(31.0)] == [("trade", BTC)]


def test_a_record_that_comes_without_its_array_is_one_record():
    header = msgspec.json.decode(
        b'{"channel":"trade","data":{"symbol":"BTC/USD","trade_id":7}}', type=KrakenSession.frame
    )
    assert [(one.symbol, one.trade_id) for one in KrakenSession.records["trade"](header)] == [(BTC, 7)]


def test_a_refusal_names_its_channel_by_its_number():
    session = opened(BTC, ETH)
    why = "Currency pair not supported ETH/USD"
    assert tell(session, no(ETH, req_id=2)).refused == (Refusal("book", ETH, why),)
    assert [(late.channel, late.instrument) for late in session.overdue(31.0)] == [
        ("trade", BTC),
        ("trade", ETH),
        ("book", BTC),
    ]


def test_a_refusal_without_a_number_is_of_the_oldest_subscription_that_fits():
    session = opened(BTC, ETH)
    assert [tell(session, no(ETH)).refused[0].channel for _ in range(3)] == ["trade", "book", None]


def test_a_refusal_of_the_whole_command_is_one_of_each_symbol():
    session = opened(BTC, ETH)
    refused = tell(
        session, {"method": "subscribe", "success": False, "error": "Malformed request", "req_id": 1}
    ).refused
    assert refused == (Refusal("trade", BTC, "Malformed request"), Refusal("trade", ETH, "Malformed request"))


def test_a_refusal_of_nothing_we_asked_for_names_nothing():
    session = opened(BTC)
    assert tell(session, no("X\x1b]0;Y")).refused == (Refusal(None, None, "Currency pair not supported X\\u001b]0;Y"),)
    assert tell(session, {"method": "error", "error": "Malformed request"}).refused == (
        Refusal(None, None, "Malformed request"),
    )
    assert len(session.overdue(31.0)) == 2


def test_already_subscribed_is_subscribed():
    session = opened(BTC, channels=("trade",))
    again = {"method": "subscribe", "success": False, "error": "Already subscribed", "symbol": BTC, "req_id": 1}
    assert tell(session, again).refused == ()
    assert session.subscribed


def test_heartbeats_answer_nothing():
    session = opened(BTC)
    for frame in ({"channel": "heartbeat"}, {"method": "pong", "success": False}, {"channel": "status", "data": [{}]}):
        assert tell(session, frame).refused == ()
    assert not session.subscribed
