"""Cap'n Proto: what bytes of the old definition say when the new one reads them.

A member is its number: where its bytes are, by which unions it is chosen, what type they have and what their absence
means must stay. Names may change, for code alone. Constants, annotations and interfaces are not recorded and not looked
at. Source: Cap'n Proto, "Evolving Your Protocol", and its encoding.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ssmd_compiler.compat.capnp_rules import RULES
from ssmd_compiler.compat.pairs import Pairs

if TYPE_CHECKING:
    from ssmd_compiler.compat.rule import Break
    from ssmd_compiler.definitions import Parsed
    from ssmd_compiler.definitions.declared import Declaration, Declared, Member, Type

__all__ = ["compare"]

_RULES = {rule.name: rule for rule in RULES}
_WORDS = dict(
    (
        *(
            ("uint", "UInt"),
            ("int", "Int"),
            ("float", "Float"),
            ("unbound", "AnyPointer"),
            ("any anyKind", "AnyPointer"),
        ),
        *(("any struct", "AnyStruct"), ("any list", "AnyList"), ("any capability", "Capability")),
    )
)


def compare(old: tuple[Parsed, Declared], new: tuple[Parsed, Declared]) -> tuple[Break, ...]:
    return _Capnp(old, new).compare()


class _Capnp(Pairs):
    rules = _RULES

    def struct(self, old: Declaration, new: Declaration) -> None:
        since = len(self.breaks)
        moved: list[tuple[Member, Member]] = []
        match = _Match(old, new)
        for member in old.members:
            here, namesake = match.here(member), match.namesake(member)
            if here is None or (here.names != member.names and (namesake or match.was_elsewhere(here))):
                self._gone(old, new, member, namesake, here)
            elif self._same(old, new, member, here):
                moved += [(member, here)] if member.slot != here.slot else []
        # Bytes that are elsewhere although nothing above says why: told once, and only where it follows from nothing.
        for member, here in moved[:1] if not self.broken(since) else ():
            self.tell("union-member-moved", (old, new), "is in another place of the record", member, here)

    def enum(self, old: Declaration, new: Declaration) -> None:
        match = _Match(old, new)
        for value in old.members:
            here, namesake = match.here(value), match.namesake(value)
            if here is not None and here.names == value.names:
                continue
            if namesake is not None:
                said = f"was @{value.number} and is @{namesake.number}"
                self.tell("enum-ordinal-changed", (old, new), said, value, namesake)
            elif here is None or match.was_elsewhere(here):
                self.tell("enumerant-removed", (old, new), f"@{value.number} is gone", value)
            else:
                self.tell("enumerant-renamed", (old, new), f"@{value.number} is `{here.name}` now", value, here)

    def _gone(
        self, old: Declaration, new: Declaration, member: Member, namesake: Member | None, here: Member | None
    ) -> None:
        if namesake is not None:
            said = f"was @{member.number} and is @{namesake.number}"
            self.tell("field-renumbered", (old, new), said, member, namesake)
        else:
            taken = f", and `{here.name}` has its number" if here is not None else ""
            self.tell("field-removed", (old, new), f"@{member.number} is gone{taken}", member)

    def _same(self, old: Declaration, new: Declaration, member: Member, here: Member) -> bool:
        """Whether nothing that the wire shows has changed; what only code sees is told as well."""
        renamed = here.names[-1] != member.names[-1]
        fit = self._fits(member.type, here.type)
        if not fit:
            now = f"{_shown(self.new, here.type)} `{here.name}`" if renamed else _shown(self.new, here.type)
            said = f"was {_shown(self.old, member.type)} and is {now}"
            self.tell("field-type-changed", (old, new), said, member, here)
            return False
        if member.default != here.default:
            said = f"had {_default(member)} and has {_default(here)}"
            self.tell("field-default-changed", (old, new), said, member, here)
            return False
        if not self._chosen_alike(old, member, here):
            said = "is chosen by another tag or union" if member.choices else "is one of several now"
            self.tell("union-member-moved", (old, new), said, member, here)
            return False
        if fit == "upgraded":
            said = f"was {_shown(self.old, member.type)} and is {_shown(self.new, here.type)}"
            self.tell("list-upgraded", (old, new), said, member, here)
        if renamed:
            self.tell("field-renamed", (old, new), f"@{member.number} is `{here.name}` now", member, here)
        elif member.names != here.names or len(member.choices) != len(here.choices):
            self.tell("field-regrouped", (old, new), f"is `{here.name}` now", member, here)
        return True

    def _fits(self, old: Type, new: Type) -> str:
        """`same`, `upgraded` where a list became one of structs, or nothing."""
        if old.kind != new.kind:
            return ""
        if old.kind == "list":
            return self._fits(old.of[0], new.of[0]) or self._upgraded(old.of[0], new.of[0])
        if old.kind in {"struct", "enum", "interface"}:
            bound = len(old.of) == len(new.of) and all(
                self._fits(a, b) == "same" for a, b in zip(old.of, new.of, strict=True)
            )
            return "same" if bound and self.pair(old.to, new.to) else ""
        if old.kind.startswith("parameter"):
            scopes = (self.old.declarations[old.to].names, self.new.declarations[new.to].names)
            return "same" if old.to >= 0 and new.to >= 0 and len(scopes[0]) == len(scopes[1]) else ""
        return "same"

    def _upgraded(self, old: Type, new: Type) -> str:
        if new.kind != "struct" or new.to < 0 or old.kind in {"struct", "bool"}:
            return ""
        first = next((one for one in self.new.declarations[new.to].members if one.number == 0), None)
        plain = first is not None and not first.slot and not first.choices and not first.default
        return "upgraded" if first is not None and plain and self._fits(old, first.type) == "same" else ""

    def _chosen_alike(self, old: Declaration, member: Member, here: Member) -> bool:
        before = {(choice.at, choice.tag) for choice in member.choices}
        after = {(choice.at, choice.tag) for choice in here.choices}
        taken = {choice.at for one in old.members for choice in one.choices}
        # A union that is new chooses, where old bytes are zero, the member with tag 0.
        return before <= after and all(tag == 0 and at not in taken for at, tag in after - before)


class _Match:
    """The members of two declarations by number and by name."""

    def __init__(self, old: Declaration, new: Declaration) -> None:
        self._numbers = {member.number: member for member in new.members}
        self._names = _by_name(new)
        self._before = {member.number: member for member in old.members}
        self._old = _by_name(old)

    def here(self, member: Member) -> Member | None:
        """What has the number now."""
        return self._numbers.get(member.number)

    def namesake(self, member: Member) -> Member | None:
        """What has the name now, under another number: the whole name, or its own where that only moved."""
        here = self.here(member)
        found = self._names.get(member.names)
        if found is None and not (here is not None and here.names[-1] == member.names[-1]):
            found = self._names.get(member.names[-1:])
        return found if found is not None and found.number != member.number else None

    def was_elsewhere(self, here: Member) -> bool:
        """Whether what has the number now had another one before."""
        before = self._old.get(here.names)
        if before is None and not self._kept_its_own(here):
            before = self._old.get(here.names[-1:])
        return before is not None and before.number != here.number

    def _kept_its_own(self, here: Member) -> bool:
        was = self._before.get(here.number)
        return was is not None and was.names[-1] == here.names[-1]


def _by_name(declaration: Declaration) -> dict[tuple[str, ...], Member]:
    """Members by their paths, and by their own names where these tell them apart."""
    times = Counter(member.names[-1] for member in declaration.members)
    alone = {member.names[-1:]: member for member in declaration.members if times[member.names[-1]] == 1}
    return alone | {member.names: member for member in declaration.members}


def _shown(declared: Declared, kind: Type) -> str:
    if kind.kind == "list":
        return f"List({_shown(declared, kind.of[0])})"
    if kind.to >= 0 and not kind.kind.startswith("parameter"):
        inner = ", ".join(_shown(declared, one) for one in kind.of)
        return declared.declarations[kind.to].name + (f"({inner})" if inner else "")
    letters = kind.kind.rstrip("0123456789")
    return _WORDS.get(letters, kind.kind.capitalize()[: len(letters)]) + kind.kind[len(letters) :]


def _default(member: Member) -> str:
    if member.type.kind in {"list", "struct"} and member.default:
        return "a default of its own"
    return f"the default {member.default}" if member.default else "no default"
