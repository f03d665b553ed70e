"""Cap'n Proto's lexical grammar: text -> tokens -> statements, with places.

The official compiler tells one flaw at a time and only its line; what stands here gives columns, finds every bracket
and semicolon that is missing, and shows each file that a definition names before anything could open it. What it does
not recognise is a flaw and never reaches the compiler. Grammar: capnproto's `compiler/lexer.c++`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ssmd_compiler.definitions.text import MAX_FLAWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.definitions.model import Flaw
    from ssmd_compiler.definitions.text import Text

__all__ = ["MAX_DEPTH", "Scan", "Statement", "Token", "scan"]

MAX_DEPTH = 64  # the compiler descends by recursion; real schemas nest to a depth of six or so

_TOKEN = re.compile(
    r"""
    (?P<blank>  (?: [ \t\r\n\f\v\ufeff]++ | \#[^\n]*+ )++ )
  | (?P<name>   [A-Za-z_][A-Za-z0-9_]*+ )
  | (?P<string> "(?: [^\\\n"]++ | \\(?: [abfnrtv'"\\?] | x[0-9A-Fa-f]{2} | [0-7]{1,3} ) )*+" )
  | (?P<raw>    `[^\r\n]*+ )
  | (?P<blob>   0x"(?: [ \t\r\n\f\v]*+[0-9A-Fa-f]{2} )++[ \t\r\n\f\v]*+" )
  | (?P<number> (?: 0x[0-9A-Fa-f]++ | [0-9]++(?:\.[0-9]*+)?+(?:[eE][+-]?+[0-9]*+)?+ ) (?![A-Za-z_.]) )
  | (?P<operator> [!$%&*+\-./:<=>?@^|~]++ )
  | (?P<mark>   [()\[\]{},;] )
  | (?P<unknown> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_DECLARES = {"struct", "enum", "interface", "using"}
_OPENER = {")": "(", "]": "[", "}": "{"}


class Token(NamedTuple):
    """A word of the language, the offset where it begins, and its line."""

    kind: str
    text: str
    start: int
    line: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


class Statement(NamedTuple):
    """Tokens `first` to `last` (exclusive) and what ends them: the token at `last`, or nothing when it is missing."""

    first: int
    last: int
    parent: int  # index of the statement whose block this one stands in; -1 at the top
    ended: bool = True


@dataclass(slots=True)
class Scan:
    """Everything that can be known without the compiler."""

    text: Text
    tokens: list[Token] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    broken: bool = False  # so that the compiler could say nothing more of use

    def statement_at(self, token: int) -> int | None:
        """The statement that a token belongs to, its end included."""
        for index, statement in enumerate(self.statements):
            if statement.first <= token < statement.last + statement.ended:
                return index
        return None

    def names(self) -> list[str]:
        """The types that the file declares, whatever their scope."""
        first = [self.tokens[s.first : s.first + 2] for s in self.statements]
        return [pair[1].text for pair in first if len(pair) > 1 and pair[0].text in _DECLARES]

    def keyword(self, statement: int) -> str:
        """What a statement declares, in one word: struct, enum, interface, union, group, file (the top), or other."""
        if statement < 0:
            return "file"
        first, last, *_ = self.statements[statement]
        words = [token.text for token in self.tokens[first:last] if token.kind == "name"]
        for word in (*words[:1], *words[-1:]):
            if word in {"struct", "enum", "interface", "union", "group"}:
                return word
        return "other"


def scan(text: Text) -> Scan:
    found = Scan(text)
    _Brackets(found).read(_tokens(text))
    return found


def _tokens(text: Text) -> Iterator[Token]:
    line = 1
    for match in _TOKEN.finditer(text.characters):
        kind, word = match.lastgroup or "", match[0]
        if kind != "blank":
            yield Token(kind, word, match.start(), line)
        if kind in {"blank", "blob"}:
            line += word.count("\n")


def _unknown(text: Text, at: int) -> Flaw:
    character = text.characters[at]
    end = text.start_of(text.line_at(at)) + len(text.line(text.line_at(at)))
    if character == '"':
        return text.flaw(at, end, "this string is not closed on its line, or holds an unknown escape")
    if character.isdigit():
        word = re.compile(r"[\w.]*").match(text.characters, at)
        return text.flaw(at, word.end() if word else at, "this is not a number")
    return text.flaw(at, at + 1, f"unexpected character `{character}`")


class _Brackets:
    """Reads tokens into statements; a stack, not recursion, so that depth costs nothing."""

    def __init__(self, found: Scan) -> None:
        self._found = found
        self._open: list[int] = []  # tokens
        self._parents = [-1]  # statements
        self._first: int | None = None  # token that begins the statement being read

    def read(self, tokens: Iterator[Token]) -> None:
        for index, token in enumerate(tokens):
            self._found.tokens.append(token)
            if token.kind == "unknown" or len(self._found.flaws) > MAX_FLAWS:
                self._found.flaws.append(_unknown(self._found.text, token.start))
                self._found.broken = True
                return
            if token.kind == "mark":
                self._mark(index, token)
                if len(self._open) > MAX_DEPTH:
                    self._refuse(index, f"nested deeper than {MAX_DEPTH}")
                    return
            elif self._first is None:
                self._first = index
        self._unfinished(len(self._found.tokens))
        for index in self._open:
            self._refuse(index, f"`{self._found.tokens[index].text}` is never closed")

    def _mark(self, index: int, token: Token) -> None:
        if token.text in "([":
            self._first = index if self._first is None else self._first
            self._open.append(index)
        elif token.text in ")]}":
            self._close(index, token.text)
        elif token.text == ",":
            if not self._inside("(["):
                self._refuse(index, "unexpected `,`")
        else:
            self._end(index, token.text)

    def _close(self, index: int, closer: str) -> None:
        if closer == "}":
            self._close_all_but("{")
            self._unfinished(index)
        if not self._inside(_OPENER[closer]):
            self._refuse(index, f"`{closer}` closes nothing")
            return
        self._open.pop()
        if closer == "}":
            self._parents.pop()

    def _end(self, index: int, end: str) -> None:
        self._close_all_but("{")
        self._add(index, ended=True)
        if end == "{":
            self._open.append(index)
            self._parents.append(len(self._found.statements) - 1)

    def _unfinished(self, index: int) -> None:
        """What stands before a `}` or the end of the file, and lacks its semicolon."""
        if self._first is not None:
            self._found.flaws.append(self._missing(index - 1))
            self._add(index, ended=False)

    def _add(self, last: int, *, ended: bool) -> None:
        first = last if self._first is None else self._first
        for name in self._next_fields(first, last):
            self._found.flaws.append(self._missing(name - 1))
            self._found.statements.append(Statement(first, name, self._parents[-1], ended=False))
            first = name
        self._found.statements.append(Statement(first, last, self._parents[-1], ended))
        self._first = None

    def _next_fields(self, first: int, last: int) -> Iterator[int]:
        """Where `name @1` begins a line although another `name @0` has not ended: a semicolon is missing before it."""
        tokens, seen = self._found.tokens, False
        for index in range(first, last - 2):
            name, at, number = tokens[index : index + 3]
            if (name.kind, at.text, number.kind) == ("name", "@", "number"):
                if seen and name.line > tokens[index - 1].line:
                    yield index
                seen = True

    def _missing(self, before: int) -> Flaw:
        token = self._found.tokens[before]
        return self._found.text.flaw(token.end, token.end, f"a `;` is missing after `{token.text[:40]}`")

    def _close_all_but(self, kind: str) -> None:
        while self._open and not self._inside(kind):
            index = self._open.pop()
            self._refuse(index, f"`{self._found.tokens[index].text}` is never closed")

    def _inside(self, kinds: str) -> bool:
        return bool(self._open) and self._found.tokens[self._open[-1]].text in kinds

    def _refuse(self, index: int, message: str) -> None:
        token = self._found.tokens[index]
        self._found.flaws.append(self._found.text.flaw(token.start, token.end, message))
        self._found.broken = True
