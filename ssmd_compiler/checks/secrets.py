"""Where a person may have written a secret itself instead of a reference to one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ssmd_compiler.source import Map, Seq

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.source import Path

__all__ = ["plaintext"]

_SECRET_NAME = re.compile(
    r"(^|_|-)(credentials?|password|passwd|pwd|secret|token|api_?key|api_?secret|access_?key|secret_?key|private_?key)$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\$key:|(sealed-secret|vault|env|file)[:/]")
_USERINFO = re.compile(r"^[a-z][a-z0-9+.-]*://[^/?#]*@", re.IGNORECASE)
_QUERY = re.compile(r"[?&](token|key|api_?key|secret|signature|password)=[^&]+", re.IGNORECASE)
_PEM = "-----BEGIN "
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
    if _PEM in text:
        return "a private key or certificate"
    if _USERINFO.match(text):
        return "a user or password in a URL"
    if _QUERY.search(text):
        return "a token in a URL"
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    if name in _HARMLESS or not _SECRET_NAME.search(name) or _REFERENCE.match(text):
        return None
    return f"the value of `{name}`"
