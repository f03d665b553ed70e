"""An environment with everything that its files are made from, and the same with another document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ssmd_compiler.link import Family, Kind, LinkedEnvironment, link
from ssmd_compiler.model import bind, bind_settings
from ssmd_compiler.record import replace
from ssmd_compiler.source import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ssmd_compiler.model import Bound
    from ssmd_compiler.source import Map

__all__ = ["Subject", "bound_with", "family"]


@dataclass(frozen=True, slots=True)
class Subject:
    """An environment that is linked, and the document of the settings where there is one."""

    linked: LinkedEnvironment
    settings: Document | None = None

    def documents(self) -> Iterator[tuple[str, Document]]:
        """What the environment's files are made from, by kind: its own document first, the settings last."""
        yield "Environment", self.linked.bound.document
        if self.linked.sound_feed is not None and self.linked.feed.target is not None:
            yield "Feed", self.linked.feed.target.document
        yield from (("Schema", schema.document) for schema in self._schemas().values() if schema.sound)
        if self.settings is not None and not self.settings.faults:
            yield "Settings", self.settings

    def linked_with(self, kind: str, bound: Bound[Any]) -> LinkedEnvironment:
        """The environment with another document of a kind."""
        own, shared = self.linked.bound, self.linked.shared.reader()
        match kind:
            case "Environment":
                return link(bound, shared)
            case "Feed":
                return link(own, replace(shared, feeds=family("feed", {bound.name: bound})))
            case "Schema":
                schemas = {**self._schemas(), bound.name: bound}
                return link(own, replace(shared, schemas=family("schema", schemas)))
        return link(own, replace(shared, settings=bound.value))

    def _schemas(self) -> dict[str, Bound[Any]]:
        return {use.name: use.schema for use in self.linked.schemas if use.schema is not None}


def family(kind: Kind, documents: Mapping[str, Bound[Any]]) -> Family[Any]:
    return Family(kind, documents, documents.__getitem__, set())


def bound_with(kind: str, document: Document, data: Map, path: str | None = None) -> Bound[Any]:
    """A document with other data, or elsewhere as well, as its kind reads it."""
    changed = Document(path or document.path, data, range=document.range)
    return bind_settings(changed) if kind == "Settings" else bind(changed, kind)
