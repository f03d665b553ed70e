"""What goes in and what comes out: a definition's bytes, and what was read from them.

Refuses nothing: a path is a name here, never opened, so it may be anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ssmd_compiler.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ssmd_compiler.definitions.declared import Declared, Documents

__all__ = ["Definition", "Flaw", "Format", "Parsed"]

Format = Literal["capnp", "protobuf", "json_schema"]


class Definition(Record, frozen=True):
    """One definition file: its POSIX path from the workspace's root, and its bytes."""

    path: str
    format: Format
    content: bytes


class Flaw(Record, frozen=True, order=True):
    """What is wrong and where: lines and columns from 1, in characters, the end exclusive and always inside the file.

    Lines end at line feeds only, as all three parsers count them. The message is one printable line.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    message: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """One definition, read: its flaws in the order of the file, and the names of its top-level records.

    Records are structs, messages, or a JSON Schema's title. An empty definition has neither flaws nor records, and so
    may one that imports a flawed one: a flaw is told once, where it is. What is `declared` may be unknown although the
    definition is sound; `undeclared` then says why.
    """

    definition: Definition
    flaws: tuple[Flaw, ...] = ()
    records: tuple[str, ...] = ()
    declared: Declared | Documents | None = None
    undeclared: str = ""
    files: Mapping[str, Definition] = field(default_factory=dict, repr=False, compare=False)
    """The definitions that it reads, itself among them, by the names that `declared` gives them."""
