"""What is wrong with a generated manifest: where it stands in the generated file, and what was expected there.

A flaw knows nothing of codes, sources or severities: a check gives it a code, and the place in the source that made it.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from ssmd_compiler.record import Record

if TYPE_CHECKING:
    from ssmd_compiler.diagnostics import Span

__all__ = ["Flaw", "FlawKind", "Path", "Problem", "Vocabulary", "written"]

Path = tuple[str | int, ...]


class FlawKind(enum.StrEnum):
    """In which way a manifest is wrong."""

    UNREADABLE = "unreadable"
    """Kubernetes would not read the file at all, or would not know which kind it holds."""
    SCHEMA = "schema"
    UNKNOWN_KIND = "unknown kind"
    """There is no schema of it here, so nothing is known about it."""
    PROMQL = "promql"
    METRIC = "metric"
    LABEL = "label"
    PLAIN = "plain"
    """Values of a Secret, in a file that is kept in Git."""


class Problem(Record, frozen=True):
    """What is wrong with one value of a document, by the path to it; with `key`, its key is what is wrong."""

    kind: FlawKind
    path: Path
    words: str
    """What is wrong, as the rest of a sentence that starts with the value's path."""
    help: str = ""
    key: bool = False


class Flaw(Record, frozen=True):
    """A problem at its place: `at` is in the generated file, whose path is that below `generated/`."""

    kind: FlawKind
    at: Span
    where: str
    """The path to the value, as one writes it: `spec.containers[0].image`."""
    words: str
    help: str = ""
    said: str = ""
    """The text or the key that is wrong, as the file spells it; empty where a mapping or a list is."""


class Vocabulary(Record, frozen=True):
    """What a workspace's rules may name besides its own metrics: other metrics by their prefixes, and other labels."""

    prefixes: tuple[str, ...] = ()
    labels: frozenset[str] = frozenset()


def written(path: Path) -> str:
    """A path to a value as one writes it; the document itself has none."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step and step.replace("-", "").replace("_", "").isalnum():
            text += f".{step}"
        else:
            text += f'["{step}"]'
    return text.removeprefix(".")
