"""Lines are aligned: what is kept is the same and in order, and where little differs nothing more could be kept."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from ssmd_compiler.origin.alignment import aligned, lines_of, touched

TEXTS = st.lists(st.sampled_from("abcdef"), max_size=14).map("\n".join)


def longest(old: list[str], new: list[str]) -> int:
    table = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i, left in reversed(list(enumerate(old))):
        for j, right in reversed(list(enumerate(new))):
            table[i][j] = table[i + 1][j + 1] + 1 if left == right else max(table[i + 1][j], table[i][j + 1])
    return table[0][0]


@given(TEXTS, TEXTS)
@settings(derandomize=True, max_examples=400, deadline=None)
def test_as_much_is_kept_as_can_be(old: str, new: str) -> None:
    kept = aligned(old, new)
    before, after = lines_of(old), lines_of(new)
    assert all(before[i] == after[j] for i, j in kept.items())
    assert [j for _, j in sorted(kept.items())] == sorted(set(kept.values()))
    assert len(kept) == longest(before, after)


def test_a_comma_belongs_to_what_comes_next() -> None:
    assert touched('[\n "a",\n "b"\n]', '[\n "a"\n]') == [2]


def test_much_that_differs_is_held_in_place_by_unique_lines() -> None:
    shuffled = random.Random(1)
    old = [f"line {number}" if number % 10 == 0 else "same" for number in range(4_000)]
    new = [line for line in old if line != "same" or shuffled.random() < 0.5]
    kept = aligned("\n".join(old), "\n".join(new))
    assert {index for index, line in enumerate(old) if line != "same"} <= kept.keys()


def test_lines_that_moved_are_not_lost() -> None:
    assert touched("a\nb\nc\nd", "d\na\nb\nc") == [3]
