"""Definitions of Cap'n Proto and Protocol Buffers, made at random, and changed at random as people change them."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

__all__ = ["CapnpVersions", "ProtobufVersions"]

SCALARS = (
    *("Bool", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64"),
    *("Text", "Data", "Void"),
)
DEFAULTS = {"Text": ('"a"', '"b"'), "Bool": ("true", "false"), "Float32": ("1.5", "2"), "Side": ("a", "b")}


@dataclass
class Field:
    name: str
    number: int
    type: str
    default: str = ""
    label: str = ""


@dataclass
class Block:
    """A group or a union; without a name, an unnamed union. In Protocol Buffers, a oneof."""

    keyword: str
    name: str
    members: list[Field | Block] = field(default_factory=list)


@dataclass
class Version:
    record: Block
    side: list[tuple[str, int]]
    level: list[Field]
    wrapped: list[tuple[str, str]] = field(default_factory=list)
    reserved: set[int] = field(default_factory=set)
    reserved_values: set[int] = field(default_factory=set)
    syntax: str = "proto3"
    enum_name: str = "Side"


def fields_of(block: Block) -> Iterator[tuple[Block, Field]]:
    for member in block.members:
        if isinstance(member, Field):
            yield block, member
        else:
            yield from fields_of(member)


class CapnpVersions:
    """A pair of versions: `pair` gives their texts."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.names = 0

    def pair(self) -> tuple[str, str]:
        old = self.version()
        new = copy.deepcopy(old)
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            self.random.choice(self.edits())(new)
        return self.text(old), self.text(new)

    def edits(self) -> list[Callable[[Version], None]]:
        return [
            *(self.add, self.add_within, self.rename, self.retype, self.redefault, self.drop, self.swap, self.unite),
            *(self.unite_two, self.leave, self.group, self.upgrade, self.renumber, self.enumerants, self.shuffle),
            *(self.join, self.rename_enum, self.level, self.drop_middle, self.swap_blocks),
        ]

    def name(self) -> str:
        self.names += 1
        return f"n{self.names}"

    def type(self) -> str:
        kind = self.random.choice((*SCALARS, "Side", "Level"))
        return f"List({kind})" if self.random.random() < 0.25 else kind

    def field(self, number: int) -> Field:
        kind = self.type()
        return Field(self.name(), number, kind, self.default(kind) if self.random.random() < 0.25 else "")

    def default(self, kind: str) -> str:
        if kind.startswith("List") or kind in {"Void", "Level", "Data"}:
            return ""
        return self.random.choice(DEFAULTS.get(kind, ("1", "2", "7")))

    def version(self) -> Version:
        record = Block("struct", "Record")
        number = 0
        for _ in range(self.random.randint(1, 4)):
            what = self.random.random()
            if what < 0.65:
                record.members.append(self.field(number))
                number += 1
                continue
            unnamed = any(isinstance(one, Block) and not one.name for one in record.members)
            keyword = "union" if what < 0.9 else "group"
            block = Block(keyword, self.name() if unnamed or keyword == "group" or what < 0.78 else "")
            alike = next((one for one in record.members if isinstance(one, Block) and one.name), None)
            names = [one.name for one in alike.members if isinstance(one, Field)] if alike and block.name else []
            for index in range(self.random.randint(2, 3)):
                block.members.append(self.field(number))
                number += 1
                if index < len(names):  # as the two sides of a book have it
                    block.members[-1].name = names[index]
            record.members.append(block)
        level = [Field(self.name(), index, self.random.choice(SCALARS[:12])) for index in range(2)]
        return Version(record, [("a", 0), ("b", 1), ("c", 2)], level)

    def next(self, version: Version) -> int:
        return 1 + max(one.number for _, one in fields_of(version.record))

    def any(self, version: Version) -> tuple[Block, Field]:
        return self.random.choice(list(fields_of(version.record)))

    def unions(self, version: Version) -> list[Block]:
        return [one for one in version.record.members if isinstance(one, Block)]

    # Edits

    def add(self, version: Version) -> None:
        place = self.random.randint(0, len(version.record.members))
        version.record.members.insert(place, self.field(self.next(version)))

    def add_within(self, version: Version) -> None:
        for block in self.unions(version)[:1]:
            block.members.append(self.field(self.next(version)))

    def rename(self, version: Version) -> None:
        self.any(version)[1].name = self.name()

    def retype(self, version: Version) -> None:
        one = self.any(version)[1]
        one.type, one.default = self.type(), ""

    def redefault(self, version: Version) -> None:
        one = self.any(version)[1]
        one.default = self.default(one.type)

    def drop(self, version: Version) -> None:
        self.remove(version, max(one.number for _, one in fields_of(version.record)))

    def drop_middle(self, version: Version) -> None:
        """As somebody does who does not know that numbers stay."""
        gone = self.random.randint(0, self.next(version) - 1)
        if self.remove(version, gone):
            for _, one in fields_of(version.record):
                one.number -= one.number > gone

    def remove(self, version: Version, number: int) -> bool:
        block, one = next(pair for pair in fields_of(version.record) if pair[1].number == number)
        least = 2 if block.keyword == "union" else 1
        if len(block.members) > least:
            block.members.remove(one)
            return True
        return False

    def swap(self, version: Version) -> None:
        one, other = self.any(version)[1], self.any(version)[1]
        one.number, other.number = other.number, one.number

    def renumber(self, version: Version) -> None:
        """A new field takes an old one's place, which moves to the end."""
        one = self.any(version)[1]
        version.record.members.append(Field(self.name(), one.number, one.type))
        one.number = self.next(version)

    def unite(self, version: Version) -> None:
        self._into_a_new_block(version, 1, "union")

    def unite_two(self, version: Version) -> None:
        self._into_a_new_block(version, 2, "union")

    def group(self, version: Version) -> None:
        self._into_a_new_block(version, 1, "group")

    def _into_a_new_block(self, version: Version, count: int, keyword: str) -> None:
        own = [one for one in version.record.members if isinstance(one, Field)]
        if len(own) < count:
            return
        taken = self.random.sample(own, count)
        added = [self.field(self.next(version))] if count == 1 and keyword == "union" else []
        version.record.members = [one for one in version.record.members if one not in taken]
        version.record.members.append(Block(keyword, self.name(), [*taken, *added]))

    def swap_blocks(self, version: Version) -> None:
        named = [one for one in self.unions(version) if one.name]
        for one, other in pairwise(named):
            one.name, other.name = other.name, one.name

    def leave(self, version: Version) -> None:
        for block in self.unions(version)[:1]:
            if len(block.members) > 2:
                version.record.members.append(block.members.pop(self.random.randrange(len(block.members))))

    def join(self, version: Version) -> None:
        own = [one for one in version.record.members if isinstance(one, Field)]
        for block in self.unions(version)[:1] if own else ():
            version.record.members.remove(own[0])
            block.members.append(own[0])

    def upgrade(self, version: Version) -> None:
        for _, one in fields_of(version.record):
            if one.type.startswith("List(") and not one.type[5:].startswith("W"):
                name = f"W{self.name()}"
                version.wrapped.append((name, one.type[5:-1]))
                one.type = f"List({name})"
                return

    def enumerants(self, version: Version) -> None:
        what = self.random.randint(0, 3)
        if what == 0:
            version.side.append((self.name(), len(version.side)))
        elif what == 1 and len(version.side) > 2:
            version.side.pop()
        elif what == 2:
            (a, _), (b, _) = version.side[:2]
            version.side[:2] = [(b, 0), (a, 1)]
        else:
            version.side[-1] = (self.name(), version.side[-1][1])

    def rename_enum(self, version: Version) -> None:
        version.enum_name = "Way"

    def level(self, version: Version) -> None:
        if self.random.random() < 0.5:
            version.level.append(Field(self.name(), len(version.level), "Text"))
        else:
            version.level[0].type = self.random.choice(SCALARS[:12])

    def shuffle(self, version: Version) -> None:
        self.random.shuffle(version.record.members)

    # Text

    def text(self, version: Version) -> str:
        parts = ["@0xabcdef1234567890;", f"struct Record {{ {self.body(version.record.members, version)} }}"]
        parts.append(f"enum {version.enum_name} {{ {' '.join(f'{name} @{n};' for name, n in version.side)} }}")
        parts.append(f"struct Level {{ {self.body(version.level, version)} }}")
        for name, kind in version.wrapped:
            parts.append(f"struct {name} {{ held @0 :{self.kind(kind, version)}; more @1 :Text; }}")
        return "\n".join(parts) + "\n"

    def body(self, members: list[Field | Block], version: Version) -> str:
        shown = []
        for one in members:
            if isinstance(one, Block):
                head = f"{one.name} :{one.keyword}" if one.name else one.keyword
                shown.append(f"{head} {{ {self.body(one.members, version)} }}")
            else:
                known = one.default not in ("a", "b") or one.default in {name for name, _ in version.side}
                default = f" = {one.default}" if one.default and known else ""
                shown.append(f"{one.name} @{one.number} :{self.kind(one.type, version)}{default};")
        return " ".join(shown)

    def kind(self, kind: str, version: Version) -> str:
        return kind.replace("Side", version.enum_name)


PROTO = (
    *("bool", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "sfixed32", "fixed64", "sfixed64"),
    *("float", "double", "string", "bytes", "Side", "Level", "map<string, int32>", "map<int32, Level>"),
)


class ProtobufVersions(CapnpVersions):
    """The same for messages: numbers may have gaps, blocks are oneofs."""

    def edits(self) -> list[Callable[[Version], None]]:
        return [
            *(
                self.add,
                self.add_within,
                self.rename,
                self.retype,
                self.retype,
                self.relabel,
                self.redefault,
                self.drop,
            ),
            *(self.swap, self.unite, self.unite_two, self.leave, self.join, self.enumerants, self.shuffle, self.level),
            *(self.renumber, self.rename_enum, self.retire, self.reuse, self.resyntax, self.require),
        ]

    def type(self) -> str:
        return self.random.choice(PROTO)

    def field(self, number: int) -> Field:
        kind = self.type()
        label = self.random.choice(("", "", "optional", "repeated")) if not kind.startswith("map") else ""
        return Field(self.name(), number, kind, "", label)

    def version(self) -> Version:
        found = super().version()
        for _, one in fields_of(found.record):
            one.number += 1
        for block in self.unions(found):
            block.keyword, block.name = "oneof", block.name or self.name()
            for one in block.members:
                one.name = self.name()  # oneofs are no scope
                one.type, one.label = self.random.choice(PROTO[:17]), ""
        found.level = [Field(self.name(), index + 1, self.random.choice(PROTO[:15])) for index in range(2)]
        found.side = [("A", 0), ("B", 1), ("C", 2)]
        found.syntax = self.random.choice(("proto2", "proto3"))
        return found

    def default(self, kind: str) -> str:
        return self.random.choice(("", "1", "7")) if "int" in kind else ""

    def remove(self, version: Version, number: int) -> bool:
        for block, one in list(fields_of(version.record)):
            if one.number == number and len(block.members) > 1:
                block.members.remove(one)
                return True
        return False

    def retire(self, version: Version) -> None:
        number = self.any(version)[1].number
        if self.remove(version, number):
            version.reserved.add(number)

    def reuse(self, version: Version) -> None:
        version.reserved.clear()

    def relabel(self, version: Version) -> None:
        block, one = self.any(version)
        if block is version.record and not one.type.startswith("map"):
            one.label = self.random.choice(("", "optional", "repeated"))

    def require(self, version: Version) -> None:
        block, one = self.any(version)
        if block is version.record and version.syntax == "proto2" and not one.type.startswith("map"):
            one.label = "required"

    def resyntax(self, version: Version) -> None:
        version.syntax = self.random.choice(("proto2", "proto3"))

    def retype(self, version: Version) -> None:
        block, one = self.any(version)
        one.type, one.default = self.random.choice(PROTO[:17] if block.name != "Record" else PROTO), ""

    def _into_a_new_block(self, version: Version, count: int, keyword: str) -> None:
        own = [one for one in version.record.members if isinstance(one, Field) and not one.type.startswith("map")]
        if len(own) < count:
            return
        taken = self.random.sample(own, count)
        version.record.members = [one for one in version.record.members if one not in taken]
        version.record.members.append(Block("oneof", self.name(), list(taken)))

    def join(self, version: Version) -> None:
        own = [one for one in version.record.members if isinstance(one, Field) and not one.type.startswith("map")]
        for block in self.unions(version)[:1] if own else ():
            version.record.members.remove(own[0])
            block.members.append(own[0])

    def add_within(self, version: Version) -> None:
        for block in self.unions(version)[:1]:
            block.members.append(Field(self.name(), self.next(version), self.random.choice(PROTO[:17])))

    def enumerants(self, version: Version) -> None:
        what = self.random.randint(0, 4)
        if what == 0:
            version.side.append((self.name(), 9))
        elif what == 1:
            gone = version.side.pop()[1] if len(version.side) > 2 else -1
            version.reserved_values |= {gone} if self.random.random() < 0.5 and gone >= 0 else set()
        elif what == 2:
            (a, x), (b, y) = version.side[-2:]
            version.side[-2:] = [(b, x), (a, y)]
        elif what == 3:
            version.side[-1] = (self.name(), version.side[-1][1])
        else:
            version.side[-1] = (version.side[-1][0], 5)

    def level(self, version: Version) -> None:
        if self.random.random() < 0.5:
            version.level.append(Field(self.name(), len(version.level) + 1, "string"))
        else:
            version.level[0].type = self.random.choice(PROTO[:15])

    def text(self, version: Version) -> str:
        record = self.messages(version.record.members, version, within=False)
        numbers = version.reserved - {one.number for _, one in fields_of(version.record)}
        reserved = f" reserved {', '.join(map(str, sorted(numbers)))};" if numbers else ""
        values = {n: name for name, n in reversed(version.side)}
        side = " ".join(f"{name} = {n};" for n, name in sorted(values.items()))
        held = version.reserved_values - values.keys()
        side += f" reserved {', '.join(map(str, sorted(held)))};" if held else ""
        level = self.messages(version.level, version, within=False)
        return (
            f'syntax = "{version.syntax}";\nmessage Record {{ {record}{reserved} }}\n'
            f"enum {version.enum_name} {{ {side} }}\nmessage Level {{ {level} }}\n"
        )

    def messages(self, members: list[Field | Block], version: Version, *, within: bool) -> str:
        shown = []
        for one in members:
            if isinstance(one, Block):
                shown.append(f"oneof {one.name} {{ {self.messages(one.members, version, within=True)} }}")
                continue
            label = "" if within or one.type.startswith("map") else one.label
            if version.syntax == "proto2":
                label = label or ("" if within or one.type.startswith("map") else "optional")
            elif label == "required":
                label = ""
            default = one.default if version.syntax == "proto2" and label != "repeated" and "int" in one.type else ""
            default = "" if one.type.startswith("map") else default
            said = f" [default = {default}]" if default else ""
            shown.append(f"{label} {self.kind(one.type, version)} {one.name} = {one.number}{said};".strip())
        return " ".join(shown)
