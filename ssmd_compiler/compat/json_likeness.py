"""Whether two JSON Schemas say the same, whatever they are called and annotated with.

References are followed, round in circles as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.compat.json_side import Sub, equal, identity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ssmd_compiler.compat.json_effort import Effort
    from ssmd_compiler.compat.json_side import Side

__all__ = ["Likeness"]

_SCHEMA = {
    *("additionalItems", "unevaluatedItems", "contains", "additionalProperties", "unevaluatedProperties"),
    *("propertyNames", "not", "if", "then", "else", "items"),
}
_LISTS = {"allOf", "anyOf", "oneOf", "prefixItems", "items"}
_MAPS = {"properties", "patternProperties", "dependentSchemas", "dependencies"}
_SETS = {"enum", "required", "type"}
_PLAIN = {
    *("multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern"),
    *("maxItems", "minItems", "uniqueItems", "maxContains", "minContains", "maxProperties", "minProperties", "const"),
    *("dependentRequired", "format", "contentEncoding", "contentMediaType", "extends", "disallow", "divisibleBy"),
}
_FAR = {"$dynamicRef", "$recursiveRef"}  # what they mean depends on who asks
_SAYING = _SCHEMA | _LISTS | _MAPS | _SETS | _PLAIN | _FAR | {"$ref"}


class Likeness:
    """Pairs of an old and a new schema; what was found is remembered."""

    def __init__(self, old: Side, new: Side, effort: Effort) -> None:
        self._old, self._new, self._effort = old, new, effort
        self._alike: set[Any] = set()
        self._unlike: set[Any] = set()

    def same(self, old: Sub, new: Sub) -> bool:
        key = (old.key, new.key)
        self._effort.spend()
        if key in self._unlike:
            return False
        assumed: set[Any] = set()
        if self._same(old, new, assumed):
            self._alike |= assumed  # each of them rests on the others alone
            return True
        self._unlike.add(key)
        return False

    def same_part(self, old: Sub, new: Sub, keywords: Iterable[str]) -> bool:
        """Whether two schemas say the same by some of their keywords."""
        if not isinstance(old.schema, dict) or not isinstance(new.schema, dict):
            return False
        return self.same(_part(old, keywords), _part(new, keywords))

    def _same(self, a: Sub, b: Sub, assumed: set[Any]) -> bool:
        self._effort.spend()
        key = (a.key, b.key)
        if key in assumed or key in self._alike:
            return True
        assumed.add(key)
        if not isinstance(a.schema, dict) or not isinstance(b.schema, dict):
            return equal(a.schema, b.schema)
        keys = (a.schema.keys() | b.schema.keys()) & _SAYING
        if keys & _FAR or not keys <= a.schema.keys() & b.schema.keys():
            return False
        self._effort.descend()
        alike = all(self._same_keyword(key, a, b, assumed) for key in keys)
        self._effort.ascend()
        return alike

    def _same_keyword(self, key: str, a: Sub, b: Sub, assumed: set[Any]) -> bool:
        x, y = a.schema[key], b.schema[key]
        if key == "$ref":
            one, other = self._old.follow(a, x), self._new.follow(b, y)
            return one is not None and other is not None and self._same(one, other, assumed)
        if key in _SCHEMA and isinstance(x, dict | bool) and isinstance(y, dict | bool):
            return self._same(a.at(key), b.at(key), assumed)
        if key in _LISTS and isinstance(x, list) and isinstance(y, list):
            places = range(len(x))
            return len(x) == len(y) and all(self._same(a.at(key, n), b.at(key, n), assumed) for n in places)
        if key in _MAPS and isinstance(x, dict) and isinstance(y, dict):
            return x.keys() == y.keys() and all(self._same_member(a.at(key), b.at(key), name, assumed) for name in x)
        if key in _SETS and isinstance(x, list) and isinstance(y, list):
            self._effort.spend(len(x) // 8)
            return _same_set(x, y)
        return equal(x, y)

    def _same_member(self, a: Sub, b: Sub, name: str, assumed: set[Any]) -> bool:
        one, other = a.at(name), b.at(name)
        if isinstance(one.schema, list) or isinstance(other.schema, list):  # names that depend on this one
            return equal(one.schema, other.schema)
        return self._same(one, other, assumed)


def _part(sub: Sub, keywords: Iterable[str]) -> Sub:
    """A schema that says less; its place is no other schema's."""
    said = {keyword: sub.schema[keyword] for keyword in keywords if keyword in sub.schema}
    return Sub(sub.document, (*sub.pointer, f"({' '.join(said)})"), said)


def _same_set(x: list[Any], y: list[Any]) -> bool:
    return set(map(identity, x)) == set(map(identity, y))
