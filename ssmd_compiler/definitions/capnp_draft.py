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

from ssmd_compiler.definitions.names import nearest

if TYPE_CHECKING:
    from ssmd_compiler.definitions.capnp_tokens import Scan
    from ssmd_compiler.definitions.model import Flaw

__all__ = ["Draft"]

_MOST_FILLERS = 64
_BUILTINS = (
    *("Void", "Bool", "Text", "Data", "List", "AnyPointer", "AnyStruct", "AnyList", "Capability"),
    *("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64"),
)
# The simplest member of each kind of block, to stand where a flawed one stood.
_MEMBERS = {
    **dict.fromkeys(("struct", "union", "group"), "{name} @{number} :Void; "),
    "enum": "{name} @{number}; ",
    "interface": "{name} @{number} (); ",
}
# The compiler gives no column, but its sentence tells which word of the line it means: one it names, or the one
# after @ or =.
_NAMED = re.compile(r"(?:Not defined: |named |^)'?([A-Za-z_.][\w.]*)'?(?: is |$|\.$)|^'([\w.]+)' ")
_AFTER = ((re.compile("ordinal", re.IGNORECASE), "@"), (re.compile("Type mismatch|Integer "), "="))
# Or it says what is wrong with how a name is spelled, which the token and its neighbours show.
_STYLES = (
    ("lower-case letter", re.compile(r"^\W+ [A-Z]\w* @")),
    ("capital letter", re.compile(r"^(?:struct|enum|interface|using) [a-z]")),
    ("underscores", re.compile(r" \w*_\w* ")),
)
_SKIPPED = re.compile(r"Skipped ordinal @(\d+)")


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
        if "does not declare an ID" in message:
            return self._declare_id()
        token = self._subject(line, message)
        statement = None if token is None else self.scan.statement_at(token)
        if token is None or statement is None:
            self.flaws.append(self.scan.text.flaw_on(line, self._wording(message)))
            return False
        again = statement in self._told
        if not again and not self._follows(statement, message):
            self.flaws.append(self._flaw(token, statement, message))
        self._told.add(statement)
        return self._mend(token, statement, message, again=again)

    def _subject(self, line: int, message: str) -> int | None:
        """The token on that line which the message is about; the line's first when it names none."""
        there = [index for index, token in enumerate(self.scan.tokens) if token.line == line]
        name, sign = _name(message), _sign(message)
        style = next((pattern for words, pattern in _STYLES if words in message), None)
        for index in there:
            text, before = self.scan.tokens[index].text, self.scan.tokens[index - 1].text
            if (name and text == name) or (sign and index and before.endswith(sign)):
                return index
            if style and style.search(" ".join(t.text for t in self.scan.tokens[max(index - 1, 0) : index + 2])):
                return index
        return there[0] if there else None

    def _flaw(self, token: int, statement: int, message: str) -> Flaw:
        first = last = self.scan.tokens[token]
        if not _name(message) and not _sign(message):
            begin, end, *_ = self.scan.statements[statement]
            last = [first, *(t for t in self.scan.tokens[begin:end] if t.line == first.line)][-1]
        return self.scan.text.flaw(first.start, last.end, self._wording(message))

    def _follows(self, statement: int, message: str) -> bool:
        """Whether this is no flaw of the file but the consequence of a repair."""
        return bool(_SKIPPED.match(message)) and self.scan.statements[statement].parent in self._thinned

    def _mend(self, token: int, statement: int, message: str, *, again: bool) -> bool:
        if skipped := _SKIPPED.match(message):
            return self._fill(token, statement, int(skipped[1]))
        if message.startswith("Duplicate ordinal"):
            return self._drop(statement)
        if "is already defined" in message:
            return self._rename(token)
        return not again and self._stub(statement)

    def _declare_id(self) -> bool:
        """The same ID whenever the same file is read: the compiler's own proposal is a random one."""
        digest = hashlib.sha256(self.path.encode(errors="replace")).digest()
        declaration = f"@0x{int.from_bytes(digest[:8], 'big') | 1 << 63:x};"
        self.flaws.append(self.scan.text.flaw(0, 0, f"the file has no ID; begin it with `{declaration}`"))
        self.before[0] = declaration
        return True

    def _rename(self, token: int) -> bool:
        if token in self.words:
            return False
        self.words[token] = f"{self.scan.tokens[token].text}Again{token}"
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
        number = self.scan.tokens[token].text
        if member is None or not number.isdecimal() or first in self.before:
            return False
        missing = range(expected, int(number))
        self.before[first] = "".join(member.format(name=f"filler{n}At{first}", number=n) for n in missing)
        return 0 < len(missing) <= _MOST_FILLERS

    def _stub(self, statement: int) -> bool:
        member, first = self._member(statement), self.scan.statements[statement].first
        if member is None or self._replaced(statement):
            return False
        name, _, number = self.scan.tokens[first : first + 3]
        self._replace(statement, member.format(name=self.words.get(first, name.text), number=number.text))
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

    def _wording(self, message: str) -> str:
        """The compiler's sentence in the manner of ours, and the nearest name when one is not defined."""
        if message.startswith("Not defined: "):
            name = message.removeprefix("Not defined: ").strip()
            known = [*_BUILTINS, *self.scan.names()]
            near = nearest(name, known)
            return f"`{name}` is not defined" + (f"; did you mean `{near}`?" if near else "")
        return re.sub(r"'([^']*)'", r"`\1`", message).removesuffix(".").replace(".  ", "; ")


def _name(message: str) -> str:
    """The last part of the name that a message is about, or nothing."""
    match = _NAMED.search(message)
    return "" if match is None else (match[1] or match[2]).rpartition(".")[2]


def _sign(message: str) -> str:
    return next((sign for pattern, sign in _AFTER if pattern.search(message)), "")
