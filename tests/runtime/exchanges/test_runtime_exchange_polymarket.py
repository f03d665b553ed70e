"""Polymarket: one command that nobody answers, and frames that are arrays."""

from __future__ import annotations

import msgspec
import pytest
from exchange_specs import only, sessions, spec_of
from ssmd_runtime.exchanges.polymarket import Header, PolymarketSession
from ssmd_runtime.exchanges.protocol import Connect


def test_one_command_and_no_answer_awaited():
    session = only(spec_of("polymarket", ("12", "34")))
    assert session.connect(1) == Connect("wss://ws-subscriptions-clob.polymarket.com/ws/market")
    assert session.opened(0.0) == [b'{"assets_ids":["12","34"],"type":"market","custom_feature_enabled":true}']
    assert session.subscribed


@pytest.mark.parametrize("said", [{}, {"custom_feature_enabled": False}, {"custom_feature_enabled": "true"}])
def test_features_are_enabled_where_the_feed_says_so(said):
    session = only(spec_of("polymarket", ("12",), parser_config=said))
    assert session.opened(0.0) == [b'{"assets_ids":["12"],"type":"market"}']


@pytest.mark.parametrize(("most", "sizes"), [(None, [500, 500, 1]), (1000, [500, 500, 1]), (400, [400, 400, 201])])
def test_at_most_500_assets_go_over_a_connection(most, sizes):
    parts = sessions(spec_of("polymarket", tuple(str(number) for number in range(1001)), most=most))
    assert [len(part.share.instruments) for part in parts] == sizes


def test_channels_are_the_endpoint_s():
    session = only(spec_of("polymarket", ("12",), channels=("book", "price_change")))
    assert session.opened(0.0)[0].startswith(b'{"assets_ids":["12"],"type":"market"')
    assert session.share.channels == ("market",)


def test_an_array_is_of_its_first_element_s_kind():
    frames = b'[{"event_type":"book"},{"event_type":"price_change"}]\n[]\n{"event_type":"new_market"}\n[{}]'
    headers = msgspec.json.Decoder(PolymarketSession.frame).decode_lines(frames)
    assert PolymarketSession.kinds(headers) == ["book", "empty", "new_market", ""]
    assert PolymarketSession.kinds([Header("book")]) == ["book"]
