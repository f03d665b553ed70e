"""What the printers write, to the byte: a table of reports, and the text expected of each in expected/.

`UPDATE=1 pytest` rewrites the expected files; review them as a diff.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssmd_compiler.diagnostics import Diagnostic, Related, Severity, Span, TextEdit, error, warning
from ssmd_compiler.diagnostics.printers import PRINTERS, Report, printer
from ssmd_compiler.diagnostics.printers.excerpt import excerpt
from ssmd_compiler.diagnostics.printers.json import json_document
from ssmd_compiler.diagnostics.printers.text import SHOWN_ALIKE, text

EXPECTED = Path(__file__).parent / "expected"

DEV = "environments/dev.yaml"
FEED = "exchanges/feeds/kalshi.yaml"
HEAD = "apiVersion: ssmd/v1\nkind: Environment\nmetadata:\n  name: dev\nspec:\n"
SOURCES = {
    DEV: f"{HEAD}  feed: kalsi\n",
    FEED: "apiVersion: ssmd/v1\nkind: Feed\nmetadata:\n  name: kalshi\n",
    "tall.yaml": "\n" * 1203 + "  feed: kalsi\n",
    "block.yaml": "script: |   \n  one\n  two\n",
    "tabs.yaml": "\tfeed:\tkalsi\tx\n",
    "wide.yaml": "名前: カルシ # 🙈 x\n",
    "marks.yaml": "name: cafe\u0301s bar\n",
    "jamo.yaml": "name: \u1112\u1161\u11ab x\n",
    "hostile\x1b]0;pwned\x07.yaml": "feed: \x1b[2Jkal\u202eihs\u200b\x85 x\n",
    "crlf.yaml": "a: 1\r\nb: 2\r\n",
    "long.yaml": f"{'x' * 300} feed: kalsi {'y' * 300}\n",
    "end.yaml": f"{'名' * 200} kalsi\n",
    "accents.yaml": "e\u0301" * 200 + " kalsi\n",
    "start.yaml": f"feed: kalsi {'y' * 300}\n",
    "span.yaml": f"feed: {'k' * 300} y\n",
    "blank.yaml": "a: 1\n\n",
}

UNKNOWN_FEED = error(
    "SSMD201",
    "no feed named `kalsi`",
    at=Span(DEV, 6, 9, 6, 14),
    label="did you mean `kalshi`?",
    help="feeds are declared in exchanges/feeds/; `ssmd feed list` shows them",
)


def at(path: str, line: int, column: int, end_line: int, end_column: int, label: str = "here") -> Diagnostic:
    return error("SSMD900", f"something in {path}", at=Span(path, line, column, end_line, end_column), label=label)


def line(path: str, column: int, end_column: int, label: str = "here") -> Diagnostic:
    return at(path, 1, column, 1, end_column, label)


CASES: dict[str, list[Diagnostic]] = {
    "nothing": [],
    "one-error": [UNKNOWN_FEED],
    "one-warning": [warning("SSMD403", "`trade:v1` is deprecated", at=Span(FEED, 4, 9, 4, 15))],
    "several": [
        UNKNOWN_FEED,
        error("SSMD103", "`dev` is not text", at=Span(DEV, 4, 9, 4, 12)),
        warning("SSMD403", "`trade:v1` is deprecated", at=Span(FEED, 4, 9, 4, 15), help="use `trade:v2`"),
    ],
    "related": [
        error(
            "SSMD205",
            "two feeds are named `kalshi`",
            at=Span("tall.yaml", 1204, 9, 1204, 14),
            label="named again",
            related=(
                Related(Span(FEED, 4, 9, 4, 15), "first named here"),
                Related(Span("gone.yaml", 2, 1, 2, 2), "and here"),
                Related(Span("gone.yaml"), ""),
            ),
            help="rename one of them",
        )
    ],
    "no-source": [
        error("SSMD001", "the file is not UTF-8", at=Span("binary.yaml"), label="bad bytes", help="save it as UTF-8")
    ],
    "outside": [
        at(DEV, 6, 99, 6, 200),
        at(DEV, 7, 1, 7, 1),
        at(DEV, 8, 1, 8, 1),
        at(DEV, 99999, 1, 99999, 5),
        at(DEV, 0, 0, 0, 0),
        at(DEV, 6, 9, 2, 1),
        at(DEV, -5, -5, -9, -9),
    ],
    "empty-place": [at(DEV, 6, 9, 6, 9, "something is missing"), at("blank.yaml", 2, 1, 2, 1, "an empty line")],
    "several-lines": [at("block.yaml", 1, 9, 3, 6), at("block.yaml", 1, 1, 2, 3), at("block.yaml", 1, 12, 2, 3)],
    "tabs": [line("tabs.yaml", 8, 13), line("tabs.yaml", 1, 2, "a tab"), line("tabs.yaml", 14, 15)],
    "wide": [line("wide.yaml", 5, 8), line("wide.yaml", 11, 12), line("wide.yaml", 13, 14)],
    "marks": [
        line("marks.yaml", 7, 13),
        line("marks.yaml", 11, 12),
        line("marks.yaml", 14, 17),
        line("jamo.yaml", 11, 12),
    ],
    "hostile": [
        error(
            "SSMD\x1b[0m",
            "no feed named `kal\u202eihs`\r\x1b[2K\nerror[SSMD999]: forged",
            at=Span("hostile\x1b]0;pwned\x07.yaml", 1, 7, 1, 19),
            label="did you mean `\x9b31m`?\nerror: forged",
            related=(Related(Span("\u2066gone\udc80.yaml", 1, 1, 1, 2), "\u200fnote\u2028"),),
            help="type `\x1b[5m`\n\nerror[SSMD999]: forged",
        )
    ],
    "crlf": [line("crlf.yaml", 4, 5), at("crlf.yaml", 1, 4, 2, 2)],
    "long-lines": [
        line("long.yaml", 308, 313),
        line("long.yaml", 1, 2),
        line("long.yaml", 613, 614),
        line("end.yaml", 202, 207),
        line("end.yaml", 100, 101),
        line("accents.yaml", 402, 407),
        line("start.yaml", 7, 12),
        line("span.yaml", 7, 307),
        line("span.yaml", 308, 309),
    ],
    "long-words": [
        error("SSMD900", "m" * 150, at=Span(DEV, 6, 9, 6, 14), label="l" * 150, help="h" * 150),
    ],
    "alike": [
        *(error("SSMD201", "no feed named `kalsi`", at=Span(f"{n:02}.yaml"), help="make it") for n in range(40)),
        warning("SSMD403", "`trade:v1` is deprecated", at=Span("00.yaml")),
        *(error("SSMD101", "unknown field `fed`", at=Span("00.yaml", n, 1, n, 4)) for n in range(1, SHOWN_ALIKE + 2)),
        *(error("SSMD101", "unknown field `key`", at=Span("00.yaml", n, 1, n, 4)) for n in range(1, SHOWN_ALIKE + 3)),
    ],
}


def shown(diagnostics: list[Diagnostic], *, colour: bool = False, width: int = 80) -> str:
    return text(diagnostics, SOURCES.get, colour=colour, width=width, checked=12)


def assert_expected(name: str, actual: str) -> None:
    path = EXPECTED / name
    if os.environ.get("UPDATE"):
        path.write_text(actual, encoding="utf-8", newline="")
    expected = path.read_text(encoding="utf-8")
    difference = difflib.unified_diff(expected.splitlines(), actual.splitlines(), "expected", "actual", lineterm="")
    assert actual == expected, "\n".join(difference)


@pytest.mark.parametrize("name", CASES)
def test_text(name: str) -> None:
    assert_expected(f"{name}.txt", shown(CASES[name]))


def test_no_expected_file_is_stale() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == {f"{name}.txt" for name in CASES} | {"colour.ansi", "all.json"}


def test_text_in_colour() -> None:
    assert_expected("colour.ansi", shown([*CASES["several"], *CASES["related"]], colour=True))


@pytest.mark.parametrize("name", CASES)
def test_colour_changes_no_character(name: str) -> None:
    assert re.sub(r"\x1b\[[0-9;]*m", "", shown(CASES[name], colour=True)) == shown(CASES[name])


def test_json() -> None:
    fixed = error(
        "SSMD101",
        "unknown field `fed`",
        at=Span(DEV, 6, 3, 6, 6),
        fix=(TextEdit(Span(DEV, 6, 3, 6, 6), "feed"),),
    )
    diagnostics = [*CASES["several"], *CASES["related"], *CASES["hostile"], fixed]
    assert_expected("all.json", json_document(diagnostics, checked=3, version="0.1.0"))


def test_json_of_nothing() -> None:
    assert json.loads(json_document([], checked=3, version="0.1.0")) == {
        "version": 1,
        "tool": {"name": "ssmd", "version": "0.1.0"},
        "summary": {"errors": 0, "warnings": 0, "checked": 3},
        "diagnostics": [],
    }


@pytest.mark.parametrize("name", PRINTERS)
def test_every_format_in_the_table_prints_a_report(name: str) -> None:
    report = Report([UNKNOWN_FEED], SOURCES.get, checked=3, version="0.1.0", width=80)
    assert "no feed named `kalsi`" in printer(name)(report)


def test_a_format_is_loaded_only_when_it_is_asked_for() -> None:
    code = """if True:
        import sys
        from ssmd_compiler.diagnostics.printers import PRINTERS, printer
        printer("text")
        assert "json" not in sys.modules, "json is loaded for text"
        ours = {m for m in sys.modules if m.startswith("ssmd_compiler.")}
        assert all(m.startswith(("ssmd_compiler.diagnostics", "ssmd_compiler.record")) for m in ours), ours
    """
    subprocess.run([sys.executable, "-c", code], check=True)


# Secrets

CANARY = "canary-hunter2"
SECRETS = f"a: 1\nname: {CANARY}  # {CANARY}\nkey: |\n  {CANARY}\n  {CANARY}\nb: 2\n"


def leaks(*, hidden: bool) -> list[Diagnostic]:
    """Findings that stand on, start before, end after and refer to lines with a secret, enough of them to be capped."""
    secret = [error("SSMD505", "a secret", at=Span("a.yaml", 2, 11, 2, 25), label="here", hidden=hidden)] * 20
    block = error("SSMD505", "a secret", at=Span("a.yaml", 3, 6, 5, 9), hidden=hidden)
    others = [error("SSMD900", "x", at=Span("a.yaml", line, 1, 6, 1)) for line in (2, 4, 5)]
    near = error("SSMD900", "y", at=Span("a.yaml", 6, 1, 6, 2), related=(Related(Span("a.yaml", 4, 3, 4, 9), "see"),))
    return [*others, near, *secret, block]


@pytest.mark.parametrize("name", PRINTERS)
def test_no_line_that_may_hold_a_secret_is_shown(name: str) -> None:
    output = printer(name)(Report(leaks(hidden=True), lambda _: SECRETS, checked=1, version="0.1.0"))
    assert CANARY not in output
    assert "a.yaml" in output


def test_without_the_mark_the_lines_are_shown() -> None:
    output = text(leaks(hidden=False), lambda _: SECRETS, colour=False, width=100, checked=1)
    assert output.count(CANARY) > 10


def test_only_the_lines_of_the_secret_are_hidden() -> None:
    output = text(leaks(hidden=True), lambda _: SECRETS, colour=False, width=100, checked=1)
    assert " 6 | b: 2\n" in output
    assert "  --> a.yaml:2:11\n   = note: here\n" in output
    elsewhere = [*leaks(hidden=True), at("b.yaml", 2, 1, 2, 2)]
    assert CANARY in text(elsewhere, lambda _: SECRETS, colour=False, width=100, checked=1)


# Bounds


def test_a_huge_line_costs_its_neighbourhood_only() -> None:
    huge = "e\u0301\u202e名\t" * 1_000_000
    findings = [line("huge.yaml", n * 1000, n * 1000 + 5, label=str(n)) for n in range(1000)]
    findings = [error(d.code, str(n), at=d.span) for n, d in enumerate(findings)]
    started = time.process_time()
    text(findings, lambda _: huge, colour=False, width=100, checked=1)
    assert time.process_time() - started < 5


def test_a_file_is_read_once() -> None:
    asked: list[str] = []

    def sources(path: str) -> None:
        asked.append(path)

    text([UNKNOWN_FEED] * 3, sources, colour=False, width=80, checked=1)
    assert asked == [DEV]


@pytest.mark.parametrize("width", [-1, 0, 1, 20, 40, 100])
def test_a_source_line_fits_the_width_that_was_asked_for(width: int) -> None:
    lines = shown(CASES["long-lines"], width=width).splitlines()
    assert max(cells(line) for line in lines if "…" in line) <= max(width, 25)


# Properties

SHOWABLE = st.text() | st.text(st.sampled_from("ab\t\x1b\x9b\u202e\u2066\u200f\ufeff\ud800名🙈e\u0301\r\n`… "))
PATHS = st.sampled_from(["a.yaml", "b\x1b.yaml"]) | SHOWABLE
NUMBERS = st.integers(-3, 200) | st.integers()
SPANS = st.builds(Span, PATHS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
DIAGNOSTICS = st.builds(
    Diagnostic,
    SHOWABLE,
    st.sampled_from(Severity),
    SHOWABLE,
    SPANS,
    SHOWABLE,
    st.lists(st.builds(Related, SPANS, SHOWABLE), max_size=3).map(tuple),
    SHOWABLE,
    st.lists(st.builds(TextEdit, SPANS, SHOWABLE), max_size=3).map(tuple),
)


def drives_a_terminal(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character != "\n"


@given(st.lists(DIAGNOSTICS, max_size=5), st.none() | SHOWABLE, st.integers(-5, 200))
def test_text_of_anything_is_printable(diagnostics: list[Diagnostic], source: str | None, width: int) -> None:
    output = text(diagnostics, lambda _: source, colour=False, width=width, checked=1)
    assert not list(filter(drives_a_terminal, output))
    assert not [line for line in output.splitlines() if line != line.rstrip()]
    assert bool(output) == bool(diagnostics)
    output.encode()


@given(st.lists(DIAGNOSTICS, min_size=1, max_size=5), SHOWABLE)
def test_nothing_can_forge_a_line(diagnostics: list[Diagnostic], source: str) -> None:
    output = text(diagnostics, lambda _: source, colour=False, width=80, checked=1)
    starts = [line for line in output.splitlines()[:-1] if line and not line.startswith(" ")]
    assert len(starts) == len(diagnostics)


@given(st.lists(DIAGNOSTICS, max_size=5))
def test_json_reads_back_to_equal_values(diagnostics: list[Diagnostic]) -> None:
    output = json_document(diagnostics, checked=1, version="0.1.0")
    assert output.isascii()
    assert not list(filter(drives_a_terminal, output))
    assert output.endswith("}\n")
    assert [diagnostic_of(finding) for finding in json.loads(output)["diagnostics"]] == diagnostics


def diagnostic_of(finding: dict) -> Diagnostic:
    return Diagnostic(
        finding["code"],
        Severity(finding["severity"]),
        finding["message"],
        span_of(finding),
        finding["label"],
        tuple(Related(span_of(place), place["note"]) for place in finding["related"]),
        finding["help"],
        tuple(TextEdit(span_of(edit), edit["text"]) for edit in finding["fix"]),
    )


def span_of(place: dict) -> Span:
    return Span(place["path"], place["line"], place["column"], place["end_line"], place["end_column"])


WORDS = st.text(st.sampled_from("ab :名🙈éё\u202e\x1b\t"), max_size=40) | st.text(
    st.characters(exclude_characters="\n\r"), max_size=40
)
VALUES = st.text(st.sampled_from("Kkalshi-名前🙈\u202e"), min_size=1, max_size=12)


@given(WORDS, VALUES, WORDS, st.integers(20, 80))
def test_carets_stand_under_the_cells_of_the_value(before: str, value: str, after: str, room: int) -> None:
    """The underlined cells of what is shown are the value's, spelled as a person sees it."""
    shown = excerpt(before + value + after, len(before), len(before) + len(value), room)
    seen = under(shown.text, shown.start, shown.length).rstrip("…")
    spelled = value.replace("\u202e", "\\u202e")
    assert seen == spelled if cells(spelled) <= room // 2 else spelled.startswith(seen)
    assert seen


@given(WORDS, WORDS, st.integers(20, 80))
def test_carets_of_any_place_stay_within_the_room(before: str, after: str, room: int) -> None:
    shown = excerpt(before + after, len(before), len(before + after), room)
    assert cells(shown.text) <= room
    assert shown.length >= 1
    assert shown.start + shown.length <= room + 1


def cells(shown: str) -> int:
    """Cells as UAX #11 has them, told apart from the code under test by a slower road."""
    return sum(map(cells_of, shown))


def cells_of(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    if "HANGUL JUNGSEONG" in unicodedata.name(character, "") or "HANGUL JONGSEONG" in unicodedata.name(character, ""):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def under(shown: str, start: int, length: int) -> str:
    """The characters of `shown` that stand in `length` cells from cell `start`."""
    found, cell = "", 0
    for character in shown:
        wide = cells_of(character)
        if start <= cell < start + length and cell + wide <= start + length:
            found += character
        cell += wide
    return found
