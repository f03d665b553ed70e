"""Where a person may have written a secret itself instead of a reference to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics.secrets import appearance, names_a_secret
from ssmd_compiler.source import texts

if TYPE_CHECKING:
    from ssmd_compiler.source import Map, Path

__all__ = ["plaintext"]

# Names that end like a secret's but hold the name of something: a field's name, a metric, a key of a mapping of keys.
_HARMLESS = frozenset({"fields", "identifier_field", "type", "sequence_group_by"})


def _telling(path: Path, name: str) -> str:
    """The name that says what a text is: the nearest key, or one above it that names a secret."""
    # Keys themselves stand under names that people choose, and hold fields that have checks of their own.
    if path[0] in ("keys", "secrets"):
        return name
    above = (step for step in path if isinstance(step, str) and names_a_secret(step))
    return next(above, name)


def plaintext(body: Map) -> list[tuple[Path, str]]:
    """Every place that holds what looks like a secret, and what it looks like."""
    found: list[tuple[Path, str]] = []
    for path, name, text in texts(body):
        if name not in _HARMLESS and (what := appearance(_telling(path, name), text)):
            found.append((path, what))
    return found
