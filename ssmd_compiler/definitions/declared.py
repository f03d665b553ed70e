"""What definitions declare, as plain data: it crosses the pipe from the child, and compatibility is computed from it.

Cap'n Proto and Protocol Buffers share one shape, `Declared`; a JSON Schema is its own description, `Documents`. Nothing
of a parser's is in it. Decoding refuses what a broken child could send: other types, and numbers that lead nowhere.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = ["Answer", "Choice", "Declaration", "Declared", "Document", "Documents", "Member", "Type", "decode"]


class Type(msgspec.Struct, frozen=True):
    """A type as used: its kind by the format's own word, what it is made of, and the declaration it leads to."""

    kind: str
    to: int = -1
    of: tuple[Type, ...] = ()


class Choice(msgspec.Struct, frozen=True):
    """That a member is one of several: the union's place and the member's tag on the wire, or the oneof's name."""

    at: int = -1
    tag: int = -1
    name: str = ""


class Member(msgspec.Struct, frozen=True):
    """A field or an enumerant. `names` lead to it from its declaration: through groups and named unions, or itself."""

    names: tuple[str, ...]
    number: int
    type: Type = Type("void")
    default: str = ""
    label: Literal["plain", "implicit", "optional", "required", "repeated"] = "plain"
    slot: int = -1
    choices: tuple[Choice, ...] = ()

    @property
    def name(self) -> str:
        return ".".join(self.names)


class Declaration(msgspec.Struct, frozen=True):
    """A struct, a message or an enum. `file` is the name of a copy: which definition it stands in."""

    kind: Literal["struct", "enum", "interface"]
    names: tuple[str, ...]
    file: str
    members: tuple[Member, ...] = ()
    reserved: tuple[tuple[int, int], ...] = ()
    """Numbers that no member may take, as first and last."""
    reserved_names: tuple[str, ...] = ()
    open: bool = True
    """Of an enum: a number without a name is kept."""

    @property
    def name(self) -> str:
        return ".".join(self.names)

    def reserves(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self.reserved)


class Declared(msgspec.Struct, frozen=True):
    """All that a definition declares or reaches. `own`: what stands in the file itself, in its order."""

    declarations: tuple[Declaration, ...]
    own: tuple[int, ...]
    package: str = ""


class Document(msgspec.Struct, frozen=True):
    """One JSON Schema document, its numbers exact, and the definitions that its references address, by address."""

    schema: Any
    links: dict[str, str]


class Documents(msgspec.Struct, frozen=True):
    """A JSON Schema and all that it refers to, by path."""

    path: str
    documents: dict[str, Document]


class Answer(msgspec.Struct, frozen=True):
    """What a child says of a sound definition: its records, and what it declares or why that cannot be told."""

    records: tuple[str, ...]
    declared: Declared | None = None
    undeclared: str = ""


def decode(answer: bytes) -> Answer | None:
    """The child's answer; None when it is not one."""
    try:
        found = msgspec.json.decode(answer, type=Answer)
    except (msgspec.DecodeError, RecursionError):
        return None
    return found if found.declared is None or _leads_somewhere(found.declared) else None


def _leads_somewhere(declared: Declared) -> bool:
    known = range(-1, len(declared.declarations))
    ahead = [member.type for declaration in declared.declarations for member in declaration.members]
    while ahead:
        one = ahead.pop()
        if one.to not in known:
            return False
        ahead += one.of
    return all(0 <= index < len(declared.declarations) for index in declared.own)
