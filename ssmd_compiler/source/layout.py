"""Where the lines of a document belong: which stretches are text of a scalar, and how far an entry reaches.

Read from libyaml's events once more, for the few documents that somebody asks it of: comments are in no event.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

__all__ = ["Layout"]

Place = tuple[int, int]
"""Line and column, from 0."""


@dataclass(slots=True)
class _Frame:
    """A collection being read. `key` is the line of the key whose value comes next."""

    mapping: bool
    flow: bool
    first: int
    last: int
    key: int | None = None


@dataclass(slots=True)
class Layout:
    """Of a document that was read without a fault."""

    scalars: list[tuple[Place, Place]] = field(default_factory=list)
    """Start and end of each, in order."""
    entries: dict[int, int] = field(default_factory=dict)
    """The line on which an entry of a mapping or a list begins -> the last line of the longest that begins there."""

    @classmethod
    def of(cls, content: bytes) -> Layout:
        layout = cls()
        layout._read(CParser(content).get_event)
        return layout

    def comment(self, number: int, line: str) -> int | None:
        """Where the comment of a line begins: at its first `#` that is not part of a text."""
        column = line.find("#")
        while column >= 0 and (end := self._end_of_scalar((number, column))) is not None:
            column = line.find("#", end[1]) if end[0] == number else -1
        return column if column >= 0 else None

    def last_line(self, line: int, *, dash: bool) -> int:
        """The last line of the entry that begins on `line`, or, where just a dash stands there, below it."""
        if dash:
            line = min((first for first in self.entries if first >= line), default=line)
        return self.entries.get(line, line)

    def _end_of_scalar(self, place: Place) -> Place | None:
        """Where the text ends that a place is part of; None when it is part of none."""
        before = bisect_left(self.scalars, ((place[0], place[1] + 1),)) - 1
        return self.scalars[before][1] if before >= 0 and place < self.scalars[before][1] else None

    def _read(self, next_event: Any) -> None:
        stack: list[_Frame] = []
        while type(event := next_event()) is not StreamEndEvent:
            kind, start, end = type(event), event.start_mark, event.end_mark
            if kind is ScalarEvent or kind is AliasEvent:
                self._scalar(event)
                self._value(stack, start.line, max(start.line, end.line - (end.column == 0)))
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                stack.append(_Frame(kind is MappingStartEvent, event.flow_style, start.line, start.line))
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                frame = stack.pop()
                # A collection in block style ends, for libyaml, where the next token begins.
                self._value(stack, frame.first, end.line if frame.flow else frame.last)

    def _scalar(self, event: Any) -> None:
        start, end = event.start_mark, event.end_mark
        in_block = getattr(event, "style", None) in ("|", ">")
        # On the line of a block's sign, behind it, a comment is one.
        begin = (start.line + 1, 0) if in_block else (start.line, start.column)
        self.scalars.append((begin, (end.line, end.column)))

    def _value(self, stack: list[_Frame], first: int, last: int) -> None:
        if not stack:
            return
        frame = stack[-1]
        frame.last = max(frame.last, last)
        if frame.mapping and frame.key is None:
            frame.key = first
            return
        begin = first if frame.key is None else frame.key
        self.entries[begin] = max(self.entries.get(begin, 0), last)
        frame.key = None
