"""A document's text as places: every value, key, dash and comment by the characters that it takes.

For texts that `source` has read without a fault. Nothing is interpreted here; two passes over libyaml, one for what
nests in what, one for the signs between. Indices count characters of the text, ends are exclusive.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from yaml.tokens import BlockEntryToken, KeyToken, ScalarToken, StreamEndToken, ValueToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Comment", "Entry", "Item", "Node", "Syntax"]


@dataclass(slots=True)
class Node:
    """A value where it stands, its anchor included; an absent one takes no characters."""

    start: int
    end: int
    flow: bool = False
    style: str = ""
    """Of a scalar: its quote, or the sign of its block."""
    value: str = ""
    anchored: bool = False
    alias: bool = False
    entries: list[Entry] | None = None
    items: list[Item] | None = None

    @property
    def block(self) -> bool:
        """Whether it is a mapping or a list in block style."""
        return not self.flow and (self.entries is not None or self.items is not None)

    @property
    def column_of(self) -> int:
        """Where a block collection's own signs begin: its first key, or its first dash."""
        if self.items:
            return self.items[0].dash
        return self.entries[0].key.start if self.entries else self.start


@dataclass(slots=True)
class Entry:
    """A key and its value; `colon` is where the colon ends, or the key without one."""

    key: Node
    value: Node
    colon: int

    @property
    def start(self) -> int:
        return self.key.start

    @property
    def end(self) -> int:
        return max(self.value.end, self.colon)


@dataclass(slots=True)
class Item:
    """An item of a list; `dash` is where its dash stands, in block style."""

    node: Node
    dash: int

    @property
    def end(self) -> int:
        return max(self.node.end, self.dash + 1)


@dataclass(frozen=True, slots=True)
class Comment:
    """From its `#` to the end of its line, blanks left out; `alone` when nothing else stands on the line."""

    start: int
    end: int
    alone: bool


_COMMENT = re.compile(r"#[^\n]*")
_HEADER_COMMENT = re.compile(r"[^\n#]*[ \t](#[^\n]*)")


@dataclass(slots=True)
class Syntax:
    """One text, taken apart."""

    text: str
    root: Node = field(init=False)
    comments: list[Comment] = field(init=False, default_factory=list)
    explicit_keys: bool = field(init=False, default=False)
    """Whether a key is written as `? key`."""
    aliases: bool = field(init=False, default=False)
    starts: list[int] = field(init=False)
    _dashes: list[int] = field(init=False, default_factory=list)
    _colons: list[int] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
        self._read_signs(CParser(self.text).get_token)
        self.root = _Builder(self).build(CParser(self.text).get_event)

    def line(self, index: int) -> int:
        return bisect_right(self.starts, index) - 1

    def column(self, index: int) -> int:
        return index - self.starts[self.line(index)]

    def first_of_line(self, index: int) -> bool:
        """Whether only blanks stand before it on its line."""
        return not self.text[self.starts[self.line(index)] : index].strip()

    def comments_between(self, start: int, end: int) -> list[Comment]:
        low = bisect_left(self.comments, start, key=lambda comment: comment.start)
        high = bisect_left(self.comments, end, key=lambda comment: comment.start)
        return self.comments[low:high]

    def words(self, comment: Comment) -> str:
        return self.text[comment.start : comment.end]

    def colon_after(self, key: Node) -> int:
        found = bisect_left(self._colons, key.end)
        at = self._colons[found] if found < len(self._colons) else len(self.text)
        return at + 1 if not self.text[key.end : at].strip() else key.end

    def dash_before(self, index: int) -> int:
        """The last dash before a place."""
        return self._dashes[bisect_left(self._dashes, index) - 1]

    def nodes(self) -> Iterator[Node]:
        """Every value, outer ones first."""
        todo = [self.root]
        while todo:
            node = todo.pop()
            yield node
            todo += [entry.value for entry in node.entries or ()] + [item.node for item in node.items or ()]

    def _read_signs(self, next_token: Callable[[], Any]) -> None:
        done = 0
        while type(token := next_token()) is not StreamEndToken:
            start, end = token.start_mark.index, token.end_mark.index
            self._note_comments(done, start)
            if type(token) is BlockEntryToken:
                self._dashes.append(start)
            elif type(token) is ValueToken:
                self._colons.append(start)
            elif type(token) is KeyToken and end > start:
                self.explicit_keys = True
            elif type(token) is ScalarToken and token.style in ("|", ">"):
                header = _HEADER_COMMENT.match(self.text, start, self._line_end(start))
                self._note_comments(header.start(1) if header else end, end if not header else header.end(1))
            done = max(done, end)
        self._note_comments(done, len(self.text))

    def _note_comments(self, start: int, end: int) -> None:
        if end <= start or "#" not in self.text[start:end]:
            return
        for match in _COMMENT.finditer(self.text, start, end):
            words = match[0].rstrip()
            self.comments.append(Comment(match.start(), match.start() + len(words), self.first_of_line(match.start())))

    def _line_end(self, index: int) -> int:
        found = self.text.find("\n", index)
        return len(self.text) if found < 0 else found


class _Builder:
    """Nests what libyaml's events bracket."""

    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax
        self.stack: list[tuple[Node, Node | None]] = []
        self.root: Node | None = None

    def build(self, next_event: Callable[[], Any]) -> Node:
        current: Node | None = None
        key: Node | None = None
        while type(event := next_event()) is not StreamEndEvent:
            kind = type(event)
            if kind in (StreamStartEvent, DocumentStartEvent, DocumentEndEvent):
                continue
            if kind is MappingStartEvent or kind is SequenceStartEvent:
                self.stack.append((current, key))  # type: ignore[arg-type]  # the root's outside is None
                current, key = _opened(event), None
                continue
            if kind is MappingEndEvent or kind is SequenceEndEvent:
                assert current is not None  # noqa: S101 -- it was opened
                done = self._closed(current, event)
                current, key = self.stack.pop()
            else:
                done = self._leaf(event)
            key = self._put(current, key, done)
        assert self.root is not None  # noqa: S101 -- an empty document is a fault of the source stage
        return self.root

    def _leaf(self, event: Any) -> Node:
        start, end = event.start_mark.index, event.end_mark.index
        if type(event) is AliasEvent:
            self.syntax.aliases = True
            return Node(start, end, alias=True)
        assert type(event) is ScalarEvent  # noqa: S101 -- nothing else is left
        if event.style in ("|", ">"):
            end = start + len(_block_text(self.syntax.text[start:end]))
        return Node(start, end, style=event.style or "", value=event.value, anchored=event.anchor is not None)

    def _closed(self, node: Node, event: Any) -> Node:
        if node.flow:
            node.end = event.end_mark.index
        elif node.entries is not None:
            node.end = node.entries[-1].end
        elif node.items:
            node.end = node.items[-1].end
        return node

    def _put(self, outer: Node | None, key: Node | None, node: Node) -> Node | None:
        """Place a finished value; what comes back is the key that waits for one."""
        if outer is None:
            self.root = node
        elif outer.items is not None:
            dash = -1 if outer.flow else self.syntax.dash_before(node.start)
            outer.items.append(Item(node, dash))
        elif key is None:
            return node
        elif outer.entries is not None:
            colon = self.syntax.colon_after(key)
            if node.start == node.end:  # libyaml puts what is absent where the next sign stands
                node.start = node.end = colon
            outer.entries.append(Entry(key, node, colon))
        return None


def _opened(event: Any) -> Node:
    mapping = type(event) is MappingStartEvent
    return Node(
        event.start_mark.index,
        event.end_mark.index,
        flow=bool(event.flow_style),
        anchored=event.anchor is not None,
        entries=[] if mapping else None,
        items=None if mapping else [],
    )


def _block_text(text: str) -> str:
    """A block scalar without what is no part of it: its last line break, and with no `+` the blank lines at its end."""
    header, _, content = text.partition("\n")
    signs = header.split(" ")[0]
    if "+" in signs:
        return text.removesuffix("\n")
    lines = content.split("\n")
    indent = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    # Blanks beyond the indentation are text, even where nothing else follows them.
    least = 0 if any(sign.isdigit() for sign in signs) else indent
    while lines and not lines[-1].strip() and len(lines[-1]) <= least:
        del lines[-1]
    return "\n".join([header, *lines])
