"""Content made to break a parser: every place that is told exists, every message can be printed, and time is bounded."""

from __future__ import annotations

import json
import time
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssmd_compiler.definitions import Definition, Format, Parsed, parse
from ssmd_compiler.definitions.capnp import _Reading
from ssmd_compiler.definitions.capnp_draft import Draft
from ssmd_compiler.definitions.capnp_tokens import scan
from ssmd_compiler.definitions.json_nodes import MAX_DEPTH, read
from ssmd_compiler.definitions.text import MAX_BYTES, Text

FORMATS: tuple[Format, ...] = ("capnp", "protobuf", "json_schema")
WORDS = (
    *(
        "@0xabcdef1234567890;",
        "struct",
        "enum",
        "Trade",
        "ticker",
        "@0",
        "@1",
        ":Text",
        ":List(Text)",
        "= 5",
        "$x",
        "#",
    ),
    *(
        "message",
        'syntax = "proto3";',
        "string a = 1;",
        "import",
        '"a.capnp"',
        "`raw",
        '0x"00"',
        "//",
        "/*",
        "*/",
        "0x",
    ),
    *(
        '{"type":',
        '"object"}',
        '"$ref": "#/a"',
        "true",
        "null",
        "1e5",
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
        ";",
        ",",
        "\n",
        "\r\n",
    ),
    *(
        "é",
        "\u202e",
        "\ufeff",
        "\0",
        "\x1b",
        "\t",
        '"',
        "\\",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ),
)
texts = st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)
contents = st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | texts.map(str.encode)


def assert_told_well(parsed: Parsed) -> None:
    lines = parsed.definition.content.decode(errors="replace").split("\n")
    for flaw in parsed.flaws:
        assert inside(flaw.line, flaw.column, lines), flaw
        assert inside(flaw.end_line, flaw.end_column, lines), flaw
        assert (flaw.line, flaw.column) <= (flaw.end_line, flaw.end_column), flaw
        assert flaw.message, flaw
        assert flaw.message.isprintable(), flaw
        assert "/tmp" not in flaw.message, flaw
    assert list(parsed.flaws) == sorted(set(parsed.flaws))


def inside(line: int, column: int, lines: list[str]) -> bool:
    return 1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1].removesuffix("\r")) + 1


patient = settings(deadline=None, max_examples=60)


# Each example starts the three children, so it holds many definitions.
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(contents, min_size=1, max_size=25))
def test_any_bytes_of_any_format(several: list[bytes]) -> None:
    definitions = [Definition(f"{n}", name, content) for n, content in enumerate(several) for name in FORMATS]
    for parsed in parse(definitions):
        assert_told_well(parsed)


@patient
@given(st.text(alphabet="ab\n\r é", max_size=30), st.integers(0, 40), st.integers(0, 40))
def test_every_place_exists(characters: str, start: int, end: int) -> None:
    flaw = Text(characters).flaw(start, end, "x")
    assert_told_well(Parsed(Definition("a", "capnp", characters.encode()), (flaw,)))


@patient
@given(texts)
def test_the_compiler_is_shown_every_token_on_its_line(characters: str) -> None:
    found = scan(Text(characters))
    if found.broken or any(token.kind == "raw" for token in found.tokens):
        return
    ended = [statement for statement in found.statements if not statement.ended]
    again = scan(Text(Draft("a", found).render()))
    assert len(again.tokens) == len(found.tokens) + len(ended)
    kept = [(token.text, token.line) for token in again.tokens]
    for token in found.tokens:
        assert ("".join(token.text.split()) if token.kind == "blob" else token.text, token.line) in kept


@patient
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_json_that_python_writes_is_read(value: object) -> None:
    for written in (json.dumps(value), json.dumps(value, indent=2, ensure_ascii=False)):
        _, flaws = read(Text(written))
        assert flaws == []


imports = st.sampled_from(
    ('import "../x.capnp"', 'embed "/etc/passwd"', "import `x", 'import "b.capnp"', "import # no\n")
)


@patient
@given(st.lists(st.sampled_from(WORDS) | imports, max_size=20).map(" ".join))
def test_the_compiler_is_shown_no_name_of_a_file_but_of_a_copy(characters: str) -> None:
    other = Definition("b.capnp", "capnp", b"using A = 1;")
    reading = _Reading([Definition("a.capnp", "capnp", characters.encode()), other])
    reading.link()
    for index in reading._sound:
        for word, name in pairwise(scan(Text(reading._drafts[index].render())).tokens):
            if word.text in {"import", "embed"} and name.kind in {"string", "raw"}:
                assert (word.text, name.text) == ("import", '"f1.capnp"')


@patient
@given(texts | st.text(alphabet='{}[]:,"0-1.eE atrufnl\\\n', max_size=30))
def test_json_that_is_read_is_json(characters: str) -> None:
    node, _ = read(Text(characters))
    if node is not None:
        json.loads(characters, parse_constant=pytest.fail)


@pytest.mark.parametrize(("depth", "sound"), [(MAX_DEPTH // 2, True), (100_000, False)])
def test_nesting_of_json(depth: int, sound: bool) -> None:  # noqa: FBT001 -- a column of a table
    content = b'{"properties":{"a":' * depth + b"true" + b"}}" * depth
    [parsed] = parse([Definition("deep.json", "json_schema", content[:MAX_BYTES])])
    assert (parsed.flaws == ()) is sound
    assert sound or parsed.flaws[0].message == f"nested deeper than {MAX_DEPTH}"


HOSTILE = {
    "braces": b"{" * MAX_BYTES,
    "parentheses": b"(" * MAX_BYTES,
    "closed": b"}" * MAX_BYTES,
    "quotes": b'"' * MAX_BYTES,
    "comments": b"/*" * (MAX_BYTES // 2),
    "one word": b"x" * MAX_BYTES,
    "one number": b"9" * MAX_BYTES,
    "empty lines": b"\r\n" * (MAX_BYTES // 2),
    "too large": b" " * (MAX_BYTES + 1),
    "keys": b"{" + b",".join([b'"a":1'] * 60_000) + b"}",
    "imports": b'import "a";' * 40_000,
    "long names": b"@0xabcdef1234567890; struct A"
    + b"a" * 200_000
    + b"{} struct B { a @0 :A"
    + b"a" * 199_999
    + b"; }",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_content_takes_bounded_time(name: str) -> None:
    began = time.monotonic()
    for parsed in parse([Definition(f"{name}.{f}", f, HOSTILE[name]) for f in FORMATS]):
        assert_told_well(parsed)
    assert time.monotonic() - began < 8  # a second or so on a machine that does nothing else


def test_a_metaschema_check_that_would_take_hours_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ssmd_compiler.definitions.isolation.SECONDS_FOR_ONE", 1)
    mixed = ",".join(f'"a{n}"' if n % 2 else f'{{"{n}":{n}}}' for n in range(25_000))
    [parsed] = parse([Definition("slow.json", "json_schema", f'{{"enum":[{mixed}],"required":[{mixed}]}}'.encode())])
    assert parsed.flaws
