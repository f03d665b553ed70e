"""The places of a document: every entry and every item, and the document without it, or with another value or key.

A document is never changed. What comes out shares all that is not on the way to the place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ssmd_compiler.source import Document, Map, Path, Quoted, Seq

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from ssmd_compiler.diagnostics import Span

__all__ = [
    "Place",
    "altered",
    "children",
    "entries",
    "name_path",
    "place_at",
    "removed",
    "removed_all",
    "renamed",
    "replaced",
]

_APART = frozenset({"apiVersion", "kind", "metadata"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value was written (or the key that names it), which field it is, with dots, and what is written there."""

    span: Span
    field: str
    text: str = ""


def entries(root: Map) -> Iterator[tuple[Path, Any]]:
    """The path to everything that a person said in a document, and what is there; the envelope's words apart."""
    enveloped = _is_enveloped(root)
    for key, value in root.items():
        if key not in (_APART if enveloped else ("name", "apiVersion")):
            yield from _below((key,), value)


def _below(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if path != ("spec",):
        yield path, value
    for step, inner in children(value):
        yield from _below((*path, step), inner)


def children(node: Any) -> Iterable[tuple[str | int, Any]]:
    """The entries of a mapping or the items of a list; none of a text."""
    if isinstance(node, Map):
        return list(node.items())
    return enumerate(node) if isinstance(node, Seq) else ()


def _is_enveloped(root: Map) -> bool:
    return "spec" in root or "kind" in root


def name_path(root: Map) -> Path:
    """Where a document says its own name."""
    return ("metadata", "name") if _is_enveloped(root) else ("name",)


def place_at(document: Document, path: Path, *, key: bool = False) -> Place:
    """The place of the value at `path`, or with `key` of the key that names it."""
    said = path[1:] if path[0] == "spec" else path
    dotted = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in said)
    value = path[-1] if key else at(document.data, path)
    return Place(document.span(path, key=key), dotted.removeprefix("."), value if isinstance(value, str) else "")


def at(root: Any, path: Path) -> Any:
    """What stands at `path`."""
    for step in path:
        root = root[step]
    return root


def replaced(root: Map, path: Path, value: str) -> Map:
    """`root` with another text at `path`; it is in quotes where the present one is."""

    def put(parent: Any, step: Any) -> None:
        parent[step] = Quoted(value) if isinstance(parent[step], Quoted) else value

    return _changed(root, path, put)


def removed(root: Map, path: Path) -> Map:
    """`root` without the entry or item at `path`."""

    def drop(parent: Any, step: Any) -> None:
        del parent[step]
        if isinstance(parent, Seq):
            del parent.value_at[step]

    return _changed(root, path, drop)


def removed_all(root: Map, path: Path, steps: Collection[str | int]) -> Map:
    """`root` without those entries or items of the collection at `path`."""

    def drop(parent: Any, step: Any) -> None:
        collection = parent[step] = _copied(parent[step])
        if isinstance(collection, Map):
            for key in steps:
                del collection[str(key)]
            return
        gone = set(steps)
        collection.value_at = [at for index, at in enumerate(collection.value_at) if index not in gone]
        collection[:] = [item for index, item in enumerate(collection) if index not in gone]

    return _changed(root, path, drop)


def renamed(root: Map, path: Path, key: str) -> Map:
    """`root` with another name for the entry at `path`, which keeps its turn."""

    def rename(parent: Any, step: Any) -> None:
        held = list(parent.items())
        parent.clear()
        for name, value in held:
            parent[key if name == step else name] = value
        parent.key_at[key], parent.value_at[key] = parent.key_at[step], parent.value_at[step]

    return _changed(root, path, rename)


def _changed(root: Map, path: Path, change: Callable[[Any, Any], None]) -> Map:
    copy = _copied(root)
    parent: Any = copy
    for step in path[:-1]:
        parent[step] = _copied(parent[step])
        parent = parent[step]
    change(parent, path[-1])
    return cast("Map", copy)


def _copied(node: Any) -> Map | Seq:
    if isinstance(node, Map):
        copy = Map()
        copy.update(node)
        copy.key_at, copy.value_at, copy.range = dict(node.key_at), dict(node.value_at), node.range
        return copy
    items = Seq()
    items.extend(node)
    items.value_at, items.range = list(node.value_at), node.range
    return items


def altered(root: Any, change: Callable[[str], str]) -> Any:
    """`root` with every text as `change` gives it; what stays the same is shared."""
    if isinstance(root, str):
        text = change(root)
        return root if text == root else Quoted(text) if isinstance(root, Quoted) else text
    found = {step: new for step, value in children(root) if (new := altered(value, change)) is not value}
    if not found:
        return root
    copy: Any = _copied(root)
    for step, new in found.items():
        copy[step] = new
    return copy
