"""A Cap'n Proto definition being read: its text as the compiler is shown it, the flaws told so far, and repairs.

pycapnp stops at a file's first flaw. So a flaw is told, the statement that has it is replaced by a sound one of the
same name and number, and the file is read again: all flaws in one run, and none that only follows from another. Where
no replacement is sure, the reading of this file ends. Lines stay as they were, whatever is replaced.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ssmd_compiler.definitions.capnp_complaint import number, subject, worded

if TYPE_CHECKING:
    from ssmd_compiler.definitions.capnp_complaint import Subject
    from ssmd_compiler.definitions.capnp_tokens import Scan
    from ssmd_compiler.definitions.model import Flaw

__all__ = ["Draft"]

_MOST_FILLERS = 64
# The simplest member of each kind of block, to stand where a flawed one stood.
_MEMBERS = {
    **dict.fromkeys(("struct", "union", "group"), "{name} @{number} :Void; "),
    "enum": "{name} @{number}; ",
    "interface": "{name} @{number} (); ",
}


@dataclass(slots=True)
class Draft:
    """The file's scan, and what differs from it in the copy that the compiler reads."""

    path: str
    scan: Scan
    flaws: list[Flaw] = field(default_factory=list)
    words: dict[int, str] = field(default_factory=dict)  # token -> what stands there instead
    before: dict[int, str] = field(default_factory=dict)  # token -> what is put before it
    _told: set[int] = field(default_factory=set)  # statements with a flaw
    _thinned: set[int] = field(default_factory=set)  # blocks (their statements) that lost a member

    def __post_init__(self) -> None:
        self.flaws.extend(self.scan.flaws)
        for index, statement in enumerate(self.scan.statements):
            if not statement.ended:
                self.before[statement.last] = ";"
                self._told.add(index)

    def render(self) -> str:
        """What the compiler reads: the tokens, each on its own line of old, and no comment."""
        pieces: list[str] = []
        line = 1
        for index, token in enumerate(self.scan.tokens):
            word = self.words.get(index, token.text)
            if token.kind == "blob":
                word = "".join(word.split())
            pieces += "\n" * (token.line - line), self.before.get(index, ""), word, " "
            line = token.line
            if token.kind == "raw":  # reaches to the end of its line, whatever follows
                pieces.append("\n")
                line += 1
        return "".join((*pieces, self.before.get(len(self.scan.tokens), ""), "\n"))

    def tell(self, line: int, message: str) -> bool:
        """Take the compiler's word that `message` holds on `line`; whether the file, mended, may be read again."""
        if "does not declare an ID" in message and 0 not in self.before:
            return self._declare_id()
        about = subject(self.scan.tokens, line, message)
        statement = None if about is None else self.scan.statement_at(about.token)
        if about is None or statement is None:
            self.flaws.append(self.scan.text.flaw_on(line, worded(message, self.scan.names())))
            return False
        if statement not in self._told and not self._follows(statement, message):
            self.flaws.append(self._flaw(about, statement, message))
        self._told.add(statement)
        return self._mend(about.token, statement, message)

    def _flaw(self, about: Subject, statement: int, message: str) -> Flaw:
        first = last = self.scan.tokens[about.token]
        if not about.exact:
            begin, end, *_ = self.scan.statements[statement]
            last = [first, *(t for t in self.scan.tokens[begin:end] if t.line == first.line)][-1]
        return self.scan.text.flaw(first.start, last.end, worded(message, self.scan.names()))

    def _follows(self, statement: int, message: str) -> bool:
        """Whether this is no flaw of the file but the consequence of a repair."""
        return message.startswith("Skipped ordinal") and self.scan.statements[statement].parent in self._thinned

    def _mend(self, token: int, statement: int, message: str) -> bool:
        if skipped := re.match(r"Skipped ordinal @(\d+)", message):
            return self._fill(token, statement, int(skipped[1]))
        if message.startswith("Duplicate ordinal"):
            return self._drop(statement)
        if "is already defined" in message:
            return self._rename(token, f"{self.scan.tokens[token].text}Again{token}")
        if "lower-case letter" in message or "underscores" in message:
            name = self.words.get(token, self.scan.tokens[token].text).replace("_", "")
            return self._rename(token, name[:1].lower() + name[1:])
        return self._stub(statement)

    def _declare_id(self) -> bool:
        """The same ID whenever the same file is read: the compiler's own proposal is a random one."""
        digest = hashlib.sha256(self.path.encode(errors="replace")).digest()
        declaration = f"@0x{int.from_bytes(digest[:8], 'big') | 1 << 63:x};"
        self.flaws.append(self.scan.text.flaw(0, 0, f"the file has no ID; begin it with `{declaration}`"))
        self.before[0] = declaration
        return True

    def _rename(self, token: int, name: str) -> bool:
        if not name or self.words.get(token, self.scan.tokens[token].text) == name:
            return False
        self.words[token] = name
        return True

    def _drop(self, statement: int) -> bool:
        if self._member(statement) is None or self._replaced(statement):
            return False
        self._thinned.add(self.scan.statements[statement].parent)
        self._replace(statement, "")
        return True

    def _fill(self, token: int, statement: int, expected: int) -> bool:
        """Put members where numbers were skipped, so that the ones after them can be read."""
        member, first = self._member(statement), self.scan.statements[statement].first
        missing = range(expected, number(self.scan.tokens[token].text))
        if member is None or first in self.before or not 0 < len(missing) <= _MOST_FILLERS:
            return False
        self.before[first] = "".join(member.format(name=f"filler{n}At{first}", number=n) for n in missing)
        return True

    def _stub(self, statement: int) -> bool:
        member, first = self._member(statement), self.scan.statements[statement].first
        if member is None or self._replaced(statement):
            return False
        name, _, ordinal = self.scan.tokens[first : first + 3]
        self._replace(statement, member.format(name=self.words.get(first, name.text), number=ordinal.text))
        return True

    def _member(self, statement: int) -> str | None:
        """What a member looks like where this statement stands; None when it is no `name @1 ...;` of a block."""
        first, last, parent, _ = self.scan.statements[statement]
        shape = [t.text if t.kind == "operator" else t.kind for t in self.scan.tokens[first : min(first + 3, last)]]
        opens_block = last < len(self.scan.tokens) and self.scan.tokens[last].text == "{"
        return None if opens_block or shape != ["name", "@", "number"] else _MEMBERS.get(self.scan.keyword(parent))

    def _replaced(self, statement: int) -> bool:
        return self.words.get(self.scan.statements[statement].first + 1) == ""

    def _replace(self, statement: int, text: str) -> None:
        first, last, _, ended = self.scan.statements[statement]
        self.words.update(dict.fromkeys(range(first, last + ended), ""))
        self.words[first] = text
        self.before.pop(last, None)
