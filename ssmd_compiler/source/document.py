"""A document: mappings, lists and text, each with the place where it was written.

Nothing is typed here: a plain scalar stays text until a model asks for more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ssmd_compiler.diagnostics import Span
from ssmd_compiler.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ssmd_compiler.source.allowances import Allowance
    from ssmd_compiler.source.faults import Fault

__all__ = ["Document", "Map", "Path", "Quoted", "Range", "Seq", "span_of", "texts"]

Path = tuple[str | int, ...]
"""Keys and indices from a document's root to one of its values."""

Range = tuple[int, int, int, int]
"""Line, column, end line, end column, from 0, as libyaml counts them."""


class Map(dict[str, Any]):
    """A mapping that knows where it stands, and where each of its keys and values does."""

    __slots__ = ("key_at", "range", "value_at", "weight")

    def __init__(self) -> None:
        self.key_at: dict[str, Range] = {}
        self.value_at: dict[str, Range] = {}
        self.range: Range = (0, 0, 0, 0)
        self.weight = 1


class Seq(list[Any]):
    """A list that knows where it stands, and where each of its items does."""

    __slots__ = ("range", "value_at", "weight")

    def __init__(self) -> None:
        self.value_at: list[Range] = []
        self.range: Range = (0, 0, 0, 0)
        self.weight = 1


class Quoted(str):
    """Text that its author put in quotes, or in a block: it is text whatever the model asks for."""

    __slots__ = ()


class Document(Record, frozen=True):
    """One file as read: its data, or the faults for which there is none."""

    path: str
    data: Any
    faults: tuple[Fault, ...] = ()
    range: Range = (0, 0, 0, 1)
    allowances: tuple[Allowance, ...] = ()

    def span(self, path: Path = (), *, key: bool = False) -> Span:
        """Where the value at `path` stands (its key, with `key`); the nearest enclosing place when it is absent."""
        return span_of(self.path, self._range(path, key=key))

    def _range(self, path: Path, *, key: bool) -> Range:
        node, here = self.data, self.range
        for step in path:
            if isinstance(node, Map) and step in node:
                at_key = key and step == path[-1]
                here = (node.key_at if at_key else node.value_at).get(cast("str", step), here)
            elif isinstance(node, Seq) and isinstance(step, int) and step < len(node):
                here = node.value_at[step]
            else:
                return _first_line(here)
            node = node[step]
        return here if not isinstance(node, Map | Seq) else _first_line(here)


def texts(root: Map, starting: str = "") -> list[tuple[Path, str, str]]:
    """Every text of a document (that starts so): the path to it, the name of the nearest key above it, and the text."""
    found: list[tuple[Path, str, str]] = []
    _gather(root, (), "", starting, found)
    return found


def _gather(node: Any, path: Path, name: str, starting: str, found: list[tuple[Path, str, str]]) -> None:
    entries: Iterable[tuple[str | int, Any]] = node.items() if type(node) is Map else enumerate(node)
    for step, value in entries:
        if type(value) is Map or type(value) is Seq:
            _gather(value, (*path, step), step if isinstance(step, str) else name, starting, found)
        elif value is not None and value.startswith(starting):
            found.append(((*path, step), step if isinstance(step, str) else name, value))


def span_of(path: str, at: Range) -> Span:
    """The place of a range, counted as people count."""
    return Span(path, at[0] + 1, at[1] + 1, at[2] + 1, at[3] + 1)


def _first_line(at: Range) -> Range:
    """A caret's worth at the start of a block: nobody is helped by fifty underlined lines."""
    return at if at[0] == at[2] else (at[0], at[1], at[0], at[1] + 1)
