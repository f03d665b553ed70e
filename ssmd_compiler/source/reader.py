"""Bytes -> a document, in one pass over libyaml's events.

Nothing is typed here: a plain scalar stays text until a model asks for more. Refused, with a place and before anything
is built from it: what is not UTF-8, control characters, depth, alias and merge-key bombs, tags, duplicate keys.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from ssmd_compiler.diagnostics import Span
from ssmd_compiler.source.allowances import allowances
from ssmd_compiler.source.document import Document, Map, Quoted, Range, Seq, span_of
from ssmd_compiler.source.faults import Fault, FaultKind
from ssmd_compiler.source.limits import MAX_ALIASES, MAX_DEPTH, MAX_FAULTS, MAX_NODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["read"]

_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\r(?!\n)"
)
_PLAIN = b"\t\n" + bytes(range(0x20, 0x7F))
"""What most documents are made of, and what never is forbidden."""
_DIRECTIVE = re.compile(r"^%TAG\b", re.MULTILINE)
_FORBIDDEN_VALUE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
_NULLS = frozenset({"", "~", "null"})


def read(path: str, content: bytes) -> Document:
    """The document in `content`, with its faults; it never raises, whatever the bytes are."""
    if fault := _encoding_fault(path, content):
        return Document(path, None, (fault,))
    reader = _Reader(path)
    try:
        data = reader.read(content)
    except _Stop as stop:
        return Document(path, None, (*reader.faults, stop.fault))
    except yaml.MarkedYAMLError as problem:
        return Document(path, None, (*reader.faults, _syntax_fault(path, content.decode(), problem)))
    except (yaml.YAMLError, ValueError) as problem:
        return Document(path, None, (*reader.faults, Fault(FaultKind.SYNTAX, Span(path), str(problem).split("\n")[0])))
    allowed = () if reader.faults else allowances(path, content)
    return Document(path, data, tuple(reader.faults), reader.root_range, allowed)


def _encoding_fault(path: str, content: bytes) -> Fault | None:
    if content.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        return Fault(FaultKind.NOT_UTF8, Span(path), "it is UTF-16 or UTF-32")
    if content.startswith(b"\xef\xbb\xbf"):
        return Fault(FaultKind.NOT_UTF8, Span(path), "it starts with a byte order mark")
    try:
        text = content.decode()
    except UnicodeDecodeError as problem:
        return Fault(FaultKind.NOT_UTF8, _place(path, content[: problem.start].decode(errors="replace")), "bad bytes")
    if "%TAG" in text and (found := _DIRECTIVE.search(text)):
        return Fault(FaultKind.TAG, _place(path, text[: found.start()]), "%TAG")
    if text.isascii() and not content.translate(None, _PLAIN):
        return None
    if found := _FORBIDDEN.search(text):
        return Fault(FaultKind.CONTROL_CHARACTER, _place(path, text[: found.start()]), f"U+{ord(found[0][0]):04X}")
    return None


def _place(path: str, before: str) -> Span:
    """The position right after the text `before`."""
    line = before.count("\n")
    column = len(before) - (before.rfind("\n") + 1)
    return span_of(path, (line, column, line, column + 1))


def _syntax_fault(path: str, text: str, problem: yaml.MarkedYAMLError) -> Fault:
    lines = text.replace("\r\n", "\n").split("\n")
    begun = problem.context_mark
    where = span_of(path, _within(lines, begun)) if begun else None
    detail = (problem.problem or "it is not YAML").replace("\t", "\\t")
    said = f"{problem.context}, {detail}" if problem.context else detail
    return Fault(FaultKind.SYNTAX, span_of(path, _within(lines, problem.problem_mark or begun)), said, where)


def _within(lines: Sequence[str], mark: yaml.Mark | None) -> Range:
    """The place of a mark; the parser's end may be past the last line that there is."""
    if mark is None:
        return 0, 0, 0, 0
    if mark.line >= len(lines) or (mark.line == len(lines) - 1 and not lines[-1] and len(lines) > 1):
        last = max(number for number, line in enumerate(lines) if line or number == 0)
        return last, len(lines[last]), last, len(lines[last])
    return mark.line, mark.column, mark.line, mark.column


class _Stop(Exception):  # noqa: N818 -- control flow of the reader, never seen outside
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


class _Reader:
    """Builds one document from events. Every list and mapping carries the weight of what it stands for.

    A weight is how many values there are, aliases written out.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.faults: list[Fault] = []
        self.root: Any = None
        self.root_range: Range = (0, 0, 0, 1)
        self.anchors: dict[str, tuple[Any, bool]] = {}
        self.aliases = 0
        self.content = b""
        self.lines: list[str] | None = None
        self.nodes = 0

    def read(self, content: bytes) -> Any:
        self.content = content
        self._build(CParser(content).get_event)
        if self.root is None and not self.faults:
            raise _Stop(Fault(FaultKind.EMPTY, Span(self.path)))
        return self.root

    def _build(self, next_event: Any) -> None:  # noqa: C901, PLR0912, PLR0915 -- the hot loop: one branch an event, in order of frequency
        stack: list[tuple[Any, Any, Any]] = []
        current: Any = None
        key: Any = None
        key_range: Any = None
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                start, end = event.start_mark, event.end_mark
                at = (start.line, start.column, end.line, end.column)
                if event.tag is not None:
                    self._fault(FaultKind.TAG, at, event.tag)
                if key is None and type(current) is Map:
                    key, key_range = self._key(event, at), at
                    continue
                value = event.value
                if event.style or event.anchor is not None:
                    value = self._marked(event, at)
                elif value in _NULLS:
                    value = None
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value, at = current, current.range
                end = event.end_mark
                at = current.range = (at[0], at[1], end.line, end.column)
                if current.weight > MAX_NODES:
                    self._stop(FaultKind.TOO_MANY_ALIASES, at, f"{MAX_NODES} keys and values")
                current, key, key_range = stack.pop()
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                start = event.start_mark
                at = (start.line, start.column, start.line, start.column + 1)
                if event.tag is not None:
                    self._fault(FaultKind.TAG, at, event.tag)
                if type(current) is Map and key is None:
                    self._stop(FaultKind.KEY_NOT_TEXT, at)
                if len(stack) >= MAX_DEPTH:
                    self._stop(FaultKind.TOO_DEEP, at, str(MAX_DEPTH))
                stack.append((current, key, key_range))
                current = Map() if kind is MappingStartEvent else Seq()
                current.range, key = at, None
                if event.anchor is not None:
                    self.anchors[event.anchor] = (current, True)
                continue
            elif kind is AliasEvent:
                start, end = event.start_mark, event.end_mark
                at = (start.line, start.column, end.line, end.column)
                if type(current) is Map and key is None:
                    self._stop(FaultKind.KEY_NOT_TEXT, at)
                value = self._alias(event.anchor, at, [held for held, _, _ in stack], current)
            elif kind is StreamEndEvent:
                return
            else:
                if kind is DocumentStartEvent and self.root is not None:
                    start = event.start_mark
                    self._stop(FaultKind.SEVERAL_DOCUMENTS, (start.line, start.column, start.line, start.column + 3))
                continue
            self.nodes += 1
            if self.nodes > MAX_NODES:
                self._stop(FaultKind.TOO_MANY_ALIASES, at, f"{MAX_NODES} keys and values")
            if current is None:
                self.root, self.root_range = value if value is not None else self.root, at
            elif type(current) is Map:
                self.nodes += 1
                if key in current:
                    self._twice(current, key, value, key_range, at)
                else:
                    current[key] = value
                    current.key_at[key] = key_range
                    current.value_at[key] = at
                    current.weight += value.weight if type(value) is Map or type(value) is Seq else 1
                key = None
            else:
                current.append(value)
                current.value_at.append(at)
                current.weight += value.weight if type(value) is Map or type(value) is Seq else 1

    def _twice(self, mapping: Map, key: str, value: Any, key_at: Range, at: Range) -> None:
        """A key that is there already: the first one counts."""
        other = span_of(self.path, mapping.key_at[key])
        same = type(value) is type(mapping[key]) and not isinstance(value, Map | Seq) and value == mapping[key]
        again = self._whole_line(key_at, at) if same else None
        self._tell(Fault(FaultKind.DUPLICATE_KEY, span_of(self.path, key_at), key, other, again=again))

    def _whole_line(self, key_at: Range, at: Range) -> Span | None:
        """The line of an entry that has one for itself, without a comment."""
        if self.lines is None:
            self.lines = self.content.decode().split("\n")
        line = self.lines[key_at[0]].removesuffix("\r")
        alone = key_at[0] == at[2] and not (line[: key_at[1]] + line[at[3] :]).strip()
        alone = alone and key_at[0] + 1 < len(self.lines)
        return span_of(self.path, (key_at[0], 0, key_at[0] + 1, 0)) if alone else None

    def _key(self, event: Any, at: Range) -> str:
        if event.value == "<<" and not event.style:
            self._stop(FaultKind.MERGE_KEY, at)
        if event.style or event.anchor is not None:
            return str(self._marked(event, at) or event.value)
        key: str = event.value
        return key

    def _marked(self, event: Any, at: Range) -> str | None:
        """The value of a scalar in quotes, in a block, or with an anchor."""
        value: str = event.value
        if not event.style:
            result = None if value in _NULLS else value
        else:
            if event.style == '"' and (found := _FORBIDDEN_VALUE.search(value)):
                self._fault(FaultKind.CONTROL_CHARACTER, at, f"U+{ord(found[0]):04X}")
            result = Quoted(value)
        if event.anchor is not None:
            self.anchors[event.anchor] = (result, False)
        return result

    def _alias(self, anchor: str, at: Range, open_: Iterable[Any], current: Any) -> Any:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            self._stop(FaultKind.TOO_MANY_ALIASES, at, f"{MAX_ALIASES} aliases")
        if anchor not in self.anchors:
            self._stop(FaultKind.SYNTAX, at, "found undefined alias")
        value, _ = self.anchors[anchor]
        if value is not None and (value is current or any(value is held for held in open_)):
            self._stop(FaultKind.TOO_MANY_ALIASES, at, "itself")
        return value

    def _fault(self, kind: FaultKind, at: Range, detail: str = "") -> None:
        self._tell(Fault(kind, span_of(self.path, at), detail))

    def _tell(self, fault: Fault) -> None:
        if len(self.faults) >= MAX_FAULTS:
            raise _Stop(fault)
        self.faults.append(fault)

    def _stop(self, kind: FaultKind, at: Range, detail: str = "") -> None:
        raise _Stop(Fault(kind, span_of(self.path, at), detail))
