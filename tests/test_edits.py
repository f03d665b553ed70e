"""Edits of a text: what each says and nothing else, in any order, at any place, in any line ends."""

from __future__ import annotations

import pytest
from budget import tries
from hypothesis import given
from hypothesis import strategies as st

from ssmd_compiler.diagnostics import Span, TextEdit
from ssmd_compiler.edits import apply

CHARACTERS = st.sampled_from(["a", "b", " ", "é", "😀", "🚀", "\u0301", "\n", "\r\n", "\n"])
TEXTS = st.lists(CHARACTERS, max_size=30).map("".join)


def places(text: str) -> list[tuple[int, int, int]]:
    """Every place that a span can name: its index, line and column. None is inside of a line's end."""
    found, line, column = [], 1, 1
    for index, character in enumerate(text):
        if not (character == "\n" and text[index - 1 : index] == "\r"):
            found.append((index, line, column))
        line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
    return [*found, (len(text), line, column)]


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, str]], list[TextEdit]]:
    """A text, and edits of it that do not touch the same place, by index and as spans, each list in the same order."""
    text = draw(TEXTS)
    known = places(text)
    ends = sorted(draw(st.lists(st.integers(0, len(known) - 1), max_size=8)))
    stretches = list(zip(ends[::2], ends[1::2], strict=False))
    cuts, spans, done = [], [], set()
    for low, high in stretches:
        if low == high and low in done:
            continue  # two insertions at one place have no order
        done |= {low, high} if low == high else {low}
        (start, line, column), (end, end_line, end_column) = known[low], known[high]
        new = draw(st.text(st.sampled_from("xyé😀"), max_size=3))
        cuts.append((start, end, new))
        spans.append(TextEdit(Span("a", line, column, end_line, end_column), new))
    return text, cuts, spans


def cut(text: str, cuts: list[tuple[int, int, str]]) -> str:
    """By hand, from the end to the start."""
    for start, end, new in sorted(cuts, key=lambda one: one[:2], reverse=True):
        text = text[:start] + new + text[end:]
    return text


@tries(400)
@given(edited(), st.randoms(use_true_random=False))
def test_edits_in_any_order_do_what_they_say(case, random):
    text, cuts, spans = case
    order = random.sample(range(len(spans)), len(spans))
    applied = apply(text, [(spans[index],) for index in order])
    assert applied.dropped == ()
    assert applied.text == cut(text, cuts)


@tries(200)
@given(edited())
def test_a_fix_of_many_edits_is_one(case):
    text, cuts, spans = case
    assert apply(text, [tuple(reversed(spans))]).text == cut(text, cuts)


@tries(400)
@given(
    TEXTS,
    st.lists(st.lists(st.tuples(*[st.integers(0, 5)] * 4, st.sampled_from(["", "x", "\n"])), max_size=3), max_size=4),
)
def test_any_fixes_are_applied_whole_or_told(text, drawn):
    fixes = [tuple(TextEdit(Span("a", *spot), new) for *spot, new in one) for one in drawn]
    applied = apply(text, fixes)
    kept = [fix for index, fix in enumerate(fixes) if index not in applied.dropped]
    assert apply(text, kept) == type(applied)(applied.text)
    if all(index in applied.dropped or not fix for index, fix in enumerate(fixes)):
        assert applied.text == text


def edit(line: int, column: int, end_line: int, end_column: int, text: str) -> TextEdit:
    return TextEdit(Span("a", line, column, end_line, end_column), text)


CASES = {
    "a word": ("feed: kalsi # c\n", [[edit(1, 7, 1, 12, "kalshi")]], "feed: kalshi # c\n", ()),
    "adjacent": ("abcd", [[edit(1, 3, 1, 5, "y")], [edit(1, 1, 1, 3, "x")]], "xy", ()),
    "put in before what is replaced": ("ab", [[edit(1, 1, 1, 2, "y")], [edit(1, 1, 1, 1, "x")]], "xyb", ()),
    "put in behind what is replaced": ("ab", [[edit(1, 2, 1, 2, "y")], [edit(1, 1, 1, 2, "x")]], "xyb", ()),
    "overlapping: the first by place": ("abc", [[edit(1, 2, 1, 4, "y")], [edit(1, 1, 1, 3, "x")]], "xc", (0,)),
    "one inside of another": ("abc", [[edit(1, 2, 1, 3, "y")], [edit(1, 1, 1, 4, "x")]], "x", (0,)),
    "the same place, other words": ("ab", [[edit(1, 1, 1, 2, "y")], [edit(1, 1, 1, 2, "x")]], "yb", (1,)),
    "the same edit twice": ("ab", [[edit(1, 1, 1, 2, "y")], [edit(1, 1, 1, 2, "y")]], "yb", ()),
    "two put in at one place": ("ab", [[edit(1, 2, 1, 2, "y")], [edit(1, 2, 1, 2, "x")]], "ayb", (1,)),
    "dropped whole": ("abcd", [[edit(1, 1, 1, 2, "x")], [edit(1, 1, 1, 3, "y"), edit(1, 4, 1, 5, "z")]], "xbcd", (1,)),
    "against itself": ("abcd", [[edit(1, 1, 1, 3, "x"), edit(1, 2, 1, 4, "y")]], "abcd", (0,)),
    "at the end of the file": ("a\nb", [[edit(2, 2, 2, 2, "\nc")]], "a\nb\nc", ()),
    "behind the last line break": ("a\n", [[edit(2, 1, 2, 1, "b")]], "a\nb", ()),
    "of an empty text": ("", [[edit(1, 1, 1, 1, "a")]], "a", ()),
    "a whole line": ("a\nb\nc\n", [[edit(2, 1, 3, 1, "")]], "a\nc\n", ()),
    "carriage returns stay": ("a\r\nb\r\n", [[edit(1, 2, 1, 2, "x\ny")]], "ax\r\ny\r\nb\r\n", ()),
    "over a line's end": ("a\r\nb", [[edit(1, 1, 2, 1, "")]], "b", ()),
    "astral characters are one column": ("😀: '🚀' # é\n", [[edit(1, 5, 1, 6, "x")]], "😀: 'x' # é\n", ()),
    "a line that is not there": ("a\n", [[edit(3, 1, 3, 1, "x")]], "a\n", (0,)),
    "a column that is not there": ("a\nb\n", [[edit(1, 3, 1, 3, "x")]], "a\nb\n", (0,)),
    "inside of a line's end": ("a\r\nb\n", [[edit(1, 3, 1, 3, "x")]], "a\r\nb\n", (0,)),
    "backwards": ("ab\n", [[edit(1, 2, 1, 1, "x")]], "ab\n", (0,)),
    "line 0": ("ab\n", [[edit(0, 1, 1, 1, "x")]], "ab\n", (0,)),
    "no edit at all": ("ab\n", [[]], "ab\n", ()),
}


@pytest.mark.parametrize("name", CASES)
def test_a_case(name):
    text, fixes, expected, dropped = CASES[name]
    applied = apply(text, fixes)
    assert (applied.text, applied.dropped) == (expected, dropped)
