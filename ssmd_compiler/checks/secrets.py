"""Where a person may have written a secret itself instead of a reference to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.diagnostics.secrets import appearance, names_a_secret, telling
from ssmd_compiler.source import Map, Quoted, Seq

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ssmd_compiler.source import Path

__all__ = ["plaintext"]

# Names that end like a secret's but hold the name of something: a field's name, a metric, a key of a mapping of keys.
_HARMLESS = frozenset({"fields", "identifier_field", "type", "sequence_group_by"})

# Below these stand names that people choose, and fields that have checks of their own.
_CHOSEN = frozenset({"keys", "secrets"})


def plaintext(body: Map) -> list[tuple[Path, str]]:
    """Every place that holds what looks like a secret, and what it looks like."""
    found: list[tuple[Path, str]] = []
    for name, value in body.items():
        _look({name: value}, (), "", None, found, counts=name not in _CHOSEN)
    return found


def _look(  # noqa: PLR0913 -- a walk: where it is, what it knows, and where it writes
    node: Any, path: Path, name: str, secret: str | None, found: list[tuple[Path, str]], *, counts: bool
) -> None:
    """Look at the texts below `node`. `name` is the nearest key above, `secret` the first that names a secret.

    Only where it `counts` does a name further above than the nearest say what a text is.
    """
    if type(node) is Seq and secret is None and counts and _all_harmless(node):
        return
    entries: Iterable[tuple[str | int, Any]] = enumerate(node) if type(node) is Seq else node.items()
    for step, value in entries:
        named, held = name, secret
        if isinstance(step, str):
            named = step
            if held is None and counts and names_a_secret(step):
                held = step
        if type(value) is Map or type(value) is Seq:
            _look(value, (*path, step), named, held, found, counts=counts)
        elif value is None or named in _HARMLESS or (held is None and counts and not telling(value)):
            continue
        elif what := appearance(held or named, value):
            found.append(((*path, step), what))


def _all_harmless(items: Seq) -> bool:
    """Whether a list holds texts alone, none of which tells anything: hundreds of symbols are looked at as one."""
    return all(map(_TEXTS.__contains__, map(type, items))) and not telling("\n".join(items))


_TEXTS = frozenset({str, Quoted})
