"""Every rule has an example that breaks it and nothing else of its tier, and the real libraries show what it is about.

A rule of the tier `wire` whose example costs nothing would be a false alarm; one of the tier `source` whose example
costs something would be a lie.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from test_wire_truth import losses

from ssmd_compiler.compat import RULES, Break, Rule, compare
from ssmd_compiler.compat.page import BEGIN, END, section
from ssmd_compiler.definitions import Definition, Parsed, parse

if TYPE_CHECKING:
    from ssmd_compiler.definitions import Format

ROOT = Path(__file__).parent.parent.parent.parent
SHOWN = [rule for rule in RULES if rule.old]
WIRED = [rule for rule in SHOWN if rule.format != "json_schema"]

# What was recorded by a version older still, where the older of the two could not have.
RECORDED = {
    "reserved-number-reused": 'syntax = "proto3"; message Trade { string price = 1; bytes was = 2; }',
    "enum-closed": 'syntax = "proto3"; message Trade { optional Side side = 1; } enum Side { BUY = 0; SELL = 1; }',
}
# A document that the older version accepts and the newer refuses.
REFUSED: dict[str, Any] = {
    "type-narrowed": {"size": 1.5},
    "values-narrowed": {"side": "none"},
    "limit-tightened": {"price": 0.5},
    "pattern-changed": {"ticker": "BTC"},
    "format-changed": {"time": "noon"},
    "required-added": {},
    "property-added-to-open": {"side": 1},
    "property-removed": {"side": 1},
    "properties-closed": {"other": 1},
    "alternative-removed": {"price": 1},
    "forbidden": {"side": "buy"},
    "cannot-be-proven": {"side": "x"},
}


def text(rule: Rule, side: str) -> str:
    """A whole definition."""
    said = rule.old if side == "old" else rule.new
    if rule.format == "capnp":
        return f"@0xabcdef1234567890;\n{said}\n"
    if rule.format == "protobuf" and "syntax" not in said:
        old = {"required-added", "field-default-changed"}  # say what proto3 cannot
        return f'syntax = "{"proto2" if rule.name in old else "proto3"}";\n{said}\n'
    return said


@pytest.fixture(scope="module")
def parsed() -> dict[tuple[str, str, str], Parsed]:
    keys = [(rule, side) for rule in SHOWN for side in ("old", "new")]
    definitions = [
        Definition(f"{rule.format}/{rule.name}/{side}", rule.format, text(rule, side).encode()) for rule, side in keys
    ]
    found = parse(definitions)
    return {(rule.format, rule.name, side): one for (rule, side), one in zip(keys, found, strict=True)}


def breaks(rule: Rule, parsed: dict[tuple[str, str, str], Parsed]) -> tuple[Break, ...]:
    old, new = (parsed[rule.format, rule.name, side] for side in ("old", "new"))
    assert not old.flaws
    assert not new.flaws
    return compare(old, new)


def name(rule: Rule) -> str:
    return f"{rule.format}-{rule.name}"


@pytest.mark.parametrize("rule", SHOWN, ids=name)
def test_an_example_breaks_its_rule(rule: Rule, parsed: dict[tuple[str, str, str], Parsed]) -> None:
    found = breaks(rule, parsed)
    assert rule in {one.rule for one in found}
    assert {one.rule.name for one in found if one.rule.tier == rule.tier} == {rule.name}
    if rule.tier == "source":
        assert not [one for one in found if one.wire]


@pytest.mark.parametrize("rule", SHOWN, ids=name)
def test_a_break_is_at_what_it_is_about(rule: Rule, parsed: dict[tuple[str, str, str], Parsed]) -> None:
    for one in breaks(rule, parsed):
        for side, span in (("old", one.old), ("new", one.new)):
            if span is None:
                assert rule.name == "record-removed"
                continue
            assert span.path == f"{rule.format}/{rule.name}/{side}"
            line = text(rule, side).splitlines()[span.line - 1]
            word = line[span.column - 1 : span.end_column - 1]
            assert word
            if rule.format != "json_schema" and side == "old":
                assert word == one.subject.rpartition(".")[2]


@pytest.mark.parametrize("rule", SHOWN, ids=name)
@pytest.mark.parametrize("side", ["old", "new"])
def test_a_version_reads_itself(rule: Rule, side: str, parsed: dict[tuple[str, str, str], Parsed]) -> None:
    one = parsed[rule.format, rule.name, side]
    other = Parsed(Definition("other", rule.format, b""), declared=one.declared, files=one.files)
    assert compare(one, other) == ()


@pytest.fixture(scope="module")
def lost() -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    formats: tuple[Format, ...] = ("capnp", "protobuf")
    for format_name in formats:
        rules = [rule for rule in WIRED if rule.format == format_name]
        pairs = [(RECORDED.get(rule.name, text(rule, "old")), text(rule, "new"), "Trade") for rule in rules]
        answers = losses(format_name, pairs)
        found |= {(format_name, rule.name): one for rule, one in zip(rules, answers, strict=True)}
    return found


@pytest.mark.parametrize("rule", WIRED, ids=name)
def test_the_real_library_loses_what_a_rule_says(rule: Rule, lost: dict[tuple[str, str], Any]) -> None:
    """The control of `wire`, and the proof of `source`: what was retired is gone, and known to be."""
    found = lost[rule.format, rule.name]
    assert isinstance(found, list), found
    if rule.tier == "wire":
        assert found
    else:
        retired = {"field-retired": ["Trade.side (gone)"], "enumerant-retired": ["Trade.side (name)"]}
        assert found == retired.get(rule.name, [])


@pytest.mark.parametrize("rule", [rule for rule in SHOWN if rule.format == "json_schema"], ids=name)
def test_a_document_shows_what_a_rule_says(rule: Rule) -> None:
    checker = FormatChecker([])
    checker.checks("date-time")(lambda held: held != "noon")  # as a reader that asserts formats
    old, new = (Draft202012Validator(json.loads(said), format_checker=checker) for said in (rule.old, rule.new))
    if rule.tier == "wire":
        document = REFUSED[rule.name]
        assert old.is_valid(document)
        assert not new.is_valid(document)
    else:
        assert not any(old.is_valid(each) and not new.is_valid(each) for each in REFUSED.values())


def test_names_are_unique_and_the_page_is_current() -> None:
    names = [(rule.format, rule.name) for rule in RULES]
    assert len(set(names)) == len(names)
    page = (ROOT / "docs" / "schemas.md").read_text()
    assert page.partition(BEGIN)[2].partition(END)[0] == section(RULES), "run `make docs`"
