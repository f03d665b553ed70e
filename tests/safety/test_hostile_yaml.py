"""No bytes in a document end, hang or grow ssmd: each is a located finding, exit code 1, and nothing is written.

Every document here has at most the largest size that is read, 1 MiB. Their price is compared with that of a harmless
document of that size on the same machine, so that a slow machine fails nothing; wall time only guards against hanging.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hostile import ENVIRONMENT, FEED, MIB, Honest, Ran, environment, feed, plant, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jail import Jail

TIMES_HONEST = 5
"""Times the price of a harmless document; a quadratic algorithm costs hundreds of times as much."""

SYNTAX, DEEP, ALIASES, MERGE, TAG, TWICE = "SSMD005", "SSMD006", "SSMD007", "SSMD008", "SSMD009", "SSMD010"
BYTES, CONTROL, DOCUMENTS, EMPTY, KEY = "SSMD003", "SSMD004", "SSMD011", "SSMD012", "SSMD015"
MAPPING, UNKNOWN, MISSING = "SSMD101", "SSMD102", "SSMD103"


def full(unit: str) -> str:
    """As many of `unit` as a document may hold."""
    return unit * (MIB // len(unit.encode()))


def numbered(line: str, count: int) -> str:
    return "".join(line.format(index) for index in range(count))


def laughs(width: int, height: int, item: str = "x") -> str:
    """Each anchor stands for `width` of the one before."""
    levels = [f"a0: &a0 [{', '.join([item] * width)}]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, height)]
    return "\n".join(levels) + "\n"


def merges(height: int) -> str:
    """Each mapping merges the one before nine times."""
    levels = ["a0: &a0 {x: 1}"]
    levels += [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, height)]
    return "\n".join(levels) + "\n"


def nested(opening: str, depth: int = 100_000) -> str:
    return opening * min(depth, MIB // len(opening))


DOCUMENTS_AND_CODES: dict[str, tuple[str | bytes, str]] = {
    # Nesting
    "nested flow sequences": (nested("["), DEEP),
    "nested flow mappings": (nested("{a: "), DEEP),
    "nested flow mappings as keys": (nested("{"), KEY),
    "nested flow sequences as keys": (nested("? ["), KEY),
    "nested single pairs": (nested("[a: "), DEEP),
    "nested block sequences": (nested("- "), DEEP),
    "nested block mappings": ("".join(f"{' ' * n}a:\n" for n in range(1400)), DEEP),
    "nested explicit keys": (nested("? "), KEY),
    "deep, but closed": ("x: " + "[" * 100_000 + "]" * 100_000, DEEP),
    "wide and nested a little": (full("- [[[[[[[[]]]]]]]]\n"), ALIASES),
    # Aliases and merges
    "alias bomb": (laughs(9, 12), ALIASES),
    "alias of itself": ("a: &a [*a]\n", ALIASES),
    "alias of an enclosing mapping": ("a: &a {b: {c: *a}}\n", ALIASES),
    "alias as a key": ("a: &a [x]\n*a : 1\n", KEY),
    "undefined alias": ("a: *b\n", SYNTAX),
    "merge bomb": (merges(8), MERGE),
    "merge of a mapping": ("a: &a {x: 1}\nb: {<<: *a}\n", MERGE),
    # Keys
    "one key, a hundred thousand times": (full("a:\n"), TWICE),
    "one key and value, many times": (full("a: 1\n"), TWICE),
    "a duplicate key": (environment("feed: kraken"), TWICE),
    "a duplicate key in flow style": (environment("connector: {replicas: 1, replicas: 1}"), TWICE),
    "a duplicate key, spelled otherwise": (environment('"feed": kraken'), TWICE),
    "50,000 keys": (numbered("k{}: 1\n", 49_900), UNKNOWN),
    "50,000 keys on a line": ("{" + numbered("k{}: 1,", 49_900) + "}", UNKNOWN),
    "50,000 keys like a known one": (numbered("symbol{}: 1\n", 49_900), UNKNOWN),
    "100,000 keys": (numbered("k{}: 1\n", 95_000), ALIASES),
    "a key of 1 MiB": ("? " + "k" * (MIB - 100) + "\n: 1\n", UNKNOWN),
    "a sequence as a key": ("? [a]\n: 1\n", KEY),
    # Tags
    "a Python call": (environment("description: !!python/object/apply:os.system ['exit 7']"), TAG),
    "a Python name": (environment("description: !!python/name:os.system"), TAG),
    "a tag of its own": (environment("connector: !connector {replicas: 1}"), TAG),
    "a tag of YAML itself": (environment("description: !!binary aGVsbG8="), TAG),
    "a tag on the whole": ("!!map {name: dev}\n", TAG),
    "a tag on a key": ("!!str name: dev\n", TAG),
    "many tags": (full("- !x a\n"), TAG),
    "a tag of 1 MiB": (full("!"), TAG),
    "many tag directives": (numbered("%TAG !a{}! x\n", 60_000) + "--- a\n", TAG),
    # Characters
    "a tab for indentation": ("connector:\n\treplicas: 1\n", SYNTAX),
    "UTF-8 with a byte order mark": (b"\xef\xbb\xbf" + environment().encode(), BYTES),
    "UTF-16 little endian": (environment().encode("utf-16"), BYTES),
    "UTF-16 big endian": (b"\xfe\xff" + environment().encode("utf-16-be"), BYTES),
    "UTF-16 without a mark": (environment().encode("utf-16-le"), CONTROL),
    "UTF-32 little endian": (environment().encode("utf-32"), BYTES),
    "UTF-32 big endian": (b"\x00\x00\xfe\xff" + environment().encode("utf-32-be"), BYTES),
    "Latin-1": (environment("description: é").encode("latin-1"), BYTES),
    "cut inside a character": (environment("description: é").encode()[:-2], BYTES),
    "an overlong encoding": (b"name: \xc0\xaf\n", BYTES),
    "a surrogate": (b"name: \xed\xa0\x80\n", BYTES),
    "beyond Unicode": (b"name: \xf4\x90\x80\x80\n", BYTES),
    "a mark in the middle": (environment("description: \ufeff"), CONTROL),
    **{
        f"U+{ord(character):04X}": (environment(f"description: a{character}b"), CONTROL)
        for character in "\x00\x01\x07\x08\x0b\x0c\x1b\x7f\x85\x9b\u200e\u2028\u2029\u202e\u2066\ufffe\r"
    },
    "an escaped NUL": (environment('description: "a\\0b"'), CONTROL),
    "an escaped escape": (environment('description: "\\e[31m"'), CONTROL),
    "an escaped override": (environment('description: "\\u202e"'), CONTROL),
    "an escaped surrogate": (environment('description: "\\ud800"'), SYNTAX),
    "an escaped NUL in a key": ('"a\\0b": 1\n', CONTROL),
    "many escaped NULs": (full('- "\\0"\n'), CONTROL),
    # One thing, as often as it fits
    "[": (full("["), DEEP),
    "{": (full("{"), KEY),
    "a: ": (full("a: "), SYNTAX),
    "- ": (full("- "), DEEP),
    "? ": (full("? "), KEY),
    '"': (full('"'), SYNTAX),
    "'": (full("'"), MAPPING),
    "&a ": (full("&a "), SYNTAX),
    "*a ": (full("*a "), SYNTAX),
    "!a ": (full("!a "), TAG),
    "%": (full("%"), SYNTAX),
    "#": (full("#"), EMPTY),
    "|": (full("|"), SYNTAX),
    ",": (full(","), SYNTAX),
    ":": (full(":"), SYNTAX),
    "spaces": (full(" "), EMPTY),
    "line feeds": (full("\n"), EMPTY),
    "document starts": (full("--- "), MAPPING),
    "empty documents": (full("---\n"), ALIASES),
    "document ends": (full("...\n"), SYNTAX),
    "items": (full("-\n"), ALIASES),
    "mappings": (full("- {a: b}\n"), ALIASES),
    "anchors": (numbered("- &a{} x\n", 80_000), MAPPING),
    "a scalar of 1 MiB": ("x" * MIB, MAPPING),
    "a quoted scalar of 1 MiB": (environment(f'description: "{"x" * (MIB - 500)}"', "feed: kraken"), TWICE),
    "a block scalar of 1 MiB": (environment("unknown: |\n  " + "x\n  " * (MIB // 4 - 200)), UNKNOWN),
    "a name of 1 MiB": (environment(name="x" * (MIB - 500)), "SSMD108"),
    "a reference of 1 MiB": (environment(feed="x" * (MIB - 500)), "SSMD201"),
    # Documents
    "nothing": ("", EMPTY),
    "null": ("~\n", EMPTY),
    "a list": ("- name: dev\n", MAPPING),
    "two documents": (environment() + "---\n" + environment(), DOCUMENTS),
    "no mapping after a null": ("---\n---\n", EMPTY),
}


def fits(content: str | bytes) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return raw[:MIB]


def check_located(ran: Ran, path: str, code: str, lines: int) -> None:
    assert ran.outcome.code == 1, ran.outcome.err
    assert ran.outcome.err == ""
    assert not ran.outcome.late
    assert code in ran.codes
    for finding in ran.findings:
        assert finding["path"] == path
        assert 1 <= finding["line"] <= lines
        assert finding["column"] >= 1
    assert ran.after == ran.before


@pytest.mark.parametrize("name", DOCUMENTS_AND_CODES)
def test_a_hostile_document_is_a_finding(
    name: str, jail: Jail, workspace: Path, honest: Honest, record_property: Callable[[str, object], None]
) -> None:
    content, code = DOCUMENTS_AND_CODES[name]
    plant(workspace, ENVIRONMENT, fits(content))
    ran = run(jail, workspace, cpu=15)
    record_property("cpu", ran.outcome.cpu)
    check_located(ran, ENVIRONMENT, code, fits(content).count(b"\n") + 2)
    bearable = honest.bears(ran.outcome.cpu, TIMES_HONEST, lambda: run(jail, workspace, cpu=15).outcome.cpu)
    assert bearable, "it costs far more than a harmless document of its size"


@pytest.mark.parametrize(
    "name", ["nested flow sequences", "alias bomb", "a Python call", "UTF-16 little endian", "U+0000"]
)
@pytest.mark.parametrize("path", [FEED, "ssmd.yaml", "schemas/trade.yaml"])
def test_documents_of_every_kind_are_guarded(name: str, path: str, jail: Jail, workspace: Path) -> None:
    content, code = DOCUMENTS_AND_CODES[name]
    plant(workspace, path, fits(content))
    ran = run(jail, workspace)
    assert ran.outcome.code == 1
    assert ran.outcome.err == ""
    assert [finding["path"] for finding in ran.about(code)] == [path]
    assert ran.after == ran.before


def test_thousands_of_faults_are_not_all_told_at_length(jail: Jail, workspace: Path) -> None:
    plant(workspace, ENVIRONMENT, fits(DOCUMENTS_AND_CODES["50,000 keys"][0]))
    ran = run(jail, workspace, cpu=15)
    assert ran.outcome.code == 1
    assert len(ran.outcome.out) < 64 * 1024


@pytest.mark.parametrize("name", ["a name of 1 MiB", "a reference of 1 MiB", "a key of 1 MiB", "a tag of 1 MiB"])
def test_a_message_never_repeats_a_mebibyte(name: str, jail: Jail, workspace: Path) -> None:
    plant(workspace, ENVIRONMENT, fits(DOCUMENTS_AND_CODES[name][0]))
    ran = run(jail, workspace, cpu=15)
    assert ran.outcome.code == 1
    assert len(ran.outcome.out) < 64 * 1024


# Controls: what happens without the guard


@pytest.mark.parametrize(
    ("prices", "costs", "bearable"),
    [
        ([1.0], [5.0], True),
        ([1.0, 1.0, 1.0, 1.0], [5.1, 5.1, 5.1, 5.1], False),
        ([1.0, 1.0, 1.0], [9.0, 5.1, 5.0], True),
        ([1.0, 2.0], [9.0, 9.0], True),
        ([2.0, 1.0, 1.0, 1.0], [11.0, 9.0, 9.0, 9.0], False),
    ],
)
def test_control_what_costs_too_much_each_time(prices: list[float], costs: list[float], bearable: object) -> None:
    honest_prices, attack_costs = iter(prices), iter(costs)
    honest = Honest(lambda: next(honest_prices))
    assert honest.bears(next(attack_costs), TIMES_HONEST, lambda: next(attack_costs)) is bearable
    assert not [*honest_prices, *attack_costs]


IN_FREE_FORM = ("      exchange: kraken\n", "      exchange: kraken\n      x: {}\n")


def free(value: str) -> str:
    """A feed with `value` where anything may stand, so that it is built and walked."""
    old, new = IN_FREE_FORM
    return feed(old=old, new=new.format(value))


def test_control_nesting_without_the_guard(jail: Jail, workspace: Path) -> None:
    plant(workspace, FEED, free("[" * 100_000 + "]" * 100_000))
    assert run(jail, workspace).codes == {DEEP}
    assert not run(jail, workspace, changed=("no_depth",), cpu=2).calm


def test_control_aliases_without_the_guard(jail: Jail, workspace: Path) -> None:
    bomb = "".join(f"\n        {line}" for line in laughs(9, 10).splitlines())
    plant(workspace, FEED, free(bomb))
    assert run(jail, workspace).codes == {ALIASES}
    assert not run(jail, workspace, changed=("no_alias_budget",), cpu=2).calm


def test_control_merge_keys_without_the_guard(jail: Jail, workspace: Path) -> None:
    bomb = merges(10)
    assert len(bomb) < 600
    plant(workspace, ENVIRONMENT, bomb)
    assert run(jail, workspace).codes == {MERGE}
    assert not run(jail, workspace, changed=("ordinary_loader",), cpu=2).calm


def test_control_tags_without_the_guard(jail: Jail, workspace: Path) -> None:
    plant(workspace, ENVIRONMENT, environment("description: !!python/object/apply:os.system ['touch executed']"))
    assert run(jail, workspace).codes == {TAG}
    assert not (workspace / "executed").exists()
    run(jail, workspace, changed=("unsafe_loader",))
    assert (workspace / "executed").exists()


WITHOUT_GUARD_ACCEPTED = {
    "a duplicate key": "ordinary_loader",
    "U+202E": "no_control_characters",
    "UTF-16 little endian": "no_encoding",
    "UTF-8 with a byte order mark": "no_encoding",
}


@pytest.mark.parametrize("name", WITHOUT_GUARD_ACCEPTED)
def test_control_without_the_guard_it_is_accepted(name: str, jail: Jail, workspace: Path) -> None:
    content, code = DOCUMENTS_AND_CODES[name]
    plant(workspace, ENVIRONMENT, fits(content))
    assert run(jail, workspace).codes == {code}
    assert run(jail, workspace, changed=(WITHOUT_GUARD_ACCEPTED[name],)).outcome.code == 0
