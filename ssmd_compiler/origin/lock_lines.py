"""The lines of ssmd.lock.json: it spells what each is about, so it is read and nothing is tried out."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from ssmd_compiler.diagnostics import Span
from ssmd_compiler.origin.alignment import lines_of
from ssmd_compiler.origin.places import Place
from ssmd_compiler.origin.result import Fact, LineOrigins, Origin, Untraceable, Why

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ssmd_compiler.lock import Lock

__all__ = ["lock_lines"]

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_FACTS: Final = {"compiler": Fact.COMPILER, "as_of": Fact.AS_OF}


def lock_lines(
    lock: Lock, documents: Mapping[str, str], lines: Collection[int] | None = None
) -> tuple[LineOrigins, ...] | Untraceable:
    """What lines of the lock are about; `documents` has the path of each environment's document by its name."""
    every = lines_of(lock.encode().decode())
    if any(not 1 <= line <= len(every) for line in lines or ()):
        return Untraceable(Why.NO_SUCH_LINE, lines=len(every))
    made_for = {path: group.environment for group in lock.groups for path in group.outputs}

    def told(line: int) -> LineOrigins:
        words: list[str] = [json.loads(word) for word in _TEXT.findall(every[line - 1])] or [""]
        if words[0] in lock.inputs:
            return LineOrigins(line, (_whole(words[0]),))
        if words[0] in made_for:
            environment = made_for[words[0]]
            return LineOrigins(line, _of(environment, documents), (Fact.OUTPUT,))
        if words[0] == "environment":
            return LineOrigins(line, _of(words[-1], documents))
        return LineOrigins(line, facts=(_FACTS[words[0]],) if words[0] in _FACTS else ())

    return tuple(map(told, sorted(set(lines)) if lines is not None else range(1, len(every) + 1)))


def _of(environment: str | None, documents: Mapping[str, str]) -> tuple[Origin, ...]:
    return (_whole(documents[environment]),) if environment is not None and environment in documents else ()


def _whole(path: str) -> Origin:
    """A file as a whole."""
    return Origin(Place(Span(path), ""), 1)
