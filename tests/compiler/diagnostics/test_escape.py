"""Nothing that a terminal obeys, hides or reorders survives `printable`."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssmd_compiler.diagnostics.cells import width
from ssmd_compiler.diagnostics.escape import printable

CONTROLS = [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))]
BIDI = list("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = ["\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\u2028", "\u2029", "\ufeff", "\U000e0041", "\ud800"]


@pytest.mark.parametrize("character", [*CONTROLS, *BIDI, *INVISIBLE], ids=ascii)
def test_what_drives_a_terminal_is_spelled_out(character: str) -> None:
    shown = printable(f"a{character}b")
    assert shown.startswith("a\\")
    assert shown.endswith("b")
    assert shown.isascii()
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("kalshi", "kalshi"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\u202eabc", r"\u202eabc"),
        ("\U000e0041", r"\U000e0041"),
        ("\ud800", r"\ud800"),
        ("名前 🙈 é cafe\u0301", "名前 🙈 é cafe\u0301"),
        ("C:\\x1b", "C:\\x1b"),
        ("", ""),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text())
def test_printable_is_printable_and_settled(text: str) -> None:
    assert printable(text).isprintable()
    assert printable(printable(text)) == printable(text)


def test_every_character_is_shown_in_some_way() -> None:
    assert all(printable(chr(code)) for code in range(sys.maxunicode + 1))


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("", 0),
        ("kalshi", 6),
        ("名前", 4),
        ("🙈", 2),
        ("e\u0301", 1),
        ("a\u20dd", 1),
        ("é", 1),
        ("ｶ", 1),
        ("\uff21", 2),
        ("\u1112\u1161\u11ab", 2),
    ],
)
def test_width(text: str, cells: int) -> None:
    assert width(text) == cells
