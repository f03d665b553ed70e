"""What is called compatible is held against jsonschema: a document that the old version accepts, the new one accepts."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema.validators import validator_for

from ssmd_compiler.compat import Break, compare
from ssmd_compiler.definitions import Definition, Parsed
from ssmd_compiler.definitions.declared import Document, Documents

DRAFTS = (
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-04/schema#",
)
SCALARS = (None, True, False, 0, 1, 2, 3, -1, 1.5, "", "a", "ab", "xa")
NAMES = ("a", "b", "xa")
TYPES = ("null", "boolean", "object", "array", "string", "integer", "number")


def parsed(schema: Any, path: str) -> Parsed:
    text = json.dumps(schema)
    definition = Definition(path, "json_schema", text.encode())
    documents = Documents(path, {path: Document(json.loads(text, parse_float=Decimal), {})})
    return Parsed(definition, declared=documents, files={path: definition})


def wire(old: Any, new: Any) -> list[Break]:
    return [one for one in compare(parsed(old, "old.json"), parsed(new, "new.json")) if one.wire]


class Author:
    """Writes schemas and changes them; every choice is the random source's."""

    def __init__(self, random: Random, draft: str) -> None:
        self.random, self.draft = random, draft
        self.modern = "draft-0" not in draft

    def schema(self, depth: int = 3) -> Any:
        if "draft-04" not in self.draft and self.random.random() < 0.08:
            return self.random.random() < 0.7
        found: dict[str, Any] = {}
        for _ in range(self.random.choice((0, 1, 1, 2, 2, 3))):
            self.add(found, depth)
        return found

    def add(self, schema: dict[str, Any], depth: int) -> None:
        flat = [self.type, self.enum, self.numbers, self.lengths, self.texts, self.required, self.reference]
        deep = [self.properties, self.additional, self.patterns, self.items, self.several, self.odd, self.names]
        self.random.choice(flat + (deep * 2 if depth else []))(schema, depth - 1)

    def type(self, schema: dict[str, Any], _: int) -> None:
        several = self.random.sample(TYPES, self.random.choice((1, 1, 2, 3)))
        schema["type"] = several[0] if len(several) == 1 else several

    def enum(self, schema: dict[str, Any], _: int) -> None:
        if self.random.random() < 0.3:  # which says nothing in draft 4
            schema["const"] = self.random.choice(SCALARS)
        else:
            schema["enum"] = self.random.sample(SCALARS[3:], self.random.choice((1, 2, 4)))

    def numbers(self, schema: dict[str, Any], _: int) -> None:
        keyword = self.random.choice(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"))
        if "draft-04" in self.draft and keyword.startswith("exclusive"):
            schema[keyword] = self.random.random() < 0.5
            schema.setdefault(keyword.removeprefix("exclusive").lower(), self.random.choice((0, 1, 1.5, 2)))
        else:
            schema[keyword] = self.random.choice((1, 2, 3) if keyword == "multipleOf" else (0, 1, 1.5, 2))

    def lengths(self, schema: dict[str, Any], _: int) -> None:
        sizes = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "uniqueItems")
        keyword = self.random.choice(sizes)
        schema[keyword] = self.random.random() < 0.7 if keyword == "uniqueItems" else self.random.choice((0, 1, 2))

    def texts(self, schema: dict[str, Any], _: int) -> None:
        schema["pattern"] = self.random.choice(("^a", "b$", "x"))

    def required(self, schema: dict[str, Any], _: int) -> None:
        schema["required"] = self.random.sample(NAMES, self.random.choice((1, 2)))

    def reference(self, schema: dict[str, Any], _: int) -> None:
        schema["$ref"] = self.random.choice(("#/definitions/one", "#/definitions/two"))

    def properties(self, schema: dict[str, Any], depth: int) -> None:
        names = self.random.sample(NAMES, self.random.choice((1, 2)))
        schema.setdefault("properties", {}).update({name: self.schema(depth) for name in names})

    def additional(self, schema: dict[str, Any], depth: int) -> None:
        schema["additionalProperties"] = self.random.choice((False, False, True, self.schema(depth)))

    def patterns(self, schema: dict[str, Any], depth: int) -> None:
        schema.setdefault("patternProperties", {})[self.random.choice(("^x", "a"))] = self.schema(depth)

    def names(self, schema: dict[str, Any], depth: int) -> None:
        schema["propertyNames"] = self.schema(0)

    def items(self, schema: dict[str, Any], depth: int) -> None:
        prefix = [self.schema(depth) for _ in range(self.random.choice((1, 2)))]
        if self.random.random() < 0.5:
            schema["items"] = self.schema(depth)
        elif "2020" in self.draft:
            schema["prefixItems"] = prefix
        else:
            schema["items"] = prefix
            schema["additionalItems"] = self.random.choice((False, self.schema(depth)))

    def several(self, schema: dict[str, Any], depth: int) -> None:
        keyword = self.random.choice(("anyOf", "anyOf", "oneOf", "allOf"))
        schema[keyword] = [self.schema(depth) for _ in range(self.random.choice((1, 2, 3)))]

    def odd(self, schema: dict[str, Any], depth: int) -> None:
        if self.random.random() < 0.5:
            schema["not"] = self.schema(depth)
        elif self.modern and self.random.random() < 0.5:
            schema[self.random.choice(("unevaluatedProperties", "unevaluatedItems"))] = self.random.choice((False, {}))
        else:
            schema["contains"] = self.schema(depth)

    def root(self) -> dict[str, Any]:
        found = self.schema()
        root = found if isinstance(found, dict) else {}
        root["definitions"] = {"one": self.schema(1), "two": self.schema(2)}
        return {"$schema": self.draft, **root}

    def changed(self, root: dict[str, Any]) -> dict[str, Any]:
        new = copy.deepcopy(root)
        for _ in range(self.random.choice((1, 1, 2, 3))):
            self.change(new)
        return new

    def change(self, root: dict[str, Any]) -> None:
        schema = self.random.choice(list(schemas(root)))
        own = [key for key in schema if key not in ("$schema", "definitions")]
        what = self.random.random()
        if what < 0.35 and own:
            del schema[self.random.choice(own)]
        elif what < 0.45 and own:  # the same, said in another way
            keyword = self.random.choice(own)
            schema.setdefault("allOf", []).append({keyword: schema.pop(keyword)}) if keyword != "allOf" else None
        elif what < 0.5:
            for keyword in ("minimum", "maximum"):
                exclusive = "exclusive" + keyword.capitalize()
                if isinstance(schema.get(keyword), int) and "draft-04" not in self.draft:
                    schema[exclusive] = schema.pop(keyword)
        elif what < 0.6:
            for keyword in ("enum", "required", "anyOf", "oneOf", "type", "prefixItems"):
                if isinstance(schema.get(keyword), list):
                    extra = {"enum": "b", "required": "b", "type": "null"}.get(keyword, {"type": "null"})
                    schema[keyword] = [*schema[keyword], *([extra] if extra not in schema[keyword] else [])]
        else:
            self.add(schema, 2)


def schemas(schema: Any) -> Any:
    """Every schema in a schema that is a mapping."""
    if not isinstance(schema, dict):
        return
    yield schema
    for key, value in schema.items():
        if key in {"properties", "patternProperties", "definitions"}:
            for each in value.values():
                yield from schemas(each)
        elif key not in {"enum", "const", "required", "type"}:
            for each in value if isinstance(value, list) else [value]:
                yield from schemas(each)


def documents(random: Random, count: int) -> list[Any]:
    def one(depth: int) -> Any:
        what = random.random()
        if depth and what < 0.35:
            return {name: one(depth - 1) for name in random.sample(NAMES, random.randint(0, 3))}
        if depth and what < 0.55:
            return [one(depth - 1) for _ in range(random.randint(0, 3))]
        return random.choice(SCALARS)

    return [*SCALARS, {}, [], *(one(3) for _ in range(count))]


def endless(schema: dict[str, Any]) -> bool:
    """Whether a reader could go round in references for ever without coming to a value."""
    definitions = schema["definitions"]
    ahead = [(name, {name}) for name in definitions]
    while ahead:
        name, seen = ahead.pop()
        for reference in json.dumps(definitions[name]).split('"$ref": "#/definitions/')[1:]:
            target = reference.partition('"')[0]
            if target in seen:
                return True
            ahead.append((target, seen | {target}))
    return False


def refused(old: Any, new: Any, several: list[Any]) -> list[Any]:
    """Documents that the old version accepts, and the new one does not."""
    for schema in (*schemas(old), *schemas(new)):
        if not isinstance(schema.get("items"), list):
            schema.pop("additionalItems", None)  # means nothing there, and jsonschema trips over it
    before, after = (validator_for(each)(each) for each in (old, new))
    return [one for one in several if before.is_valid(one) and not after.is_valid(one)]


def check(seed: int) -> tuple[bool, bool]:
    """Whether a pair of versions differs, and whether it was called compatible; if so, it is."""
    random = Random(seed)
    author = Author(random, random.choice(DRAFTS))
    old = author.root()
    new = author.changed(old)
    if endless(old) or endless(new):
        return False, False
    compatible = not wire(old, new)
    if compatible:
        lost = refused(old, new, documents(random, 150))
        assert not lost, f"{json.dumps(old)}\n{json.dumps(new)}\n{lost[:3]}"
    return old != new, compatible


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1 << 40))
def test_what_is_called_compatible_is(seed: int) -> None:
    told = [check(seed + step) for step in range(20)]
    assert any(differs and compatible for differs, compatible in told) or any(not one[1] for one in told)
