"""Documents of every kind and spelling, right and wrong, as a person writes them and as an editor sees them.

A scalar is `Plain` or `Quoted` text, because YAML types the first before an editor looks at it and we do not.
"""

from __future__ import annotations

import json
import re
import types
import typing
from dataclasses import dataclass
from typing import Any, Literal

from hypothesis import strategies as st

from ssmd_compiler.model.base import SECOND_FORM, Model
from ssmd_compiler.model.bind import MODELS
from ssmd_compiler.model.forms import Form
from ssmd_compiler.model.settings import Settings
from ssmd_compiler.model.spelling import API_VERSION, MIDDLEWARE, OLDER_NAMES, SHORT

__all__ = ["Plain", "Quoted", "as_an_editor", "core", "documents", "written"]


class Plain(str):
    """A scalar without quotes."""

    __slots__ = ()


class Quoted(str):
    """A scalar in quotes."""

    __slots__ = ()


# As an editor sees it

_CORE: tuple[tuple[str, typing.Callable[[str], Any]], ...] = (
    (r"~|null|Null|NULL|", lambda _: None),
    (r"true|True|TRUE", lambda _: True),
    (r"false|False|FALSE", lambda _: False),
    (r"[-+]?[0-9]+", int),
    (r"0o[0-7]+", lambda text: int(text, 0)),
    (r"0x[0-9a-fA-F]+", lambda text: int(text, 16)),
    (r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", float),
    (r"[-+]?(\.inf|\.Inf|\.INF)", lambda text: float(text.lower().replace(".", ""))),
    (r"\.nan|\.NaN|\.NAN", lambda _: float("nan")),
)


def core(text: str) -> Any:
    """What YAML 1.2 (its core schema) makes of a plain scalar; a whole number is one however it is written."""
    for pattern, reading in _CORE:
        if re.fullmatch(pattern, text):
            value = reading(text)
            return int(value) if isinstance(value, float) and value.is_integer() else value
    return text


def as_an_editor(node: Any) -> Any:
    if isinstance(node, dict):
        return {_key(key): as_an_editor(value) for key, value in node.items()}
    if isinstance(node, list):
        return [as_an_editor(one) for one in node]
    return core(node) if isinstance(node, Plain) else str(node) if isinstance(node, Quoted) else node


def _key(key: str) -> str:
    value = core(key) if isinstance(key, Plain) else str(key)
    return value if isinstance(value, str) else json.dumps(value)


# As a person writes it


def written(node: Any) -> str:
    """YAML on one line; it reads back as the same scalars, plain ones as they stand."""
    if isinstance(node, dict):
        return "{" + ", ".join(f"{written(key)}: {written(value)}" for key, value in node.items()) + "}"
    if isinstance(node, list):
        return "[" + ", ".join(map(written, node)) + "]"
    if isinstance(node, Plain):
        return str(node)
    return json.dumps(str(node), ensure_ascii=False) if isinstance(node, str) else "null"


# Values, by the name of their form: right ones first, then those that are nearly so.

NUMBERS = [
    "1.0",
    "1e3",
    "+1",
    "010",
    "0x10",
    "0o7",
    "1.",
    ".5",
    "-1",
    "-0",
    "1.10",
    ".inf",
    ".nan",
    "1_000",
    "12345678901234567890",
]
WORDS = ["true", "True", "no", "Null", "NULL", "null", "~"]
SAMPLES: dict[str, tuple[list[str], list[str]]] = {
    "Text": (["a", "1.10", "no", "true", "kalshi"], ["", *NUMBERS, *WORDS]),
    "KeyUse": (["$key:a"], ["", "5", "~"]),
    "KeySource": (["env:A", "file:/a"], ["", "true"]),
    "SchemaUse": (["trade:v1"], ["", "1"]),
    "FramePath": (["msg.seq"], ["", "1.5"]),
    "Boolean": (["true", "false"], ["True", "FALSE", "yes", "on", "1", "0", "null"]),
    "Positive": (["1", "30", "2147483647"], ["0", "2147483648", "two", *NUMBERS]),
    "Copies": (["1", "5"], ["0", "6", "1.0"]),
    "Integer": (["1"], ["1.5"]),
    "Number": (["1", "2.5", "-3", "1e-7"], ["a", "1e999", "true", *NUMBERS]),
    "Fraction": (["0", "0.1", "1"], ["1.1", "-0.1", ".5", "1e-3", "true"]),
    "Multiplier": (["1", "2.0", "1000"], ["0.5", "1001", "1e3", "a"]),
    "Date": (["2026-01-31", "2024-02-29", "2000-02-29"], ["2026-02-29", "1900-02-29", "0000-01-01", "2026-13-01", "2026-1-1", "20260101", "2026-04-31", "2026-01-31x"]),
    "Timezone": (["UTC", "America/New_York"], ["Mars/Phobos", "utc", "1"]),
    "TimeOfDay": (["00:10", "23:59"], ["24:00", "9:30", "12:30:45", "0930", "10"]),
    "Name": (["a", "a-b", "1", "true", "1e5", "n" * 63], ["A", "a.b", "-a", "1.5", "n" * 64, *NUMBERS, *WORDS]),
    "Subdomain": (["a", "a-b.c", "1", "1.5", "true"], ["A", "a b", "-a", "a-", "a..b", ".a", f"{'a.' * 127}a"]),
    "Identifier": (["v1", "1.10", "A_b", "2", "no", "v" * 63], ["-a", "a b", "v" * 64, "+1", *NUMBERS, *WORDS]),
    "Sha256": ([f"sha256:{'0' * 64}"], [f"sha256:{'0' * 63}", f"SHA256:{'0' * 64}", "1"]),
    "Size": (["64MiB", "1024", "1k", "999999999999999"], ["0", "1.5GiB", "64 MiB", "1e3", "1000000000000000", "0x10", "true"]),
    "BufferSize": (["64MiB", "65536", "64Ki", "66k", "1M", "65536B"], ["65535", "63Ki", "65KB", "65k", "9999", "0", "true"]),
    "RotationSize": (["256MiB", "4096", "4KiB", "5KB", "1M"], ["4095", "3Ki", "4k", "999B", "0", "1.5GiB", "true"]),
    "WatchdogSeconds": (["10", "120", "2147483647"], ["9", "0", "2147483648", "two", *NUMBERS]),
    "Cpu": (["250m", "1", "0.5", "999999"], ["0", "0.0", "0m", "1000000", "1.5m", "0.0001", "1e3", "true", "10000.5"]),
    "Duration": (["5m", "30s"], ["5", "5 m", "05m", "5min", "60"]),
    "Url": (
        ["wss://a.example", "wss://u:p@a:80/b?c#d", "nats://[::1]:4222", "https://a:65535", "a+b://c:0080"],
        ["a.example", "wss://", "wss://a:0", "wss://a:65536", "wss://a:b", "wss://a:", "wss://:80", "wss://u@", "wss://a b", "WSS://a", "wss://[::zz]", "1"],
    ),
    "ImageName": (["a/b", "registry.example:5000/a/b:1@sha256:" + "0" * 64, "1", "true"], ["A/b", "a//b", "a:", "1.5", "-1", "1e3"]),
    "DocumentName": (["a", "a-b", "true"], ["A", "1", "1.5", "-", "null"]),
}  # fmt: skip
ANY = sorted({text for good, bad in SAMPLES.values() for text in (*good, *bad)})


def scalars(form: str) -> st.SearchStrategy[str]:
    good, bad = SAMPLES[form]
    return st.integers(0, 19).flatmap(lambda chance: _styled(st.sampled_from(good if chance else bad)))


def _styled(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Mostly plain; what could not be is in quotes."""
    return st.tuples(texts, st.integers(0, 9)).map(lambda pair: _style(*pair))


def _style(text: str, chance: int) -> str:
    plain = re.fullmatch(r"[-+~.$\w][-+.:/$\w@#?=]*(?<![:#])", text, re.ASCII) and not re.match(r"[-?:]( |$)", text)
    return Plain(text) if plain and chance else Quoted(text)


# Documents of models


def value(kind: Any, metadata: typing.Iterable[Any] = ()) -> st.SearchStrategy[Any]:
    forms = [one for one in metadata if isinstance(one, Form)]
    if forms:
        return (
            st.just({}) | st.just({Plain("a"): [Plain("1"), None]})
            if forms[-1].name == "Freeform"
            else scalars(forms[-1].name)
        )
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return value(arguments[0], kind.__metadata__)
    if origin in (typing.Union, types.UnionType):
        return st.integers(0, 9).flatmap(lambda chance: value(arguments[0]) if chance else st.none())
    if origin is Literal:
        return _styled(st.sampled_from(arguments))
    if origin is tuple:
        least = next((one.min_length for one in metadata if hasattr(one, "min_length")), 0)
        return st.lists(value(arguments[0]), min_size=least, max_size=2)
    if origin is dict:
        return st.dictionaries(
            value(arguments[0]) if arguments[0] is not str else st.just(Plain("k")), value(arguments[1]), max_size=2
        )
    return model(kind)


def model(kind: type[Model]) -> st.SearchStrategy[Any]:
    """What a model needs, and up to three things that it does not."""
    needed, offered = {}, {}
    for name, field in kind.model_fields.items():
        if name == "name" and kind in MODELS.values():
            continue
        side = needed if field.is_required() else offered
        spelled = (field.alias or name).removesuffix(SECOND_FORM)
        side[Plain(spelled)] = st.deferred(lambda field=field: value(field.annotation, field.metadata))
    chosen = st.sets(st.sampled_from(list(offered)), max_size=3) if offered else st.just(set())
    more = chosen.flatmap(lambda names: st.fixed_dictionaries({name: offered[name] for name in sorted(names)}))
    return st.tuples(st.fixed_dictionaries(needed), more, st.randoms(use_true_random=False)).map(
        lambda parts: respelled(parts[0] | parts[1], kind, parts[2])
    )


def respelled(fields: dict[str, Any], kind: type[Model], chance: Any) -> dict[str, Any]:
    """The same under older names, now and then."""
    said = _copy(fields)
    for older, name in OLDER_NAMES.get(kind.__name__, {}).items():
        if name in said and chance.random() < 0.3:
            said[Plain(older)] = said.pop(Plain(name))
    for name, inner in SHORT.get(kind.__name__, {}).items():
        if isinstance(said.get(name), dict) and chance.random() < 0.3:
            said[Plain(name)] = said[name].get(inner)
    if kind.__name__ == "Environment":
        _respell_environment(said, chance)
    return said


def _respell_environment(said: dict[str, Any], chance: Any) -> None:
    layers = said.get("middleware")
    if isinstance(layers, dict):
        for name in MIDDLEWARE:
            if name in layers and chance.random() < 0.3:
                said[Plain(name)] = layers.pop(name)
        if not layers and chance.random() < 0.5:
            del said["middleware"]
    schemas = said.get("schemas")
    if isinstance(schemas, list) and chance.random() < 0.4:
        del said["schemas"]
        said[Plain("schema")] = schemas[0] if schemas and chance.random() < 0.7 else schemas
    keys = said.get("keys")
    if isinstance(keys, dict) and chance.random() < 0.3:
        said[Plain("keys")] = [{Plain("name"): Quoted(name), **key} for name, key in keys.items()]
    elif isinstance(keys, dict) and chance.random() < 0.4:
        del said["keys"]
        said[Plain("secrets")] = {
            name: key.get("source") if chance.random() < 0.6 else key for name, key in keys.items()
        }


# Envelopes, and what is done to a document


@dataclass(frozen=True)
class Change:
    """One mutation: where (a number taken modulo the number of places), what, and with which text."""

    where: int
    what: str
    text: str


CHANGES = st.builds(
    Change,
    st.integers(0, 2**16),
    st.sampled_from(["delete", "text", "text", "style", "null", "list", "map", "unknown", "move", "empty", "many"]),
    _styled(st.sampled_from(ANY)),
)


def documents(kind: str) -> st.SearchStrategy[Any]:
    """A document of the kind: right as often as not."""
    body = model(Settings if kind == "Settings" else MODELS[kind])
    forms = ["Settings"] if kind == "Settings" else ["envelope", "envelope", "flat", "flat with apiVersion", "mixed"]
    whole = st.tuples(body, st.sampled_from(forms), scalars("DocumentName")).map(lambda parts: _enveloped(kind, *parts))
    changes = st.one_of(st.just([]), st.lists(CHANGES, min_size=1, max_size=2))
    return st.tuples(whole, changes).map(lambda parts: _changed(*parts))


def _enveloped(kind: str, body: dict[str, Any], form: str, name: str) -> dict[str, Any]:
    head = {
        Plain("apiVersion"): Plain(API_VERSION),
        Plain("kind"): Plain(kind),
        Plain("metadata"): {Plain("name"): name},
    }
    match form:
        case "envelope":
            return head | {Plain("spec"): body}
        case "mixed":
            beside = [key for key in body if len(key) % 2]
            return (
                head
                | {Plain("spec"): {key: body[key] for key in body if key not in beside}}
                | {key: body[key] for key in beside}
            )
        case "flat":
            return {Plain("name"): name, **body}
        case "flat with apiVersion":
            return {Plain("apiVersion"): Plain(API_VERSION), Plain("name"): name, **body}
    return body


def _changed(document: Any, changes: list[Change]) -> Any:
    whole = [_copy(document)]
    for change in changes:
        places = list(_places(whole))
        _change(*places[change.where % len(places)], change)
    return whole[0]


def _copy(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _copy(value) for key, value in node.items()}
    return [_copy(one) for one in node] if isinstance(node, list) else node


def _places(node: Any) -> typing.Iterator[tuple[Any, Any]]:
    for step in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, step
        if isinstance(node[step], dict | list):
            yield from _places(node[step])


def _change(parent: Any, step: Any, change: Change) -> None:  # noqa: C901 -- one branch a mutation
    old = parent[step]
    match change.what:
        case "delete" if isinstance(parent, dict):
            del parent[step]
        case "unknown" if isinstance(old, dict):
            old[Plain("x_unknown")] = change.text
        case "unknown" | "move" if isinstance(parent, dict):
            others = [
                name
                for name in (
                    "endpoint_template",
                    "startup",
                    "schema",
                    "secrets",
                    "transport",
                    "name",
                    "kind",
                    "storage",
                    step + "s",
                )
                if name not in parent
            ]
            parent[Plain(others[change.where % len(others)])] = old
        case "style" if isinstance(old, Plain):
            parent[step] = Quoted(old)
        case "style" if isinstance(old, Quoted):
            parent[step] = _style(old, 1)
        case "null":
            parent[step] = None
        case "list":
            parent[step] = [old]
        case "map":
            parent[step] = {Plain("a"): old}
        case "empty" if isinstance(old, dict | list):
            parent[step] = type(old)()
        case "many" if isinstance(old, list):
            parent[step] = [_copy(one) for _ in range(129) for one in old or [change.text]]
        case _:
            parent[step] = change.text
