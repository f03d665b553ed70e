"""Kraken Futures: commands, answers by feed and product, errors that name neither."""

from __future__ import annotations

import json

import pytest
from exchange_specs import only, spec_of, tell
from ssmd_runtime.exchanges.protocol import Connect, Refusal

XBT, ETH = "PF_XBTUSD", "PF_ETHUSD"


def opened(*products, channels=("trade", "book")):
    session = only(spec_of("kraken-futures", products, channels=channels))
    session.opened(0.0)
    return session


def test_a_command_for_each_feed():
    session = only(spec_of("kraken-futures", (XBT, ETH)))
    assert session.connect(1) == Connect("wss://futures.kraken.com/ws/v1")
    assert session.opened(0.0) == [
        b'{"event":"subscribe","feed":"trade","product_ids":["PF_XBTUSD","PF_ETHUSD"]}',
        b'{"event":"subscribe","feed":"book","product_ids":["PF_XBTUSD","PF_ETHUSD"]}',
    ]


def test_many_products_go_in_commands_of_a_hundred():
    products = tuple(f"PF_{number}USD" for number in range(150))
    asked = only(spec_of("kraken-futures", products, channels=("trade",))).opened(0.0)
    assert [len(json.loads(frame)["product_ids"]) for frame in asked] == [100, 50]


def test_the_heartbeat_is_a_feed_without_products():
    session = only(spec_of("kraken-futures", (XBT,), channels=("heartbeat", "trade")))
    assert session.opened(0.0)[0] == b'{"event":"subscribe","feed":"heartbeat"}'
    tell(session, {"event": "subscribed", "feed": "heartbeat"})
    tell(session, {"event": "subscribed", "feed": "trade", "product_ids": [XBT]})
    assert session.subscribed


def test_a_subscription_is_there_when_every_product_of_every_feed_is_named():
    session = opened(XBT, ETH)
    tell(session, {"event": "subscribed", "feed": "trade", "product_ids": [XBT, ETH]})
    tell(session, {"event": "subscribed", "feed": "book", "product_ids": [ETH]})
    assert not session.subscribed
    tell(session, {"event": "subscribed", "feed": "book", "product_ids": [XBT]})
    assert session.subscribed


def test_a_failed_subscription_names_feed_and_products():
    session = opened(XBT, ETH)
    refused = tell(session, {"event": "subscribed_failed", "feed": "book", "product_ids": [ETH, "PF_OTHER"]}).refused
    assert refused == (Refusal("book", ETH, "refused without a reason"),)
    assert [(late.channel, late.instrument) for late in session.overdue(31.0)] == [
        ("trade", XBT),
        ("trade", ETH),
        ("book", XBT),
    ]


@pytest.mark.parametrize("event", ["error", "alert"])
def test_an_error_is_of_the_only_product_awaited(event):
    session = opened(XBT, channels=("trade",))
    assert tell(session, {"event": event, "message": "Invalid product id"}).refused == (
        Refusal("trade", XBT, "Invalid product id"),
    )
    assert session.subscribed


def test_an_error_is_of_the_product_that_it_names():
    session = opened(XBT, ETH, channels=("trade",))
    why = "Invalid product id: PF_ETHUSD."
    assert tell(session, {"event": "error", "message": why}).refused == (Refusal("trade", ETH, why),)
    session = opened(XBT, ETH)
    assert tell(session, {"event": "error", "message": why}).refused == (Refusal(None, ETH, why),)


def test_an_error_of_nobody_knows_what_is_left_to_the_late_answers():
    session = opened(XBT, ETH, channels=("trade",))
    assert tell(session, {"event": "error", "message": "Invalid product id"}).refused == (
        Refusal(None, None, "Invalid product id"),
    )
    tell(session, {"event": "subscribed", "feed": "trade", "product_ids": [XBT]})
    assert session.overdue(31.0) == [Refusal("trade", ETH, "not answered within 30 s")]


def test_already_subscribed_is_no_refusal():
    session = opened(XBT, channels=("trade",))
    assert tell(session, {"event": "alert", "message": "Already subscribed to feed, re-requesting"}).refused == ()


def test_greetings_answer_nothing():
    session = opened(XBT)
    for frame in (
        {"event": "info", "version": 1},
        {"feed": "heartbeat", "time": 1},
        {"event": "unsubscribed", "feed": "trade"},
    ):
        assert tell(session, frame).refused == ()
    assert not session.subscribed
