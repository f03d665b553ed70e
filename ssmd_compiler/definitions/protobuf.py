"""Protocol Buffers definitions, read by protoc itself, as grpcio-tools bundles it, in a process of its own.

An `import` finds another definition of the workspace, named from the workspace's root or from the importing file's
directory, or a standard google/protobuf/ file; protoc is shown no other. Without grpcio-tools every definition has one
flaw, which says what to install.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ssmd_compiler.definitions.declared import decode
from ssmd_compiler.definitions.isolation import Outcome, Reader, installed
from ssmd_compiler.definitions.names import find, relative, why_lost
from ssmd_compiler.definitions.text import MAX_FLAWS, look, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ssmd_compiler.definitions.model import Definition, Flaw, Parsed
    from ssmd_compiler.definitions.text import Text

__all__ = ["parse"]

_ABSENT = "protoc is not installed, so this definition cannot be checked: pip install 'ssmd[protobuf]'"
_TAB = 8  # protoc's columns: bytes, tabs to the next multiple
_BLANK = re.compile(r"(?:\s++|//[^\n]*+|/\*.*?\*/)*+", re.DOTALL)
_IMPORT = re.compile(r"""\bimport\s+(?:public\s+|weak\s+|option\s+)?(["'])([^"'\\\n]+)\1""")
_MAPPABLE = re.compile(r"[A-Za-z0-9_+./-]+")  # protoc gives `:` and `=` a meaning of their own
_SAID = re.compile(r"^f(\d+)\.proto:(?:(\d+):(\d+):)? (?!warning: )(.+)$", re.MULTILINE)
_FAILED_IMPORT = re.compile(r'Import "(.*)" was not found or had errors')
_QUOTED = re.compile(r'"([^"]*)"')
_WORD = re.compile(r"""[\w.]+|"[^"\n]*"?|'[^'\n]*'?|.""")


def parse(definitions: Sequence[Definition]) -> list[Parsed]:
    """Every definition with its flaws, or what it declares: its records are the top-level messages, in order."""
    reading = _Reading(definitions)
    reading.compile()
    return [reading.result(index) for index in range(len(definitions))]


class _Reading:
    """All the definitions of one run, by index."""

    def __init__(self, definitions: Sequence[Definition]) -> None:
        self._definitions = definitions
        self._texts: list[Text] = []
        self._flaws: dict[int, list[Flaw]] = {}
        self._outcomes: dict[int, Outcome] = {}
        for index, definition in enumerate(definitions):
            text, refusals = look(definition)
            self._texts.append(text)
            self._flaws[index] = list(refusals)
        self._paths = {definition.path: index for index, definition in reversed(list(enumerate(definitions)))}
        self._imports = {index: self._targets(index) for index in range(len(definitions))}

    def compile(self) -> None:
        shown = [index for index, flaws in self._flaws.items() if not flaws]
        asked = [index for index in shown if not _BLANK.fullmatch(self._texts[index].characters)]
        if not asked:
            return
        if not installed("protobuf"):
            for index in asked:
                self._flaws[index] = [self._texts[index].flaw_on(1, _ABSENT)]
            return
        with Reader("protobuf") as reader:
            for index in shown:
                reader.lay(_copy(index), self._texts[index].characters)
            outcomes = reader.ask([self._arguments(index) for index in asked])
        self._outcomes = dict(zip(asked, outcomes, strict=True))
        for index, outcome in self._outcomes.items():
            if outcome.code != 0:
                self._flaws[index] += self._said(index, outcome.err)

    def result(self, index: int) -> Parsed:
        flaws, outcome = self._flaws[index], self._outcomes.get(index)
        if outcome is None or outcome.code == 0 or flaws:
            files = {name: self._definitions[other] for name, other in self._names(index).items()}
            return parsed(self._definitions[index], flaws, decode(outcome.out) if outcome else None, files)
        if any(self._flaws[other] for other in self._reached(index) - {index}):
            return parsed(self._definitions[index], ())  # told where it is
        return parsed(self._definitions[index], [self._texts[index].flaw_on(1, f"protoc {outcome.ended}")])

    def _arguments(self, index: int) -> list[str]:
        """What protoc is shown: this file, and those that it reaches, by the names that it may use for them."""
        names = self._names(index)
        shown = [f"-I{name}={_copy(other)}" for name, other in names.items() if _MAPPABLE.fullmatch(name)]
        return ["--include_imports", "--descriptor_set_out=/dev/stdout", *shown, _copy(index)]

    def _names(self, index: int) -> dict[str, int]:
        names = {_copy(index): index}
        for other in self._reached(index):
            path = self._definitions[other].path
            names.setdefault(path, other)
            names.setdefault(relative(self._definitions[index].path, path), other)
        return names

    def _reached(self, index: int) -> set[int]:
        """The file and all that it imports, however indirectly."""
        reached, ahead = {index}, [index]
        while ahead:
            new = set(self._imports[ahead.pop()].values()) - reached
            reached |= new
            ahead += new
        return reached

    def _targets(self, index: int) -> dict[str, int]:
        """The definitions that a file imports, by the names that it gives them."""
        origin = self._definitions[index].path
        targets = {match[2] for match in _IMPORT.finditer(self._texts[index].characters)}
        found = {target: self._paths.get(target, find(origin, target, self._paths)) for target in targets}
        return {target: other for target, other in found.items() if other is not None}

    def _said(self, index: int, said: str) -> Iterator[Flaw]:
        """What protoc says of this very file, less what only follows from an import that failed."""
        places: dict[tuple[str, str], re.Match[str]] = {}  # protoc's second word on one place adds nothing
        for match in _SAID.finditer(said):
            if int(match[1]) == index:
                places.setdefault((match[2], match[3]), match)
        complaints = [match.groups() for match in places.values()][:MAX_FLAWS]
        orphaned = any(_FAILED_IMPORT.match(message) for *_, message in complaints)
        for _, line, column, message in complaints:
            if target := _FAILED_IMPORT.match(message):
                yield from self._failed_import(index, int(line), target[1])
            elif not (orphaned and "is not defined" in message):
                yield self._flaw(index, int(line or 1), int(column or 1), message)

    def _failed_import(self, index: int, line: int, target: str) -> Iterator[Flaw]:
        if target not in self._imports[index]:
            text = self._texts[index]
            start = max(text.characters.find(target, text.start_of(line)), text.start_of(line))
            yield text.flaw(start, start + len(target), why_lost(self._definitions[index].path, target, self._paths))

    def _flaw(self, index: int, line: int, column: int, message: str) -> Flaw:
        text = self._texts[index]
        start = text.start_of(line) + _characters(text.line(line), column - 1)
        word = _WORD.match(text.characters, start)
        return text.flaw(start, word.end() if word else start, _QUOTED.sub(r"`\1`", message).removesuffix("."))


def _copy(index: int) -> str:
    return f"f{index}.proto"


def _characters(line: str, columns: int) -> int:
    """How many characters of a line take up so many of protoc's columns."""
    at = 0
    for count, character in enumerate(line):
        if at >= columns:
            return count
        at = at + _TAB - at % _TAB if character == "\t" else at + len(character.encode())
    return len(line)
