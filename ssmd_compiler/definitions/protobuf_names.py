"""Where a sound Protocol Buffers file names its messages, enums, oneofs, fields and values.

protoc has accepted the file before, so this tells apart only what carries a name from what does not. Grammar: the
Protocol Buffers language specification.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["names_of"]

_TOKEN = re.compile(
    r"""(?P<blank> \s++ | //[^\n]*+ | /\*.*?\*/ )
      | (?P<string> "(?:[^"\\\n]|\\.)*+" | '(?:[^'\\\n]|\\.)*+' )
      | (?P<word> [\w.]++ )
      | (?P<mark> . )""",
    re.VERBOSE | re.DOTALL,
)
_NAMELESS = {"syntax", "edition", "import", "package", "option", "reserved", "extensions"}

Path = tuple[str, ...]
Named = tuple[Path, tuple[int, int]]


def names_of(characters: str) -> Iterator[Named]:
    """Every name with its path, and the offsets of its word."""
    scopes: list[Path] = [()]
    statement: list[re.Match[str]] = []
    brackets = 0
    for token in _TOKEN.finditer(characters):
        word = token[0]
        if token.lastgroup == "blank":
            continue
        brackets += (word == "[") - (word == "]") if token.lastgroup == "mark" else 0
        if brackets or word not in {"{", "}", ";"}:
            statement.append(token)
            continue
        if word == "}":
            del scopes[max(len(scopes) - 1, 1) :]
        else:
            scope, named = _read(statement, scopes[-1])
            yield from named
            if word == "{":
                scopes.append(scope)
        statement = []


def _read(statement: list[re.Match[str]], scope: Path) -> tuple[Path, list[Named]]:
    """The scope that a block after this statement opens, and the names that the statement declares."""
    words = [token[0] for token in statement]
    if len(words) > 1 and words[0] in {"message", "enum", "oneof"} and "=" not in words:
        path = (*scope, words[1])
        return (scope if words[0] == "oneof" else path), [(path, statement[1].span())]
    if len(words) > 1 and words[0] == "extend":
        return (words[1].rpartition(".")[2], "extend"), []
    if "=" not in words[1:] or words[0] in _NAMELESS:
        return scope, []
    at = words.index("=", 1) - 1
    name = words[at]
    if "group" in words[:at]:  # it names a message, and a field by the same name in small letters
        return (*scope, name), [((*scope, each), statement[at].span()) for each in (name, name.lower())]
    if scope[-1:] == ("extend",):
        return scope, [((*scope[:-1], f"[{name}]"), statement[at].span())]
    return scope, [((*scope, name), statement[at].span())]
