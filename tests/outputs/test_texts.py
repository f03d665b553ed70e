"""Any text in any text field of any model comes out of every generated document as it went in, read as YAML 1.1 and 1.2.

A marker is put into one field and compiled; wherever it is found in what comes out, the text is found in its place.
What stands where is therefore written down nowhere here, and a new field takes part as soon as `BASE` holds it.
"""

from __future__ import annotations

import copy
import json
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import pytest
import yaml
from budget import tries
from captures import compiled
from hypothesis import assume, example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from test_round_trip import NASTY, READ_AS_TEXT

from ssmd_compiler.compiler import Compilation
from ssmd_compiler.model import Environment, Feed, Schema, Settings
from ssmd_compiler.model.base import SECOND_FORM, Model
from ssmd_compiler.model.forms import Form

MARK = "zmarkz"
TEXTS = {"Text", "KeyUse", "KeySource", "SchemaUse", "FramePath"}
KINDS: dict[str, type[Model]] = {"ssmd.yaml": Settings, "exchanges/feeds": Feed, "environments": Environment}

# Every text field of every model, in as few workspaces' worth of documents as have room for them.
FEED = {
    "name": "kalshi",
    "display_name": "Kalshi",
    "type": "websocket",
    "versions": [
        {
            "version": "v1",
            "effective_from": "2025-01-01",
            "protocol": {"transport": "wss"},
            "endpoint": "wss://exchange.example",
            "auth_method": "api_key",
            "parser_config": {"exchange": "kalshi", "channels": ["a"], "free": {"a": ["b"]}},
        }
    ],
    "capture_locations": [{"site": "a", "type": "cloud", "provider": "b", "region": "c"}],
    "message_types": {
        "trade": {
            "identifier_field": "a",
            "timestamp_field": "b",
            "sequenced": True,
            "sequence_field": "c",
            "sequence_scope": "per_product",
            "sequence_group_by": "d",
        }
    },
    "defaults": {"connector": {"transport": "nats"}},
}
KEYS = {
    name: {"type": kind, "fields": ["a"], "source": f"env:{name}"}
    for name, kind in (("api", "api_key"), ("s3", "storage"), ("db", "database"), ("nats", "transport"))
}
BASE: dict[str, Any] = {
    "ssmd.yaml": {
        "repository": {"url": "https://example.com/a.git", "revision": "main", "path": "generated"},
        "paths": {"sources": ["exchanges"]},
    },
    "exchanges/feeds/kalshi.yaml": FEED,
    "environments/nats.yaml": {
        "name": "nats",
        "description": "a",
        "feed": "kalshi",
        "keys": KEYS | {"api": {**KEYS["api"], "description": "a"}},
        "symbols": ["A"],
        "middleware": {
            "transport": {
                "type": "nats",
                "url": "nats://nats.example",
                "credentials": "$key:nats",
                "jetstream": {"domain": "a"},
                "stream": "a",
                "subject_prefix": "a",
            },
            "storage": {"type": "s3", "region": "a", "buckets": {"raw": "a", "normalized": "b"}, "prefix": "c", "credentials": "$key:s3"},
            "cache": {"type": "redis", "url": "redis://redis.example", "credentials": "$key:db"},
            "journal": {"type": "nats", "url": "nats://nats.example", "credentials": "$key:nats", "topics": {"a": "b"}},
        },
        "connector": {"credentials": "$key:api"},
    },
    "environments/local.yaml": {
        "name": "local",
        "feed": "kalshi",
        "keys": {"api": KEYS["api"]},
        "symbols": {"sync": True, "filters": [{"category": "a"}]},
        "middleware": {
            "transport": {"type": "aeron", "aeron": {"a": "b"}},
            "storage": {"type": "local", "path": "/data/local", "storage_class": "a"},
            "journal": {"type": "file", "path": "/data/local/journal"},
        },
        "archiver": {},
    },
    "environments/other.yaml": {
        "name": "other",
        "feed": "kalshi",
        "keys": {"api": KEYS["api"]},
        "middleware": {
            "transport": {"type": "chronicle", "chronicle": {"a": "b"}},
            "storage": {"type": "s3", "bucket": "a"},
            "journal": {"type": "chronicle", "chronicle": {"a": "b"}},
        },
    },
    "environments/sharded.yaml": {
        "name": "sharded",
        "feed": "kalshi",
        "keys": {"api": KEYS["api"]},
        "symbols": ["A", "B"],
        "shards": {"a": {"selector": {"prefix": "A"}}, "b": {"selector": {"symbols": ["B"]}}},
        "middleware": {"transport": {"type": "memory"}, "storage": {"type": "memory"}},
    },
    "environments/sorted.yaml": {
        "name": "sorted",
        "feed": "kalshi",
        "keys": {"api": KEYS["api"]},
        "symbols": {"sync": True, "filters": [{"category": "a"}]},
        "shards": {"a": {"selector": {"category": "a"}}},
        "middleware": {"transport": {"type": "memory"}, "storage": {"type": "memory"}},
    },
}  # fmt: skip
ELSEWHERE = {
    ("Schema", "schema_file"): "a definition, which is parsed and not printed",
    ("SchemaVersion", "schema_file"): "likewise",
    ("BreakingChanges", "reason"): "printed nowhere",
    **{("Rule", name): "a rule, which is kept and not printed" for name in ("rule", "message", "when", "at")},
    **{("Metrics", name): "what rules may name" for name in ("foreign", "labels")},
    ("MessageType", "schema_"): "the name of a schema",
    ("Environment", "schemas"): "likewise",
}
"""Text fields that `BASE` does not hold, and why."""

SHARDED = {"environments/sharded.yaml", "environments/sorted.yaml"}
"""In these documents every symbol and category is also named by a shard."""

NAMES = {
    ("Environment", "feed"),
    ("Component", "credentials"),
    ("Transport", "credentials"),
    ("Storage", "credentials"),
    ("Cache", "credentials"),
    ("Journal", "credentials"),
    ("Key", "source"),
    ("Storage", "path"),
    ("Journal", "path"),
    ("Paths", "sources"),
    ("Selector", "symbols"),
    ("Selector", "category"),
    ("Selector", "prefix"),
}
"""Fields that name something else: a marker alone is refused there, and so is nearly every text."""

PRINTED = {("Repository", "revision")}
"""Any text that a template prints by itself, outside of a spec; names have a form."""

RESHAPED = {("Repository", "path")}
"""Texts that lose something on the way, on purpose: a path its last `/`."""


# The fields


@dataclass(frozen=True)
class Place:
    """A text in a document of `BASE`: the model's field, the document, the way to it, and whether it is a key there."""

    field: tuple[str, str]
    document: str
    path: tuple[str | int, ...]
    key: bool = False

    def __str__(self) -> str:
        return f"{'.'.join(self.field)}{' key' if self.key else ''}@{self.document.rpartition('/')[2]}"

    def put(self, text: str) -> dict[str, bytes]:
        """`BASE` with `text` there, and with one environment; JSON, whose quotes are YAML's."""
        environment = self.document if self.document.startswith("environments/") else "environments/nats.yaml"
        documents = copy.deepcopy(
            {path: BASE[path] for path in ("ssmd.yaml", "exchanges/feeds/kalshi.yaml", environment)}
        )
        node = documents[self.document]
        *way, last = self.path
        for step in way:
            node = node[step]
        if self.key:
            node[text] = node.pop(last)
        else:
            node[last] = text
        return {path: json.dumps(one, ensure_ascii=False).encode() for path, one in documents.items()}


def places(model: type[Model], document: str, node: Any, path: tuple[str | int, ...] = ()) -> Iterator[Place]:
    for name, field in model.model_fields.items():
        spelled = (field.alias or name).removesuffix(SECOND_FORM)
        if spelled in node and name != "name":
            found = (model.__name__, name)
            yield from _within(found, field.annotation, field.metadata, document, node[spelled], (*path, spelled))


def _within(
    field: tuple[str, str], kind: Any, metadata: Any, document: str, node: Any, path: tuple[str | int, ...]
) -> Iterator[Place]:
    forms = [one.name for one in metadata if isinstance(one, Form)]
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    inner: list[tuple[Any, Any, Any]] = []
    if "Freeform" in forms:
        yield from _free(field, document, node, path)
    elif forms:
        yield from (Place(field, document, path) for _ in [0] if forms[-1] in TEXTS and isinstance(node, str))
    elif origin is typing.Annotated:
        yield from _within(field, arguments[0], kind.__metadata__, document, node, path)
    elif origin in (typing.Union, types.UnionType):
        inner = [(one, node, path) for one in arguments]
    elif origin is tuple and isinstance(node, list):
        inner = [(arguments[0], item, (*path, index)) for index, item in enumerate(node)]
    elif origin is dict and isinstance(node, dict):
        yield from (Place(field, document, (*path, name), key=True) for name in node if arguments[0] is str)
        inner = [(arguments[1], item, (*path, name)) for name, item in node.items()]
    elif isinstance(kind, type) and issubclass(kind, Model) and isinstance(node, dict):
        yield from places(kind, document, node, path)
    for one in inner:
        yield from _within(field, one[0], (), document, *one[1:])


def _free(field: tuple[str, str], document: str, node: Any, path: tuple[str | int, ...]) -> Iterator[Place]:
    for step, item in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(item, dict | list):
            yield from _free(field, document, item, (*path, step))
        else:
            yield Place(field, document, (*path, step))
        if isinstance(step, str) and len(path) > 3:
            yield Place(field, document, (*path, step), key=True)


def _kind(document: str) -> type[Model]:
    return KINDS.get(document) or KINDS[document.rpartition("/")[0]]


PLACES = [one for document, node in BASE.items() for one in places(_kind(document), document, node)]


def every_text_field() -> set[tuple[str, str]]:
    found, seen, todo = set(), set[Any](), list[Any]([Feed, Schema, Environment, Settings])
    while todo:
        model = todo.pop()
        if model in seen:
            continue
        seen.add(model)
        for name, field in model.model_fields.items():
            kinds = [field.rebuild_annotation()]
            while kinds:
                kind = kinds.pop()
                if isinstance(kind, type) and issubclass(kind, Model):
                    todo.append(kind)
                forms = [one for one in getattr(kind, "__metadata__", ()) if isinstance(one, Form)]
                if forms and forms[-1].name in {*TEXTS, "Freeform"}:
                    found.add((model.__name__, name))
                kinds += [] if forms else typing.get_args(kind)
    return found


def test_every_text_field_takes_part():
    assert every_text_field() - {place.field for place in PLACES} == ELSEWHERE.keys()
    assert not {place.field for place in PLACES} & ELSEWHERE.keys()


# What comes out


def read(compilation: Compilation) -> dict[str, Any]:
    """Every generated file as YAML 1.1 and 1.2 read it, the JSON within the YAML opened as well."""
    return {path: _read(path, content.decode()) for path, content in compilation.outputs.items()}


def _read(path: str, text: str) -> Any:
    if path.endswith(".json"):
        return [json.loads(text)]
    assert not [one.tag for one in yaml.parse(text, yaml.CSafeLoader) if getattr(one, "tag", None)], path
    return _documents(text)


@lru_cache(4096)
def _documents(text: str) -> Any:
    """The parser of YAML 1.2 is slow, and most files do not change."""
    older = list(yaml.load_all(text, yaml.CSafeLoader))
    assert older == list(YAML(typ="safe", pure=True).load_all(text)), text
    return [_opened(one) for one in older]


def _opened(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: json.loads(one) if str(key).endswith(".json") and isinstance(one, str) else _opened(one)
            for key, one in node.items()
        }
    return [_opened(one) for one in node] if isinstance(node, list) else node


def replaced(node: Any, text: str) -> Any:
    """What was found with the marker, with the text in its place."""
    if isinstance(node, dict):
        return {replaced(key, text): replaced(one, text) for key, one in node.items()}
    if isinstance(node, list):
        return [replaced(one, text) for one in node]
    return node.replace(MARK, text) if isinstance(node, str) else node


def same(found: Any, expected: Any) -> bool:
    """Equal, but for digests of what differs."""
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and found.keys() == expected.keys()
            and all(same(found[key], expected[key]) for key in expected)
        )
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(map(same, found, expected))
    if found != expected and isinstance(found, str) and isinstance(expected, str):
        return DIGEST.sub("", found) == DIGEST.sub("", expected)
    return bool(found == expected and type(found) is type(expected))


DIGEST = re.compile(r"[0-9a-f]{64}")


@cache
def marked(place: Place) -> dict[str, Any] | None:
    """What comes out with the marker there; None where it is refused."""
    compilation = compiled(place.put(MARK))
    return None if compilation.failed else read(compilation)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_marker_is_refused_where_something_is_named(place):
    assert (marked(place) is None) == (place not in FREE)


FREE = [place for place in PLACES if place.field not in NAMES and place.document not in SHARDED]


def check(place: Place, text: str) -> None:
    compilation = compiled(place.put(text))
    if compilation.failed:
        return
    expected = marked(place)
    assert expected is not None
    found = read(compilation)
    if place.field not in RESHAPED:
        assert same(found, replaced(expected, text)), place


@given(st.sampled_from(FREE), READ_AS_TEXT)
@tries(120)
@example(FREE[0], "a")
def test_any_text_comes_out_as_it_went_in(place, text):
    assume(MARK not in text)
    check(place, text)


@pytest.mark.parametrize("place", FREE, ids=str)
def test_a_nasty_text_comes_out_as_it_went_in(place):
    """All of them where a template prints the text itself, and some where it stands within a spec."""
    number, step = FREE.index(place), 1 if place.field in PRINTED else 23
    for text in [text for text in NASTY if text][number % step :: step]:
        check(place, text)


def test_any_text_is_taken_where_it_is_free():
    """A control: not all of them are refused."""
    text = "a: b # {{ c }}\n---\n- 'd'"
    taken = {place.field for place in FREE if not compiled(place.put(text)).failed}
    assert {
        ("Feed", "display_name"),
        ("Environment", "symbols"),
        ("Storage", "region"),
        ("Journal", "topics"),
        ("FeedVersion", "parser_config"),
        ("MessageType", "identifier_field"),
    } <= taken
    place = next(one for one in FREE if one.field == ("Feed", "display_name"))
    assert not same(read(compiled(place.put(text))), replaced(marked(place), text + " "))
