"""No pair of definitions makes a comparison endless: types that meet in very many pairs end it, and it says so."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from test_wire_truth import versions

from ssmd_compiler.compat import compare
from ssmd_compiler.compat.pairs import _MOST

if TYPE_CHECKING:
    from ssmd_compiler.compat import Break
    from ssmd_compiler.definitions import Format

FIRST = {"capnp": "@0xabcdef1234567890;\n", "protobuf": 'syntax = "proto3";\n'}


def circle(format_name: Format, letter: str, length: int) -> str:
    """Types of which each holds the next one, and the last the first, which is a record."""
    names = ["Record", *(f"{letter}{n}" for n in range(1, length)), "Record"]
    form = "struct {} {{ a @0 :{}; }}\n" if format_name == "capnp" else "message {} {{ {} a = 1; }}\n"
    return FIRST[format_name] + "".join(form.format(*pair) for pair in pairwise(names))


def compared(format_name: Format, old: int, new: int) -> tuple[Break, ...]:
    parsed = versions(format_name, [circle(format_name, "A", old), circle(format_name, "B", new)])
    assert [(each.flaws, each.undeclared) for each in parsed] == [((), "")] * 2
    return compare(*parsed)


@pytest.mark.parametrize("format_name", ["capnp", "protobuf"])
def test_two_circles_meet_in_more_pairs_than_are_compared(format_name: Format) -> None:
    found = compared(format_name, 160, 161)
    (ended,) = [one for one in found if one.rule.name == "cannot-be-proven"]
    assert ended.wire
    assert "too many ways" in ended.said
    assert len(found) < _MOST


@pytest.mark.parametrize("format_name", ["capnp", "protobuf"])
def test_control_circles_of_one_length_are_compared_to_the_end(format_name: Format) -> None:
    found = compared(format_name, 160, 160)
    assert {one.rule.name for one in found} == {"type-renamed"}
    assert len(found) == 159


def test_a_definition_that_cannot_be_told_says_so_in_plain_words() -> None:
    old, new = versions("capnp", [circle("capnp", "A", 2_000), circle("capnp", "B", 3)])
    (found,) = compare(old, new)
    assert (found.rule.name, found.said) == (
        "cannot-be-proven",
        "cannot be compared: its types lead to each other too deeply",
    )
