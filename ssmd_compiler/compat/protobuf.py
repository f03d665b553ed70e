"""Protocol Buffers: what bytes of the old definition say when the new one reads them, in the binary encoding.

A field is its number. Types that the language guide calls compatible are told apart by whether every value survives:
`int32` reads as `int64`, but not the other way round. Services, options and the JSON encoding are not looked at.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

from ssmd_compiler.compat.pairs import Pairs
from ssmd_compiler.compat.protobuf_rules import RULES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ssmd_compiler.compat.rule import Break
    from ssmd_compiler.definitions import Parsed
    from ssmd_compiler.definitions.declared import Declaration, Declared, Member, Type

__all__ = ["compare"]

_RULES = {rule.name: rule for rule in RULES}
_VARINTS = ("bool", "enum", "int32", "int64", "uint32", "uint64")
_WIDER = {
    "bool": {"int32", "int64", "uint32", "uint64"},
    "enum": {"int32", "int64"},
    "int32": {"int64"},
    "uint32": {"int64", "uint64"},
    "sint32": {"sint64"},
    "string": {"bytes"},
}
"""Types that hold every value of another, in the same bytes."""
_ALIKE = ({*_VARINTS}, {"sint32", "sint64"}, {"string", "bytes"}, {"fixed32", "sfixed32"}, {"fixed64", "sfixed64"})
"""Types in the same bytes, whose values may differ."""


def compare(old: tuple[Parsed, Declared], new: tuple[Parsed, Declared]) -> tuple[Break, ...]:
    return _Protobuf(old, new).compare()


class _Protobuf(Pairs):
    rules = _RULES
    _torn: Collection[int] = ()
    """The fields of the pair at hand that a oneof tears from each other."""

    def compare(self) -> tuple[Break, ...]:
        if self.old.package != self.new.package and self.old.own and self.new.own:
            said = f"is in the package `{self.new.package}` and was in `{self.old.package}`"
            old, new = self.old.declarations[self.old.own[0]], self.new.declarations[self.new.own[0]]
            self.tell("package-changed", (old, new), said)
        return super().compare()

    def struct(self, old: Declaration, new: Declaration) -> None:
        numbers = {member.number: member for member in new.members}
        names = {member.names: member for member in new.members}
        before = {member.names for member in old.members}
        self._torn = {member.number for member in self._oneofs(old, new)}
        for member in old.members:
            here, namesake = numbers.get(member.number), names.get(member.names)
            if here is not None and here.names == member.names:
                self._same(old, new, member, here)
            elif namesake is not None:
                said = f"was number {member.number} and is {namesake.number}"
                self.tell("field-renumbered", (old, new), said, member, namesake)
            elif here is None or here.names in before:
                self._gone(old, new, member)
            elif self._same(old, new, member, here):
                self.tell("field-renamed", (old, new), f"is `{here.name}` now", member, here)
        self._added(old, new)

    def enum(self, old: Declaration, new: Declaration) -> None:
        if old.open and not new.open:
            self.tell("enum-closed", (old, new), "was open and is closed")
        now = {value.names: value for value in new.members}
        before = {value.names: value.number for value in old.members}
        for value in old.members:
            namesake = now.get(value.names)
            if namesake is None:
                self._unnamed(old, new, value, before)
            elif namesake.number != value.number:
                said = f"was {value.number} and is {namesake.number}"
                self.tell("enum-ordinal-changed", (old, new), said, value, namesake)
        self._reserved(old, new)

    def _unnamed(self, old: Declaration, new: Declaration, value: Member, before: dict[tuple[str, ...], int]) -> None:
        """A value whose name is gone: under another name now, reserved, or lost. A number may have several names."""
        others = [one for one in new.members if one.number == value.number]
        here = next((one for one in others if before.get(one.names, value.number) == value.number), None)
        if here is not None:
            self.tell("enumerant-renamed", (old, new), f"is `{here.name}` now", value, here)
        elif not others and new.open and new.reserves(value.number):
            self.tell("enumerant-retired", (old, new), f"(number {value.number}) is gone", value)
        else:
            self.tell("enumerant-removed", (old, new), f"(number {value.number}) is gone", value)

    def _gone(self, old: Declaration, new: Declaration, member: Member) -> None:
        rule = "field-retired" if new.reserves(member.number) else "field-removed"
        self.tell(rule, (old, new), f"(number {member.number}) is gone", member)

    def _added(self, old: Declaration, new: Declaration) -> None:
        self._reserved(old, new)
        known = {member.number for member in old.members}
        for member in new.members:
            if member.number not in known and member.label == "required":
                self.tell(
                    "required-added", (old, new), f"requires `{member.name}`, which nobody recorded", None, member
                )

    def _reserved(self, old: Declaration, new: Declaration) -> None:
        """What became of the numbers that nobody may take: fields' and values' alike."""
        known = {member.number for member in old.members}
        for member in new.members:
            if member.number not in known and old.reserves(member.number):
                said = f"has `{member.name}` under the number {member.number}, which was reserved"
                self.tell("reserved-number-reused", (old, new), said, None, member)
        for first, last in _dropped(old, new):
            said = f"no longer reserves {first}" + (f" to {last}" if last != first else "")
            self.tell("reservation-dropped", (old, new), said)

    def _oneofs(self, old: Declaration, new: Declaration) -> Iterator[Member]:
        """Fields that a new oneof makes exclude each other, and that did not before."""
        former = {member.number: member for member in old.members}
        together: dict[str, list[Member]] = defaultdict(list)
        for member in new.members:
            if _oneof(member) and member.number in former:
                together[_oneof(member)].append(member)
        for name, members in together.items():
            homes = [_oneof(former[member.number]) for member in members]
            home = next(filter(None, homes), "")
            for member, was in zip(members, homes, strict=True) if len(members) > 1 else ():
                if not home or was != home:
                    said = f"excludes the others of `{name}` now"
                    self.tell("oneof-member-moved", (old, new), said, former[member.number], member)
                    yield member

    def _same(self, old: Declaration, new: Declaration, member: Member, here: Member) -> bool:
        """Whether every recorded value reads as it was; what only code sees is told as well."""
        fit = self._fits(member.type, here.type)
        if fit != "same":
            said = f"was {_shown(self.old, member.type)} and is {_shown(self.new, here.type)}"
            self.tell(f"field-type-{fit}", (old, new), said, member, here)
        if fit in {"changed", "narrowed"}:
            return False
        return self._labels(old, new, member, here)

    def _labels(self, old: Declaration, new: Declaration, member: Member, here: Member) -> bool:
        labels = (member.label, here.label)
        if labels[0] == "repeated" != labels[1]:
            self.tell("field-now-singular", (old, new), "was repeated", member, here)
            return False
        if labels[1] == "required" != labels[0]:
            self.tell("required-added", (old, new), f"was {labels[0]} and is required", member, here)
            return False
        if labels[1] == "repeated" != labels[0]:
            self.tell("field-now-repeated", (old, new), "is repeated now", member, here)
        elif member.default != here.default:
            said = f"had the default `{member.default}` and has `{here.default}`"
            self.tell("field-default-changed", (old, new), said, member, here)
            return False
        elif here.number in self._torn:
            return True
        elif _oneof(member) != _oneof(here):
            said = f"is in the oneof `{_oneof(here)}` now" if _oneof(here) else f"left the oneof `{_oneof(member)}`"
            self.tell("field-regrouped", (old, new), said, member, here)
        elif labels[0] != labels[1]:
            said = f"had {_PRESENCE[labels[0]]} and has {_PRESENCE[labels[1]]}"
            self.tell("field-presence-changed", (old, new), said, member, here)
        return True

    def _fits(self, old: Type, new: Type) -> str:
        """`same`, `widened`, `narrowed` or `changed`."""
        if old.kind == new.kind == "map":
            return _worst(self._fits(old.of[0], new.of[0]), self._fits(old.of[1], new.of[1]))
        if old.kind == new.kind:
            return "same" if old.kind not in {"message", "group", "enum"} or self.pair(old.to, new.to) else "changed"
        if new.kind == "enum" and old.kind == "int32" and new.to >= 0 and self.new.declarations[new.to].open:
            return "widened"
        if new.kind in _WIDER.get(old.kind, ()):
            return "widened"
        return "narrowed" if any({old.kind, new.kind} <= group for group in _ALIKE) else "changed"


_PRESENCE = {"implicit": "no presence of its own", "optional": "presence", "required": "to be there", "plain": "none"}


def _dropped(old: Declaration, new: Declaration) -> Iterator[tuple[int, int]]:
    """Numbers that were reserved and are neither reserved nor taken any more, as first and last."""
    covers = sorted({*new.reserved, *((member.number, member.number) for member in new.members)})
    ends = [last for _, last in covers]
    for first, last in old.reserved:
        free, at = first, bisect_left(ends, first)
        while at < len(covers) and covers[at][0] <= last:
            if free < covers[at][0]:
                yield free, covers[at][0] - 1
            free, at = covers[at][1] + 1, at + 1
        if free <= last:
            yield free, last


def _worst(*fits: str) -> str:
    return max(fits, key=("same", "widened", "narrowed", "changed").index)


def _oneof(member: Member) -> str:
    return member.choices[0].name if member.choices else ""


def _shown(declared: Declared, kind: Type) -> str:
    if kind.kind == "map":
        return f"map<{_shown(declared, kind.of[0])}, {_shown(declared, kind.of[1])}>"
    return declared.declarations[kind.to].name if kind.to >= 0 else kind.kind
