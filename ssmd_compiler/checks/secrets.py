"""Where a person may have written a secret itself instead of a reference to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.diagnostics.secrets import appearance
from ssmd_compiler.source import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.source import Path

__all__ = ["plaintext"]

# Names that end like a secret's but hold the name of something: a field's name, a metric, a key of a mapping of keys.
_HARMLESS = frozenset({"fields", "identifier_field", "type", "sequence_group_by"})


def plaintext(body: Map) -> Iterator[tuple[Path, str]]:
    """Every place that holds what looks like a secret, and what it looks like."""
    yield from _look(body, ())


def _look(node: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(node, Map):
        for key, value in node.items():
            yield from _look(value, (*path, key))
    elif isinstance(node, Seq):
        for index, value in enumerate(node):
            yield from _look(value, (*path, index))
    elif isinstance(node, str) and (what := _suspicious(path, node)):
        yield path, what


def _suspicious(path: Path, text: str) -> str | None:
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    return None if name in _HARMLESS else appearance(name, text)
