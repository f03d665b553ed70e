"""What a new JSON Schema accepts as before, and code that reads the documents has to know all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.compat.json_proof import Finding, in_words
from ssmd_compiler.compat.json_side import ALL_KINDS, equal, kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.compat.json_side import Side, Sub

__all__ = ["notices"]

_MOST = 5_000


def notices(old: Side, new: Side) -> Iterator[Finding]:
    """Both sides walked along the properties and elements that both name."""
    ahead: list[tuple[tuple[str, ...], Sub, Sub]] = [((), old.root, new.root)]
    seen: set[Any] = set()
    while ahead and len(seen) < _MOST:
        where, one, other = ahead.pop()
        if (one.key, other.key) in seen:
            continue
        seen.add((one.key, other.key))
        before, _ = old.atoms([one])
        after, _ = new.atoms([other])
        yield from _values(old, new, (where, before, after), (one, other))
        named = _properties(new, after)
        for name, place in _properties(old, before).items():
            here = named.get(name)
            if here is not None:
                ahead.append(((*where, name), place, here))
            else:
                yield Finding("property-unlisted", (*where, name), place, other, "is not named any more")
        elements = [
            [rest for atom in atoms if (rest := side.array(atom)[1])] for side, atoms in ((old, before), (new, after))
        ]
        if elements[0] and elements[1]:
            ahead.append(((*where, "[]"), elements[0][0], elements[1][0]))


def _values(
    old: Side, new: Side, atoms: tuple[tuple[str, ...], list[Sub], list[Sub]], at: tuple[Sub, Sub]
) -> Iterator[Finding]:
    where, before, after = atoms
    was, now = kinds(old, before), _accepted(new, after)
    if was != ALL_KINDS and now > was:
        yield Finding("type-widened", where, *at, f"{in_words(now - was)} can stand here now")
    demanded = _required(new, after)
    for name, place in _required(old, before).items():
        if name not in demanded:
            yield Finding("required-dropped", (*where, name), place, at[1], "need not be there any more")
    defaults = [[atom.schema["default"] for atom in each if _is_default(atom)] for each in (before, after)]
    if defaults[0] and not (defaults[1] and equal(defaults[0][0], defaults[1][0])):
        yield Finding("default-changed", where, *at, "has another default, or none")


def _accepted(side: Side, atoms: list[Sub]) -> frozenset[str]:
    """The kinds of values that schemas accept together, alternatives looked into one level deep."""
    found = frozenset() if any(atom.schema is False for atom in atoms) else kinds(side, atoms)
    for atom in atoms:
        for keyword in ("anyOf", "oneOf"):
            if isinstance(alternatives := side.says(atom, keyword), list):
                each = (side.atoms([atom.at(keyword, index)])[0] for index in range(len(alternatives)))
                found &= frozenset(kind for one in each for kind in kinds(side, one))
    return found


def _is_default(atom: Sub) -> bool:
    return isinstance(atom.schema, dict) and "default" in atom.schema


def _properties(side: Side, atoms: list[Sub]) -> dict[str, Sub]:
    found: dict[str, Sub] = {}
    for atom in atoms:
        said: Any = side.says(atom, "properties")
        for name in said if isinstance(said, dict) else ():
            found.setdefault(name, atom.at("properties", name))
    return found


def _required(side: Side, atoms: list[Sub]) -> dict[str, Sub]:
    found: dict[str, Sub] = {}
    for atom in atoms:
        said: Any = side.says(atom, "required")
        for index, name in enumerate(said if isinstance(said, list) else ()):
            found.setdefault(str(name), atom.at("required", index))
    return found
