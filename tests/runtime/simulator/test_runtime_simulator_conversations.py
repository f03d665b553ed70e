"""What each exchange answers, without sockets: a client's frame in, the exchange's frames out."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from ssmd_runtime.simulator.venue import Conversation, Data, Hangup, Page, Ping, Text, Venue
from ssmd_runtime.simulator.venues import NAMES, venue_of

NOW = 1_790_000_000_123_456_789
RNG = random.Random(7)


def opened(name: str, path: str | None = None, **options: Any) -> tuple[Venue, Conversation]:
    venue = venue_of(name, now_ns=NOW, **options)
    conversation = venue.conversation(path or venue.path)
    assert isinstance(conversation, Conversation)
    return venue, conversation


def ask(conversation: Conversation, command: Any, now: float = 0.0) -> list[Any]:
    text = command if isinstance(command, str) else json.dumps(command)
    return [json.loads(said.text) for said in conversation.received(text, now) if isinstance(said, Data | Text)]


def events(venue: Venue, conversation: Conversation, topic: tuple[str, str], count: int) -> list[dict[str, Any]]:
    frames = [conversation.frame(venue.event(topic, NOW, RNG)) for _ in range(count)]
    return [json.loads(frame.text) for frame in frames if frame is not None]


# Kalshi


def subscribe(channels: list[str], markets: list[str] | None, number: int = 1) -> dict[str, Any]:
    params: dict[str, Any] = {"channels": channels}
    return {"id": number, "cmd": "subscribe", "params": params | ({"market_tickers": markets} if markets else {})}


def test_kalshi_numbers_subscriptions_in_order_and_refuses_a_second() -> None:
    _, client = opened("kalshi")
    first = ask(client, subscribe(["trade", "ticker"], ["KXA-1"]))
    assert first == [
        {"type": "subscribed", "id": 1, "msg": {"channel": "trade", "sid": 1}},
        {"type": "subscribed", "id": 1, "msg": {"channel": "ticker", "sid": 2}},
    ]
    again = ask(client, subscribe(["trade"], ["KXA-2"], 5))
    assert again == [{"id": 5, "type": "error", "msg": {"code": 6, "msg": "Already subscribed"}}]


def test_kalshi_counts_per_sid_and_from_one_on_each_connection() -> None:
    venue, client = opened("kalshi")
    ask(client, subscribe(["trade", "ticker", "orderbook_delta"], ["KXA-1"]))
    trades = events(venue, client, ("trade", "KXA-1"), 3)
    assert [(frame["sid"], frame["seq"]) for frame in trades] == [(1, 1), (1, 2), (1, 3)]
    assert set(trades[0]["msg"]) == {
        "trade_id", "market_ticker", "yes_price_dollars", "no_price_dollars", "count_fp", "taker_side", "ts",
    }  # fmt: skip
    yes, no = trades[0]["msg"]["yes_price_dollars"], trades[0]["msg"]["no_price_dollars"]
    assert len(yes) == 6
    assert round(float(yes) + float(no), 4) == 1
    deltas = events(venue, client, ("orderbook_delta", "KXA-1"), 2)
    assert [frame["seq"] for frame in deltas] == [2, 3]  # the snapshot was the first
    assert "seq" not in events(venue, client, ("ticker", "KXA-1"), 1)[0]
    other = venue.conversation(venue.path)
    assert isinstance(other, Conversation)
    ask(other, subscribe(["trade"], ["KXA-1"]))
    assert events(venue, other, ("trade", "KXA-1"), 1)[0]["seq"] == 1


def test_kalshi_snapshots_come_first_and_updates_take_a_number() -> None:
    venue, client = opened("kalshi")
    answers = ask(client, subscribe(["orderbook_delta"], ["KXA-1", "KXA-2"]))
    assert [frame["type"] for frame in answers] == ["subscribed", "orderbook_snapshot", "orderbook_snapshot"]
    assert [frame["seq"] for frame in answers[1:]] == [1, 2]
    assert answers[1]["msg"]["yes_dollars_fp"]
    update = {"id": 2, "cmd": "update_subscription", "params": {"sids": [1], "market_tickers": ["KXA-3"]}}
    added = ask(client, {**update, "params": update["params"] | {"action": "add_markets"}})
    assert added[0] == {"id": 2, "sid": 1, "seq": 3, "type": "ok", "market_tickers": ["KXA-1", "KXA-2", "KXA-3"]}
    assert (added[1]["type"], added[1]["seq"]) == ("orderbook_snapshot", 4)
    ask(client, {**update, "params": update["params"] | {"action": "delete_markets"}})
    assert events(venue, client, ("orderbook_delta", "KXA-3"), 1) == []
    assert events(venue, client, ("orderbook_delta", "KXA-1"), 1)[0]["seq"] == 6
    gone = ask(client, {"id": 3, "cmd": "unsubscribe", "params": {"sids": [1]}})
    assert gone == [{"id": 3, "sid": 1, "seq": 7, "type": "unsubscribed"}]
    assert events(venue, client, ("orderbook_delta", "KXA-1"), 1) == []


def test_kalshi_lifecycle_tells_of_every_market() -> None:
    venue, client = opened("kalshi", instruments=["KXA-1", "KXA-2"])
    ask(client, subscribe(["market_lifecycle_v2"], None))
    assert client.topics() == [("market_lifecycle_v2", "*")]
    told = events(venue, client, ("market_lifecycle_v2", "*"), 40)
    assert {frame["type"] for frame in told} == {"market_lifecycle_v2", "event_lifecycle"}
    assert {frame["msg"].get("market_ticker") for frame in told} == {"KXA-1", "KXA-2", None}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("{", 1),
        ("[1]", 1),
        ({"id": 1, "cmd": "dance", "params": {}}, 5),
        ({"id": 1, "cmd": ["subscribe"], "params": {}}, 5),
        ({"id": 1, "cmd": "subscribe"}, 2),
        (subscribe([], ["KXA-1"]), 3),
        (subscribe(["trades"], ["KXA-1"]), 8),
        (subscribe(["orderbook_delta"], None), 14),
        (subscribe(["trade"], ["KX NOT"]), 16),
        (subscribe(["trade"], [f"KXA-{number}" for number in range(257)]), 26),
        ({"id": 1, "cmd": "unsubscribe", "params": {}}, 4),
        ({"id": 1, "cmd": "unsubscribe", "params": {"sids": [9]}}, 7),
        ({"id": 1, "cmd": "update_subscription", "params": {"sids": [9]}}, 7),
    ],
)
def test_kalshi_tells_what_is_wrong(command: Any, code: int) -> None:
    _, client = opened("kalshi")
    assert [(frame["type"], frame["msg"]["code"]) for frame in ask(client, command)] == [("error", code)]
    assert client.topics() == []


def test_kalshi_allows_256_markets_but_no_more_by_adding() -> None:
    _, client = opened("kalshi")
    assert ask(client, subscribe(["trade"], [f"KXA-{number}" for number in range(256)]))[0]["type"] == "subscribed"
    params = {"sids": [1], "market_tickers": ["KXB-1"], "action": "add_markets"}
    assert ask(client, {"id": 2, "cmd": "update_subscription", "params": params})[0]["msg"]["code"] == 26


# Kraken


def test_kraken_acknowledges_each_symbol_and_starts_with_the_last_fifty() -> None:
    venue, client = opened("kraken")
    wanted = {"method": "subscribe", "req_id": 3, "params": {"channel": "trade", "symbol": ["BTC/USD", "ETH/USD"]}}
    answers = ask(client, wanted)
    acknowledged = [frame for frame in answers if "method" in frame]
    assert [frame["result"]["symbol"] for frame in acknowledged] == ["BTC/USD", "ETH/USD"]
    assert all(frame["success"] and frame["req_id"] == 3 for frame in acknowledged)
    snapshot = answers[1]
    numbers = [trade["trade_id"] for trade in snapshot["data"]]
    assert (snapshot["type"], len(numbers), numbers) == ("snapshot", 50, list(range(numbers[0], numbers[0] + 50)))
    following = events(venue, client, ("trade", "BTC/USD"), 5)
    ids = [trade["trade_id"] for frame in following for trade in frame["data"]]
    assert ids == list(range(numbers[-1] + 1, numbers[-1] + 1 + len(ids)))
    other = venue.conversation(venue.path)
    assert isinstance(other, Conversation)
    late = ask(other, {"method": "subscribe", "params": {"channel": "trade", "symbol": ["BTC/USD"]}})[1]
    assert [trade["trade_id"] for trade in late["data"]][-len(ids) :] == ids


def test_kraken_log_entry_of_a_snapshot_knows_its_first_number() -> None:
    _, client = opened("kraken")
    said = client.received(
        json.dumps({"method": "subscribe", "params": {"channel": "trade", "symbol": ["BTC/USD"]}}), 0
    )
    snapshot = next(one for one in said if isinstance(one, Data))
    assert snapshot.records == 50
    assert snapshot.seq == json.loads(snapshot.text)["data"][0]["trade_id"]


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("{", "Malformed request"),
        ({"method": "dance"}, "Unsupported method"),
        ({"method": "subscribe", "params": {"channel": "trades", "symbol": ["BTC/USD"]}}, "Unsupported channel"),
        ({"method": "subscribe", "params": {"channel": "trade"}}, "Symbol field required"),
        (
            {"method": "subscribe", "params": {"channel": "trade", "symbol": ["X\nY"]}},
            "Currency pair not supported X\nY",
        ),
        ({"method": "unsubscribe", "params": {"channel": "trade", "symbol": ["BTC/USD"]}}, "Subscription Not Found"),
    ],
)
def test_kraken_tells_what_is_wrong(command: Any, why: str) -> None:
    _, client = opened("kraken")
    assert [(frame["success"], frame["error"]) for frame in ask(client, command)] == [(False, why)]


def test_kraken_answers_pings_and_beats_once_subscribed() -> None:
    _, client = opened("kraken")
    assert client.heartbeat(NOW) is None
    assert ask(client, {"method": "ping", "req_id": 4})[0]["method"] == "pong"
    ask(client, {"method": "subscribe", "params": {"channel": "book", "symbol": ["BTC/USD"]}})
    assert client.heartbeat(NOW) == Text('{"channel":"heartbeat"}')


def test_only_the_listed_instruments_exist() -> None:
    _, client = opened("kraken", instruments=["BTC/USD"])
    answers = ask(client, {"method": "subscribe", "params": {"channel": "ticker", "symbol": ["BTC/USD", "ETH/USD"]}})
    assert [frame.get("success") for frame in answers] == [True, None, False]


# Kraken Futures


def test_kraken_futures_counts_per_product_and_feed() -> None:
    venue, client = opened("kraken-futures")
    assert [json.loads(said.text) for said in client.opened() if isinstance(said, Text)] == [
        {"event": "info", "version": 1}
    ]
    wanted = {"event": "subscribe", "product_ids": ["PF_XBTUSD", "PF_ETHUSD"]}
    trades = ask(client, wanted | {"feed": "trade"})
    books = ask(client, wanted | {"feed": "book"})
    assert trades[0] == {"event": "subscribed", "feed": "trade", "product_ids": ["PF_XBTUSD", "PF_ETHUSD"]}
    assert [frame["feed"] for frame in trades[1:]] == ["trade_snapshot", "trade_snapshot"]
    assert [frame["feed"] for frame in books[1:]] == ["book_snapshot", "book_snapshot"]
    last = trades[1]["trades"][0]["seq"]  # the newest first
    assert [frame["seq"] for frame in events(venue, client, ("trade", "PF_XBTUSD"), 3)] == [
        last + 1,
        last + 2,
        last + 3,
    ]
    changes = events(venue, client, ("book", "PF_XBTUSD"), 2)
    assert [frame["seq"] for frame in changes] == [books[1]["seq"] + 1, books[1]["seq"] + 2]
    assert isinstance(events(venue, client, ("trade", "PF_ETHUSD"), 1)[0]["time"], int)


@pytest.mark.parametrize(
    "command",
    [
        "{",
        {"event": "x"},
        {"event": "subscribe", "feed": "x"},
        {"event": "subscribe", "feed": "trade", "product_ids": 1},
    ],
)
def test_kraken_futures_tells_what_is_wrong(command: Any) -> None:
    _, client = opened("kraken-futures")
    assert [frame["event"] for frame in ask(client, command)] == ["error"]


# Polymarket


def test_polymarket_answers_with_an_array_of_books_and_no_acknowledgement() -> None:
    _, client = opened("polymarket")
    answers = ask(client, {"assets_ids": ["11", "22"], "type": "market"})
    assert [[book["asset_id"] for book in frame] for frame in answers] == [["11", "22"]]
    assert {book["event_type"] for book in answers[0]} == {"book"}
    assert ask(client, {"assets_ids": ["33"], "operation": "subscribe"})[0][0]["asset_id"] == "33"
    assert ask(client, {"assets_ids": ["11"], "operation": "unsubscribe"}) == []
    assert client.topics() == [("market", "22"), ("market", "33")]


@pytest.mark.parametrize("custom", [True, False])
def test_polymarket_sends_every_event_type_some_in_arrays(*, custom: bool) -> None:
    venue, client = opened("polymarket")
    ask(client, {"assets_ids": ["11"], "type": "market", "custom_feature_enabled": custom})
    frames: list[Any] = events(venue, client, ("market", "11"), 600)
    assert any(isinstance(frame, list) for frame in frames)
    flat = [record for frame in frames for record in (frame if isinstance(frame, list) else [frame])]
    plain = {"price_change", "last_trade_price", "book", "tick_size_change"}
    switched = {"best_bid_ask", "new_market", "market_resolved"}
    assert {record["event_type"] for record in flat} == (plain | switched if custom else plain)


def test_polymarket_pongs_and_refuses_nonsense() -> None:
    _, client = opened("polymarket")
    assert list(client.received("PING", 0)) == [Text("PONG")]
    for nonsense in ("{", "{}", '{"assets_ids":"11","type":"market"}', '{"assets_ids":["1"],"operation":"dance"}'):
        assert list(client.received(nonsense, 0)) == [Text("INVALID OPERATION")]


def test_polymarket_falls_silent_above_500_assets() -> None:
    venue, client = opened("polymarket")
    ask(client, {"assets_ids": [str(number) for number in range(500)], "type": "market"})
    assert len(client.topics()) == 500
    assert ask(client, {"assets_ids": ["500"], "operation": "subscribe"}) == []
    assert client.topics() == []
    assert events(venue, client, ("market", "1"), 5) == []


# Binance


def test_binance_takes_streams_in_the_url_and_by_command() -> None:
    venue, client = opened("binance", "/stream?streams=btcusdt@trade/ethusdt@trade")
    frame = events(venue, client, ("trade", "btcusdt"), 1)[0]
    assert (frame["stream"], frame["data"]["s"], frame["data"]["e"]) == ("btcusdt@trade", "BTCUSDT", "trade")
    assert ask(client, {"method": "SUBSCRIBE", "params": ["solusdt@trade"], "id": 9}) == [{"result": None, "id": 9}]
    listed = ask(client, {"method": "LIST_SUBSCRIPTIONS", "id": 10})
    assert listed == [{"result": ["btcusdt@trade", "ethusdt@trade", "solusdt@trade"], "id": 10}]
    ask(client, {"method": "UNSUBSCRIBE", "params": ["btcusdt@trade"], "id": 11})
    assert events(venue, client, ("trade", "btcusdt"), 1) == []


def test_binance_counts_per_symbol_over_connections() -> None:
    venue, client = opened("binance", "/stream?streams=btcusdt@trade")
    _, other = venue, venue.conversation("/ws/btcusdt@trade")
    assert isinstance(other, Conversation)
    first = [frame["data"]["t"] for frame in events(venue, client, ("trade", "btcusdt"), 3)]
    assert events(venue, other, ("trade", "btcusdt"), 1)[0]["t"] == first[0] + 3
    assert first == [first[0], first[0] + 1, first[0] + 2]


def test_binance_limits_streams() -> None:
    venue = venue_of("binance")
    names = [f"s{number}@trade" for number in range(1025)]
    assert isinstance(venue.conversation(f"/stream?streams={'/'.join(names[:1024])}"), Conversation)
    refused = venue.conversation(f"/stream?streams={'/'.join(names)}")
    assert isinstance(refused, Page)
    assert refused.status == 400
    _, client = opened("binance", f"/stream?streams={'/'.join(names[:1024])}")
    assert "error" in ask(client, {"method": "SUBSCRIBE", "params": [names[1024]], "id": 1})[0]


def test_binance_hangs_up_on_the_sixth_message_within_a_second() -> None:
    _, client = opened("binance")
    for number in range(5):
        assert "result" in ask(client, {"method": "LIST_SUBSCRIPTIONS", "id": number}, now=100.0 + number / 10)[0]
    assert list(client.received("{}", 100.9)) == [Hangup(1008, "Too many requests")]
    _, patient = opened("binance")
    for number in range(20):
        assert ask(patient, {"method": "LIST_SUBSCRIPTIONS", "id": number}, now=number / 4.9)


@pytest.mark.parametrize(
    "command", ["{", {"method": "DANCE", "id": 1}, {"method": "SUBSCRIBE", "params": "x", "id": 1}, {"id": [1]}]
)
def test_binance_tells_what_is_wrong(command: Any) -> None:
    _, client = opened("binance")
    assert "error" in ask(client, command)[0]


# All


@pytest.mark.parametrize(("name", "ping"), [("kalshi", b"heartbeat"), ("binance", b"1790000000123.1")])
def test_servers_that_ping(name: str, ping: bytes) -> None:
    said = opened(name)[1].heartbeat(NOW)
    assert isinstance(said, Ping)
    assert said.payload == ping


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_path_is_not_found(name: str) -> None:
    refused = venue_of(name).conversation("/elsewhere")
    assert isinstance(refused, Page)
    assert refused.status == 404


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_a_client_sends_raises(name: str) -> None:
    _, client = opened(name)
    values: list[Any] = [None, 0, "x", [], {}, [None], [{}], {"x": 1}, "\ud800", 1e300, True]
    members = ("id", "cmd", "method", "event", "feed", "params", "product_ids", "assets_ids", "operation", "type")
    words = ("subscribe", "SUBSCRIBE", "unsubscribe", "UNSUBSCRIBE", "update_subscription", "trade", "market")
    chosen = random.Random(3)
    for _ in range(3000):
        asked = {member: chosen.choice([*values, *words]) for member in members if chosen.random() < 0.5}
        if chosen.random() < 0.5:
            inner = ("channels", "channel", "symbol", "market_tickers", "sids", "action")
            asked["params"] = {member: chosen.choice([*values, *words, ["trade"]]) for member in inner}
        client.received(json.dumps(asked), 1e9 * chosen.random())
    client.received("[" * 100_000, 0)


def test_an_unknown_exchange_is_told_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean `kalshi`"):
        venue_of("kalsi")
