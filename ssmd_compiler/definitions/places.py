"""Where a definition declares what: the span of a name, found again in the text when somebody has to be told.

Sound definitions only. Refuses nothing: a name that is not found is at the nearest one around it that is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ssmd_compiler.definitions.capnp_tokens import Scan, scan
from ssmd_compiler.definitions.json_nodes import read
from ssmd_compiler.definitions.protobuf_names import names_of
from ssmd_compiler.definitions.text import Text, look
from ssmd_compiler.diagnostics import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ssmd_compiler.definitions.json_nodes import Node
    from ssmd_compiler.definitions.model import Definition

__all__ = ["Path", "place"]

Path = tuple[str, ...]
"""Names from the outermost to the innermost; the steps of a JSON pointer."""

Offsets = tuple[int, int]


def place(definition: Definition, path: Path) -> Span:
    """Where the thing named by `path` is declared."""
    text, find = _finder(definition)
    for length in range(len(path), -1, -1):
        if (found := find(path[:length])) is not None:
            flaw = text.flaw(*found, "")
            return Span(definition.path, flaw.line, flaw.column, flaw.end_line, flaw.end_column)
    return Span(definition.path)


@lru_cache(maxsize=16)
def _finder(definition: Definition) -> tuple[Text, Callable[[Path], Offsets | None]]:
    text, _ = look(definition)
    if definition.format == "json_schema":
        root, _ = read(text)
        return text, lambda path: _in_json(root, path)
    if definition.format == "protobuf":
        return text, dict(names_of(text.characters)).get
    declared: dict[Path, Offsets] = {}
    for path, found in _capnp_names(scan(text)):
        declared.setdefault(path, found)
    return text, declared.get


def _in_json(root: Node | None, path: Path) -> Offsets | None:
    if root is None:
        return None
    node = root
    for step in path:
        below = node.child(step)
        if below is None:
            return None
        node = below
    # A schema is a block of many lines; its first character stands for it.
    return node.start, node.end if node.kind not in {"object", "array"} else node.start + 1


def _capnp_names(found: Scan) -> Iterator[tuple[Path, Offsets]]:
    scopes: dict[int, Path] = {-1: ()}
    for index, statement in enumerate(found.statements):
        words = found.tokens[statement.first : min(statement.first + 2, statement.last)]
        outer = scopes.get(statement.parent, ())
        keyword = words[0].text if len(words) > 1 and words[0].text in {"struct", "enum", "interface"} else ""
        named = words[1] if keyword and words[1].kind == "name" else words[0] if words else None
        if named is None or (named.text == "union" and len(words) == 1):  # an unnamed union adds no name
            scopes[index] = outer
            continue
        scopes[index] = (*outer, named.text)
        yield scopes[index], (named.start, named.end)
