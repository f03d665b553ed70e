"""The files of one environment, each rendered when somebody reads it; and which template line printed which line.

Nothing here knows what files there are: `emit` says, and what it asks of the templates is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from jinja2.ext import Extension
from jinja2.lexer import Token

from ssmd_compiler.emit import TemplateFault, Templates, emit
from ssmd_compiler.emit.templates import SUFFIX
from ssmd_compiler.origin.alignment import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from jinja2 import Environment
    from jinja2.lexer import TokenStream

    from ssmd_compiler.emit import Output
    from ssmd_compiler.lower import Lowered

__all__ = ["Files", "Recorder", "TemplateLine", "template_line", "template_lines"]

_ASKED: Final = b"\0"
"""Starts what stands for a file that is not rendered yet; no file starts so."""

Asked = tuple[str, "Mapping[str, Any]"]


@dataclass(frozen=True, slots=True)
class TemplateLine:
    """A line of a template: its file's name, the line from 1 when it is known, and whether it is the workspace's."""

    name: str
    line: int | None
    own: bool


@dataclass(frozen=True, slots=True)
class Files:
    """What one environment emits, in order: text, or what a template was asked for."""

    contents: Mapping[str, bytes]
    asked: Sequence[Asked]
    templates: Templates

    def request(self, path: str) -> Asked | None:
        """The template and the values that a file is made of; None when it is made of no template."""
        content = self.contents[path]
        return self.asked[int(content[1:])] if content.startswith(_ASKED) else None

    def text(self, path: str) -> str:
        """A file's text. Raises `TemplateFault`."""
        request = self.request(path)
        return (self.contents[path] if request is None else self.templates.render(*request)).decode()


class Recorder(Templates):
    """Templates that render nothing yet."""

    def __init__(self, real: Templates) -> None:
        super().__init__(real.own)
        self._real = real
        self._asked: list[Asked] = []

    def render(self, name: str, values: Mapping[str, Any]) -> bytes:
        self._asked.append((name, values))
        return _ASKED + str(len(self._asked) - 1).encode()

    def files(self, lowered: Lowered) -> Files:
        """What an environment emits."""
        return self.record(emit(lowered, self))

    def record(self, outputs: Iterable[Output]) -> Files:
        """What is emitted with these templates, whoever does it, while it is gone through."""
        self._asked = []
        return Files({output.path: output.content for output in outputs}, self._asked, self._real)


class _Marks(Extension):
    """Ends each line of a template's own text with a mark that no file holds: which template, and which line of it."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.names: list[str] = []

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        self.names.append(stream.filename or stream.name or "")
        name = len(self.names) - 1
        for token in stream:
            if token.type != "data":
                yield token
                continue
            first, *rest = token.value.split("\n")
            marked = [first, *(f"{_OPEN}{name}.{token.lineno + at}{_CLOSE}\n{text}" for at, text in enumerate(rest))]
            yield Token(token.lineno, "data", "".join(marked))


# Two private characters; what a source holds of them is told apart by comparing the text without marks.
_OPEN: Final = "\ue0f1"
_CLOSE: Final = "\ue0f2"
_MARK = re.compile(f"{_OPEN}([0-9]+)\\.([0-9]+){_CLOSE}")


class _Marked(Templates):
    def __init__(self, own: Mapping[str, str]) -> None:
        super().__init__(own)
        self._environment.add_extension(_Marks)

    def name(self, number: int) -> str:
        marks = self._environment.extensions[_Marks.identifier]
        assert isinstance(marks, _Marks)  # noqa: S101 -- added above
        return marks.names[number] or ""


def template_line(lowered: Lowered, own: Mapping[str, str], path: str, line: int) -> TemplateLine | None:
    """The template line that printed a line, from 1, of a file of an environment with these own templates."""
    lines = template_lines(Recorder(Templates(own)).files(lowered), path)
    return lines[line - 1] if 1 <= line <= len(lines) else None


def template_lines(files: Files, path: str) -> tuple[TemplateLine | None, ...]:
    """For each line of a file the template line that printed it; of a value of several lines, the line it stands in.

    A template that computes with its own text (captures it, filters it) may come out otherwise with marks in it: then
    only its name is told.
    """
    request = files.request(path)
    lines = lines_of(files.text(path))
    if request is None:
        return (None,) * len(lines)
    own = files.templates.own
    whole = TemplateLine(request[0] + SUFFIX, None, request[0] + SUFFIX in own)
    marked = _Marked(own)
    try:
        shown = lines_of(marked.render(*request).decode())
    except TemplateFault:
        return (whole,) * len(lines)
    if [_MARK.sub("", line) for line in shown] != lines:
        return (whole,) * len(lines)
    found: list[TemplateLine] = []
    below = whole
    for line in reversed(shown):
        marks = _MARK.findall(line)
        if marks:
            name = marked.name(int(marks[-1][0]))
            below = TemplateLine(name, int(marks[-1][1]), name in own)
        found.append(below)
    return tuple(reversed(found))
