"""Limits of JSON Schema: whether what one version demands of a value follows from what the other demanded.

Numbers are exact. An expression or a format follows from the same one alone.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from ssmd_compiler.compat.json_side import equal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ssmd_compiler.compat.json_side import Side, Sub

__all__ = ["Missed", "missed"]

Missed = tuple[str, str, str]
"""A rule, the keyword that breaks it, and what is said of it."""

_NUMBERS = {"integer", "fraction"}
_MOST = {"maxLength": "string", "maxItems": "array", "maxProperties": "object"}
_LEAST = {"minLength": "string", "minItems": "array", "minProperties": "object"}
_TEXTS = {
    "pattern": "pattern-changed",
    **dict.fromkeys(("format", "contentEncoding", "contentMediaType"), "format-changed"),
}


def missed(side: Side, old: Sequence[Sub], sub: Sub, accepted: frozenset[str]) -> Iterator[Missed]:
    """The limits of one new schema that do not follow from the old ones, where values of some kinds were accepted."""
    if accepted & _NUMBERS:
        yield from _bounds(side, old, sub)
        yield from _multiple(side, old, sub)
    for keyword, kind in (_MOST | _LEAST).items():
        limit = side.says(sub, keyword)
        if limit is not None and kind in accepted and not _within(side, old, keyword, limit):
            yield "limit-tightened", keyword, f"`{keyword}` is {limit}"
    if side.says(sub, "uniqueItems") is True and "array" in accepted and True not in _all(side, old, "uniqueItems"):
        yield "limit-tightened", "uniqueItems", "elements must be unique"
    for keyword, rule in _TEXTS.items():
        text = side.says(sub, keyword)
        # A format of numbers is nobody's, and yet somebody may assert it: it is looked at whatever was accepted.
        if text is not None and ("string" in accepted or keyword == "format") and text not in _all(side, old, keyword):
            yield rule, keyword, f"`{keyword}` is `{text}`"


def _all(side: Side, subs: Iterable[Sub], keyword: str) -> list[Any]:
    return [found for sub in subs if (found := side.says(sub, keyword)) is not None]


def _within(side: Side, old: Sequence[Sub], keyword: str, limit: Any) -> bool:
    before = _all(side, old, keyword)
    if keyword in _MOST:
        return any(one <= limit for one in before)
    return limit <= 0 or any(one >= limit for one in before)


def _bounds(side: Side, old: Sequence[Sub], sub: Sub) -> Iterator[Missed]:
    for keyword, closer in (("minimum", operator.gt), ("maximum", operator.lt)):
        before = [bound for each in old for bound in _bound(side, each, keyword)]
        for value, strict, said in _bound(side, sub, keyword):
            known = (closer(other, value) or (other == value and (out or not strict)) for other, out, _ in before)
            if not any(known):
                yield "limit-tightened", said, f"`{said}` is {side.says(sub, said)}"


def _bound(side: Side, sub: Sub, keyword: str) -> Iterator[tuple[Any, bool, str]]:
    """Bounds of one direction: the value, whether it is itself refused, and the keyword."""
    exclusive = "exclusive" + keyword.capitalize()
    plain, strict = side.says(sub, keyword), side.says(sub, exclusive)
    if plain is not None:
        yield plain, strict is True, keyword  # draft 4 says `exclusiveMinimum: true`
    if strict is not None and not isinstance(strict, bool):
        yield strict, True, exclusive


def _multiple(side: Side, old: Sequence[Sub], sub: Sub) -> Iterator[Missed]:
    step = side.says(sub, "multipleOf")
    if step is None:
        return
    for before in _all(side, old, "multipleOf"):
        # Readers divide fractions inexactly, so of these only the same one is sure.
        whole = isinstance(step, int) and isinstance(before, int)
        if equal(before, step) or (whole and before % step == 0):
            return
    yield "limit-tightened", "multipleOf", f"`multipleOf` is {step}"
