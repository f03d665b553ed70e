"""Canonical spelling and layout of a document: comments and blank lines stay, and so does how each value is written.

What comes out is proven to mean the same: both texts are bound, and the models compared. A document with a fault of its
source or its shape is not touched; neither is one whose meaning hangs on an alias that would have to move.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ssmd_compiler.formatting.layout import laid_out
from ssmd_compiler.formatting.moving import Unable
from ssmd_compiler.formatting.respelling import respelled
from ssmd_compiler.formatting.syntax import Syntax
from ssmd_compiler.model import Bound, bind, bind_settings
from ssmd_compiler.model.base import Model
from ssmd_compiler.source import Document, Map, Path, Seq, read_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["SETTINGS", "Formatted", "NotProven", "formatted"]

SETTINGS = "Settings"
"""The kind of `ssmd.yaml`: it has one spelling alone, and only its layout is looked at."""


class NotProven(Exception):  # noqa: N818 -- a bug of ours, told as one
    """What formatting would write does not mean the same: it is not written."""


@dataclass(frozen=True, slots=True)
class Formatted:
    """A document as it should stand, and as it was read; `left` says why it is left as it was, if it is."""

    content: bytes
    document: Document
    bound: Bound[Any]
    left: str = ""

    @property
    def faulty(self) -> bool:
        return bool(self.document.faults) or not self.bound.sound


@dataclass(frozen=True, slots=True)
class _Allowed:
    """The line of an allowance, and its words with the values that it speaks of."""

    line: int
    said: object


def formatted(document: Document, content: bytes, kind: str) -> Formatted:
    """The document of a `kind` that was read from `content`, formatted; raises NotProven."""
    path = document.path
    bound = _bind(document, kind)
    if document.faults or not bound.sound:
        return Formatted(content, document, bound)
    try:
        new = _with_line_ends_of(content, _formatted(path, _unended(content), kind))
        if new != content:
            _prove(path, content, new, kind)
    except Unable as reason:
        return Formatted(content, document, bound, str(reason))
    return Formatted(new, document, bound)


def _bind(document: Document, kind: str) -> Bound[Any]:
    return bind_settings(document) if kind == SETTINGS else bind(document, kind)


def _formatted(path: str, text: str, kind: str) -> str:
    syntax = Syntax(_ended(text))
    if syntax.explicit_keys:
        raise Unable("it writes keys as `? key`")
    try:
        # Before entries are moved: blanks of a line could become text of a block that they come to stand below.
        text = laid_out(syntax)
        moved = text if kind == SETTINGS else respelled(path, text, kind)
        return text if moved == text else laid_out(Syntax(moved))
    except AssertionError as problem:
        raise _unproven(text, str(problem)) from problem


def _unended(content: bytes) -> str:
    return content.decode().replace("\r\n", "\n")


def _with_line_ends_of(content: bytes, text: str) -> bytes:
    """In the line ends of the first line."""
    return (text.replace("\n", "\r\n") if b"\r\n" in content.partition(b"\n")[0] + b"\n" else text).encode()


def _ended(text: str) -> str:
    """With a line break at the end; a block without one says by `-` that its text has none."""
    if text.endswith("\n"):
        return text
    for node in Syntax(text).nodes():
        if node.style in ("|", ">") and node.end >= len(text):
            sign = text.index(node.style, node.start)
            header = text[sign : text.index("\n", sign)] if "\n" in text[sign:] else text[sign:]
            signs, blank, comment = header.partition(" ")
            text = (
                text[:sign]
                + signs.replace("+", "").replace("-", "")
                + "-"
                + blank
                + comment
                + text[sign + len(header) :]
            )
    return text + "\n"


def _prove(path: str, before: bytes, after: bytes, kind: str) -> None:
    """That both mean the same, that no comment is lost, and that allowances speak of what they spoke of."""
    documents = [read_document(path, content) for content in (before, after)]
    old, new = (_bind(document, kind) for document in documents)
    if not new.sound or not _same(old.value, new.value):
        raise _unproven(_unended(before), "the model differs")
    if _comments(before) != _comments(after):
        raise _unproven(_unended(before), "the comments differ")
    _prove_allowances(*(_allowed(*pair) for pair in zip(documents, (old, new), strict=True)))


def _prove_allowances(old: list[_Allowed], new: list[_Allowed]) -> None:
    left = [one.said for one in new]
    for one in old:
        if one.said not in left:
            raise Unable(f"the allowance on line {one.line} would come to speak of something else: respell it by hand")
        left.remove(one.said)


def _unproven(text: str, reason: str) -> Unable | NotProven:
    if Syntax(text).aliases:
        return Unable("it uses aliases for what would have to move: write them out first")
    return NotProven(reason)


def _comments(content: bytes) -> Mapping[str, int]:
    syntax = Syntax(_unended(content))
    return Counter(syntax.words(comment) for comment in syntax.comments)


def _allowed(document: Document, bound: Bound[Any]) -> list[_Allowed]:
    """The allowances of a document; a mapping at its top, which may not be written, is where its entries are."""
    places = list(_places(bound.body, ())) if document.allowances else ()
    return [
        _Allowed(
            one.span.line,
            (
                tuple(code for code, _ in one.codes),
                one.until,
                one.reason,
                frozenset(path for path, line in places if one.first <= line <= one.last),
            ),
        )
        for one in document.allowances
    ]


def _places(node: Map | Seq, above: Path) -> Iterator[tuple[Path, int]]:
    """Of each value below a node, its path and its line, from 1: that of its key, if it has one."""
    entries: Iterable[tuple[str | int, Any]] = node.items() if isinstance(node, Map) else enumerate(node)
    for step, value in entries:
        path = (*above, step)
        if above or not isinstance(value, Map):
            at = node.key_at[str(step)] if isinstance(node, Map) else node.value_at[int(step)]
            yield path, at[0] + 1
        if isinstance(value, Map | Seq):
            yield from _places(value, path)


def _same(one: Any, other: Any) -> bool:
    """Whether two models say the same things, in the same order where a map's order is the author's."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Model):
        return one.model_fields_set == other.model_fields_set and _same(one.__dict__, other.__dict__)
    if isinstance(one, dict):
        return list(one) == list(other) and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
