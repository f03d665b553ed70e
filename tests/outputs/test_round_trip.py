"""Whatever text a person writes comes out as the same text: as a scalar, in a tree, in a block, through every template."""

from __future__ import annotations

import json
import math
import random
import re
import subprocess
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import pytest
import yaml
from captures import WORKSPACES, compiled, sound
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from real import tool
from ssmd_runtime import spec

from ssmd_compiler.compiler import Compilation
from ssmd_compiler.emit.templates import Templates
from ssmd_compiler.emit.yaml_text import block_text, scalar, tree

NASTY = (
    *("no", "Yes", "on", "n", "y", "true", "NULL", "null", "~", "=", "<<", ".inf", ".NaN", "-.INF", "nan", "inf"),
    *(
        "0x10",
        "010",
        "0o10",
        "0b1",
        "1_000",
        "1e3",
        "1.",
        ".5",
        "+1",
        "-1",
        "12:30:45",
        "2026-01-01",
        "2026-01-01T00:00:00Z",
    ),
    *(
        "",
        " ",
        "  a",
        "a  ",
        "\ta",
        "a\t",
        "a\tb",
        "\n",
        "\n\n",
        "a\n",
        "a\nb",
        "a\nb\n",
        "a\nb\n\n",
        " a\nb\n",
        "a\n  \n",
        "a\n\tb\n",
    ),
    *(
        "a: b",
        "a:",
        ":a",
        "a:b",
        "a::b",
        "- a",
        "-",
        "--",
        "---",
        "...",
        "--- a",
        "a\n---\nb\n",
        "a\n...\nb\n",
        "? a",
        "! a",
        "!!str a",
    ),
    *(
        "#",
        "a #b",
        "# a\nb\n",
        "&a",
        "*a",
        "|",
        "|-\n a",
        ">",
        "%",
        "%YAML 1.1",
        "@a",
        "`a`",
        "'",
        '"',
        "'a'",
        '"a"',
        "\\",
        "\\n",
        '\\"',
    ),
    *(
        "{",
        "}",
        "{}",
        "{a: b}",
        "[",
        "]",
        "[]",
        "[a, b]",
        ",",
        "a, b",
        "{{ a }}",
        "{% if a %}",
        "{# a #}",
        "${a}",
        "$(a)",
        "$a",
    ),
    *(
        "\r",
        "a\rb",
        "a\r\nb\r\n",
        "\0",
        "\x07",
        "\x1b[31m",
        "\x7f",
        "\x80",
        "\x85",
        "a\x85b",
        "\xa0",
        "\xad",
        "\u061c",
        "\u200b",
        "\u200e",
    ),
    *(
        "\u2028",
        "a\u2029b",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\ufeffa\nb\n",
        "\ufffd",
        "\ufffe",
        "\uffff",
        "\ue000",
        "é",
        "e\u0301",
        "日本",
        "😀",
        "\U0010ffff",
    ),
    *("a" * 200, "word " * 60, "a" * 100 + "\n" + "b " * 100 + "\n"),
)

TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.lists(st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4), max_size=6).map(
        "".join
    ),
)
LONGEST_KEY = 170
"""YAML reads a key of up to 1,024 characters as it is, and one character may be written as six."""
LOADERS = (yaml.BaseLoader, yaml.SafeLoader, yaml.CBaseLoader, yaml.CSafeLoader)


def load(text: str, loader: Any) -> Any:
    (document,) = yaml.load_all(text, loader)
    return document


# Text


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("loader", LOADERS)
def test_a_nasty_text_is_read_back_as_it_was(text, loader):
    for written in (scalar(text), block_text(text, 4)):
        assert load(f"a:\n  b: {written}\n", loader) == {"a": {"b": text}}


@given(TEXT)
def test_a_text_is_read_back_as_it_was(text):
    for loader in LOADERS:
        assert load(f"a: {scalar(text)}\nb: c\n", loader) == {"a": text, "b": "c"}
        assert load(f"- {scalar(text)}\n- b\n", loader) == [text, "b"]
        assert len(text) > LONGEST_KEY or load(f"{scalar(text)}: b\n", loader) == {text: "b"}
        assert load(f"[{scalar(text)}, {scalar(text)}]", loader) == [text, text]


@given(TEXT)
def test_a_text_in_quotes_or_plain_stays_on_its_line(text):
    assert len(scalar(text).splitlines()) == 1


@given(TEXT, st.integers(1, 9))
def test_a_block_is_read_back_as_it_was(text, indent):
    document = f"{' ' * (indent - 1)}a: {block_text(text, indent)}\n{' ' * (indent - 1)}b: c\n"
    for loader in LOADERS:
        assert load(document, loader) == {"a": text, "b": "c"}


@given(
    st.lists(st.sampled_from(["a", "", " ", "  b", "\t", "---", "...", "# c", "- d", "e: f", "é", "😀"]), min_size=1)
)
def test_lines_are_read_back_as_they_were(lines):
    text = "\n".join(lines) + "\n"
    for loader in LOADERS:
        assert load(f"a:\n  b: {block_text(text, 4)}\nc: d\n", loader) == {"a": {"b": text}, "c": "d"}


# Trees

LEAVES = TEXT | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False, allow_infinity=False)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT.filter(lambda key: len(key) <= LONGEST_KEY), inner),
    max_leaves=12,
)


@given(TREES, st.integers(0, 8))
@settings(suppress_health_check=[HealthCheck.too_slow])
@example(1e16, 0)
@example([1e-7, {"a": [-0.0, 1e300]}], 2)
@example([[[{"a": [[]]}]], {}], 4)
def test_a_tree_is_read_back_as_it_was(value, indent):
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        assert load(f"a:\n{tree(value, indent + 1)}\n", loader) == {"a": value}
        assert load(f"a: {scalar(value)}\n", loader) == {"a": value}


LONG_KEYS = ["a" * 128, "a" * 1024, "é" * 1022, "a b" * 340, "\x7f" * 170]
LONGER_KEYS = ["a" * 1025, "é" * 1023, "a b" * 341, "\x7f" * 171]


@pytest.mark.parametrize("key", LONG_KEYS)
def test_a_long_key_is_read_back_as_it_was(key):
    for value in ({key: "b"}, {"a": [{key: {key: ["b"]}, "c": "d"}, {}]}):
        for loader in (yaml.SafeLoader, yaml.CSafeLoader):
            assert load(str(tree(value)), loader) == value
            assert load(scalar(value), loader) == value


@pytest.mark.parametrize("key", LONGER_KEYS)
def test_a_key_that_cannot_be_read_back_is_refused(key):
    """With `? ` before it PyYAML would read it, and kustomize would not: nothing that ssmd prints has such a name."""
    for value in ({key: "b"}, {"a": [{key: {}}]}):
        with pytest.raises(ValueError, match="1024 characters"):
            tree(value)
        with pytest.raises(ValueError, match="1024 characters"):
            scalar(value)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_a_number_that_is_none_is_refused_or_read_back(value):
    try:
        written = scalar(value)
    except (TypeError, ValueError):
        return
    found = load(written, yaml.SafeLoader)
    assert isinstance(found, float)
    assert found == value or math.isnan(value)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", 1j])
def test_what_yaml_cannot_hold_is_refused(value):
    with pytest.raises(TypeError):
        scalar(value)


def test_go_reads_the_same(tmp_path):
    """Kubernetes and Argo CD read YAML with Go's parser; kustomize is one of its users.

    It cannot carry a few characters from its input to its output, none of which may stand in a source.
    """
    randomly = random.Random(0)
    carried = [text for text in NASTY if not re.search("[\x7f-\x9f\u2028\u2029\ufffe\uffff]", text)]
    texts = [*carried, "long key" * 127, *("".join(randomly.choices(carried, k=3)) for _ in range(200))]
    value = {
        f"k{index}": {"flow": [text, {"a": text}], "block": text, "keys": {f"{text}!": "a"}}
        for index, text in enumerate(texts)
    }
    blocks = "".join(f"  k{index}: {block_text(text, 4)}\n" for index, text in enumerate(texts))
    head = "apiVersion: example.com/v1\nkind: {}\nmetadata: {{name: a}}\n"
    (tmp_path / "tree.yaml").write_text(head.format("Tree") + f"spec:\n{tree(value, 2)}\n")
    (tmp_path / "flow.yaml").write_text(head.format("Flow") + f"spec: {scalar(value)}\n")
    (tmp_path / "block.yaml").write_text(head.format("Block") + f"spec:\n{blocks}")
    (tmp_path / "kustomization.yaml").write_text("resources: [tree.yaml, flow.yaml, block.yaml]\n")
    built = subprocess.run([tool("kustomize"), "build", tmp_path], capture_output=True, check=False)
    assert built.returncode == 0, built.stderr.decode()
    found = {one["kind"]: one["spec"] for one in yaml.load_all(built.stdout.decode(), yaml.CBaseLoader)}
    assert found["Block"] == {f"k{index}": text for index, text in enumerate(texts)}
    assert found["Tree"] == value
    assert found["Flow"] == value


def test_values_are_never_templates():
    """Jinja's syntax in a value comes out literally, in whatever template it stands."""
    evil = "{{ 7 * 7 }}{% for a in b %}{# c #}"
    rendered = Templates({"service.yaml.j2": "a: {{ name }}\nb:\n{{ labels | tree(2) }}\n"}).render(
        "service", {"name": evil, "labels": {evil: evil}}
    )
    assert yaml.safe_load(rendered) == {"a": evil, "b": {evil: evil}}


# Through every template

FEED, ENVIRONMENT = "exchanges/feeds/kalshi.yaml", "environments/dev.yaml"
Documents = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where a text is written, and where it is found again; `free` places take any text that a file may hold."""

    document: str
    path: tuple[str | int, ...]
    found: Callable[[Documents, str], Any]
    expected: Callable[[str], Any] = str
    free: bool = True


def in_spec(*path: str | int) -> Callable[[Documents, str], Any]:
    return lambda documents, _text: _at(documents["spec"], path)


def in_manifest(name: str, *path: str | int) -> Callable[[Documents, str], Any]:
    return lambda documents, _text: _at(documents[name], path)


def _at(node: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        node = node[step]
    return node


POD = ("spec", "template", "spec")
CONTAINER = (*POD, "containers", 0)
KEY = ("keys", "kalshi")
VERSION = ("versions", 0)
PLACES = {
    "symbol": Place(ENVIRONMENT, ("symbols", 0), in_spec("subscriptions", "instruments", 0)),
    "topic": Place(ENVIRONMENT, ("journal", "topics", "audit"), in_spec("journal", "topics", "audit")),
    "region": Place(ENVIRONMENT, ("storage", "region"), in_spec("storage", "region")),
    "bucket": Place(ENVIRONMENT, ("storage", "bucket"), in_spec("storage", "raw_bucket"), free=False),
    "prefix": Place(ENVIRONMENT, ("storage", "prefix"), in_spec("storage", "prefix"), free=False),
    "display name": Place(FEED, ("display_name",), in_spec("feed", "display_name")),
    "parser setting": Place(FEED, (*VERSION, "parser_config", "setting"), in_spec("parser_config", "setting")),
    "parser list": Place(FEED, (*VERSION, "parser_config", "list", 0), in_spec("parser_config", "list", 0)),
    "channel": Place(FEED, (*VERSION, "parser_config", "channels", 0), in_spec("subscriptions", "channels", 0)),
    "exchange": Place(FEED, (*VERSION, "parser_config", "exchange"), in_spec("feed", "exchange"), free=False),
    "identifier": Place(
        FEED, ("message_types", "trade", "identifier_field"), in_spec("message_types", "trade", "identifier_field")
    ),
    "sequence field": Place(
        FEED, ("message_types", "trade", "sequence_field"), in_spec("message_types", "trade", "sequence_field")
    ),
    "revision": Place(
        "ssmd.yaml",
        ("repository", "revision"),
        in_manifest("argocd/dev.yaml", "spec", "source", "targetRevision"),
        free=False,
    ),
    "path": Place(
        "ssmd.yaml",
        ("repository", "path"),
        in_manifest("argocd/dev.yaml", "spec", "source", "path"),
        lambda text: f"{text.rstrip('/')}/dev",
        free=False,
    ),
    "image": Place(
        ENVIRONMENT,
        ("connector", "image"),
        in_manifest("dev/deployment.yaml", *CONTAINER, "image"),
        lambda text: text if {"@", ":"} & {*text.rpartition("/")[2]} else f"{text}:0.1.0",
        free=False,
    ),
    "field in a secret": Place(
        ENVIRONMENT,
        (*KEY, "fields", 0),
        in_manifest("dev/deployment.yaml", *CONTAINER, "env", 0, "valueFrom", "secretKeyRef", "key"),
        free=False,
    ),
    "Vault": Place(
        ENVIRONMENT,
        ("keys", "vault", "source"),
        in_spec("keys", 1, "fields", "a", "vault"),
        lambda text: f"{text[6:]}#a",
        free=False,
    ),
    "endpoint": Place(FEED, (*VERSION, "endpoint"), in_spec("endpoint"), free=False),
    "broker": Place(ENVIRONMENT, ("transport", "url"), in_spec("transport", "url"), free=False),
    "message type": Place(
        FEED,
        ("message_types",),
        lambda documents, _text: [name for name in documents["spec"]["message_types"] if name != "trade"],
        lambda text: [text],
        free=False,
    ),
    "setting's name": Place(
        FEED,
        (*VERSION, "parser_config", "named"),
        in_spec("parser_config", "named"),
        lambda text: {text: text},
    ),
    "topic's name": Place(
        ENVIRONMENT,
        ("journal", "topics", "named"),
        lambda documents, text: documents["spec"]["journal"]["topics"][text],
    ),
}
WRITTEN: dict[str, Callable[[str], Any]] = {
    "Vault": lambda text: f"vault:{text}",
    "endpoint": lambda text: f"wss://exchange.example/{text}",
    "broker": lambda text: f"mqtt://broker.example/{text}",
    "message type": lambda text: {"trade": {}, text: {}},
    "setting's name": lambda text: {text: text},
}
"""What stands in the document where it is not the text itself."""

BASE: dict[str, Any] = {
    "ssmd.yaml": {"repository": {"url": "https://example.com/a.git", "revision": "main", "path": "generated"}},
    FEED: {
        "name": "kalshi",
        "type": "websocket",
        "versions": [
            {
                "version": "v1",
                "effective_from": "2025-01-01",
                "protocol": "wss",
                "endpoint": "wss://exchange.example",
                "parser_config": {"list": ["a"], "channels": ["a"]},
            }
        ],
        "message_types": {"trade": {}},
    },
    ENVIRONMENT: {
        "name": "dev",
        "feed": "kalshi",
        "keys": {
            "kalshi": {"type": "api_key", "fields": ["a"], "source": "env:A"},
            "vault": {"type": "webhook", "fields": ["a"], "source": "vault:a"},
        },
        "symbols": ["A"],
        "transport": {"type": "mqtt", "url": "mqtt://broker.example", "credentials": "$key:kalshi"},
        "storage": {"type": "s3", "bucket": "a"},
        "journal": {"type": "nats", "url": "nats://nats.example", "topics": {"audit": "a"}},
        "connector": {},
    },
}
READ_AS_TEXT = st.one_of(
    st.sampled_from(["", "/", "a"]),
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u200e\u200f\u2028\u2029\ufeff\ufffe\uffff"),
        max_size=20,
    ),
    st.lists(
        st.sampled_from([text for text in NASTY if not any(ord(one) in range(0x7F, 0xA0) for one in text)]), max_size=4
    ).map("".join),
).filter(lambda text: text and "-----BEGIN" not in text and not text.startswith("$key:") and "://" not in text)


def tree_with(texts: dict[str, str]) -> dict[str, bytes]:
    """The base with each text in its place, every document as JSON, whose quotes are YAML's."""
    documents: dict[str, Any] = json.loads(json.dumps(BASE))
    for name, text in texts.items():
        place = PLACES[name]
        *way, last = place.path
        node = _at(documents[place.document], tuple(way))
        if name == "topic's name":
            node[text] = text
        else:
            node[last] = WRITTEN.get(name, str)(text)
    files = {path: json.dumps(document, ensure_ascii=False).encode() for path, document in documents.items()}
    return files | {
        path: content for path, content in WORKSPACES["minimal"].items() if path.startswith("schemas/trade.capnp")
    }


def read_back(compilation: Compilation) -> Documents:
    """Every output parsed; the spec, which is the same in Git and in the ConfigMap."""
    documents: Documents = {}
    for path, content in compilation.outputs.items():
        if path.endswith(".yaml"):
            loaded = [load(content.decode(), loader) for loader in (yaml.SafeLoader, yaml.CSafeLoader)]
            assert loaded[0] == loaded[1]
            documents[path] = loaded[0]
    in_git = compilation.outputs["dev/spec.json"]
    assert documents["dev/configmap.yaml"]["data"] == {"spec.json": in_git.decode()}
    spec.decode(in_git)
    return documents | {"spec": json.loads(in_git)}


EXPECTED_FILES = sound(tree_with({})).outputs.keys()
FREE = [name for name, place in PLACES.items() if place.free]


@given(st.fixed_dictionaries(dict.fromkeys(FREE, READ_AS_TEXT)))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
def test_any_text_is_found_where_it_belongs(texts):
    compilation = compiled(tree_with(texts))
    assume(not _unreadable(compilation))
    assert not compilation.failed, compilation.diagnostics
    assert compilation.outputs.keys() == EXPECTED_FILES
    documents = read_back(compilation)
    for name, text in texts.items():
        assert PLACES[name].found(documents, text) == PLACES[name].expected(text), name


@pytest.mark.parametrize("name", [name for name, place in PLACES.items() if not place.free])
@given(text=READ_AS_TEXT)
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
@example(text="a")
@example(text="a\nb: c\n---\nd: e\n")
@example(text="a'\"{{ b }}: #")
def test_a_text_of_a_form_is_refused_or_found_where_it_belongs(name, text):
    compilation = compiled(tree_with({name: text}))
    if text == "a":
        assert not compilation.failed, compilation.diagnostics
    if not compilation.failed:
        assert compilation.outputs.keys() == EXPECTED_FILES
        said = WRITTEN[name](text) if name in ("Vault", "endpoint", "broker") else text
        assert PLACES[name].found(read_back(compilation), text) == PLACES[name].expected(said)


def _unreadable(compilation: Compilation) -> bool:
    """Control characters are refused where they are read: they never get as far as a template."""
    return any(found.code == "SSMD004" for found in compilation.diagnostics)


# Numbers


@given(st.floats(0, 1e17, allow_nan=False).map(lambda number: f"{number:.6f}".rstrip("0").rstrip(".")))
@settings(max_examples=25, deadline=None)
@example("1234567")
@example("16777216")
@example("0.1234567")
@example("1e-7")
def test_a_threshold_is_compared_with_as_it_was_written(number):
    environment = {**BASE[ENVIRONMENT], "alerts": {"ConnectorHighLag": {"threshold": 0}}}
    text = json.dumps(environment).replace('"threshold": 0', f'"threshold": {number}')
    outputs = sound(tree_with({}) | {ENVIRONMENT: text.encode()}).outputs
    groups = yaml.safe_load(outputs["dev/prometheusrule.yaml"])["spec"]["groups"]
    (rule,) = (rule for group in groups for rule in group["rules"] if rule["alert"] == "ConnectorHighLag")
    assert float(rule["expr"].rpartition(" ")[2]) == float(number)


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1e308", "0.1", "2", "123456789012345678"])
@pytest.mark.parametrize("field", ["multiplier", "jitter"])
def test_a_number_is_refused_or_read_by_the_runtime(field, number):
    text = json.dumps({**BASE[ENVIRONMENT], "connector": {"retry": {field: 0}}}).replace(
        f'"{field}": 0', f'"{field}": {number}'
    )
    compilation = compiled(tree_with({}) | {ENVIRONMENT: text.encode()})
    if not compilation.failed:
        read = spec.decode(compilation.outputs["dev/spec.json"])
        assert getattr(read.retry, field) == float(number)


# The spec


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that a spec is made of."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*map(values, arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(values(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(TEXT, values(arguments[1]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = typing.get_type_hints(kind)
        return st.fixed_dictionaries({name: values(hints[name]) for name in kind.__struct_fields__}).map(
            lambda said: kind(**said)
        )
    return SIMPLE[kind]


NUMBERS = st.integers(-(2**63), 2**64 - 1)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
SIMPLE = {
    str: TEXT,
    int: NUMBERS,
    bool: st.booleans(),
    float: FINITE,
    type(None): st.none(),
    Any: st.recursive(
        TEXT | NUMBERS | FINITE | st.booleans() | st.none(),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
        max_leaves=4,
    ),
}


@given(values(spec.CollectorSpec))
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
def test_a_spec_is_read_back_as_it_was(said):
    said = msgspec.structs.replace(said, api_version=spec.API_VERSION)
    encoded = spec.encode(said)
    assert spec.decode(encoded) == said
    assert spec.encode(spec.decode(encoded)) == encoded
