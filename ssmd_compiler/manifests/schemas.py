"""The schemas that travel with ssmd: every kind of the pinned Kubernetes, and the custom resources that ssmd writes.

`schemas.json` is made by `make schemas` out of the modules that tools/schemas/go.mod pins, and says which. A validator
is compiled when the first document of its kind comes, once in a process.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import jsonschema_rs
import msgspec

from ssmd_compiler.manifests.scalars import AMBIGUOUS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = ["exact", "field_names", "kinds", "kubernetes", "origin", "quick"]

Schema = dict[str, Any]
_PREFIX: Final = "#/definitions/"
_AMBIGUOUS: Final = "ambiguous"
"""A definition of our own. It is referred to, so that its expression is compiled once and not for each text."""


class _Archive(msgspec.Struct, frozen=True):
    origin: dict[str, str]
    kinds: dict[str, Schema]
    definitions: dict[str, Schema]


@cache
def _archive() -> _Archive:
    content = (resources.files("ssmd_compiler.manifests") / "schemas.json").read_bytes()
    return msgspec.json.decode(content, type=_Archive)


def origin() -> Mapping[str, str]:
    """The modules that the schemas were read from, with their versions."""
    return _archive().origin


def kubernetes() -> str:
    """The version of Kubernetes that manifests are held against, as `v1.2.3`."""
    return _archive().origin["k8s.io/kubernetes"]


def kinds() -> Collection[str]:
    """Every kind that has a schema, as `apps/v1 Deployment`."""
    return _archive().kinds.keys()


@cache
def exact(kind: str) -> jsonschema_rs.Validator:
    """The validator of a kind in `kinds()`: its verdict is final, and it tells every error."""
    return _validator(_archive().kinds[kind], _archive().definitions)


@cache
def quick(kind: str) -> jsonschema_rs.Validator:
    """The validator that also refuses text which Kubernetes may not read as text: what it takes is valid."""
    return _validator(_wary(_archive().kinds[kind]), _wary_definitions())


def field_names(kind: str, path: tuple[str | int, ...]) -> Collection[str]:
    """The fields that the mapping at `path` may have; none where they are not told."""
    schema = _followed(_archive().kinds[kind])
    for step in path:
        inner = schema.get("items") if isinstance(step, int) else schema.get("properties", {}).get(step)
        if inner is None:
            inner = schema.get("additionalProperties")
        if not isinstance(inner, dict):
            return ()
        schema = _followed(inner)
    return tuple(schema.get("properties", ()))


def _followed(schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = _archive().definitions[schema["$ref"].removeprefix(_PREFIX)]
    return schema


def _validator(schema: Schema, definitions: Mapping[str, Schema]) -> jsonschema_rs.Validator:
    """Kubernetes' patterns are Go's, which Rust's own expressions read alike, in linear time."""
    whole = {**schema, "definitions": _reached(schema, definitions)}
    options = jsonschema_rs.RegexOptions()
    return jsonschema_rs.Draft7Validator(whole, validate_formats=True, pattern_options=options)


def _reached(schema: Schema, definitions: Mapping[str, Schema]) -> dict[str, Schema]:
    reached: dict[str, Schema] = {}
    ahead: list[Any] = [schema]
    while ahead:
        node = ahead.pop()
        if isinstance(node, list):
            ahead += node
        elif isinstance(node, dict):
            name = node.get("$ref")
            if isinstance(name, str) and (name := name.removeprefix(_PREFIX)) not in reached:
                reached[name] = definitions[name]
                ahead.append(definitions[name])
            ahead += node.values()
    return reached


@cache
def _wary_definitions() -> dict[str, Schema]:
    wary = {name: _wary(schema) for name, schema in _archive().definitions.items()}
    return wary | {_AMBIGUOUS: {"pattern": AMBIGUOUS}}


def _wary(schema: Any) -> Any:
    """The schema with each text refused that could have been a boolean or a number, had it no quotes.

    That goes for fields that take numbers as well, as a quantity does: `cpu: y` is a boolean to Kubernetes.
    """
    if isinstance(schema, list):
        return [_wary(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    wary = {name: _wary(value) for name, value in schema.items()}
    types = wary.get("type")
    takes_text = types == "string" or (isinstance(types, list) and "string" in types)
    return wary | {"not": {"$ref": f"{_PREFIX}{_AMBIGUOUS}"}} if takes_text else wary
