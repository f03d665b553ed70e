"""Definitions of all formats, read at once and in the background.

Each format has a module of its name with a function `parse`; a thread a format waits for its child process. Refuses
nothing: what cannot be read is a flaw.
"""

from __future__ import annotations

import importlib
import threading
from typing import TYPE_CHECKING, Protocol, Self, cast

from ssmd_compiler.definitions.model import Flaw, Parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ssmd_compiler.definitions.model import Definition, Format

__all__ = ["Parsing", "parse"]


class _FormatModule(Protocol):
    def parse(self, definitions: Sequence[Definition]) -> list[Parsed]: ...


def parse(definitions: Sequence[Definition]) -> tuple[Parsed, ...]:
    """Every definition, read, in the order given."""
    return Parsing.start(definitions).result()


class Parsing:
    """A reading under way. `start` returns at once; `result` waits, some seconds at the very most.

    Threads end and clean up by themselves, whether or not anybody asks for the result.
    """

    def __init__(self, definitions: Sequence[Definition]) -> None:
        self._definitions = tuple(definitions)
        self._parsed: dict[int, Parsed] = {}
        self._bugs: list[BaseException] = []
        self._threads = [
            threading.Thread(target=self._read, args=(name,), name=f"ssmd-definitions-{name}")
            for name in dict.fromkeys(definition.format for definition in self._definitions)
        ]

    @classmethod
    def start(cls, definitions: Sequence[Definition]) -> Self:
        parsing = cls(definitions)
        for thread in parsing._threads:
            thread.start()
        return parsing

    def result(self) -> tuple[Parsed, ...]:
        for thread in self._threads:
            thread.join()
        for bug in self._bugs:
            raise bug
        return tuple(self._parsed[index] for index in range(len(self._definitions)))

    def _read(self, name: Format) -> None:
        indices = [index for index, definition in enumerate(self._definitions) if definition.format == name]
        chosen = [self._definitions[index] for index in indices]
        try:
            self._parsed.update(zip(indices, _parse(name, chosen), strict=True))
        except BaseException as bug:  # noqa: BLE001 -- ours, not the definitions'; it is raised where it is waited for
            self._bugs.append(bug)


def _parse(name: Format, definitions: Sequence[Definition]) -> list[Parsed]:
    try:
        # Imported here: a command pays for the formats that its workspace has.
        module = cast("_FormatModule", importlib.import_module(f"{__package__}.{name}"))
        return module.parse(definitions)
    except OSError as error:  # no room for a process or a directory: say so, and let the others be read
        flaw = Flaw(1, 1, 1, 1, f"cannot be checked: {error.strerror or type(error).__name__}")
        return [Parsed(definition, (flaw,)) for definition in definitions]
