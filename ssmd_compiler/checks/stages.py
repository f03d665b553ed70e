"""What checks look at besides documents, models, links and lowered environments: the views that need two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime
    from collections.abc import Collection, Iterator, Mapping

    from ssmd_compiler.definitions import Parsed
    from ssmd_compiler.diagnostics import Span
    from ssmd_compiler.emit import Output
    from ssmd_compiler.link import Shared
    from ssmd_compiler.lock import Lock
    from ssmd_compiler.lower import Lowered
    from ssmd_compiler.model import Bound, Feed, Schema, Settings
    from ssmd_compiler.source import FaultKind
    from ssmd_compiler.source.workspace import Sources

__all__ = [
    "Claim",
    "DefinitionFile",
    "Emitted",
    "Families",
    "FeedStage",
    "Generated",
    "GeneratedFile",
    "SchemaStage",
    "SettingsStage",
    "TemplateStage",
    "Topology",
    "claims",
]


@dataclass(frozen=True, slots=True)
class Families:
    """The documents of each family, by path."""

    families: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, sources: Sources) -> Families:
        return cls({"feed": sources.feeds, "schema": sources.schemas, "environment": sources.environments})


@dataclass(frozen=True, slots=True)
class SettingsStage:
    """The workspace's settings, and those of its source folders that hold no family."""

    settings: Bound[Settings]
    lost_folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeedStage:
    """A sound feed among everything else that is shared."""

    feed: Bound[Feed]
    shared: Shared


@dataclass(frozen=True, slots=True)
class DefinitionFile:
    """A schema's definition as found: its bytes, or why there are none (no `refused`: there is no such file)."""

    path: str
    content: bytes | None
    refused: FaultKind | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SchemaStage:
    """A sound schema, its definition files, and what parsing them gave."""

    schema: Bound[Schema]
    files: Mapping[str, DefinitionFile]
    parsed: Mapping[str, Parsed]
    as_of: datetime.date

    def places(self) -> Iterator[tuple[str, Span]]:
        """Each definition file as written, once, and where it is written."""
        schema, seen = self.schema.value, set[str]()
        for index, version in enumerate(schema.versions):
            file = schema.file_of(version)
            if file is not None and file not in seen:
                seen.add(file)
                own = ("versions", index) if version.schema_file is not None else ()
                yield file, self.schema.span(*own, "schema_file")


@dataclass(frozen=True, slots=True)
class TemplateStage:
    """A workspace's template that failed."""

    path: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Emitted:
    """What was generated for one environment, and which templates are the workspace's own."""

    lowered: Lowered
    outputs: tuple[Output, ...]
    own_templates: Collection[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A name that one environment takes for itself, among all environments of the workspace."""

    kind: str
    scope: str
    name: str
    environment: str
    span: Span


@dataclass(frozen=True, slots=True)
class Topology:
    """Every claim of every environment."""

    claims: tuple[Claim, ...]

    def contested(self, *kinds: str) -> Iterator[tuple[Claim, Claim]]:
        """Each claim on a name that another environment claimed before, with that first claim."""
        first: dict[tuple[str, str, str], Claim] = {}
        for claim in self.claims:
            if claim.kind in kinds:
                holder = first.setdefault((claim.kind, claim.scope, claim.name), claim)
                if holder.environment != claim.environment:
                    yield claim, holder


def claims(lowered: Lowered) -> Iterator[Claim]:
    """What one environment takes: Kubernetes names in its namespace, streams, subjects, and places in storage."""
    names, bound = lowered.names, lowered.linked.bound
    for derived in lowered.derived():
        in_cluster = derived.kind not in ("stream", "subject", "consumer")
        scope = names.namespace if in_cluster else _broker(lowered)
        yield Claim(derived.kind, scope, derived.name, names.environment, bound.span(*derived.origin))
    storage = bound.span(
        "middleware", "storage", "path" if lowered.linked.environment.middleware.storage.path else "type"
    )
    for place in lowered.stores:
        yield Claim("place", "", place, names.environment, storage)


def _broker(lowered: Lowered) -> str:
    """The broker that streams and subjects live on: the same name on two of them is no collision."""
    transport = lowered.linked.environment.middleware.transport
    domain = transport.jetstream.domain if transport.jetstream else None
    return f"{transport.url or ''} {domain or ''}"


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """A file of `generated/` as it stands on disk: its digest, or why it has none."""

    digest: str | None
    refused: FaultKind | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Generated:
    """`generated/` as it is, beside what the sources compile to. `flaw`: why the lock on disk cannot be read."""

    folder: str
    expected: Lock
    locked: Lock | None
    flaw: str
    files: Mapping[str, GeneratedFile]
    """Every file that either lock names; one that does not exist is left out."""
