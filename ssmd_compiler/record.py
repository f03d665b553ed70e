"""The base of what passes from one step to the next: immutable, compared and hashed by value.

A frozen dataclass with slots is the same to its users, and takes ten times as long to define and four to make one of;
a command that has little to do spends most of its time on the former (docs/decisions/0009-cache.md).
"""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import replace

__all__ = ["Record", "field", "replace"]


class Record(Struct, frozen=True):
    """A value with named parts. Write `class Name(Record, frozen=True)`."""
