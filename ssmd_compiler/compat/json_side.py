"""One side of a comparison of JSON Schemas: its schemas by place, what they say together, and whether two are the same.

What a reference leads to is taken as said there; one that cannot be followed says nothing, which a proof never needs.
No regular expression of a schema is ever run.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ssmd_compiler.definitions.declared import Documents

__all__ = ["ALL_KINDS", "Side", "Sub", "equal", "identity", "kinds", "values"]

_CURRENT = "https://json-schema.org/draft/2020-12/schema"
_OLD = tuple(f"http://json-schema.org/draft-0{number}/schema" for number in (3, 4, 6, 7))

ALL_KINDS = frozenset({"null", "boolean", "object", "array", "string", "integer", "fraction"})
_KINDS = {"number": {"integer", "fraction"}}

_SINCE = {
    1: {"const", "contains", "propertyNames"},
    2: {"if", "then", "else"},
    3: {"dependentRequired", "dependentSchemas", "minContains", "maxContains"},
    4: {"prefixItems"},
}
"""Keywords that came with draft 6, draft 7, 2019-09 and 2020-12: before, they say nothing."""


class Sub(NamedTuple):
    """A schema and where it stands: its document, and the way to it."""

    document: str
    pointer: tuple[str, ...]
    schema: Any

    def at(self, *steps: str | int) -> Sub:
        found = self.schema
        for step in steps:
            found = found[step]
        return Sub(self.document, (*self.pointer, *map(str, steps)), found)

    @property
    def key(self) -> tuple[str, tuple[str, ...]]:
        return self.document, self.pointer


class Side:
    """The documents of one version."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._mixed: dict[str, bool] = {}
        self.root = Sub(documents.path, (), documents.documents[documents.path].schema)
        self.dialect = self._dialect(documents.path)
        self.age = _OLD.index(self.dialect) - 1 if self.dialect in _OLD else 4 if self.dialect == _CURRENT else 3
        self.alone = len(documents.documents) == 1
        self.mixed = any(self._dialect(path) != self.dialect for path in documents.documents)

    def _dialect(self, path: str) -> str:
        schema = self._documents.documents[path].schema
        return str(schema.get("$schema", _CURRENT)).removesuffix("#") if isinstance(schema, dict) else _CURRENT

    def atoms(self, subs: Iterable[Sub]) -> tuple[list[Sub], bool]:
        """All that schemas say together, and whether that is all: a reference may lead where we cannot follow.

        They say what stands in them, in what they refer to, and in every part of an `allOf`.
        """
        found: list[Sub] = []
        seen, ahead, whole = set(), list(subs), True
        while ahead:
            sub = ahead.pop(0)
            if sub.key in seen:
                continue
            seen.add(sub.key)
            if not isinstance(sub.schema, dict):
                found.append(sub)
                continue
            reference = sub.schema.get("$ref")
            target = self.follow(sub, reference) if isinstance(reference, str) else None
            if reference is not None:
                ahead += [target] if target is not None else []
                whole &= target is not None
            if reference is None or self.age > 2:  # before 2019-09, a reference stands alone
                found.append(sub)
                ahead += [sub.at("allOf", index) for index in range(len(sub.schema.get("allOf", ())))]
            whole &= not {"$dynamicRef", "$recursiveRef", "extends", "disallow", "divisibleBy"} & sub.schema.keys()
        return found, whole

    def says(self, sub: Sub, keyword: str) -> Any:
        """A keyword's value, if it has a meaning in this dialect."""
        late = any(keyword in names for age, names in _SINCE.items() if age > self.age)
        return None if late or not isinstance(sub.schema, dict) else sub.schema.get(keyword)

    def follow(self, sub: Sub, reference: str) -> Sub | None:
        address, _, fragment = reference.partition("#")
        path = self._documents.documents[sub.document].links.get(address) if address else sub.document
        if path is None or self._has_resources(sub.document) or self._has_resources(path):
            return None
        root = Sub(path, (), self._documents.documents[path].schema)
        fragment = unquote(fragment)
        if not fragment:
            return root
        return _pointed(root, fragment) if fragment.startswith("/") else _anchored(root, fragment)

    def array(self, sub: Sub) -> tuple[list[Sub], Sub | None]:
        """The schemas of an array's first elements, and that of the others."""
        first = "prefixItems" if self.age >= 4 else "items"
        rest = "items" if self.age >= 4 else "additionalItems"
        said = self.says(sub, first)
        if isinstance(said, list):
            prefix = [sub.at(first, index) for index in range(len(said))]
            return prefix, sub.at(rest) if self.says(sub, rest) is not None else None
        return [], sub.at("items") if isinstance(self.says(sub, "items"), dict | bool) else None

    def _has_resources(self, path: str) -> bool:
        """Whether a part of the document has an address of its own, from which references start anew."""
        if path not in self._mixed:
            parts = _parts(self._documents.documents[path].schema)
            next(parts)
            named = (part.get("$id", part.get("id")) for part in parts)
            self._mixed[path] = any(isinstance(one, str) and not one.startswith("#") for one in named)
        return self._mixed[path]


def equal(a: Any, b: Any) -> bool:
    """Equality of JSON: `1` is `1.0`, and `true` is neither."""
    return bool(identity(a) == identity(b))


def identity(value: Any) -> Any:
    """Something to look a value up by: the same for equal values, and for no others."""
    if isinstance(value, dict):
        return "object", frozenset((name, identity(one)) for name, one in value.items())
    if isinstance(value, list):
        return "array", tuple(map(identity, value))
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return "number", value
    return type(value), value


def kinds(side: Side, atoms: Iterable[Sub]) -> frozenset[str]:
    """The kinds of values that schemas accept together, at most."""
    found = ALL_KINDS
    for sub in atoms:
        said = side.says(sub, "type")
        if said is not None:
            names = said if isinstance(said, list) else [said]
            if all(isinstance(name, str) for name in names):
                found &= frozenset(kind for name in names for kind in _KINDS.get(name, {name}))
        listed = values(side, [sub])
        if listed is not None:
            found &= frozenset(kind for value in listed for kind in _kinds_of(value))
    return found


def values(side: Side, atoms: Iterable[Sub]) -> list[Any] | None:
    """The values that schemas accept together, at most; None where these are not listed."""
    found: list[Any] | None = None
    for sub in atoms:
        if not isinstance(sub.schema, dict):
            continue
        if isinstance(listed := side.says(sub, "enum"), list):
            known = set(map(identity, listed))
            found = listed if found is None else [one for one in found if identity(one) in known]
        if "const" in sub.schema and side.age >= 1:
            const = sub.schema["const"]
            found = [const] if found is None else [one for one in found if equal(one, const)]
    return found


def _kinds_of(value: Any) -> set[str]:
    if isinstance(value, bool):
        return {"boolean"}
    if isinstance(value, Decimal):  # 1.0 is an integer to some drafts, and not to others
        return {"integer", "fraction"}
    names = {type(None): "null", dict: "object", list: "array", str: "string", int: "integer"}
    return {names[type(value)]}


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a document, the outermost first."""
    yield schema if isinstance(schema, dict) else {}
    ahead = [schema]
    while ahead:
        one = ahead.pop()
        below = list(one.values()) if isinstance(one, dict) else one if isinstance(one, list) else []
        ahead += below
        yield from (each for each in below if isinstance(each, dict))


def _pointed(root: Sub, fragment: str) -> Sub | None:
    sub = root
    for step in fragment[1:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        try:
            sub = sub.at(int(name) if isinstance(sub.schema, list) else name)
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return sub if isinstance(sub.schema, dict | bool) else None


def _anchored(root: Sub, name: str) -> Sub | None:
    """The part that has a name of its own; None if there is none, or if two things look like it."""
    found: list[Sub] = []
    ahead = [root]
    while ahead:
        sub = ahead.pop()
        if isinstance(sub.schema, dict):
            if name == sub.schema.get("$anchor") or f"#{name}" in (sub.schema.get("$id"), sub.schema.get("id")):
                found.append(sub)
            ahead += [sub.at(key) for key in sub.schema]
        elif isinstance(sub.schema, list):
            ahead += [sub.at(index) for index in range(len(sub.schema))]
    return found[0] if len(found) == 1 else None
