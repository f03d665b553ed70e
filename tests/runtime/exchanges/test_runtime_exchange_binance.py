"""Binance: streams in the URL or in commands, answers, and the farewell."""

from __future__ import annotations

import json

import pytest
from exchange_specs import only, sessions, spec_of, tell
from ssmd_runtime.exchanges.protocol import Connect, Refusal
from ssmd_runtime.spec import SpecError

STREAM = "wss://data-stream.binance.vision/stream"


def symbols(number):
    return tuple(f"S{place}USDT" for place in range(number))


def test_few_streams_are_named_in_the_url():
    session = only(spec_of("binance", ("BTCUSDT", "ETHUSDT"), channels=("trade", "bookTicker")))
    assert session.connect(1) == Connect(
        f"{STREAM}?streams=btcusdt@trade/ethusdt@trade/btcusdt@bookTicker/ethusdt@bookTicker"
    )
    assert session.opened(0.0) == []
    assert session.subscribed


@pytest.mark.parametrize(
    ("symbol", "quoted"),
    [("A/B&C=D?", "a%2Fb%26c%3Dd%3F@trade"), ("币安人生USDT", "%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9Fusdt@trade")],
)
def test_a_symbol_cannot_leave_its_place_in_the_url(symbol, quoted):
    session = only(spec_of("binance", (symbol,), endpoint=f"{STREAM}?timeUnit=MICROSECOND"))
    assert session.connect(1).url == f"{STREAM}?timeUnit=MICROSECOND&streams={quoted}"


def test_a_hundred_streams_go_in_the_url_and_one_more_does_not():
    assert only(spec_of("binance", symbols(100))).opened(0.0) == []
    session = only(spec_of("binance", symbols(101)))
    assert session.connect(1) == Connect(STREAM)
    asked = [json.loads(frame) for frame in session.opened(0.0)]
    assert [(one["method"], len(one["params"]), one["id"]) for one in asked] == [
        ("SUBSCRIBE", 100, 1),
        ("SUBSCRIBE", 1, 2),
    ]
    assert session.opened(0.0)[1] == b'{"method":"SUBSCRIBE","params":["s100usdt@trade"],"id":2}'


@pytest.mark.parametrize(
    ("most", "channels", "sizes"),
    [
        (None, ("trade",), [1024, 476]),
        (5000, ("trade",), [1024, 476]),
        (1024, ("trade", "aggTrade"), [512, 512, 476]),
        (1000, ("trade", "aggTrade", "bookTicker"), [333, 333, 333, 333, 168]),
    ],
)
def test_the_limit_counts_streams(most, channels, sizes):
    parts = sessions(spec_of("binance", symbols(1500), channels=channels, most=most))
    assert [len(part.share.instruments) for part in parts] == sizes


def test_more_channels_than_streams_are_refused():
    with pytest.raises(SpecError, match=r"^binance: 2 channels, and a connection may have 1 streams$"):
        sessions(spec_of("binance", ("BTCUSDT",), channels=("trade", "aggTrade"), most=1))


def test_commands_are_answered_by_number():
    session = only(spec_of("binance", symbols(150)))
    session.opened(0.0)
    for number in (2, 1):
        assert not session.subscribed
        tell(session, {"result": None, "id": number})
    assert session.subscribed


@pytest.mark.parametrize(
    "said",
    [
        {"error": {"code": 2, "msg": "Invalid request"}, "id": 2},
        {"code": 2, "msg": "Invalid request", "id": 2},
    ],
)
def test_a_refused_command_is_told_stream_by_stream(said):
    session = only(spec_of("binance", symbols(102)))
    session.opened(0.0)
    assert tell(session, said).refused == (
        Refusal("trade", "S100USDT", "Invalid request (code 2)"),
        Refusal("trade", "S101USDT", "Invalid request (code 2)"),
    )
    assert {late.instrument for late in session.overdue(31.0)} == set(symbols(100))


def test_an_error_without_a_number_names_nothing():
    session = only(spec_of("binance", ("BTCUSDT",)))
    assert tell(session, {"code": 3, "msg": "Invalid JSON"}).refused == (Refusal(None, None, "Invalid JSON (code 3)"),)


@pytest.mark.parametrize(
    "frame", [{"stream": "!serverShutdown", "data": {"e": "serverShutdown", "E": 1}}, {"e": "serverShutdown", "E": 1}]
)
def test_a_server_that_shuts_down_is_left(frame):
    assert tell(only(spec_of("binance", ("BTCUSDT",))), frame).leave == "the server said that it shuts down"
