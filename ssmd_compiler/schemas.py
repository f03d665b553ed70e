"""The schemas of a workspace, to be asked about: their versions, what these can read, and who uses them.

It reads schemas, their definitions and the documents that name them, and nothing else; what is wrong with any of these
is `validate`'s to tell. A question that cannot be answered raises `Unanswerable`, which says why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ssmd_compiler.definitions import Definition, parse
from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.evolution import Approval, approval, in_order, step
from ssmd_compiler.link import schema_uses
from ssmd_compiler.model import bind, bind_settings
from ssmd_compiler.model.scalars import SHA256
from ssmd_compiler.source import FaultKind, Map, Refused, Seq, beside, sha256
from ssmd_compiler.source.workspace import SETTINGS, discover, load

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator

    from ssmd_compiler.definitions import Parsed
    from ssmd_compiler.diagnostics import Span
    from ssmd_compiler.evolution import Step
    from ssmd_compiler.model import Bound, Environment, Feed, Schema
    from ssmd_compiler.model.schema import SchemaVersion
    from ssmd_compiler.source import Tree

__all__ = ["Comparison", "Schemas", "Unanswerable", "Use"]


_HASH: Final = re.compile(SHA256)
_NO_HASH: Final = f"sha256:{'0' * 64}"


class Unanswerable(Exception):  # noqa: N818 -- a question is, not an error
    """Why a question about schemas has no answer."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One version beside an older one that it is to read."""

    old: str
    new: str
    step: Step
    approval: Approval
    until: datetime.date | None

    @property
    def approved(self) -> bool:
        return self.approval in (Approval.FOREVER, Approval.RUNNING)

    @property
    def failed(self) -> bool:
        """Whether something that was recorded cannot be read, and nobody approved that."""
        return bool(self.step.wire) and not self.approved


@dataclass(frozen=True, slots=True)
class Use:
    """A schema's version, and a place that names it."""

    version: str
    kind: str
    name: str
    span: Span


class Schemas:
    """The schemas of one tree, by name; read when they are asked for."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._sources = discover(tree, _roots(tree))
        self._refuse_unread("feeds", "environments", "templates")
        self._documents: dict[str, Bound[Schema]] = {}
        for path in self._sources.schemas:
            bound: Bound[Schema] = bind(load(tree, path)[0], "Schema")
            self._documents.setdefault(bound.name, bound)

    def _refuse_unread(self, *beside_the_point: str) -> None:
        """A list from which something that cannot be read is missing would be no answer."""
        for document in self._sources.faults:
            folder = document.path.rpartition("/")[2]
            if folder not in beside_the_point and any(f.kind is not FaultKind.NOT_READ for f in document.faults):
                raise Unanswerable(f"`{document.path}` cannot be read: `ssmd validate` tells why")

    def sound(self) -> Iterator[Bound[Schema]]:
        return (bound for _, bound in sorted(self._documents.items()) if bound.sound)

    def faulty(self) -> Iterator[str]:
        """The documents that cannot be told of, by path."""
        return (bound.path for _, bound in sorted(self._documents.items()) if not bound.sound)

    def names(self) -> list[str]:
        return sorted(self._documents)

    def schema(self, name: str) -> Bound[Schema]:
        found = self._documents.get(name)
        if found is None:
            there = f"the schemas here are {', '.join(self.names())}" if self._documents else "there is no schema yet"
            hint = did_you_mean(name, self._documents) or there
            raise Unanswerable(f"no schema named `{name}`: {hint}")
        if not found.sound:
            raise Unanswerable(f"`{found.path}` has errors: `ssmd validate` tells them")
        return found

    def schema_without_hashes(self, name: str) -> Bound[Schema]:
        """As `schema`, though hashes be missing or malformed: each such version states one that no file has."""
        found = self._documents.get(name)
        if found is None or found.sound:
            return self.schema(name)
        document = load(self._tree, found.path)[0]
        data = document.data if isinstance(document.data, Map) else Map()
        for body in (data, data.get("spec")):
            for version in _maps(body.get("versions") if isinstance(body, Map) else None):
                if not isinstance(version.get("hash"), str) or not _HASH.fullmatch(version["hash"]):
                    version["hash"] = _NO_HASH
        bound: Bound[Schema] = bind(document, "Schema")
        return bound if bound.sound else self.schema(name)

    def version(self, schema: Schema, name: str) -> int:
        names = [version.version for version in schema.versions]
        if name not in names:
            hint = did_you_mean(name, names) or f"its versions are {', '.join(names)}"
            raise Unanswerable(f"`{schema.name}` has no version `{name}`: {hint}")
        return names.index(name)

    def content(self, bound: Bound[Schema], version: SchemaVersion) -> tuple[str, bytes | None]:
        """The path of a version's definition file and its bytes, if they can be read."""
        file = bound.value.file_of(version) or ""
        path = beside(bound.path, file)
        if path is None:
            return file, None
        try:
            return path, self._tree.read(path)
        except (Refused, FileNotFoundError):
            return path, None

    def digest(self, bound: Bound[Schema], version: SchemaVersion) -> str | None:
        """The hash that a version would state."""
        _, content = self.content(bound, version)
        return None if content is None else f"sha256:{sha256(content)}"

    def compare(self, name: str, old: str | None, new: str | None, as_of: datetime.date) -> list[Comparison]:
        """The pairs asked for: these two; all that one of them has beside it; or each version and the one before it."""
        bound = self.schema(name)
        schema = bound.value
        order = in_order(schema)
        if old is not None and new is not None:
            pairs = [(self.version(schema, old), self.version(schema, new))]
        else:
            asked = {self.version(schema, one) for one in (old, new) if one is not None}
            pairs = [(a, b) for a, b in pairwise(order) if not asked or (a if old is not None else b) in asked]
        return [self._compared(bound, a, b, as_of) for a, b in pairs]

    def uses(self, name: str, version: str | None) -> Iterator[Use]:
        """Every place in an environment or a feed that names the schema, in the order of names."""
        schema = self.schema(name).value
        self._refuse_unread()
        if version is not None:
            self.version(schema, version)
        for kind, by, text, span in (*self._of_environments(), *self._of_feeds()):
            named, _, wanted = text.partition(":")
            if named == name and version in (None, wanted):
                yield Use(wanted, kind, by, span)

    def _of_environments(self) -> Iterator[tuple[str, str, str, Span]]:
        for path in self._sources.environments:
            bound: Bound[Environment] = bind(load(self._tree, path)[0], "Environment")
            for index, text in enumerate(bound.value.schemas if bound.sound else ()):
                yield "environment", bound.name, text, bound.span("schemas", index)

    def _of_feeds(self) -> Iterator[tuple[str, str, str, Span]]:
        for path in self._sources.feeds:
            bound: Bound[Feed] = bind(load(self._tree, path)[0], "Feed")
            for use in schema_uses(bound, self._documents) if bound.sound else ():
                yield "feed", bound.name, use.text, use.span

    def _compared(self, bound: Bound[Schema], old: int, new: int, as_of: datetime.date) -> Comparison:
        schema = bound.value
        versions = schema.versions
        found = step(schema, lambda version: self._parsed.get(self.content(bound, version)[0]), new, old)
        if found is None:
            names = f"`{versions[old].version}` and `{versions[new].version}`"
            raise Unanswerable(f"the definitions of {names} cannot be compared: `ssmd validate` tells why")
        later = in_order(schema).index(new) > in_order(schema).index(old)
        approved = approval(versions[new], as_of) if later else Approval.NONE
        said = versions[new].breaking_changes
        until = said.approved_until if said is not None and later else None
        return Comparison(versions[old].version, versions[new].version, found, approved, until)

    @cached_property
    def _parsed(self) -> dict[str, Parsed]:
        """Every definition, for one may refer to another."""
        found: dict[str, Definition] = {}
        for bound in self.sound():
            for version in bound.value.versions:
                path, content = self.content(bound, version)
                if content is not None:
                    found.setdefault(path, Definition(path, bound.value.format, content))
        return {parsed.definition.path: parsed for parsed in parse(tuple(found.values()))}


def _maps(node: object) -> Iterator[Map]:
    return (item for item in (node if isinstance(node, Seq) else ()) if isinstance(item, Map))


def _roots(tree: Tree) -> tuple[str, ...]:
    if SETTINGS not in tree.names(""):
        return ()
    settings = bind_settings(load(tree, SETTINGS)[0])
    return settings.value.paths.sources if settings.sound else ()
