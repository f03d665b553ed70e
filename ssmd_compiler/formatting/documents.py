"""Which documents of a tree are formatted, and of which kind each is: decided by folder, as everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.formatting import SETTINGS as SETTINGS_KIND
from ssmd_compiler.model import bind_settings
from ssmd_compiler.source.workspace import SETTINGS, discover, load

if TYPE_CHECKING:
    from ssmd_compiler.source import Document, Tree

__all__ = ["documents", "kind_of", "surveyed"]

_KINDS = {"feeds": "Feed", "schemas": "Schema", "environments": "Environment"}


def kind_of(path: str) -> str | None:
    """The kind of the document at `path`, None where no document stands.

    >>> kind_of("exchanges/feeds/kalshi.yaml"), kind_of("ssmd.yaml"), kind_of("README.md")
    ('Feed', 'Settings', None)
    """
    folder, _, name = path.rpartition("/")
    if name == SETTINGS:
        return SETTINGS_KIND
    return _KINDS.get(folder.rpartition("/")[2]) if name.endswith(".yaml") else None


def documents(tree: Tree) -> dict[str, str]:
    """Every document by path, and its kind."""
    return surveyed(tree)[0]


def surveyed(tree: Tree) -> tuple[dict[str, str], tuple[Document, ...]]:
    """Every document by path, and its kind; and what stands where documents do and is not read, with its faults."""
    found: dict[str, str] = {}
    roots: tuple[str, ...] = ()
    if SETTINGS in tree.names(""):
        found[SETTINGS] = SETTINGS_KIND
        bound = bind_settings(load(tree, SETTINGS)[0])
        roots = bound.value.paths.sources if bound.sound else ()
    sources = discover(tree, roots)
    families = {"Feed": sources.feeds, "Schema": sources.schemas, "Environment": sources.environments}
    found.update((path, kind) for kind, paths in families.items() for path in paths)
    return dict(sorted(found.items())), sources.faults
