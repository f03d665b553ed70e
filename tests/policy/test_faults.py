"""What is wrong with a rule is said at the characters that are wrong, with what was meant; and secrets are not shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rule_trees import compiled, with_rules

if TYPE_CHECKING:
    from ssmd_compiler.diagnostics import Diagnostic


def pointed(found: Diagnostic, text: str) -> str:
    """The characters that a finding points at."""
    span = found.span
    return text.split("\n")[span.line - 1][span.column - 1 : span.end_column - 1]


def rule_text(expression: str) -> str:
    return f"policy:\n  - name: r\n    message: m\n    rule: {expression}\n"


SPELLINGS = {
    "plain": rule_text("size(envv.symbols) > 1"),
    "single-quoted": rule_text("'size(envv.symbols) > 1'"),
    "double-quoted": rule_text('"size(envv.symbols) > 1"'),
    "block": rule_text("|\n      size(env.symbols) > 1 &&\n      size(envv.symbols) > 1"),
    "block-stripped": rule_text("|-\n      size(envv.symbols) > 1"),
    "flow": 'policy: [{name: r, message: m, rule: "size(envv.symbols) > 1"}]\n',
    "wide": rule_text('\'"πέντε😀" != "" && size(envv.symbols) > 1\''),
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_the_caret_stands_inside_of_the_expression(name: str, tmp_path: Path) -> None:
    (found,) = with_rules(tmp_path, SPELLINGS[name])
    assert "no variable named `envv`" in found.message
    assert found.label == "did you mean `env`?"
    assert pointed(found, SPELLINGS[name]) == "envv"


@pytest.mark.parametrize(
    "expression",
    [
        ">-\n      size(env.symbols) > 1 &&\n      size(envv.symbols) > 1",
        '"size(\\x65nvv.symbols) > 1"',
        "'''a'' == envv.b'",
    ],
    ids=["folded", "escaped", "doubled"],
)
def test_where_places_cannot_be_told_it_is_the_whole_value(expression: str, tmp_path: Path) -> None:
    found = with_rules(tmp_path, rule_text(expression))
    assert found[0].span.line == 4
    assert found[0].span.column == 11


MEANT = {
    "env.nmae == ''": ("nmae", "`env` has no field `nmae`", "name"),
    "feed.calendar.timezon == ''": ("timezon", "`feed.calendar` has no field `timezon`", "timezone"),
    "has(env.scedule)": ("scedule", "`env` has no field `scedule`", "schedule"),
    "workloads.al(w, true)": ("al", "no function named `al`", "all"),
    "env.name.endWith('x')": ("endWith", "no function named `endWith`", "endsWith"),
    "sise(env.name) > 1": ("sise", "no function named `sise`", "size"),
    "true &&": ("", "the end was not expected here", ""),
    "size(1) > 1": ("", "`size` is not for `int`", ""),
    "'a' + 1 == ''": ("", "`+` is not for string and int", ""),
    "size(env.symbols)": ('"size(env.symbols)"', "it gives an int", ""),
    "true || x": ("x", "no variable named `x`", ""),
}


@pytest.mark.parametrize("expression", MEANT)
def test_a_rule_that_cannot_be_used_says_why(expression: str, tmp_path: Path) -> None:
    text = rule_text(f'"{expression}"')
    (found,) = with_rules(tmp_path, text)
    where, why, meant = MEANT[expression]
    assert found.code == "SSMD904"
    assert f"cannot be used: {why}" in found.message
    assert found.label == (f"did you mean `{meant}`?" if meant else "")
    assert not where or pointed(found, text) == where


FAILING = {
    "env.labels.team == 'a'": ("team", "there is no `team`"),
    "env.keys['x'].required": ("", "there is no `x`"),
    "!env.name": ("", "`!` is not for what stands beside it"),
    "workloads[9].cpu > 1.0": ("", "there is no item 9 in a list of 1"),
    "1 / (size(env.symbols) - 1) == 1": ("", "divide by zero"),
    "env.name": ('"env.name"', "it gives a string, and a rule gives true or false"),
    "workloads[0].memory * 1.5 > 1.0": ("", "`*` is not for int and double"),
}


@pytest.mark.parametrize("expression", FAILING)
def test_a_rule_that_fails_says_where_once(expression: str, tmp_path: Path) -> None:
    text = rule_text(f'"{expression}"')
    (found,) = with_rules(tmp_path, text, b_dev={}, a_dev={})
    where, why = FAILING[expression]
    assert f"rule `r` fails on environment `a-dev`: {why}" in found.message
    assert not where or pointed(found, text) == where


@pytest.mark.parametrize(
    ("expression", "meant"),
    [("env.labels.team == 'a'", ""), ("env.labels['team'] == 'a'", ""), ("workloads[0].volum.size > 1", "volume")],
)
def test_where_names_are_people_s_own_no_field_is_meant(expression: str, meant: str, tmp_path: Path) -> None:
    (found,) = with_rules(tmp_path, rule_text(f'"{expression}"'))
    assert found.label == (f"did you mean `{meant}`?" if meant else "")
    assert bool(found.help) == (not meant), "it says how to ask"


def test_a_guard_fails_and_is_pointed_at(tmp_path: Path) -> None:
    rules = [{"name": "r", "rule": "true", "message": "m", "when": "env.labels.team == 'a'"}]
    (found,) = with_rules(tmp_path, rules)
    assert "there is no `team`" in found.message
    assert "when" in (tmp_path / "ssmd.yaml").read_text().split("\n")[found.span.line - 1]


def test_a_guard_keeps_a_rule_from_being_asked(tmp_path: Path) -> None:
    rules = [{"name": "r", "rule": "1 / 0 == 1", "message": "m", "when": "env.name == 'else'"}]
    assert with_rules(tmp_path / "a", rules) == []
    assert with_rules(tmp_path / "b", [{**rules[0], "when": "true"}]) != []


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"message": "{enw.name}"}, "no variable named `enw`"),
        ({"message": "{env.nmae}"}, "`env` has no field `nmae`"),
        ({"message": "{env}"}, "`env` is not one value"),
        ({"message": "{workloads}"}, "`workloads` is not one value"),
        ({"message": "{schemas.name}"}, "`schemas.name` is not one value"),
        ({"at": "middlewear.storage"}, "an environment has no field `middlewear`"),
        ({"at": "middleware.storage.snyc"}, "`middleware.storage` has no field `snyc`"),
    ],
)
def test_a_message_and_a_field_are_proven_too(fields: dict[str, str], why: str, tmp_path: Path) -> None:
    (found,) = with_rules(tmp_path, [{"name": "r", "rule": "true", "message": "m", **fields}])
    assert why in found.message


def test_two_rules_of_one_name(tmp_path: Path) -> None:
    rule = {"name": "r", "rule": "true", "message": "m"}
    (found,) = with_rules(tmp_path, [rule, rule])
    assert "another rule has this name" in found.message


SHOWN = {
    "{env.name} and {feed.version}": "dev and v2",
    "{env.symbols}": "A, B, C, D, E and 2 more",
    "{env.schemas}": "trade:v1",
    "{names.subjects}": "(none)",
    "{env.description}": "(not set)",
    "{env.labels.team}": "(not set)",
    "{env.keys.kalshi.required}": "true",
    "{env.keys.kalshi.fields}": "api_key, api_secret",
    "{spec.retry.max_attempts} {spec.buffer.max_bytes}": "5 67108864",
    "{1} {} { env.name } {{env.name}} ${env.name}": "{1} {} { env.name } {dev} $dev",
    "{env.labels.note}": "password=**************",
}


@pytest.mark.parametrize("message", SHOWN)
def test_a_message_holds_values_and_nothing_is_evaluated(message: str, tmp_path: Path) -> None:
    patch: dict[str, Any] = {"spec": {"symbols": list("ABCDEFG"), "namespace": "n"}}
    if "note" in message:
        patch["metadata"] = {"labels": {"note": "password=hunter2hunter2"}}
    (found,) = with_rules(tmp_path, [{"name": "r", "rule": "false", "message": message}], dev=patch)
    assert found.message == SHOWN[message]


@pytest.mark.parametrize(
    ("at", "where"),
    [
        ("middleware.storage.path", "/var/lib/ssmd/dev"),
        ("middleware.storage.sync", "t"),
        ("schemas.0", "trade:v1"),
        ("schemas[0]", "trade:v1"),
        ("keys.kalshi.source", "env:KALSHI_API_KEY,KALSHI_API_SECRET"),
    ],
)
def test_a_finding_points_at_the_field_or_the_nearest_place(at: str, where: str, tmp_path: Path) -> None:
    (found,) = with_rules(tmp_path, [{"name": "r", "rule": "false", "message": "m", "at": at}], dev={})
    text = (tmp_path / "environments" / "dev.yaml").read_text()
    assert pointed(found, text)[: len(where)] == where
    assert found.related[0].span.path == "ssmd.yaml"


def test_no_secret_is_seen(tmp_path: Path) -> None:
    """A secret in a source stops its environment before any rule sees it."""
    rules = [{"name": "r", "rule": "false", "message": "{spec.parser_config}{spec.keys}"}]
    secret = {"spec": {"connector": {"credentials": "hunter2hunter2"}}}
    found = with_rules(tmp_path, rules, dev=secret)
    assert {one.code for one in found} == {"SSMD505"}


def test_a_rule_says_how_bad_it_is(tmp_path: Path) -> None:
    rules = [{"name": level, "rule": "false", "message": "m", "severity": level} for level in ("warning", "error")]
    assert {one.severity.value for one in with_rules(tmp_path, rules)} == {"warning", "error"}


def test_an_environment_whose_rule_fails_is_not_remembered(tmp_path: Path) -> None:
    rule = b"policy: [{name: r, rule: 'env.labels.team == \"\"', message: m}]"
    first = compiled(tmp_path, {"ssmd.yaml": rule})
    again = compiled(tmp_path, {"ssmd.yaml": rule}, known=first.traces)
    assert "environments/dev.yaml" not in first.traces
    assert [one.code for one in again.diagnostics] == [one.code for one in first.diagnostics] == ["SSMD904"]


def test_warnings_are_remembered_with_their_environment(tmp_path: Path) -> None:
    rule = b"policy: [{name: r, rule: 'false', message: 'about {env.name}', severity: warning}]"
    first = compiled(tmp_path, {"ssmd.yaml": rule})
    again = compiled(tmp_path, {"ssmd.yaml": rule}, known=first.traces)
    assert again.diagnostics == first.diagnostics != ()
    assert not again.outputs
    other = compiled(tmp_path, {"ssmd.yaml": rule.replace(b"about", b"of")}, known=first.traces)
    assert [one.message for one in other.diagnostics] == ["of dev"]
