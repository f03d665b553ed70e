"""What checks look at besides documents, models, links and lowered environments: the views that need two of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Span
from ssmd_compiler.evolution import must_read, steps
from ssmd_compiler.record import Record
from ssmd_compiler.source import beside

if TYPE_CHECKING:
    import datetime
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from ssmd_compiler.definitions import Parsed
    from ssmd_compiler.emit import Output
    from ssmd_compiler.evolution import Step
    from ssmd_compiler.link import Shared
    from ssmd_compiler.lock import Lock
    from ssmd_compiler.lower import Lowered
    from ssmd_compiler.model import Bound, Feed, Schema, Settings
    from ssmd_compiler.model.schema import SchemaVersion
    from ssmd_compiler.policy import Fault
    from ssmd_compiler.policy.judging import Policy
    from ssmd_compiler.source import Allowance, FaultKind
    from ssmd_compiler.source.workspace import Sources

__all__ = [
    "Allowing",
    "Claim",
    "Claims",
    "DefinitionFile",
    "Emitted",
    "Families",
    "FeedStage",
    "Generated",
    "GeneratedFile",
    "Rules",
    "SchemaStage",
    "SettingsStage",
    "TemplateStage",
    "Topology",
    "Usage",
    "claims",
]


class Families(Record, frozen=True):
    """The documents of each family, by path."""

    families: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, sources: Sources) -> Families:
        return cls({"feed": sources.feeds, "schema": sources.schemas, "environment": sources.environments})


class SettingsStage(Record, frozen=True):
    """The workspace's settings, and those of its source folders that hold no family."""

    settings: Bound[Settings]
    lost_folders: tuple[str, ...]
    folders_beside_lost: tuple[str, ...] = ()


class FeedStage(Record, frozen=True):
    """A sound feed among everything else that is shared."""

    feed: Bound[Feed]
    shared: Shared


class DefinitionFile(Record, frozen=True):
    """A schema's definition as found: its bytes, or why there are none (no `refused`: there is no such file)."""

    path: str
    content: bytes | None
    refused: FaultKind | None = None
    detail: str = ""
    beside: tuple[str, ...] = ()
    """Of one that is not there, what is."""


@dataclass(frozen=True)
class SchemaStage:
    """A sound schema, its definition files, and what parsing them gave."""

    schema: Bound[Schema]
    files: Mapping[str, DefinitionFile]
    parsed: Mapping[str, Parsed]
    as_of: datetime.date

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Each version beside those that it must read, compared once for all checks."""
        return steps(self.schema.value, self._definition)

    def unknown(self, version: int) -> bool:
        """Whether a version cannot be compared: its definition, or that of all that it must read, is flawed."""
        return not any(step.version == version for step in self.steps) and must_read(self.schema.value, version)

    def _definition(self, version: SchemaVersion) -> Parsed | None:
        return self.parsed.get(beside(self.schema.path, self.schema.value.file_of(version) or "") or "")

    def places(self) -> Iterator[tuple[str, Span]]:
        """Each definition file as written, once, and where it is written."""
        schema, seen = self.schema.value, set[str]()
        for index, version in enumerate(schema.versions):
            file = schema.file_of(version)
            if file is not None and file not in seen:
                seen.add(file)
                own = ("versions", index) if version.schema_file is not None else ()
                yield file, self.schema.span(*own, "schema_file")


class TemplateStage(Record, frozen=True):
    """A workspace's template that failed."""

    path: str
    line: int
    reason: str


class Emitted(Record, frozen=True):
    """What was generated for one environment, and which templates are the workspace's own."""

    lowered: Lowered
    outputs: tuple[Output, ...]
    own_templates: Mapping[str, str]


class Claim(Record, frozen=True):
    """A name that one environment takes for itself, among all environments of the workspace."""

    kind: str
    scope: str
    name: str
    environment: str
    span: Span


class Claims(Record, frozen=True):
    """All claims of one environment, packed: there are thousands, and nobody looks at one that is not contested."""

    environment: str
    path: str
    keys: tuple[str, ...] = ()
    """Kind, scope and name of each, joined by a NUL, which no source can say."""
    places: tuple[tuple[int, int, int, int], ...] = ()
    """Where each stands in the environment's document, as in a Span."""

    @classmethod
    def of(cls, environment: str, path: str, claims: Iterable[tuple[str, str, str, Span]]) -> Claims:
        told = tuple(claims)
        keys = tuple(f"{kind}\0{scope}\0{name}" for kind, scope, name, _ in told)
        places = ((span.line, span.column, span.end_line, span.end_column) for _, _, _, span in told)
        return cls(environment, path, keys, tuple(places))

    def claim(self, index: int) -> Claim:
        kind, scope, name = self.keys[index].split("\0")
        return Claim(kind, scope, name, self.environment, Span(self.path, *self.places[index]))


class Topology:
    """Every claim of every environment."""

    def __init__(self, claims: Iterable[Claims]) -> None:
        self._claims = tuple(claims)
        self._contested = tuple(self._find_contested())

    def of(self, kind: str) -> Iterator[Claim]:
        """Every claim of a kind."""
        prefix = f"{kind}\0"
        for claims in self._claims:
            for index, key in enumerate(claims.keys):
                if key.startswith(prefix):
                    yield claims.claim(index)

    def contested(self, *kinds: str) -> Iterator[tuple[Claim, Claim]]:
        """Each claim on a name that another environment claimed before, with that first claim."""
        return ((claim, holder) for claim, holder in self._contested if claim.kind in kinds)

    def _find_contested(self) -> Iterator[tuple[Claim, Claim]]:
        own = [frozenset(claims.keys) for claims in self._claims]
        if len(frozenset().union(*own)) == sum(map(len, own)):
            return
        first: dict[str, tuple[Claims, int]] = {}
        for claims in self._claims:
            for index, key in enumerate(claims.keys):
                holder = first.setdefault(key, (claims, index))
                if holder[0] is not claims:
                    yield claims.claim(index), holder[0].claim(holder[1])


def claims(lowered: Lowered) -> Claims:
    """What one environment takes: Kubernetes names in its namespace, streams, subjects, and places in storage."""
    return Claims.of(lowered.names.environment, lowered.linked.bound.path, _claims(lowered))


def _claims(lowered: Lowered) -> Iterator[tuple[str, str, str, Span]]:
    names, bound, broker = lowered.names, lowered.linked.bound, _broker(lowered)
    spans: dict[tuple[str, ...], Span] = {}
    for derived in lowered.derived():
        in_cluster = derived.kind not in ("stream", "subject", "consumer")
        if derived.origin not in spans:
            spans[derived.origin] = bound.span(*derived.origin)
        yield derived.kind, names.namespace if in_cluster else broker, derived.name, spans[derived.origin]
    if lowered.stream is not None:
        yield "prefix", broker, names.subject_prefix, bound.span("middleware", "transport", "subject_prefix")
    said = "path" if lowered.linked.environment.middleware.storage.path else "type"
    for place in lowered.stores:
        yield "place", "", place, bound.span("middleware", "storage", said)


def _broker(lowered: Lowered) -> str:
    """The broker that streams and subjects live on: the same name on two of them is no collision."""
    transport = lowered.linked.environment.middleware.transport
    domain = transport.jetstream.domain if transport.jetstream else None
    return f"{transport.url or ''} {domain or ''}"


class Rules(Record, frozen=True):
    """The workspace's own rules, and what is wrong with them."""

    policy: Policy
    faults: tuple[Fault, ...]

    @classmethod
    def of(cls, policy: Policy, own: Iterable[Fault], failing: Iterable[Iterable[Fault]]) -> Rules:
        """Faults of the rules themselves, and of each that fails on environments the first."""
        first: dict[int, Fault] = {}
        for fault in (fault for faults in failing for fault in faults):
            first.setdefault(fault.rule, fault)
        return cls(policy, (*own, *first.values()))


class Usage(Record, frozen=True):
    """What nothing in the workspace needs: feeds, schemas (a version of one, or all of it), and own templates."""

    feeds: tuple[Bound[Feed], ...] = ()
    schemas: tuple[tuple[Bound[Schema], str | None], ...] = ()
    templates: tuple[str, ...] = ()


class GeneratedFile(Record, frozen=True):
    """A file of `generated/` as it stands on disk: its digest, or why it has none, and what is in the way."""

    digest: str | None
    refused: FaultKind | None = None
    detail: str = ""
    at: str = ""


class Generated(Record, frozen=True):
    """`generated/` as it is, beside what the sources compile to. `flaw`: why the lock on disk cannot be read."""

    folder: str
    expected: Lock
    locked: Lock | None
    flaw: str
    files: Mapping[str, GeneratedFile]
    """Every file that either lock names; one that does not exist is left out. The lock itself, if it is refused."""


class Allowing(Record, frozen=True):
    """Every allowance of the workspace, and what became of them."""

    allowances: tuple[Allowance, ...]
    codes: Mapping[str, bool]
    """Every code there is, and whether its findings may be allowed."""
    as_of: datetime.date
    used: Collection[tuple[Span, str]]
    """The allowances that allowed something, by place, and the code."""
    unsettled: Collection[str]
    """The files of which not every finding is known: nobody can tell what their allowances would allow."""
    unjudged: Collection[str] = ()
    """The codes of which not every finding is known, in no file."""

    def settled(self) -> Iterator[Allowance]:
        """The allowances that can be read and judged."""
        return (one for one in self.allowances if one.flaw is None and one.span.path not in self.unsettled)
