"""Sequences against a plain model: what was skipped is inside of a jump, and what merely repeats is not told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ssmd_runtime import spec as specs
from ssmd_runtime.exchanges import exchange_named
from ssmd_runtime.reliability import sequences
from ssmd_runtime.reliability.sequences import Jump, SequenceTracker
from ssmd_runtime.spec import SpecError

ROOT = Path(__file__).resolve().parents[3]
SPECS = {"kraken": "kraken-prod", "kalshi": "kalshi-dev", "binance": "binance", "kraken-futures": "kraken-futures"}


class Bench:
    def __init__(self, exchange: str, **scope: Any) -> None:
        spec = specs.decode((ROOT / "generated" / SPECS[exchange] / "spec.json").read_bytes())
        if scope:
            types = {
                kind: msgspec.structs.replace(message, **scope) if message.sequenced else message
                for kind, message in spec.message_types.items()
            }
            spec = msgspec.structs.replace(spec, message_types=types)
        self.session = exchange_named(exchange).session
        self.tracker = SequenceTracker(spec, self.session)
        self._decoder = msgspec.json.Decoder(self.session.frame)

    def see(self, *frames: bytes, connection: int = 1) -> list[Jump]:
        headers = [self._decoder.decode(frame) for frame in frames]
        kinds = self.session.kinds(headers)
        return self.tracker.observe(connection, Counter(kinds), kinds, headers)


def kraken(symbol: str, *numbers: int | None) -> bytes:
    records = [{"symbol": symbol} | ({} if number is None else {"trade_id": number}) for number in numbers]
    return msgspec.json.encode({"channel": "trade", "data": records})


def kalshi(sid: int | None, seq: int | None, kind: str = "trade") -> bytes:
    return msgspec.json.encode({"type": kind, "sid": sid, "seq": seq})


@dataclass
class Model:
    """One counter at the exchange: the next number, and which of them were sent."""

    next: int
    sent: list[int]
    skipped: set[int]


SYMBOLS = ("BTC/USD", "ETH/USD", "X")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("go", "skip", "repeat", "snapshot", "reconnect", "flush")),
        st.sampled_from(SYMBOLS),
        st.integers(1, 6),
    ),
    max_size=60,
)


@given(STEPS, st.integers(2, 1000))
@settings(max_examples=300, deadline=None)
def test_kraken_every_skipped_number_is_told_and_no_other(  # noqa: C901 -- a step each
    steps: list[tuple[str, str, int]], first: int
):
    """Numbers go on over connections. Batches mix the symbols; `snapshot` sends the last ones again, and goes on."""
    bench = Bench("kraken")
    models = {symbol: Model(first, [], set()) for symbol in SYMBOLS}
    batch: list[bytes] = []
    jumps: list[Jump] = []
    connection = 1
    repeated = 0
    for step, symbol, count in steps:
        model = models[symbol]
        if step == "go":
            numbers = list(range(model.next, model.next + count))
            model.next += count
            model.sent += numbers
            batch.append(kraken(symbol, *numbers))
        elif step == "skip" and model.sent:
            model.skipped |= set(range(model.next, model.next + count))
            model.next += count
        elif step == "repeat" and model.sent and model.next - 1 == model.sent[-1]:
            batch.append(kraken(symbol, *model.sent[-count:]))
            repeated += 1
        elif step == "snapshot" and model.sent:  # the last 50 of everything, which brings what was skipped
            numbers = list(range(max(model.sent[0], model.next - 50), model.next))
            model.skipped -= set(numbers)
            model.sent = sorted({*model.sent, *numbers})
            batch.append(kraken(symbol, *numbers))
        elif step == "reconnect":
            jumps += bench.see(*batch, connection=connection) if batch else []
            batch = []
            bench.tracker.interrupted(connection)
            connection += 1
        elif step == "flush" and batch:
            jumps += bench.see(*batch, connection=connection)
            batch = []
    for symbol, model in models.items():  # one more of each shows what is still open
        if model.sent:
            batch.append(kraken(symbol, model.next))
            model.sent.append(model.next)
    jumps += bench.see(*batch, connection=connection) if batch else []
    for symbol, model in models.items():
        told = {number for jump in jumps if jump.group == symbol for number in range(jump.expected, jump.got)}
        missing = model.skipped - set(model.sent)
        assert missing <= told
        if not repeated and not any(step == "snapshot" for step, _, _ in steps):
            assert told == missing
        assert not any(jump.reset for jump in jumps)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=20))
def test_repeats_are_never_told(counts: list[int]):
    bench = Bench("kraken")
    sent: list[int] = [10]
    bench.see(kraken("X", 10))
    for count in counts:
        again = sent[-count:]
        new = [sent[-1] + 1]
        assert bench.see(kraken("X", *again), kraken("X", *new)) == []
        sent += new
    assert bench.tracker.repeats == len(counts)


def test_a_snapshot_closes_the_hole():
    bench = Bench("kraken")
    bench.see(kraken("X", *range(10, 20)))
    assert bench.see(kraken("X", *range(12, 30)), connection=2) == []
    assert bench.see(kraken("X", 30), connection=2) == []


def test_a_snapshot_that_does_not_reach_back_is_a_jump():
    bench = Bench("kraken")
    bench.see(kraken("X", 10))
    assert bench.see(kraken("X", *range(15, 30)), connection=2) == [Jump("trade", "X", 11, 15, reset=False)]


def test_an_order_that_was_swapped_is_told_once():
    bench = Bench("kraken")
    jumps = bench.see(kraken("X", 1), kraken("X", 2), kraken("X", 4), kraken("X", 3), kraken("X", 5))
    assert jumps == [Jump("trade", "X", 3, 4, reset=False)]


def test_kalshi_counts_over_all_kinds_of_a_subscription_and_forgets_on_reconnect():
    bench = Bench("kalshi")
    assert bench.see(kalshi(1, 1), kalshi(1, 2, "ok"), kalshi(2, 1), kalshi(1, 3)) == []
    assert bench.see(kalshi(1, 5)) == [Jump("trade", 1, 4, 5, reset=False)]
    assert bench.see(kalshi(1, 1), connection=2) == []  # a subscription of another connection
    bench.tracker.interrupted(1)
    assert bench.see(kalshi(1, 1)) == []
    assert bench.see(kalshi(1, 2), connection=2) == []


def test_the_end_of_one_connection_says_nothing_about_another():
    bench = Bench("kalshi")
    bench.see(*[kalshi(1, number) for number in (5, 6, 7, 5)], connection=2)  # 5 again: it knows that it had 7
    bench.see(kalshi(1, 1), connection=1)
    bench.tracker.interrupted(1)
    assert bench.see(kalshi(1, 8), connection=2) == []
    assert bench.see(kalshi(1, 9), kalshi(1, 11), connection=2) == [Jump("trade", 1, 10, 11, reset=False)]


@pytest.mark.parametrize("number", [0, 1])
def test_a_counter_that_starts_again_is_told(number: int):
    bench = Bench("kalshi")
    bench.see(kalshi(1, 50))
    assert bench.see(kalshi(1, number)) == [Jump("trade", 1, 51, number, reset=True)]
    assert bench.see(kalshi(1, number + 1)) == []


def test_a_frame_without_a_number_ends_nothing():
    bench = Bench("kalshi")
    assert bench.see(kalshi(1, None)) == []  # the first of its counter
    assert bench.see(kalshi(1, 3), kalshi(1, None), kalshi(1, 4), kalshi(None, None)) == []
    assert bench.tracker.unnumbered == 3
    other = Bench("kraken")
    assert other.see(kraken("X", None, 1, None, 2, 4)) == [Jump("trade", "X", 3, 4, reset=False)]


def test_one_counter_for_a_connection():
    bench = Bench("kalshi", sequence_scope="per_connection", sequence_group_by=None)
    assert bench.see(kalshi(1, 1), kalshi(2, 2), kalshi(1, 3)) == []
    assert bench.see(kalshi(9, 6)) == [Jump("trade", None, 4, 6, reset=False)]
    assert bench.tracker.expected() == {"connection-1": 7}


def test_kinds_count_apart_where_each_has_its_own():
    bench = Bench("kraken-futures")
    frame = msgspec.json.encode
    assert bench.see(
        frame({"feed": "trade", "product_id": "A", "seq": 1}),
        frame({"feed": "book", "product_id": "A", "seq": 7}),
        frame({"feed": "trade", "product_id": "A", "seq": 2}),
        frame({"feed": "book", "product_id": "A", "seq": 8}),
        frame({"feed": "trade", "product_id": "B", "seq": 1}),
    ) == []  # fmt: skip


def test_manifests_tell_the_connections_apart():
    bench = Bench("kalshi")
    bench.see(kalshi(1, 5), connection=1)
    bench.see(kalshi(1, 9), connection=2)
    assert bench.tracker.expected() == {"connection-1:1": 6, "connection-2:1": 10}
    other = Bench("kraken")
    other.see(kraken("BTC/USD", 5), connection=3)
    assert other.tracker.expected() == {"trade:BTC/USD": 6}


def test_too_many_counters_are_told_and_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sequences, "MOST_GROUPS", 10)
    bench = Bench("kraken")
    jumps = [jump for n in range(100) for jump in bench.see(kraken(f"S{n}", 5), kraken(f"S{n}", 4))]
    assert jumps
    assert all(jump.overflow and jump.reset for jump in jumps)
    assert len(bench.tracker.expected()) <= 11
    assert len(bench.tracker._highest) <= 11


@pytest.mark.parametrize("number", [2**63, 2**64, 10**40, -(10**40)])
def test_a_number_that_nothing_can_hold_is_none(number: int):
    bench = Bench("kraken")
    assert bench.see(kraken("X", 1), kraken("X", number), kraken("X", 2)) == []
    assert bench.tracker.unnumbered == 1


def test_a_sequence_without_a_field_is_refused():
    with pytest.raises(SpecError, match="no sequence_field"):
        Bench("kraken", sequence_field=None)
