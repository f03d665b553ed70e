"""JSON (RFC 8259) read strictly, every value with its place.

Refuses what readers of JSON disagree about: duplicate keys, NaN and Infinity, comments, trailing commas, halves of
surrogate pairs, numbers and nesting without bound.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ssmd_compiler.definitions.text import MAX_FLAWS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ssmd_compiler.definitions.model import Flaw
    from ssmd_compiler.definitions.text import Text

__all__ = ["MAX_DEPTH", "Node", "read"]

MAX_DEPTH = 100
_LONGEST_NUMBER = 1000

_TOKEN = re.compile(
    r"""[ \t\r\n]*+(?:
    (?P<mark>   [{}\[\],:] )
  | (?P<string> "(?: [^"\\\x00-\x1f]++ | \\(?: ["\\/bfnrt] | u[0-9A-Fa-f]{4} ) )*+" )
  | (?P<number> -?+(?: 0 | [1-9][0-9]*+ )(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+ (?![\w.+-]) )
  | (?P<word>   (?: true | false | null )\b )
  | (?P<end>    \Z )
  | (?P<other>  [\w.+-]++ | . )
    )""",
    re.VERBOSE | re.DOTALL,
)
_HALF = re.compile("[\ud800-\udfff]")
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Node:
    """One value: where it stands, and what it is. Numbers keep their spelling."""

    start: int
    end: int
    value: str | bool | None = None
    members: dict[str, Node] = field(default_factory=dict)
    elements: list[Node] = field(default_factory=list)
    kind: str = "object"

    def at(self, path: Sequence[str | int]) -> Node:
        """The value that a path leads to, or the deepest that exists on the way."""
        node = self
        for step in path:
            below = node.child(step)
            if below is None:
                return node
            node = below
        return node

    def child(self, step: str | int) -> Node | None:
        if self.kind == "array":
            index = int(step) if str(step).isdecimal() and len(str(step)) < 8 else -1
            return self.elements[index] if 0 <= index < len(self.elements) else None
        return self.members.get(str(step))


def read(text: Text) -> tuple[Node | None, list[Flaw]]:
    """The document, and what is wrong with it; None when it cannot be read to its end."""
    document = _Document(text)
    try:
        node = document.value(0)
        document.expect_end()
    except _UnreadableError as error:
        return None, [*document.flaws, error.flaw]
    return node, document.flaws


class _UnreadableError(Exception):
    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.message)
        self.flaw = flaw


class _Document:
    """The text and how far it is read. It recurses, to a depth that is bounded."""

    def __init__(self, text: Text) -> None:
        self.flaws: list[Flaw] = []
        self._text = text
        self._at = 0
        self._advance()

    def value(self, depth: int) -> Node:
        kind, word, start = self._kind, self._word, self._start
        if depth > MAX_DEPTH:
            raise self._unreadable(f"nested deeper than {MAX_DEPTH}")
        if word == "{" and kind == "mark":
            return self._object(depth)
        if word == "[" and kind == "mark":
            return self._array(depth)
        if kind == "string":
            return Node(start, start + len(word), self._string(), kind="string")
        if kind in {"number", "word"}:
            if len(word) > _LONGEST_NUMBER:
                raise self._unreadable("this number is too long")
            self._advance()
            scalar = _WORDS[word] if kind == "word" else word
            return Node(start, self._before, scalar, kind=kind if kind == "number" else word)
        raise self._unexpected("a value")

    def expect_end(self) -> None:
        if self._kind != "end":
            raise self._unexpected("the end of the document")

    def _object(self, depth: int) -> Node:
        start, members = self._start, dict[str, Node]()
        self._advance()
        while self._word != "}" or members:
            key_start, key_end = self._start, self._start + len(self._word)
            if self._kind != "string":
                raise self._unexpected("a key in double quotes" if members else "a key in double quotes or `}`")
            key = self._string()
            if key in members and len(self.flaws) < MAX_FLAWS:
                line = self._text.line_at(members[key].start)
                message = f"the key `{key}` stands here twice, first on line {line}"
                self.flaws.append(self._text.flaw(key_start, key_end, message))
            self._take(":")
            members[key] = self.value(depth + 1)
            if self._word != ",":
                break
            self._advance()
        self._take("}", "`,` or `}`")
        return Node(start, self._before, members=members)

    def _array(self, depth: int) -> Node:
        start, elements = self._start, list[Node]()
        self._advance()
        while self._word != "]" or elements:
            elements.append(self.value(depth + 1))
            if self._word != ",":
                break
            self._advance()
        self._take("]", "`,` or `]`")
        return Node(start, self._before, elements=elements, kind="array")

    def _string(self) -> str:
        value = str(json.loads(self._word))
        if _HALF.search(value):
            raise self._unreadable("this text holds half of a surrogate pair")
        self._advance()
        return value

    def _take(self, mark: str, expected: str = "") -> None:
        if self._kind != "mark" or self._word != mark:
            raise self._unexpected(expected or f"`{mark}`")
        self._advance()

    def _advance(self) -> None:
        self._before = self._at  # the end of the token that is left behind
        match = _TOKEN.match(self._text.characters, self._at)
        if match is None or match.lastgroup is None:  # cannot be: the last alternative takes any character
            raise AssertionError
        self._kind, self._word = match.lastgroup, match[match.lastgroup]
        self._start, self._at = match.start(match.lastgroup), match.end()

    def _unexpected(self, expected: str) -> _UnreadableError:
        if self._kind == "end":
            return self._unreadable(f"the file ends where {expected} is expected")
        if self._word == '"':
            return self._unreadable("this text is not closed on its line, or holds an unknown escape")
        return self._unreadable(f"expected {expected}, not `{self._word[:40]}`")

    def _unreadable(self, message: str) -> _UnreadableError:
        return _UnreadableError(self._text.flaw(self._start, self._at, message))
