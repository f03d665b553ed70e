"""Kalshi: pages of events, and the markets that a spec means by its discovery."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from exchange_specs import spec_of
from hypothesis import given
from hypothesis import strategies as st
from ssmd_runtime.exchanges import kalshi_discovery
from ssmd_runtime.exchanges.kalshi_discovery import PageError, chosen, first_url, next_url, parse
from ssmd_runtime.spec import Discovery

PAGE = (Path(__file__).parent / "pages" / "kalshi-events.json").read_bytes()
NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
SOON, ENDED, TOMORROW = "KXBTCD-26MAR1217-T69999.99", "KXBTCD-26MAR1217-T79999.99", "KXBTCD-26MAR1317-T69999.99"
GAME, SEASON = "KXMLBGAME-26MAR12LADSD-LAD", "KXMLBWIN-26-LAD"
QUERY = "/trade-api/v2/events?status=open&with_nested_markets=true&limit=200"


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("wss://api.elections.kalshi.com/trade-api/ws/v2", "https://api.elections.kalshi.com"),
        ("wss://external-api-ws.kalshi.com/trade-api/ws/v2", "https://external-api.kalshi.com"),
        ("wss://external-api-ws.demo.kalshi.co/trade-api/ws/v2", "https://external-api.demo.kalshi.co"),
        ("ws://127.0.0.1:9001/trade-api/ws/v2", "http://127.0.0.1:9001"),
        ("wss://user:hush@exchange.example:8443/trade-api/ws/v2", "https://exchange.example:8443"),
    ],
)
def test_pages_are_asked_of_the_endpoint_s_host(endpoint, host):
    spec = spec_of("kalshi", endpoint=endpoint)
    assert first_url(spec) == host + QUERY
    assert next_url(spec, "CgwI8J+4oAYQ+/==&x") == f"{host}{QUERY}&cursor=CgwI8J%2B4oAYQ%2B%2F%3D%3D%26x"


def test_a_page_tells_its_markets_and_where_it_goes_on():
    page = parse(PAGE)
    assert page.cursor == "CgwI8J+4oAYQ+/=="
    assert [market.ticker for market in page.markets] == [SOON, ENDED, TOMORROW, GAME, SEASON]
    assert page.markets[2] == kalshi_discovery.Market(
        ticker=TOMORROW,
        series_ticker="KXBTCD",
        category="Crypto",
        status="initialized",
        close_time=datetime(2026, 3, 13, 21, 0, tzinfo=UTC),
    )
    assert page.markets[4].close_time is None


@pytest.mark.parametrize("page", [b'{"events":[],"cursor":""}', b'{"events":null,"cursor":null}', b'{"events":[{}]}'])
def test_the_last_page_has_no_cursor(page):
    assert parse(page) == kalshi_discovery.Page((), "")


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"events":{}}',
        b'{"events":[{"markets":[{}]}]}',
        b"[" * 100_000,
        b'{"events":"\xff"}',
    ],
)
def test_what_is_no_page_is_refused(page):
    with pytest.raises(PageError, match=r"^this is no page of Kalshi's events$"):
        parse(page)


def test_a_cursor_without_an_end_is_refused():
    with pytest.raises(PageError, match=r"^the cursor of this page of events is longer than 4096 characters$"):
        parse(b'{"events":[],"cursor":"' + b"x" * 4097 + b'"}')


@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_every_page_is_read_or_refused(page):
    with contextlib.suppress(PageError):
        parse(page)


@pytest.mark.parametrize(
    ("wanted", "tickers"),
    [
        (Discovery(), [SOON, TOMORROW, GAME, SEASON]),
        (Discovery(categories=("crypto",)), [SOON, TOMORROW]),
        (Discovery(categories=("SPORTS", "Financials")), [GAME, SEASON]),
        (Discovery(categories=("sport",)), []),
        (Discovery(prefix="KXMLB"), [GAME, SEASON]),
        (Discovery(prefix="MLB"), []),
        (Discovery(games_only=True), [GAME]),
        (Discovery(close_within_hours=9), [SOON]),
        (Discovery(close_within_hours=8), []),
        (Discovery(close_within_hours=12), [SOON, GAME]),
        (Discovery(close_within_hours=33), [SOON, TOMORROW, GAME]),
        (Discovery(close_within_hours=33, categories=("Sports",), prefix="KX", games_only=True), [GAME]),
    ],
)
def test_discovery_chooses(wanted, tickers):
    assert chosen(spec_of("kalshi", discovery=wanted), parse(PAGE).markets, NOON) == tuple(sorted(tickers))


def test_what_has_closed_is_not_chosen_whatever_its_status_says():
    after = datetime(2026, 3, 12, 21, 0, tzinfo=UTC)
    assert chosen(spec_of("kalshi", discovery=Discovery(close_within_hours=24)), parse(PAGE).markets, after) == (
        TOMORROW,
        GAME,
    )


def test_pages_that_overlap_choose_once():
    markets = parse(PAGE).markets
    spec = spec_of("kalshi", discovery=Discovery(prefix="KXBTCD"))
    assert chosen(spec, reversed(markets + markets), NOON) == (SOON, TOMORROW)


def test_without_discovery_nothing_is_chosen():
    assert chosen(spec_of("kalshi"), parse(PAGE).markets, NOON) == ()
