"""Fixes: the edit that puts the right word in the place of the wrong one, in the quotes in which it was written.

There is one where a single name is near, and where the source spells exactly what was read: no anchor, no escape, one
line. A number is never corrected: what `v11` stands for is not `v10`. Anything else is left to the author.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Span, TextEdit
from ssmd_compiler.diagnostics.nearest import did_you_mean, only_near

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Meant", "added", "meant", "replaced"]

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]*")
"""What means the same in quotes and without, in every place of a document."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a name most likely means: the label that says so, and the fix where there is no doubt."""

    label: str
    fix: tuple[TextEdit, ...]


def meant(name: str, known: Iterable[str], at: Span, *, within: str | None = None, start: int = 0) -> Meant:
    """What `name` means among `known`; it stands at `at`, or as a part of the text `within`, from `start`."""
    candidates = tuple(known)
    right = only_near(name, candidates)
    written = name if within is None else within
    certain = right is not None and _digits(right) == _digits(name)
    fix = replaced(at, written, right or "", (start, start + len(name))) if certain else ()
    return Meant(did_you_mean(name, candidates), fix)


def replaced(at: Span, written: str, right: str, part: tuple[int, int] | None = None) -> tuple[TextEdit, ...]:
    """The edit that puts `right` in the place of `part` of the text `written`, which stands at `at`."""
    inner = _inside(at, written)
    if inner is None or _PLAIN.fullmatch(right) is None or right in ("null", "true", "false"):
        return ()
    start, end = part or (0, len(written))
    return (TextEdit(_stretch(at, inner + start, inner + end), right),)


def added(at: Span, written: str, more: str) -> tuple[TextEdit, ...]:
    """The edit that puts `more` behind the text `written`, which stands at `at`, inside of its quotes."""
    inner = _inside(at, written)
    return () if inner is None else (TextEdit(_stretch(at, inner + len(written), inner + len(written)), more),)


def _digits(name: str) -> str:
    return re.sub(r"[^0-9]", "", name)


def _inside(at: Span, written: str) -> int | None:
    """The column at which a text starts inside of its quotes; None when the source spells it otherwise."""
    width = at.end_column - at.column
    if at.line != at.end_line or width not in (len(written), len(written) + 2):
        return None
    return at.column + (width - len(written)) // 2


def _stretch(at: Span, start: int, end: int) -> Span:
    return Span(at.path, at.line, start, at.line, end)
