"""The simulated exchanges and the sessions of the collector understand each other, without sockets."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ssmd_runtime import spec as specs
from ssmd_runtime.exchanges import exchange_named
from ssmd_runtime.exchanges.kalshi_discovery import first_url, next_url, parse
from ssmd_runtime.simulator.venue import Conversation, Data, Text
from ssmd_runtime.simulator.venues import venue_of

GENERATED = Path(__file__).resolve().parents[3] / "generated"
SPECS = {
    "binance": "binance",
    "kalshi": "kalshi-dev",
    "kraken": "kraken-prod",
    "kraken-futures": "kraken-futures",
    "polymarket": "polymarket",
}
NOW = 1_790_000_000_000_000_000


def spec_of(exchange: str, instruments: tuple[str, ...]) -> specs.CollectorSpec:
    spec = specs.decode((GENERATED / SPECS[exchange] / "spec.json").read_bytes())
    subscriptions = msgspec.structs.replace(spec.subscriptions, instruments=instruments, discovery=None)
    return msgspec.structs.replace(spec, subscriptions=subscriptions, auth=specs.Auth(method="none"))


@pytest.mark.parametrize("exchange", sorted(SPECS))
def test_a_session_subscribes_and_reads_what_comes(exchange: str) -> None:
    venue = venue_of(exchange, now_ns=NOW)
    spec = spec_of(exchange, venue.defaults[:2])
    spoken = exchange_named(exchange)
    kinds: set[str] = set()
    for share in spoken.shares(spec):
        session = spoken.session(spec, share, {})
        place = "/" + session.connect(NOW // 1_000_000).url.split("://")[1].partition("/")[2]
        conversation = venue.conversation(place)
        assert isinstance(conversation, Conversation)
        now, waiting = 0.0, [*session.opened(0.0)]
        answers: list[Any] = [*conversation.opened()]
        for _ in range(100):
            answers += [said for command in waiting for said in conversation.received(command.decode(), now)]
            for said in answers:
                assert isinstance(said, Data | Text)
                payload = said.text.encode()
                kind = kind_of(session, payload)
                assert (kind in session.control) == isinstance(said, Text), payload
                kinds |= {kind} - session.control
                if isinstance(said, Text):
                    reply = session.answered(kind, payload, now)
                    assert not reply.refused
                    assert reply.leave is None
            answers, now = [], now + 1.0
            waiting = session.due(now)
            if session.subscribed:
                break
        assert session.subscribed
        chosen = random.Random(1)
        for _ in range(400):
            event = venue.event(chosen.choice(conversation.topics()), NOW, chosen)
            frame = conversation.frame(event)
            assert frame is not None
            kinds.add(kind_of(session, frame.text.encode()))
    assert kinds == set(spec.message_types)


def kind_of(session: Any, payload: bytes) -> str:
    (kind,) = session.kinds([msgspec.json.decode(payload, type=session.frame)])
    return str(kind)


def test_discovery_finds_every_market() -> None:
    venue = venue_of(
        "kalshi", instruments=[f"KXBTCD-E{event}-M{market}" for event in range(300) for market in range(2)]
    )
    spec = spec_of("kalshi", ())
    url: str | None = first_url(spec)
    found: list[str] = []
    while url:
        page = parse(venue.page("/" + url.split("://")[1].partition("/")[2], {}, 0).body.encode())
        found += [market.ticker for market in page.markets]
        url = next_url(spec, page.cursor) if page.cursor else None
    assert tuple(found) == venue.instruments
