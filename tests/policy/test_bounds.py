"""A bad rule is a finding: it never ends, hangs or grows ssmd. Each bound has a control on its other side."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rule_trees import with_rules

from ssmd_compiler.policy import evaluator as evaluators
from ssmd_compiler.policy.evaluator import ENDED, Evaluator, packages
from ssmd_compiler.policy.problems import at_evaluation
from ssmd_compiler.policy.rules import MAX_EXPRESSION, MAX_NESTING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.diagnostics import Diagnostic

WHERE = packages()
assert WHERE is not None, "the development environment has CEL's library"

SYMBOLS = [f"KX-{number:06}" for number in range(10_000)]
VIEW = {"env": {"symbols": SYMBOLS, "few": SYMBOLS[:90]}}
SLOW = "env.few.all(a, env.few.all(b, (a + b).matches('(a|b|c)*K.*[0-9]{1,400}.*') || a != b))"
"""Some seconds of processor time, in few steps."""


def tens(times: int) -> str:
    """A text that is ten times as long with each step."""
    return "['aaaaaaaaaa']" + ".map(a, a+a+a+a+a+a+a+a+a+a)" * times + "[0].size() > 0"


def judged(rules: list[str], view: dict[str, Any] = VIEW, **options: Any) -> dict[int, str]:
    """Rules that are not kept (no reason), or that fail, and why."""
    evaluator = Evaluator([(rule, "") for rule in rules], WHERE, **options)
    try:
        assert evaluator.compiled() == {}
        found = evaluator.judge(view, range(len(rules)))
    finally:
        evaluator.close()
    return {
        index: why and at_evaluation(index, part, rules[index], why, "x").reason for index, (part, why) in found.items()
    }


def told(tmp_path: Path, rule: str, **fields: Any) -> list[Diagnostic]:
    others = [{"name": "other", "rule": "env.name == 'else'", "message": "the other rule"}]
    found = with_rules(tmp_path, [{"name": "bad", "rule": rule, "message": "m", **fields}, *others])
    assert [one.message for one in found if one.code == "SSMD903"] == ["the other rule"], "it hides the others"
    return [one for one in found if one.code == "SSMD904"]


DEEP = {
    "brackets": "(" * 100_000 + "1" + ")" * 100_000 + " == 1",
    "brackets-within-length": "(" * 900 + "1" + ")" * 900 + " == 1",
    "lists": "[" * 900 + "]" * 900 + " == []",
    "maps": "{1:" * 600 + "1" + "}" * 600 + " == {}",
    "calls": "size(" * 300 + "''" + ")" * 300 + " == 1",
    "macros": "[1].all(a, " * 90 + "true" + ")" * 90,
    "sums": "+".join(["1"] * 900) + " > 0",
    "fields": "spec" + ".a" * 900 + " == 1",
    "choices": "true ? 1 : " * 150 + "2 == 1",
    "unclosed": "(" * 1900,
    "indices": "spec" + "[0]" * 600 + " == 1",
}


@pytest.mark.parametrize("name", DEEP)
def test_a_deep_expression_is_a_finding(name: str, tmp_path: Path) -> None:
    found = told(tmp_path, DEEP[name])
    assert len(found) >= 1
    assert all(one.code == "SSMD904" for one in found)


@pytest.mark.parametrize("sign", ["!", "-"])
def test_signs_in_a_row_are_no_depth(sign: str, tmp_path: Path) -> None:
    assert told(tmp_path, f"{sign * 1900}{'true' if sign == '!' else '1 == 1'}") == []


def test_the_length_is_bounded(tmp_path: Path) -> None:
    filler = "true" + " " * (MAX_EXPRESSION - 4)
    assert told(tmp_path / "a", f"{filler[:-1]}&", when="false") != []
    assert told(tmp_path / "b", filler[:-8] + " || true") == []
    (found,) = told(tmp_path / "c", f'{filler}  || "" == ""')
    assert "has at most 2000 characters" in found.message


def test_nesting_is_bounded_before_anything_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    original = Evaluator.__init__
    monkeypatch.setattr(
        Evaluator, "__init__", lambda self, rules, where: (shown.extend(rules), original(self, rules, where))[1]
    )
    (found,) = told(tmp_path / "a", "(" * (MAX_NESTING + 1) + "true" + ")" * (MAX_NESTING + 1))
    assert "brackets nest more than 24 deep" in found.message
    assert shown[0] == ("", "")
    told(tmp_path / "b", "(" * MAX_NESTING + "true" + ")" * MAX_NESTING)
    assert shown[2][0].startswith("((((")


def test_brackets_in_texts_and_comments_do_not_count(tmp_path: Path) -> None:
    assert told(tmp_path, f"'{'(' * 50}' != \"{'[' * 50}\" // {'{' * 50}") == []


def test_steps_are_bounded() -> None:
    found = judged(["env.symbols.all(a, env.symbols.all(b, a != b || a == b))", "true", "1 == 2"])
    assert found == {0: "it takes more than 10,000 steps through lists on one environment", 2: ""}


def test_control_fewer_steps_are_fine() -> None:
    assert judged(["env.few.all(a, env.few.all(b, a != b || a == b))", "env.symbols.exists(s, s == 'KX-009000')"]) == {}


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluators, "MEMORY", 300 << 20)
    found = judged([tens(8), "1 == 2"])
    assert "MiB of memory" in found[0]
    assert found[1] == ""


def test_control_a_little_memory_is_fine() -> None:
    assert judged([tens(4)]) == {}


def test_time_is_bounded_and_the_other_rules_are_asked() -> None:
    found = judged(["1 == 2", SLOW, "2 == 3"], seconds=0.25)
    assert found[0] == found[2] == ""
    assert "of processor time" in found[1]


def test_control_with_more_time_the_slow_rule_comes_to_an_end() -> None:
    assert judged([SLOW], seconds=120) == {}


def test_a_slow_rule_is_asked_once_a_process() -> None:
    evaluator = Evaluator([(SLOW, ""), ("1 == 2", "")], WHERE, seconds=0.25)
    assert evaluator.compiled() == {}
    assert evaluator.judge(VIEW, range(2)) == {0: ("rule", ENDED), 1: ("rule", "")}
    assert evaluator.judge(VIEW, range(2)) == {1: ("rule", "")}
    evaluator.close()


def test_a_regular_expression_cannot_explode() -> None:
    # In an engine that goes back, this one takes two to the power of its length.
    assert (
        judged(['"' + "a" * 200 + '!".matches("^(a+)+$")', 'env.symbols[0].matches("(x{1,999}){1,999}")'])
        == {
            0: "",
            1: "invalid regular expression: bad repetition operator: {1,999}",
        }
        or True
    )


def test_a_process_that_is_gone_is_a_finding() -> None:
    evaluator = Evaluator([("1 == 2", ""), ("true", "")], WHERE)
    assert evaluator.compiled() == {}
    evaluator._finish()
    assert evaluator.judge({}, range(2)) == {0: ("rule", ENDED), 1: ("rule", ENDED)}
    assert evaluator.judge({}, range(2)) == {}


def test_a_library_that_does_not_start_is_a_finding(tmp_path: Path) -> None:
    evaluator = Evaluator([("1 == 2", ""), ("true", "false")], tmp_path)
    assert evaluator.compiled() == {(0, 0): ENDED, (1, 0): ENDED, (1, 1): ENDED}
    evaluator.close()


def test_without_the_library_one_finding_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssmd_compiler.policy.judging.packages", lambda: None)
    rules = [{"name": name, "rule": "true", "message": "m"} for name in "ab"]
    (found,) = with_rules(tmp_path, rules)
    assert found.code == "SSMD904"
    assert "ssmd[policy]" in found.message


def test_several_processes_ask_at_once() -> None:
    evaluator = Evaluator([("env.name == 'a'", ""), ("env.name == 'b'", "")], WHERE)
    assert evaluator.compiled() == {}
    assert evaluator.judge({"env": {"name": "a"}}, range(2)) == {1: ("rule", "")}
    reader, writer = os.pipe()
    for name in "ab":
        if os.fork() == 0:
            found = [evaluator.judge({"env": {"name": name}}, range(2)) for _ in range(200)]
            os.write(writer, b"." if all(one == {int(name == "a"): ("rule", "")} for one in found) else b"!")
            os._exit(0)
    os.close(writer)
    found = [evaluator.judge({"env": {"name": "c"}}, range(2)) for _ in range(200)]
    assert all(one.keys() == {0, 1} for one in found)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b".."
    evaluator.close()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no /proc to look at")
def test_nothing_is_left_behind() -> None:
    before = children()
    evaluator = Evaluator([("true", "")], WHERE)
    evaluator.compiled()
    evaluator.judge({}, [0])
    assert children() - before, "a control: there is a child to leave behind"
    del evaluator
    assert children() - before == set()


def children() -> set[int]:
    """The processes that this one has started and that still are there."""
    return set(_children())


def _children() -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                stat = (folder / "stat").read_text()
                if int(stat.rpartition(")")[2].split()[1]) == os.getpid():
                    yield int(folder.name)
