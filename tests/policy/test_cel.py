"""The library does what the specification of CEL says: operators, macros, functions and conversions that rules use.

Each line of the table is an expression and what it gives; `!` means that it cannot be evaluated.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from ssmd_compiler.policy.evaluator import Evaluator, packages

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = r"""
1 + 2                                              3
7 - 10                                             -3
6 * -7                                             -42
7 / 2                                              3
-7 / 2                                             -3
7 % 4                                              3
-7 % 4                                             -3
1 / 0                                              !
1 % 0                                              !
9223372036854775807 + 1                            !
-9223372036854775808 - 1                           !
-(-9223372036854775807 - 1)                        !
3u + 4u                                            7u
1u - 2u                                            !
18446744073709551615u + 1u                         !
1.5 * 2.0                                          3.0
1.0 / 0.0 > 1e308                                  true
0.0 / 0.0 == 0.0 / 0.0                             false
"a" + "b"                                          "ab"
[1] + [2, 3]                                       [1, 2, 3]
dyn(1) + "a"                                       !
dyn(1) + 1.0                                       !
1 == 1.0                                           !
dyn(1) == 1.0                                      true
dyn(1) == 1u                                       true
dyn(1) < 1.5                                       true
dyn(2u) > 1                                        true
dyn(1) == "1"                                      false
[1, 2.0] == [1.0, 2]                               true
dyn({"a": 1, "b": 2}) == {"b": 2.0, "a": 1.0}      true
[1, 2] == [2, 1]                                   false
"a" < "b" && "Z" < "a"                             true
false < true                                       true
null == null                                       true
true && false                                      false
true || false                                      true
!true                                              false
true ? 1 : 2                                       1
false ? 1 : 2                                      2
false && 1 / 0 > 0                                 false
1 / 0 > 0 && false                                 false
true || 1 / 0 > 0                                  true
1 / 0 > 0 || true                                  true
1 / 0 > 0 || false                                 !
false ? 1 / 0 : 2                                  2
2 in [1, 2, 3]                                     true
"x" in ["a", "b"]                                  false
dyn(2.0) in [1, 2]                                 true
"a" in {"a": 1}                                    true
1 in {}                                            false
[7, 8, 9][1]                                       8
[7, 8, 9][3]                                       !
[7, 8, 9][-1]                                      !
{"a": 1}["a"]                                      1
{"a": 1}.a                                         1
{"a": 1}["b"]                                      !
{"a": {"b": 2}}.a.b                                2
has({"a": 1}.a)                                    true
has({"a": 1}.b)                                    false
has({"a": {}}.a.b)                                 false
has({"a": 0}.a)                                    true
size("abc")                                        3
size("")                                           0
size("πέντε")                                      5
size("😀")                                         1
"abc".size()                                       3
size([1, 2])                                       2
size({"a": 1})                                     1
size([]) + size({})                                0
"abc".startsWith("ab")                             true
"abc".startsWith("")                               true
"abc".startsWith("b")                              false
"abc".endsWith("bc")                               true
"abc".endsWith("b")                                false
"abc".contains("b")                                true
"abc".contains("d")                                false
"abc".contains("")                                 true
"hubba".matches("ubb")                             true
"hubba".matches("^ubb")                            false
"hubba".matches("^h.*a$")                          true
"a\nb".matches("a.b")                              false
"1234".matches("^[0-9]{4}$")                       true
matches("abc", "b")                                true
"abc".matches("(")                                 !
"aaaa".matches("(a)\\1")                           !
[1, 2, 3].all(e, e > 0)                            true
[1, 2, 3].all(e, e < 3)                            false
[].all(e, e > 0)                                   true
[1, 2, 3].all(e, 6 / (2 - e) == 6)                 false
[1, 2, 3].all(e, e / 0 != 17)                      !
{"a": 1, "b": 2}.all(k, k < "c")                   true
[1, 2, 3].exists(e, e == 2)                        true
[1, 2, 3].exists(e, e > 3)                         false
[].exists(e, e == 2)                               false
[1, 2, 3].exists(e, e / (e - 1) == 2)              true
{"a": 1}.exists(k, k == "a")                       true
[1, 2, 3].exists_one(e, e == 2)                    true
[1, 2, 2].exists_one(e, e == 2)                    false
[].exists_one(e, e == 2)                           false
[3, 2, 1].exists_one(e, 1 / (e - 1) > 0)           !
[1, 2, 3].map(e, e * 2)                            [2, 4, 6]
[1, 2, 3].map(e, e > 1, e * 2)                     [4, 6]
[].map(e, e * 2)                                   []
[2, 1, 0].map(e, 4 / e)                            !
[1, 2, 3].filter(e, e % 2 == 1)                    [1, 3]
[].filter(e, e == 1)                               []
{"a": 1, "b": 2}.filter(k, k == "b")               ["b"]
[[1, 2], [3]].all(l, l.all(e, e > 0))              true
int("12")                                          12
int(3.99)                                          3
int(-3.99)                                         -3
int(5u)                                            5
int("x")                                           !
int(1e99)                                          !
uint(3)                                            3u
uint(-1)                                           !
uint("7")                                          7u
double(3)                                          3.0
double("2.5")                                      2.5
double("x")                                        !
string(12)                                         "12"
string(true)                                       "true"
string(1.5)                                        "1.5"
bool("true")                                       true
bool("x")                                          !
int(timestamp("2009-02-13T23:31:30Z"))             1234567890
string(timestamp("2009-02-13T23:31:30Z"))          "2009-02-13T23:31:30Z"
timestamp("2009-02-13T23:31:30+01:00") == timestamp("2009-02-13T22:31:30Z")   true
timestamp("yesterday")                             !
timestamp("2009-02-13T23:31:30Z").getFullYear()    2009
timestamp("2009-02-13T23:31:30Z").getMonth()       1
timestamp("2009-02-13T23:31:30Z").getDate()        13
timestamp("2009-02-13T23:31:30Z").getDayOfMonth()  12
timestamp("2009-02-13T23:31:30Z").getDayOfWeek()   5
timestamp("2009-02-13T23:31:30Z").getDayOfYear()   43
timestamp("2009-02-13T23:31:30Z").getHours()       23
timestamp("2009-02-13T23:31:30Z").getHours("-02:30")   21
timestamp("2009-02-13T23:31:20Z") + duration("10s") == timestamp("2009-02-13T23:31:30Z")   true
timestamp("2009-02-14T00:00:00Z") - timestamp("2009-02-13T00:00:00Z") == duration("24h")   true
timestamp("2009-02-13T00:00:00Z") < timestamp("2009-02-14T00:00:00Z")   true
duration("1h30m") == duration("5400s")             true
duration("1h") > duration("59m")                   true
duration("90s").getMinutes()                       1
duration("1h").getSeconds()                        3600
duration("soon")                                   !
string(duration("1000000s"))                       "1000000s"
type(1) == int                                     true
type("a") == string                                true
type([]) == list                                   true
r"\d" == "\\d"                                     true
"\u00e9" == "é"                                    true
'it is "quoted"'                                   'it is "quoted"'
// a comment
1 +                                                !
"open                                              !
nothing                                            !
size(1)                                            !
env.name                                           "dev"
env.list.filter(x, x > 1).size()                   2
env.map.exists(k, env.map[k] == "v")               true
has(env.absent)                                    false
env.absent                                         !
"""
VIEW = {"env": {"name": "dev", "list": [1, 2, 3], "map": {"k": "v"}}}


def lines() -> Iterator[tuple[str, str]]:
    for line in TABLE.strip().split("\n"):
        expression, _, value = line.rpartition("  ")
        if expression:
            yield expression.strip(), value.strip()


CASES = list(lines())
WHERE = packages()
assert WHERE is not None, "the development environment has CEL's library"


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    """Each expression -> `kept`, `not kept`, or `fails`, all of them asked at once."""
    shown = [expression if value == "!" else f"({expression}) == ({value})" for expression, value in CASES]
    # What does not give true or false is no rule: where an error is expected it is compared with something.
    shown = [text if value != "!" else f"dyn({text}) == 1" for text, (_, value) in zip(shown, CASES, strict=True)]
    evaluator = Evaluator([(text, "") for text in shown], WHERE)
    bad = {index for index, _ in evaluator.compiled()}
    judged = evaluator.judge(VIEW, [index for index in range(len(shown)) if index not in bad])
    evaluator.close()
    found = {}
    for index, (expression, _) in enumerate(CASES):
        failed = index in bad or (index in judged and judged[index][1])
        found[expression] = "fails" if failed else "not kept" if index in judged else "kept"
    return found


@pytest.mark.parametrize(("expression", "value"), CASES, ids=[expression for expression, _ in CASES])
def test_an_expression_gives_what_the_specification_says(expression: str, value: str, outcomes: dict[str, str]) -> None:
    assert outcomes[expression] == ("fails" if value == "!" else "kept")


def test_control_the_table_can_fail() -> None:
    evaluator = Evaluator([("(1 + 2) == (4)", ""), ("(1 / 1) == 1", ""), ("1 / 0 == 1", "")], WHERE)
    assert evaluator.compiled() == {}
    assert {index: bool(why) for index, (_, why) in evaluator.judge({}, range(3)).items()} == {0: False, 2: True}
    evaluator.close()


def test_the_table_is_of_a_size() -> None:
    assert len(CASES) > 140
    assert len(dict(CASES)) == len(CASES)
    assert math.isclose(sum(value == "!" for _, value in CASES), 30, abs_tol=12)
