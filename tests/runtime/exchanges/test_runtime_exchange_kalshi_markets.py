"""Kalshi: markets that are taken up and dropped while the line is open."""

from __future__ import annotations

import json

import pytest
from exchange_specs import only, sessions, spec_of, tell
from hypothesis import given
from hypothesis import strategies as st
from ssmd_runtime.exchanges.kalshi import KalshiSession, further
from ssmd_runtime.exchanges.protocol import Refusal, Share, share_out
from ssmd_runtime.spec import Discovery

FOUND = Discovery(categories=("crypto",))


def following(*markets, channels=("trade",), **limits):
    session = only(spec_of("kalshi", markets, channels=channels, discovery=FOUND, **limits))
    session.opened(0.0)
    for number, channel in enumerate(channels if markets else (), 1):
        tell(session, {"type": "subscribed", "id": number, "msg": {"channel": channel, "sid": 40 + number}})
    return session


def update(action, number, sid, *markets):
    params = {"sids": [sid], "market_tickers": list(markets), "action": action}
    return json.dumps({"id": number, "cmd": "update_subscription", "params": params}, separators=(",", ":")).encode()


def test_changes_are_commands_for_each_subscription():
    session = following("A", "B", channels=("trade", "ticker"))
    assert session.update(("C", "A", "C"), ("B", "Z")) == ()
    assert session.due(1.0) == [
        update("delete_markets", 3, 41, "B"),
        update("add_markets", 4, 41, "C"),
        update("delete_markets", 5, 42, "B"),
        update("add_markets", 6, 42, "C"),
    ]
    assert session.markets == ("A", "C")
    assert not session.subscribed
    for number in (3, 4, 5, 6):
        tell(session, {"type": "ok", "id": number, "sid": 41, "seq": number, "msg": {"market_tickers": ["A"]}})
    assert session.subscribed


def test_nothing_new_is_no_command():
    session = following("A", "B")
    assert session.update(("A",), ("Z",)) == ()
    assert session.due(1.0) == []


def test_the_first_markets_found_are_a_subscription():
    session = following()
    assert session.update(("A",), ()) == ()
    assert session.due(1.0) == [b'{"id":1,"cmd":"subscribe","params":{"channels":["trade"],"market_tickers":["A"]}}']


def test_a_list_is_never_emptied():
    session = following("A")
    session.update((), ("A",))
    assert session.due(1.0) == [b'{"id":2,"cmd":"unsubscribe","params":{"sids":[41]}}']
    session.update(("B",), ())
    assert session.due(2.0) == [b'{"id":3,"cmd":"subscribe","params":{"channels":["trade"],"market_tickers":["B"]}}']


def test_all_markets_at_once_can_be_others():
    session = following("A")
    session.update(("B",), ("A",))
    assert session.due(1.0) == [
        b'{"id":2,"cmd":"unsubscribe","params":{"sids":[41]}}',
        b'{"id":3,"cmd":"subscribe","params":{"channels":["trade"],"market_tickers":["B"]}}',
    ]


def test_what_changes_before_the_answer_follows_it():
    session = only(spec_of("kalshi", ("A",), channels=("trade",), discovery=FOUND))
    session.opened(0.0)
    session.update(("B",), ())
    assert session.due(1.0) == []
    answer = {"type": "subscribed", "id": 1, "msg": {"channel": "trade", "sid": 7}}
    assert tell(session, answer, 2.0).send == (update("add_markets", 2, 7, "B"),)


def test_changes_keep_to_the_rate():
    session = following("A", "B", channels=("trade", "ticker"), rate=10)
    session.update(("C",), ())
    assert len(session.due(10.0)) == 1
    assert session.next_due == 10.1
    assert len(session.due(10.1)) == 1


def test_what_does_not_fit_comes_back_and_goes_over_a_further_connection():
    session = following(*(f"M{number}" for number in range(255)))
    assert session.update(("A", "B", "C"), ()) == ("B", "C")
    assert session.due(1.0) == [update("add_markets", 2, 41, "A")]
    assert session.update(("B", "C"), ("M0",)) == ("C",)
    assert session.due(2.0) == [update("delete_markets", 3, 41, "M0"), update("add_markets", 4, 41, "B")]


def test_further_connections_have_no_lifecycle():
    spec = spec_of("kalshi", discovery=FOUND, most=2)
    listed = ("trade", "ticker", "orderbook_delta")
    assert further(spec, ("A", "B", "C"), first=4) == [Share(4, listed, ("A", "B")), Share(5, listed, ("C",))]
    assert further(spec, (), first=4) == []
    assert further(spec_of("kalshi", channels=("market_lifecycle_v2",), discovery=FOUND), ("A",), first=2) == []


@pytest.mark.parametrize(
    ("found", "first", "second", "left"),
    [
        ("ABCDE", "ABC", "DE", ""),
        ("BCDE", "BC", "DE", ""),
        ("EDCB", "BC", "DE", ""),
        ("BCDEFGH", "BCF", "DEG", "H"),
        ("ABCF", "ABC", "F", ""),
        ("DE", "", "DE", ""),
        ("FGHIDE", "FGH", "DEI", ""),
        ("", "", "", ""),
    ],
)
def test_what_a_connection_holds_stays_there(found, first, second, left):
    """Connection 1 holds A, B and C, of three at most, connection 2 D and E."""
    both = sessions(spec_of("kalshi", tuple("ABCDE"), channels=("trade",), discovery=FOUND, most=3))
    for session in both:
        session.opened(0.0)
        tell(session, {"type": "subscribed", "id": 1, "msg": {"channel": "trade", "sid": 41}})
    assert "".join(share_out(both, tuple(found))) == left
    assert ["".join(session.markets) for session in both] == [first, second]


def test_a_change_is_told_to_the_connections_that_it_is_about():
    one, two = both = sessions(spec_of("kalshi", tuple("ABCDE"), channels=("trade",), discovery=FOUND, most=3))
    for session in both:
        session.opened(0.0)
        tell(session, {"type": "subscribed", "id": 1, "msg": {"channel": "trade", "sid": 41}})
    share_out(both, tuple("BCDEF"))
    assert one.due(1.0) == [update("delete_markets", 2, 41, "A"), update("add_markets", 3, 41, "F")]
    assert two.due(1.0) == []


def test_a_refused_addition_is_told_by_market_and_asked_for_again():
    session = following("A")
    session.update(("B", "C"), ())
    session.due(1.0)
    assert tell(session, {"type": "error", "id": 2, "msg": {"code": 16, "msg": "Market not found"}}).refused == (
        Refusal("trade", "B", "Market not found (code 16)"),
        Refusal("trade", "C", "Market not found (code 16)"),
    )
    session.update((), ("C",))
    assert session.due(2.0) == [update("add_markets", 3, 41, "B")]


def test_a_refused_removal_is_no_loss():
    session = following("A", "B")
    session.update((), ("B",))
    session.due(1.0)
    assert session.overdue(40.0) == []
    assert tell(session, {"type": "error", "id": 2, "msg": {"code": 16, "msg": "Market not found"}}).refused == ()


def test_a_refused_subscription_is_asked_for_again():
    session = only(spec_of("kalshi", ("A",), channels=("trade",), discovery=FOUND))
    session.opened(0.0)
    tell(session, {"type": "error", "id": 1, "msg": {"code": 27, "msg": "Too many requests"}})
    session.update(("B",), ())
    assert session.due(1.0) == [
        b'{"id":2,"cmd":"subscribe","params":{"channels":["trade"],"market_tickers":["A","B"]}}'
    ]


def test_a_reconnect_asks_for_the_markets_of_now():
    session = following("A", "B")
    session.update(("C",), ("A",))
    assert session.opened(5.0) == [
        b'{"id":1,"cmd":"subscribe","params":{"channels":["trade"],"market_tickers":["B","C"]}}',
    ]
    session.update(("D",), ())
    assert session.due(6.0) == []  # the sid of the last connection means nothing here
    tell(session, {"type": "subscribed", "id": 1, "msg": {"channel": "trade", "sid": 1}})
    session.update(("E",), ())
    assert session.due(7.0) == [update("add_markets", 3, 1, "E")]


def test_a_reconnect_awaits_nothing_of_the_last_connection():
    session = following("A")
    session.update(("B",), ())
    assert len(session.due(1.0)) == 1
    session.opened(5.0)
    tell(session, {"type": "subscribed", "id": 1, "msg": {"channel": "trade", "sid": 1}})
    assert session.subscribed


def test_a_connection_that_holds_too_many_takes_no_more():
    spec = spec_of("kalshi", channels=("trade",), discovery=FOUND, most=2)
    session = KalshiSession(spec, Share(1, ("trade",), ("A", "B", "C", "D")), {})
    assert session.update(("E", "F", "G"), ()) == ("E", "F", "G")
    assert session.markets == ("A", "B", "C", "D")


class Server:
    """Holds what Kalshi would hold of one channel, and answers as it does."""

    def __init__(self, session):
        self.session = session
        self.lists = {}
        self.most = 0

    def hears(self, frames):
        queue = [json.loads(frame) for frame in frames]
        while queue:
            asked = queue.pop(0)
            queue += [json.loads(frame) for frame in tell(self.session, self.does(asked)).send]

    def does(self, asked):
        params, number = asked["params"], asked["id"]
        if asked["cmd"] == "subscribe":
            assert not self.lists
            assert params["market_tickers"]
            self.lists[number + 100] = list(params["market_tickers"])
            self.most = max(self.most, len(params["market_tickers"]))
            return {"type": "subscribed", "id": number, "msg": {"channel": "trade", "sid": number + 100}}
        (sid,) = params["sids"]
        if asked["cmd"] == "unsubscribe":
            del self.lists[sid]
            return {"type": "unsubscribed", "id": number, "sid": sid, "seq": 1}
        held = self.lists[sid]
        for market in params["market_tickers"]:
            (held.append if params["action"] == "add_markets" else held.remove)(market)
        assert held
        self.most = max(self.most, len(held))
        return {"type": "ok", "id": number, "sid": sid, "seq": 1}


NAMES = st.lists(st.sampled_from("ABCDEF"), max_size=4)


@given(steps=st.lists(st.tuples(NAMES, NAMES, st.booleans()), max_size=8))
def test_the_server_s_list_is_ours_after_any_changes(steps):
    session = only(spec_of("kalshi", channels=("trade",), discovery=FOUND, most=3))
    session.opened(0.0)
    server, sent = Server(session), []
    for add, remove, heard in steps:
        left = session.update(add, remove)
        sent += session.due(1.0)
        assert not set(left) & set(session.markets)
        assert set(add) <= set(left) | set(session.markets)
        if heard:
            server.hears(sent)
            sent = []
    server.hears(sent)
    assert session.subscribed
    assert sorted(market for held in server.lists.values() for market in held) == sorted(session.markets)
    assert server.most <= 3
