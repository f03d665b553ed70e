"""The nearest name: right where a person would see it, silent where a person would laugh."""

from __future__ import annotations

import functools
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssmd_compiler.diagnostics.nearest import FARTHEST, _distance, did_you_mean, nearest

FEEDS = ["binance", "kalshi", "kraken", "kraken-futures", "polymarket"]
FIELDS = ["feed", "schema", "schemas", "keys", "schedule", "symbols", "shards", "middleware", "alerts", "namespace"]
SMALL = ["ws", "wss", "tcp", "https", "s3", "no", "json", "fix", "sbe", "itch"]

MEANT = [
    ("kalsi", FEEDS, "kalshi"),
    ("aklshi", FEEDS, "kalshi"),
    ("kalhsi", FEEDS, "kalshi"),
    ("kalshii", FEEDS, "kalshi"),
    ("KALSHI", FEEDS, "kalshi"),
    ("kraken_futures", FEEDS, "kraken-futures"),
    ("KrakenFutures", FEEDS, "kraken-futures"),
    ("poly-market", FEEDS, "polymarket"),
    ("polymraket", FEEDS, "polymarket"),
    ("fed", FIELDS, "feed"),
    ("shema", FIELDS, "schema"),
    ("schemas_", FIELDS, "schemas"),
    ("midleware", FIELDS, "middleware"),
    ("name_space", FIELDS, "namespace"),
    ("nmaespcae", FIELDS, "namespace"),
    ("wsss", SMALL, "wss"),
    ("jsn", SMALL, "json"),
    ("S3", SMALL, "s3"),
    ("trade:v3", ["trade:v1", "orderbook:v1"], "trade:v1"),
    ("SSMD202", ["SSMD201", "SSMD901"], "SSMD201"),
    ("maß", ["MASS"], "MASS"),
    ("p-o-l-y-m-a-r-k-e-t", FEEDS, "polymarket"),
    ("p_o_l_y_m_a_r_k_e_t", FEEDS, "polymarket"),
]

NOT_MEANT = [
    ("", FEEDS),
    ("x", FEEDS),
    ("-", ["_", "a"]),
    ("a", ["b"]),
    ("ab", ["ac", "ba", "b", "ca"]),
    ("nats", ["mqtt", "aeron", "chronicle", "memory"]),
    ("coinbase", FEEDS),
    ("nasdaq", FEEDS),
    ("kafka", FEEDS),
    ("description", FIELDS),
    ("kalshi", []),
    ("kalshi", ["kalshi"]),
    ("a-name-as-long-as-this-one-is", ["a-game-as-song-as-thus-two-is"]),
]


@pytest.mark.parametrize(("name", "known", "meant"), MEANT)
def test_what_was_meant(name: str, known: list[str], meant: str) -> None:
    assert nearest(name, known) == meant
    assert did_you_mean(name, known) == f"did you mean `{meant}`?"


@pytest.mark.parametrize(("name", "known"), NOT_MEANT)
def test_no_guess_is_better_than_a_silly_one(name: str, known: list[str]) -> None:
    assert nearest(name, known) is None
    assert did_you_mean(name, known) == ""


def test_the_closer_wins_over_the_earlier() -> None:
    assert nearest("kraken-future", ["kraken-fixture", "kraken-futures"]) == "kraken-futures"


def test_equally_near_names_are_told_apart_the_same_way_in_any_order() -> None:
    known = ["env-a2", "env-a1", "xnv-a", "env-a3"]
    assert {nearest("env-a", order) for order in (known, known[::-1], set(known), iter(known))} == {"env-a1"}


def test_the_name_itself_is_no_suggestion() -> None:
    assert nearest("kalshi", ["kalshi", "kalsi"]) == "kalsi"


NAMES = st.text(st.sampled_from("abc-_A"), max_size=9)


@given(NAMES, st.lists(NAMES), st.randoms(use_true_random=False))
def test_the_answer_is_known_near_and_independent_of_order(name: str, known: list[str], rng: random.Random) -> None:
    found = nearest(name, known)
    rng.shuffle(known)
    assert nearest(name, known) == found
    if found is not None:
        assert found in known
        assert found != name
        assert distance(folded(name), folded(found)) <= min(FARTHEST, max(len(folded(name)), len(folded(found))) // 3)


@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.integers(0, 4))
def test_distance_is_that_of_the_whole_matrix(a: str, b: str, limit: int) -> None:
    if abs(len(a) - len(b)) <= limit:
        assert _distance(a, b, limit) == min(distance(a, b), limit + 1)


def folded(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "")


@functools.cache
def distance(a: str, b: str) -> int:
    """Optimal string alignment by its definition."""
    if not a or not b:
        return len(a) + len(b)
    options = [distance(a[1:], b) + 1, distance(a, b[1:]) + 1, distance(a[1:], b[1:]) + (a[0] != b[0])]
    if len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0]:
        options.append(distance(a[2:], b[2:]) + 1)
    return min(options)


LOOKALIKE = "".join(random.Random(1).choices("abcdefghij", k=60))
CROWDS = {
    "numbered": [f"kalshi-prod-{n:05}" for n in range(10_000)],
    "edits at both ends": [f"z{LOOKALIKE[1:30]}{n % 10}{LOOKALIKE[31:-1]}y" for n in range(10_000)],
    "same letters": ["".join(random.Random(n).sample(LOOKALIKE, 60)) for n in range(10_000)],
    "huge": ["x" * 1_000_000] * 100,
}


@pytest.mark.parametrize("crowd", CROWDS)
@pytest.mark.parametrize("name", ["kalsih-prod-0123", LOOKALIKE, "x" * 1_000_000, "\u0130" * 1_000_000])
def test_a_crowd_of_names_is_searched_quickly(name: str, crowd: str) -> None:
    started = time.process_time()
    nearest(name, CROWDS[crowd])
    assert time.process_time() - started < 1


def test_a_crowd_hides_no_name() -> None:
    assert nearest("kalsih-prod-12345", [*CROWDS["numbered"], "kalshi-prod-12345"]) == "kalshi-prod-12345"
    assert nearest(LOOKALIKE, [*CROWDS["edits at both ends"], LOOKALIKE[:-1]]) == LOOKALIKE[:-1]
