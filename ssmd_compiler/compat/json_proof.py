"""The proof that a new JSON Schema accepts all that an old one accepted, or what stands in its way.

Every demand of the new schema must follow from something that the old one says; where none does, the document could
exist that the old accepted and the new refuses. Alternatives of the old are taken one by one. A proof that would take
too many steps, or lean on itself without coming nearer to a value, is none.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ssmd_compiler.compat.json_effort import Effort, Exhausted
from ssmd_compiler.compat.json_likeness import Likeness
from ssmd_compiler.compat.json_limits import missed
from ssmd_compiler.compat.json_side import Sub, identity, kinds, values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ssmd_compiler.compat.json_side import Side

__all__ = ["Finding", "Proof", "in_words"]

_STEPS_OF_A_GOAL = 4
_STEPS_OF_AN_ATOM = 4
_TEXT = Sub("", ("text",), {"type": "string"})
_UNTOLD = (
    *(("not",), ("if", "then", "else"), ("contains", "minContains", "maxContains"), ("dependentSchemas",)),
    *(("dependencies",), ("unevaluatedItems",), ("unevaluatedProperties",), ("dependentRequired",)),
)
"""Keywords whose meaning is not compared, with those that they mean something together with."""

Where = tuple[str, ...]


class Finding(NamedTuple):
    """A rule broken: where in the old and the new schema, of which part of a document, and in which words."""

    rule: str
    where: Where
    old: Sub
    new: Sub
    said: str


class _Goal(NamedTuple):
    """What has to be shown: all that `old` schemas accept together, `new` accepts."""

    old: tuple[Sub, ...]
    new: Sub
    where: Where
    near: Sub
    """The old schema that a person would look at."""

    @property
    def key(self) -> tuple[Any, Any]:
        return tuple(sub.key for sub in self.old), self.new.key


class Proof:
    """One attempt."""

    def __init__(self, old: Side, new: Side) -> None:
        self._old, self._new, self._effort = old, new, Effort()
        self._likeness = Likeness(old, new, self._effort)
        self._leaned_on: dict[Any, int] = {}
        self._proven: set[Any] = set()

    def findings(self) -> list[Finding]:
        goal = _Goal((self._old.root,), self._new.root, (), self._old.root)
        try:
            return self._show(goal)
        except Exhausted:
            return [self._unproven(goal, "it takes too many steps")]

    def _show(self, goal: _Goal) -> list[Finding]:
        """What stands in the way of `goal`: nothing, if it is proven."""
        self._effort.spend(_STEPS_OF_A_GOAL)
        if goal.key in self._leaned_on:
            nearer = len(goal.where) > self._leaned_on[goal.key]
            return [] if nearer else [self._unproven(goal, "it refers to itself")]
        if goal.key in self._proven or any(self._likeness.same(one, goal.new) for one in goal.old):
            return []
        self._leaned_on[goal.key] = len(goal.where)
        self._effort.descend()
        found = self._whole(goal)
        self._effort.ascend()
        del self._leaned_on[goal.key]
        if not found and not self._leaned_on:
            self._proven.add(goal.key)
        return found

    def _whole(self, goal: _Goal) -> list[Finding]:
        old, _ = self._old.atoms(goal.old)
        self._effort.spend(len(old) * _STEPS_OF_AN_ATOM)
        if any(one.schema is False for one in old) or not kinds(self._old, old):
            return []
        found = list(self._demands(goal, old))
        if not found:
            return []
        for one in old:
            for keyword in ("anyOf", "oneOf"):
                if isinstance(alternatives := self._old.says(one, keyword), list):
                    return self._one_by_one(goal, old, one, keyword, len(alternatives))
        # What `type` lists may be spelled as alternatives now, of which each accepts a part.
        several = _words(kinds(self._old, old)) if any(one.rule == "alternative-removed" for one in found) else []
        return self._kind_by_kind(goal, several) if len(several) > 1 else found

    def _kind_by_kind(self, goal: _Goal, several: list[str]) -> list[Finding]:
        for word in several:
            kind = Sub("", ("kind", word), {"type": word})
            found = self._show(_Goal((*goal.old, kind), goal.new, goal.where, goal.near))
            if found:
                return found
        return []

    def _one_by_one(self, goal: _Goal, old: list[Sub], split: Sub, keyword: str, count: int) -> list[Finding]:
        rest = [_own(one, keyword if one is split else "") for one in old]
        for index in range(count):
            alternative = split.at(keyword, index)
            found = self._show(_Goal((*rest, alternative), goal.new, goal.where, alternative))
            if found:
                return found
        return []

    def _demands(self, goal: _Goal, old: list[Sub]) -> Iterator[Finding]:
        new, whole = self._new.atoms([goal.new])
        self._effort.spend(len(new) * (1 + len(old)) * _STEPS_OF_AN_ATOM)
        if not whole:
            yield self._unproven(goal, "a reference leads where it cannot be followed")
        accepted = kinds(self._old, old)
        listed = values(self._old, old)
        for sub in new:
            if sub.schema is False:
                yield Finding("forbidden", goal.where, goal.near, sub, "nothing is accepted")
            elif isinstance(sub.schema, dict) and not any(self._likeness.same(one, sub) for one in old):
                yield from self._of_values(goal, sub, accepted, listed)
                for rule, keyword, said in missed(self._new, old, sub, accepted):
                    yield Finding(rule, goal.where, _nearest(goal, keyword), sub.at(keyword), said)
                if "object" in accepted:
                    yield from self._of_objects(goal, old, sub)
                if "array" in accepted:
                    yield from self._of_arrays(goal, old, sub)
                yield from self._of_alternatives(goal, old, sub)
                yield from self._untold(goal, old, sub)

    def _of_values(
        self, goal: _Goal, sub: Sub, accepted: frozenset[str], listed: list[Any] | None
    ) -> Iterator[Finding]:
        now = kinds(self._new, [Sub(*sub[:2], {"type": said})]) if (said := self._new.says(sub, "type")) else accepted
        if lost := accepted - now:
            was = f"accepted {in_words(lost)} as well"
            yield Finding("type-narrowed", goal.where, _nearest(goal, "type"), sub.at("type"), was)
        left = values(self._new, [sub])
        if left is None:
            return
        before = listed if listed is not None else _finite(accepted)
        kept = set(map(identity, left))
        gone = None if before is None else [one for one in before if identity(one) not in kept]
        if gone is None or gone:
            keyword = "enum" if "enum" in sub.schema else "const"
            shown = "any other value was accepted" if gone is None else f"`{_text(gone[0])}` was accepted"
            yield Finding("values-narrowed", goal.where, _nearest(goal, keyword), sub.at(keyword), shown)

    def _of_objects(self, goal: _Goal, old: list[Sub], sub: Sub) -> Iterator[Finding]:
        required = {name for one in old for name in _names(self._old.says(one, "required"))}
        for index, name in enumerate(_names(self._new.says(sub, "required"))):
            if name not in required:
                at = sub.at("required", index)
                yield Finding("required-added", (*goal.where, name), goal.near, at, "is required")
        yield from self._of_members(goal, _Objects(self._old, old), sub)
        if self._new.says(sub, "propertyNames") is not None:
            before = [one.at("propertyNames") for one in old if self._old.says(one, "propertyNames") is not None]
            where = (*goal.where, "(names)")
            yield from self._show(_Goal((*before, _TEXT), sub.at("propertyNames"), where, goal.near))

    def _of_members(self, goal: _Goal, old: _Objects, sub: Sub) -> Iterator[Finding]:
        properties = _mapping(self._new.says(sub, "properties"))
        patterns = _mapping(self._new.says(sub, "patternProperties"))
        for name in properties:
            known = old.of(name)
            yield from self._member(goal, name, known, sub.at("properties", name), rule="property-added-to-open")
        for pattern in patterns:
            now = sub.at("patternProperties", pattern)
            if known := old.of_pattern(pattern):
                yield from self._member(goal, f"/{pattern}/", known, now, rule="property-added-to-open")
                continue
            for name in old.names():
                yield from self._member(goal, name, old.of(name), now, rule="property-added-to-open")
            yield from self._member(goal, f"/{pattern}/", old.of_others(()), now, rule="property-added-to-open")
        if self._new.says(sub, "additionalProperties") not in (None, True):
            now = sub.at("additionalProperties")
            for name in old.names():
                if name not in properties:
                    yield from self._member(
                        goal, name, old.of(name), now, rule="property-removed", told=old.place(name)
                    )
            yield from self._member(goal, "*", old.of_others(patterns), now, rule="properties-closed")

    def _member(  # noqa: PLR0913 -- a goal for one member, and how to tell that it is missed
        self, goal: _Goal, name: str, known: list[Sub], now: Sub, *, rule: str, told: Sub | None = None
    ) -> Iterator[Finding]:
        where = (*goal.where, name)
        found = self._show(_Goal(tuple(known), now, where, known[0] if known else goal.near))
        if found and told is not None:
            yield Finding(rule, where, told, now, "was accepted")
        elif found and not known:
            yield Finding(rule, where, goal.near, now, "could be anything")
        elif found and rule == "properties-closed":
            yield Finding(rule, where, known[0], now, "was accepted")
        else:
            yield from found

    def _of_arrays(self, goal: _Goal, old: list[Sub], sub: Sub) -> Iterator[Finding]:
        prefix, rest = self._new.array(sub)
        shapes = [self._old.array(one) for one in old]
        longest = max([len(prefix), *(len(first) for first, _ in shapes)])
        most = min([n for one in old if (n := self._old.says(one, "maxItems")) is not None], default=longest + 1)
        for index in range(longest + 1):
            now = prefix[index] if index < len(prefix) else rest
            if now is None or index >= most:
                continue
            known = [found for shape in shapes if (found := _element(shape, index)) is not None]
            where = (*goal.where, "[]" if index == longest else f"[{index}]")
            yield from self._show(_Goal(tuple(known), now, where, known[0] if known else goal.near))

    def _of_alternatives(self, goal: _Goal, old: list[Sub], sub: Sub) -> Iterator[Finding]:
        for keyword in ("anyOf", "oneOf"):
            if not isinstance(alternatives := self._new.says(sub, keyword), list):
                continue
            if any(self._likeness.same_part(one, sub, (keyword,)) for one in old):
                continue
            several = [sub.at(keyword, index) for index in range(len(alternatives))]
            if keyword == "oneOf" and not self._apart(several):
                yield self._unproven(goal, "alternatives of `oneOf` may overlap", sub.at(keyword))
            elif all(self._show(_Goal(tuple(old), one, goal.where, goal.near)) for one in several):
                said = "none of the alternatives accepts all of it"
                yield Finding("alternative-removed", goal.where, goal.near, sub.at(keyword), said)

    def _untold(self, goal: _Goal, old: list[Sub], sub: Sub) -> Iterator[Finding]:
        for group in _UNTOLD:
            said = self._new.says(sub, group[0])
            if said is None or (said is True and group[0].startswith("unevaluated")):
                continue
            # What is unevaluated depends on all that stands beside it: only the same schema says the same.
            whole = group[0].startswith("unevaluated")
            if whole or not any(self._likeness.same_part(one, sub, group) for one in old):
                yield self._unproven(goal, f"`{group[0]}` is not compared", sub.at(group[0]))

    def _apart(self, several: Sequence[Sub]) -> bool:
        """Whether no document is accepted by two of some alternatives."""
        said = [self._new.atoms([one])[0] for one in several]
        return all(self._disjoint(a, b) for index, a in enumerate(said) for b in said[:index])

    def _disjoint(self, a: list[Sub], b: list[Sub]) -> bool:
        self._effort.spend((len(a) + len(b)) * _STEPS_OF_AN_ATOM)
        kept = kinds(self._new, a) & kinds(self._new, b)
        one, other = values(self._new, a), values(self._new, b)
        if not kept or _apart(one, other):
            return True
        return kept == {"object"} and any(
            self._tells_apart(name, a, b) for name in self._demanded(a) & self._demanded(b)
        )

    def _demanded(self, atoms: list[Sub]) -> set[str]:
        return {name for one in atoms for name in _names(self._new.says(one, "required"))}

    def _tells_apart(self, name: str, a: list[Sub], b: list[Sub]) -> bool:
        one, other = (values(self._new, self._new.atoms(_Objects(self._new, atoms).of(name))[0]) for atoms in (a, b))
        return _apart(one, other)

    def _unproven(self, goal: _Goal, why: str, at: Sub | None = None) -> Finding:
        return Finding("cannot-be-proven", goal.where, goal.near, at or goal.new, why)


class _Objects:
    """What schemas together say of an object's members. Which names a pattern matches is not known."""

    def __init__(self, side: Side, atoms: list[Sub]) -> None:
        self._side, self._atoms = side, atoms

    def names(self) -> list[str]:
        found = (name for one in self._atoms for name in _mapping(self._side.says(one, "properties")))
        return list(dict.fromkeys(found))

    def place(self, name: str) -> Sub:
        return next(one.at("properties", name) for one in self._atoms if name in self._listed(one, "properties"))

    def of(self, name: str) -> list[Sub]:
        named = [one.at("properties", name) for one in self._atoms if name in self._listed(one, "properties")]
        return named + [
            one.at("additionalProperties")
            for one in self._atoms
            if name not in self._listed(one, "properties") and self._closed(one, ())
        ]

    def of_pattern(self, pattern: str) -> list[Sub]:
        holders = (one for one in self._atoms if pattern in self._listed(one, "patternProperties"))
        return [one.at("patternProperties", pattern) for one in holders]

    def of_others(self, patterns: Iterable[str]) -> list[Sub]:
        """Of a name that none lists, and that none of these patterns matches."""
        return [one.at("additionalProperties") for one in self._atoms if self._closed(one, patterns)]

    def _closed(self, one: Sub, patterns: Iterable[str]) -> bool:
        """Whether additional properties are spoken of, and no pattern but these could make a name another matter."""
        said = self._side.says(one, "additionalProperties")
        return said is not None and self._listed(one, "patternProperties").keys() <= set(patterns)

    def _listed(self, one: Sub, keyword: str) -> dict[str, Any]:
        return _mapping(self._side.says(one, keyword))


def _apart(one: list[Any] | None, other: list[Any] | None) -> bool:
    """Whether both are lists of values, and have none in common."""
    return one is not None and other is not None and set(map(identity, one)).isdisjoint(map(identity, other))


def _element(shape: tuple[list[Sub], Sub | None], index: int) -> Sub | None:
    prefix, rest = shape
    return prefix[index] if index < len(prefix) else rest


def _own(sub: Sub, less: str) -> Sub:
    """What a schema says by itself, for its parts are at hand already; and without one keyword of it."""
    if not isinstance(sub.schema, dict) or not sub.schema.keys() & {"$ref", "allOf", less}:
        return sub
    left = {key: value for key, value in sub.schema.items() if key not in {"$ref", "allOf", less}}
    return Sub(sub.document, (*sub.pointer, f"(less {less})"), left)


def _nearest(goal: _Goal, keyword: str) -> Sub:
    """Where the old schema says the same keyword, or else the schema itself."""
    return goal.near.at(keyword) if isinstance(goal.near.schema, dict) and keyword in goal.near.schema else goal.near


def _mapping(said: Any) -> dict[str, Any]:
    return said if isinstance(said, dict) else {}


def _names(said: Any) -> list[str]:
    return [name for name in said if isinstance(name, str)] if isinstance(said, list) else []


def _finite(accepted: frozenset[str]) -> list[Any] | None:
    known: dict[str, list[Any]] = {"null": [None], "boolean": [False, True]}
    if not accepted <= known.keys():
        return None
    return [value for kind in sorted(accepted) for value in known[kind]]


def in_words(lost: frozenset[str]) -> str:
    """Kinds as a schema calls them, where it has a word for them."""
    return " and ".join("number with a fraction" if name == "fraction" else name for name in _words(lost))


def _words(several: frozenset[str]) -> list[str]:
    """Kinds as `type` calls them; a fraction alone has no word."""
    number = {"integer", "fraction"}
    return sorted((several - number) | {"number"} if several >= number else several)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
