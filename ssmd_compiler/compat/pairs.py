"""Two definitions, walked side by side: every declaration of the old one beside the one that now reads it.

Records are paired by name; what they are made of is paired by where it is used, for bytes carry no names of types.
Refuses to go on when types that lead to each other in circles make too many pairs. Formats say what a pair of structs
or of enums must hold to.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from ssmd_compiler.compat.rule import Break
from ssmd_compiler.definitions.places import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ssmd_compiler.compat.rule import Rule
    from ssmd_compiler.definitions import Parsed
    from ssmd_compiler.definitions.declared import Declaration, Declared, Member, Type
    from ssmd_compiler.diagnostics import Span

    Pair = tuple[Declaration, Declaration | None]

__all__ = ["Pairs"]

_MOST: Final = 50_000
"""Types and members of all pairs: several times what the largest definitions have, each type paired once."""


class Pairs:
    """One comparison under way. A format's subclass says what `struct` and `enum` pairs must hold to."""

    rules: Mapping[str, Rule]

    def __init__(self, old: tuple[Parsed, Declared], new: tuple[Parsed, Declared]) -> None:
        (self._old_file, self.old), (self._new_file, self.new) = old, new
        self.breaks: list[Break] = []
        self._seen: set[tuple[int, int]] = set()
        self._met: set[int] = set()
        self._ahead: list[tuple[int, int]] = []
        self._left = _MOST

    def compare(self) -> tuple[Break, ...]:
        used = {to for one in self.old.declarations for member in one.members for to in _reached(member.type)}
        for index in self.old.own:
            if index not in used:
                self._record(index)
        for index in self.old.own:  # those that are used by others alone, and by none that was compared
            if index not in self._met:
                self._record(index)
        return tuple(dict.fromkeys(self.breaks))

    def struct(self, old: Declaration, new: Declaration) -> None:
        raise NotImplementedError

    def enum(self, old: Declaration, new: Declaration) -> None:
        raise NotImplementedError

    def pair(self, old: int, new: int) -> bool:
        """Whether two declarations are of one kind; what they hold is compared in its turn."""
        if old < 0 or new < 0:
            return False
        if (old, new) not in self._seen:
            self._seen.add((old, new))
            self._met.add(old)
            self._ahead.append((old, new))
        return self.old.declarations[old].kind == self.new.declarations[new].kind

    def tell(self, rule: str, pair: Pair, said: str, member: Member | None = None, now: Member | None = None) -> None:
        old, new = pair
        subject = ".".join((*old.names, *(member.names if member is not None else ())))
        before = self._place(self._old_file, old, member)
        after = self._place(self._new_file, new, now) if new is not None else None
        self.breaks.append(Break(self.rules[rule], subject, said, before, after))

    def broken(self, since: int) -> bool:
        return any(one.wire for one in self.breaks[since:])

    def _record(self, index: int) -> None:
        old = self.old.declarations[index]
        namesake = self._namesakes.get((old.kind, old.names))
        if namesake is not None:
            self.pair(index, namesake)
            self._walk()
        elif old.kind == "struct":
            self.tell("record-removed", (old, None), "is gone")

    @cached_property
    def _namesakes(self) -> dict[tuple[str, tuple[str, ...]], int]:
        """The new declarations by kind and name; those of the file itself come before those that it imports."""
        several = (*self.new.own, *range(len(self.new.declarations)))
        found: dict[tuple[str, tuple[str, ...]], int] = {}
        for at in several:
            one = self.new.declarations[at]
            found.setdefault((one.kind, one.names), at)
        return found

    def _walk(self) -> None:
        while self._ahead and self._left >= 0:
            left, right = self._ahead.pop()
            old, new = self.old.declarations[left], self.new.declarations[right]
            self._left -= 1 + len(old.members) + len(new.members)
            if self._left < 0:
                said = "is where the comparison ends: its types lead to each other in too many ways"
                self.tell("cannot-be-proven", (old, new), said)
                return
            if old.kind != new.kind:
                continue
            if old.names[-1] != new.names[-1]:
                self.tell("type-renamed", (old, new), f"is `{new.name}` now")
            if old.kind == "struct":
                self.struct(old, new)
            elif old.kind == "enum":
                self.enum(old, new)

    def _place(self, parsed: Parsed, declaration: Declaration, member: Member | None) -> Span | None:
        definition = parsed.files.get(declaration.file)
        path = (*declaration.names, *(member.names if member is not None else ()))
        return place(definition, path) if definition is not None else None


def _reached(kind: Type) -> Iterable[int]:
    yield kind.to
    for one in kind.of:
        yield from _reached(one)
