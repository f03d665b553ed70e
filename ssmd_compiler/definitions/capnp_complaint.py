"""What the Cap'n Proto compiler complains about: which word of the line it means, and its sentence in our manner.

pycapnp passes on a line and a sentence but no column. The sentence tells enough to find the word: it names it, or says
what is wrong with its number, its value or its spelling.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ssmd_compiler.diagnostics.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ssmd_compiler.definitions.capnp_tokens import Token

__all__ = ["Subject", "number", "subject", "worded"]

_BUILTINS = (
    *("Void", "Bool", "Text", "Data", "List", "AnyPointer", "AnyStruct", "AnyList", "Capability"),
    *("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float32", "Float64"),
)
_UNDEFINED = "Not defined: "
_NAMED = re.compile(r"^Not defined: ([\w.]+)|^'([\w.]+)' |named '(\w+)'")


class Subject(NamedTuple):
    """A token, and whether the complaint is about it alone or about all that stands around it."""

    token: int
    exact: bool


def subject(tokens: Sequence[Token], line: int, message: str) -> Subject | None:
    """The token on `line` that the message is about; the line's first when it says no more; None on an empty line."""
    there = [index for index, token in enumerate(tokens) if token.line == line]
    fits = _fits(message)
    # Of two that clash, the compiler blames the second.
    in_turn = reversed(there) if message.startswith("Duplicate") or "already defined" in message else there
    for index in in_turn:
        before = tokens[index - 1].text if index else ""
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if fits is not None and fits(before, tokens[index].text, after):
            return Subject(index, exact=True)
    return Subject(there[0], exact=False) if there else None


def worded(message: str, declared: Sequence[str]) -> str:
    """The compiler's sentence in the manner of ours, with the nearest name where one is not defined."""
    if not message.startswith(_UNDEFINED):
        sentence = re.sub(r"\. \(.*\)$", "", message)  # an aside on code generators
        sentence = re.sub(r"\.  (\w)", lambda match: f"; {match[1].lower()}", sentence)
        return re.sub(r"'([^']*)'", r"`\1`", sentence).removesuffix(".")
    name = message.removeprefix(_UNDEFINED)
    near = nearest(name, (*_BUILTINS, *declared))
    return f"`{name}` is not defined" + (f"; did you mean `{near}`?" if near else "")


def number(text: str) -> int:
    """A member's number as written, or -1 for what can be none."""
    return int(text) if text.isdecimal() and len(text) <= 5 else -1


def _fits(message: str) -> Callable[[str, str, str], bool] | None:
    """Whether a word, between the one before and the one after it, is what a message complains of."""
    if skipped := re.match(r"Skipped ordinal @(\d+)", message):
        return lambda before, word, _: before == "@" and number(word) > int(skipped[1])
    if "rdinal" in message:
        return lambda before, word, _: before == "@" and word.isdecimal()
    if message.startswith(("Type mismatch", "Integer ")):
        return lambda before, *_: before.endswith("=")
    if "lower-case letter" in message:
        return lambda _, word, after: word[0].isupper() and after in {"@", ":"}
    if "capital letter" in message:
        return lambda before, word, _: word[0].islower() and before in {"struct", "enum", "interface", "using"}
    if "underscores" in message:
        return lambda _, word, after: "_" in word and word.isidentifier() and after in {"@", ":", "{", "="}
    if named := _NAMED.search(message):
        name = (named[1] or named[2] or named[3]).rpartition(".")[2]
        return lambda _, word, __: word == name
    return None
