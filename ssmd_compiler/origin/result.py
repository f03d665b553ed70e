"""What is told of a generated line: the places that make it, the facts that do, and the template line it is from."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssmd_compiler.diagnostics import Span
    from ssmd_compiler.origin.places import Place
    from ssmd_compiler.origin.rendering import TemplateLine

__all__ = ["Fact", "LineOrigins", "Origin", "Untraceable", "Why"]


class Fact(enum.StrEnum):
    """What makes a line and stands in no place of the sources."""

    INPUTS = "a digest of the environment's sources, byte by byte"
    COMPILER = "the version of ssmd"
    AS_OF = "the date that is compiled for"
    OUTPUT = "a digest of a generated file: trace that one"


@dataclass(frozen=True, slots=True)
class Origin:
    """A place that makes a line, and how many lines of the file it makes in the same way: the fewer, the closer.

    `whole`: it makes all of them, so that without it there would be no such file, or quite another one.
    `joint`: it makes the line only together with the others that are marked so.
    """

    place: Place
    lines: int
    whole: bool = False
    joint: bool = False

    @property
    def span(self) -> Span:
        return self.place.span

    @property
    def field(self) -> str:
        return self.place.field


@dataclass(frozen=True, slots=True)
class LineOrigins:
    """One line, from 1. Without origins and facts, ssmd itself says what stands there, or the template does."""

    line: int
    origins: tuple[Origin, ...] = ()
    facts: tuple[Fact, ...] = ()
    template: TemplateLine | None = None


class Why(enum.StrEnum):
    """Why nothing is told."""

    NO_SUCH_ENVIRONMENT = "no-such-environment"
    NO_SUCH_FILE = "no-such-file"
    NO_SUCH_LINE = "no-such-line"
    NOT_SOUND = "not-sound"


@dataclass(frozen=True, slots=True)
class Untraceable:
    """A refusal: why, and what there is instead (the files of the environment, or how many lines the file has)."""

    why: Why
    known: tuple[str, ...] = ()
    lines: int = 0
