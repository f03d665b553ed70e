"""What can be wrong with a file before anybody asks what it means.

A fault is a fact with a place; the words for it, its code and its page stand in `ssmd_compiler.checks`.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from ssmd_compiler.record import Record

if TYPE_CHECKING:
    from ssmd_compiler.diagnostics import Span

__all__ = ["Fault", "FaultKind"]


class FaultKind(enum.StrEnum):
    """Every reason for which the source stage refuses a file, a folder, or a part of one."""

    UNREADABLE = "unreadable"
    TOO_LARGE = "too-large"
    NOT_UTF8 = "not-utf8"
    CONTROL_CHARACTER = "control-character"
    SYNTAX = "syntax"
    TOO_DEEP = "too-deep"
    TOO_MANY_ALIASES = "too-many-aliases"
    MERGE_KEY = "merge-key"
    TAG = "tag"
    DUPLICATE_KEY = "duplicate-key"
    SEVERAL_DOCUMENTS = "several-documents"
    EMPTY = "empty"
    LINK = "link"
    TOO_MANY_FILES = "too-many-files"
    KEY_NOT_TEXT = "key-not-text"
    NOT_READ = "not-read"


class Fault(Record, frozen=True):
    """One fact: which kind, where, the detail that its message quotes, and the other place if there are two."""

    kind: FaultKind
    span: Span
    detail: str = ""
    other: Span | None = None
    known: tuple[str, ...] = ()
    """Of something misnamed, the names that could be meant."""
    again: Span | None = None
    """Of what is said twice in the same words: the lines that could go."""
