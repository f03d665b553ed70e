"""The older and shorter spellings of a document, added to the JSON Schema of its canonical one.

Every name comes from the tables of `spelling`. What two places of a document say together is said here as far as a
schema can: one thing under two names is refused, and what is required may stand in either.
"""

from __future__ import annotations

from typing import Any

from ssmd_compiler.model.spelling import API_VERSION, MIDDLEWARE, OLDER_NAMES, SHORT

__all__ = ["document"]

Schema = dict[str, Any]


def document(kind: str, name: str, definitions: dict[str, Schema]) -> Schema:
    """The root of a kind's schema: the envelope or the flat form. The definitions take on what is spelled otherwise."""
    for model in definitions.keys() & OLDER_NAMES.keys() | definitions.keys() & SHORT.keys():
        _respell(definitions, model)
    if kind == "Environment":
        _environment(definitions)
    definitions["DocumentName"] = _named(name)
    definitions["Envelope"] = _envelope(kind)
    definitions["Flat"] = _flat(kind, definitions[kind])
    definitions["Mixed"] = _mixed(kind, definitions[kind])
    enveloped = {"anyOf": [{"required": ["kind"]}, {"required": ["spec"]}, {"not": {"required": ["name"]}}]}
    return {"if": enveloped, "then": {"$ref": "#/definitions/Envelope"}, "else": {"$ref": "#/definitions/Flat"}}


def _ref(*path: str) -> Schema:
    return {"$ref": "#/definitions/" + "/".join(path)}


def _older(schema: Schema, meant: str) -> Schema:
    """An older name: read for ever, and not offered. Beside a `$ref`, draft 07 would not see these words."""
    return {
        "description": f"An older spelling of `{meant}`.",
        "deprecated": True,
        "doNotSuggest": True,
        "allOf": [schema],
    }


def _respell(definitions: dict[str, Schema], model: str) -> None:
    schema = definitions[model]
    properties = schema["properties"]
    for name, inner in SHORT.get(model, {}).items():
        properties[name] = _short(properties[name], _inner(properties[name], inner))
    for older, name in OLDER_NAMES.get(model, {}).items():
        properties[older] = _older(_ref(model, "properties", name), name)
        _either(schema, older, name)


def _inner(schema: Schema, entry: str) -> Schema:
    """The entry of the mapping that a text stands for."""
    options = schema.get("anyOf", [schema])
    (model,) = (one["$ref"].rpartition("/")[2] for one in options if "$ref" in one)
    return _ref(model, "properties", entry)


def _short(schema: Schema, text: Schema) -> Schema:
    about = {key: value for key, value in schema.items() if key in ("title", "description")}
    options = schema.get("anyOf") or [{"$ref": schema["$ref"]}]
    return {**about, "anyOf": [*options, text]}


def _either(schema: Schema, older: str, name: str) -> None:
    """`older` in place of `name`, and not beside it."""
    needed = name in schema.get("required", ())
    schema["required"] = [one for one in schema.get("required", ()) if one != name]
    rule: Schema = {"if": {"required": [older]}, "then": {"properties": {name: False}}}
    schema.setdefault("allOf", []).append(rule | ({"else": {"required": [name]}} if needed else {}))


def _environment(definitions: dict[str, Schema]) -> None:
    environment, middleware = definitions["Environment"], definitions["Middleware"]
    properties = environment["properties"]
    _keys(definitions)
    properties["schema"] = {
        "title": "schema",
        "description": "The only normalized record, as `name:version`.",
        "anyOf": [
            _ref("SchemaUse"),
            {"type": "array", "items": _ref("SchemaUse"), "maxItems": properties["schemas"]["maxItems"]},
        ],
    }
    _either(environment, "schema", "schemas")
    needed = middleware.pop("required")
    environment["required"] = [one for one in environment["required"] if one != "middleware"]
    for name in MIDDLEWARE:
        properties[name] = _ref("Middleware", "properties", name)
        within = {"required": ["middleware"], "properties": {"middleware": {"required": [name]}}}
        rule = {"if": {"required": [name]}, "then": {"properties": {"middleware": {"properties": {name: False}}}}}
        environment["allOf"].append(rule | ({"else": within} if name in needed else {}))


def _keys(definitions: dict[str, Schema]) -> None:
    """A map by name, a list of keys that say theirs, or the older `secrets`."""
    key, properties = definitions["Key"], definitions["Environment"]["properties"]
    definitions["ListedKey"] = {
        **key,
        "title": "ListedKey",
        "properties": {"name": {"description": "The key's name.", **_ref("Name")}}
        | {name: _ref("Key", "properties", name) for name in key["properties"]},
        "required": ["name", *key["required"]],
    }
    keys = properties["keys"]
    by_name = {one: keys.pop(one) for one in list(keys) if one not in ("title", "description")}
    listed = {"type": "array", "items": _ref("ListedKey"), "maxItems": by_name["maxProperties"]}
    keys["anyOf"] = [by_name, listed]
    secrets = {**by_name, "additionalProperties": {"anyOf": [_ref("Key"), _ref("KeySource")]}}
    properties["secrets"] = _older(secrets, "keys")


def _named(pattern: str) -> Schema:
    words = "lower-case letters, digits and `-`, at most 63; the file has the same name"
    number = {"minimum": 0} if pattern.startswith("[a-z0-9]") else {}
    plain = ["string", "boolean", *(["number"] if number else [])]
    form = {"pattern": f"^(?:{pattern})$", "patternErrorMessage": f"expected {words}", **number}
    return {
        "description": "The file's name, without `.yaml`.",
        "if": {"type": plain},
        "else": {"type": "string"},
        **form,
    }


def _envelope(kind: str) -> Schema:
    """The canonical form; `Mixed` takes over where something stands beside its four words."""
    metadata = {
        "type": "object",
        "properties": {"name": _ref("DocumentName"), "labels": {}, "annotations": {}},
        "required": ["name"],
        "additionalProperties": False,
    }
    words = {
        "apiVersion": {"description": "The version of the language.", "const": API_VERSION},
        "kind": {"description": "What the document is.", "const": kind},
        "metadata": {"description": "The document's name.", **metadata},
    }
    return {
        "type": "object",
        "properties": {**words, "spec": {}},
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "if": {"propertyNames": {"enum": ["apiVersion", "kind", "metadata", "spec"]}},
        "then": {"properties": {"spec": _ref(kind)}},
        "else": _ref("Mixed"),
    }


def _flat(kind: str, body: Schema) -> Schema:
    """The same fields at top level, beside `name`."""
    own = {"name": _ref("DocumentName"), "apiVersion": {"enum": [API_VERSION, None]}}
    return {
        **{key: value for key, value in body.items() if key in ("type", "additionalProperties", "allOf")},
        "properties": own | {name: _ref(kind, "properties", name) for name in body["properties"]},
        "required": ["name", *body["required"]],
    }


def _mixed(kind: str, body: Schema) -> Schema:
    """Fields beside `spec` as well as in it: each is looked at, and not what they make together."""
    fields = {name: _ref(kind, "properties", name) for name in body["properties"]}
    words: Schema = {"apiVersion": {}, "kind": {}, "metadata": {}}
    spec = {"type": "object", "properties": fields, "additionalProperties": False}
    return {"type": "object", "properties": {**words, "spec": spec, **fields}, "additionalProperties": False}
