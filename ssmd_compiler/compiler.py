"""The pipeline, in order: read, model, link, check, lower, emit. Start reading here.

`compile` is pure: it reads a Tree, and neither disk nor clock nor globals. Environments are independent of each other
until the last step, so they may be compiled by several processes; the result is the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from ssmd_compiler import __version__, checks
from ssmd_compiler.checks import (
    Claim,
    DefinitionFile,
    Emitted,
    Families,
    FeedStage,
    SchemaStage,
    SettingsStage,
    TemplateStage,
    Topology,
)
from ssmd_compiler.definitions import Definition, Parsing
from ssmd_compiler.diagnostics import Diagnostic, Severity, Span
from ssmd_compiler.emit import Output, TemplateFault, Templates, argocd, emit, replaces
from ssmd_compiler.link import LinkedEnvironment, Shared, link
from ssmd_compiler.lock import Group, Lock, ordered
from ssmd_compiler.lower import lower
from ssmd_compiler.model import Bound, Environment, Feed, Schema, Settings, bind, bind_settings, outline
from ssmd_compiler.source import Document, Fault, FaultKind, Refused, Tree, beside
from ssmd_compiler.source.limits import MAX_TEMPLATE_BYTES
from ssmd_compiler.source.workspace import SETTINGS, Sources, discover, load

if TYPE_CHECKING:
    import datetime

__all__ = ["Compilation", "Options", "compile"]

Mapper = Callable[[Callable[[str], "Compiled"], Iterable[str]], Iterable["Compiled"]]


@dataclass(frozen=True, slots=True)
class Options:
    """What a compilation depends on besides the tree: the date, and who does the work."""

    as_of: datetime.date
    each: Mapper = map
    """Applies the work to every environment, in order: `map` here, a pool of processes on the command line."""


@dataclass(frozen=True, slots=True)
class Compilation:
    """All that came out. With an error there are outputs of the sound environments, and nobody should publish them."""

    diagnostics: tuple[Diagnostic, ...]
    outputs: Mapping[str, bytes]
    lock: Lock
    checked: int
    environments: tuple[str, ...]

    @property
    def failed(self) -> bool:
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics)


@dataclass(frozen=True, slots=True)
class Compiled:
    """One environment's part of a compilation."""

    path: str
    name: str
    sha256: str | None
    inputs: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    outputs: tuple[Output, ...] = ()
    claims: tuple[Claim, ...] = ()
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Common:
    """What every environment is compiled against."""

    tree: Tree
    shared: Shared
    templates: Templates
    digests: Mapping[str, str]
    """sha256 of every shared input, by path: feeds, schemas, definitions, settings, own templates."""
    schema_inputs: Mapping[str, tuple[str, ...]]
    checked: int
    diagnostics: tuple[Diagnostic, ...] = field(default=())


def compile(tree: Tree, options: Options) -> Compilation:  # noqa: A001 -- it is what a compiler does
    """The whole tree -> diagnostics, generated files, and the lock that says which came from which."""
    reading = _Shared(tree, options)
    sources, common = reading.read()
    # Processes are forked here, before definitions are parsed in threads: a fork does not copy threads.
    working = options.each(partial(environment, common), sources.environments)
    parsing = Parsing.start(tuple(reading.definitions.values()))
    compiled = list(working)
    diagnostics = [*common.diagnostics, *reading.schema_findings(parsing)]
    diagnostics += (found for one in compiled for found in one.diagnostics)
    diagnostics += checks.run(Topology(tuple(claim for one in compiled for claim in one.claims)))
    workspace_outputs = list(_workspace_outputs(common, compiled))
    lock = _lock(common, options, compiled, workspace_outputs)
    outputs = {output.path: output.content for one in compiled for output in one.outputs}
    outputs |= {output.path: output.content for output in workspace_outputs}
    return Compilation(
        diagnostics=tuple(sorted(set(diagnostics), key=lambda diagnostic: diagnostic.order)),
        outputs=dict(sorted(outputs.items())),
        lock=lock,
        checked=common.checked + len(compiled),
        environments=tuple(one.name for one in compiled),
    )


def environment(common: Common, path: str) -> Compiled:
    """One environment, from its file to its generated files: read, model, link, check, lower, emit."""
    document, content = load(common.tree, path)
    bound: Bound[Environment] = bind(document, "Environment")
    digest = _sha256(content) if content is not None else None
    compiled = partial(Compiled, path, bound.name, digest)
    found = [*checks.run(document), *checks.run(bound)]
    if not bound.sound:
        certain = outline(bound)
        found += checks.run_references(link(certain, common.shared)) if certain is not None else ()
        return compiled((path,), tuple(found))
    linked = link(bound, common.shared)
    inputs = _inputs(common, linked, path)
    found += checks.run(linked)
    if linked.sound_feed is None or linked.version is None or _fails(found):
        return compiled(inputs, tuple(found))
    digests = [(name, digest if name == path else common.digests.get(name)) for name in inputs]
    provenance = _sha256(repr(digests).encode())
    lowered = lower(linked, linked.sound_feed, linked.version, inputs_sha256=provenance, compiler=__version__)
    found += checks.run(lowered)
    if _fails(found):
        return compiled(inputs, tuple(found))
    try:
        outputs = tuple(emit(lowered, common.templates))
    except TemplateFault as fault:
        return compiled(inputs, (*found, *checks.run(TemplateStage(fault.path, fault.line, fault.reason))))
    found += checks.run(Emitted(lowered, outputs, common.templates.own.keys()))
    claims = tuple(checks.claims(lowered))
    return compiled(inputs, tuple(found), outputs, claims, lowered.names.namespace)


class _Shared:
    """Reads what environments share: settings, feeds, schemas, templates."""

    def __init__(self, tree: Tree, options: Options) -> None:
        self.tree, self.options = tree, options
        self.digests: dict[str, str] = {}
        self.diagnostics: list[Diagnostic] = []
        self.schemas: dict[str, Bound[Schema]] = {}
        self.files: dict[str, DefinitionFile] = {}
        self.definitions: dict[str, Definition] = {}

    def read(self) -> tuple[Sources, Common]:
        bound = self._settings()
        settings = bound.value if bound is not None and bound.sound else Settings()
        sources = discover(self.tree, settings.paths.sources)
        if bound is not None and bound.sound:
            self.diagnostics += checks.run(SettingsStage(bound, sources.lost_folders))
        for document in sources.faults:
            self.diagnostics += checks.run(document)
        self.schemas = self._family(sources.schemas, "Schema")
        self._read_definitions()
        feeds: dict[str, Bound[Feed]] = self._family(sources.feeds, "Feed")
        names = tuple(path.rpartition("/")[2].removesuffix(".yaml") for path in sources.environments)
        self.diagnostics += checks.run(Families.of(sources))
        shared = Shared(settings, feeds, self.schemas, self.options.as_of, names)
        for feed in feeds.values():
            if feed.sound:
                self.diagnostics += checks.run(FeedStage(feed, shared))
        common = Common(
            tree=self.tree,
            shared=shared,
            templates=self._templates(sources.templates),
            digests=self.digests,
            schema_inputs={name: self._schema_inputs(schema) for name, schema in self.schemas.items()},
            checked=len(sources.feeds) + len(sources.schemas),
            diagnostics=tuple(self.diagnostics),
        )
        return sources, common

    def schema_findings(self, parsing: Parsing) -> Iterator[Diagnostic]:
        """The findings of schemas, once their definitions are parsed."""
        parsed = {result.definition.path: result for result in parsing.result()}
        for schema in self.schemas.values():
            if schema.sound:
                yield from checks.run(SchemaStage(schema, self.files, parsed, self.options.as_of))

    def _settings(self) -> Bound[Settings] | None:
        if SETTINGS not in self.tree.names(""):
            return None
        document, content = load(self.tree, SETTINGS)
        bound = bind_settings(document)
        self._remember(SETTINGS, content)
        self.diagnostics += [*checks.run(document), *checks.run(bound)]
        return bound

    def _family(self, paths: Iterable[str], kind: str) -> dict[str, Bound[Any]]:
        found: dict[str, Bound[Any]] = {}
        for path in paths:
            document, content = load(self.tree, path)
            self._remember(path, content)
            bound = bind(document, kind)
            self.diagnostics += [*checks.run(document), *checks.run(bound)]
            found.setdefault(bound.name, bound)
        return found

    def _remember(self, path: str, content: bytes | None) -> None:
        if content is not None:
            self.digests[path] = _sha256(content)

    def _read_definitions(self) -> None:
        for schema in self.schemas.values():
            for path in _definition_paths(schema) if schema.sound else ():
                content = self._definition(path)
                if content is not None:
                    self.definitions[path] = Definition(path, schema.value.format, content)

    def _definition(self, path: str) -> bytes | None:
        if path not in self.files:
            self.files[path] = self._read_definition(path)
        return self.files[path].content

    def _read_definition(self, path: str) -> DefinitionFile:
        try:
            content = self.tree.read(path)
        except Refused as refused:
            return DefinitionFile(path, None, refused.kind, refused.detail)
        except FileNotFoundError:
            return DefinitionFile(path, None)
        self._remember(path, content)
        return DefinitionFile(path, content)

    def _schema_inputs(self, schema: Bound[Schema]) -> tuple[str, ...]:
        paths = _definition_paths(schema) if schema.sound else ()
        return (schema.path, *(path for path in paths if path in self.digests))

    def _templates(self, paths: Iterable[str]) -> Templates:
        own: dict[str, str] = {}
        for path in paths:
            try:
                content = _of_a_size(self.tree.read(path))
                own[path.rpartition("/")[2]] = content.decode()
            except (Refused, FileNotFoundError, UnicodeDecodeError) as problem:
                self.diagnostics += checks.run(TemplateStage(path, 1, f"it cannot be read: {problem}"))
            else:
                self._remember(path, content)
                if not replaces(path):
                    fault = Fault(FaultKind.NOT_READ, Span(path), "there is no built-in template of that name")
                    self.diagnostics += checks.run(Document(path, None, (fault,)))
        return Templates(own)


def _of_a_size(template: bytes) -> bytes:
    if len(template) > MAX_TEMPLATE_BYTES:
        raise Refused(FaultKind.TOO_LARGE, f"a template has at most {MAX_TEMPLATE_BYTES} bytes")
    return template


def _definition_paths(schema: Bound[Schema]) -> tuple[str, ...]:
    """The definition files that a schema's versions name, where they are inside of the workspace."""
    said = (schema.value.file_of(version) for version in schema.value.versions)
    return tuple(dict.fromkeys(path for file in said if file and (path := beside(schema.path, file))))


def _inputs(common: Common, linked: LinkedEnvironment, path: str) -> tuple[str, ...]:
    """Every file that this environment's outputs depend on."""
    used = [path]
    feed = linked.feed.target
    if feed is not None:
        used.append(feed.path)
    for use in linked.schemas:
        used += common.schema_inputs.get(use.name, ())
    used += [f"templates/{name}" for name in common.templates.own]
    if SETTINGS in common.digests:
        used.append(SETTINGS)
    return tuple(sorted(set(used)))


def _workspace_outputs(common: Common, compiled: list[Compiled]) -> Iterator[Output]:
    repository = common.shared.settings.repository
    deployed = {one.name: one.namespace for one in compiled if one.namespace is not None}
    if repository is not None and deployed:
        yield from argocd.project(deployed, deployed.values(), repository, common.templates)


def _lock(common: Common, options: Options, compiled: list[Compiled], workspace: list[Output]) -> Lock:
    groups = [
        Group(one.name, one.inputs, {output.path: output.sha256 for output in one.outputs})
        for one in compiled
        if one.outputs
    ]
    if workspace:
        shared = tuple(sorted({one.path for one in compiled} | common.digests.keys() & {SETTINGS}))
        groups.append(Group(None, shared, {output.path: output.sha256 for output in workspace}))
    digests = dict(common.digests) | {one.path: one.sha256 for one in compiled if one.sha256 is not None}
    return Lock(f"ssmd {__version__}", options.as_of.isoformat(), dict(sorted(digests.items())), ordered(groups))


def _fails(found: Iterable[Diagnostic]) -> bool:
    return any(diagnostic.severity is Severity.ERROR for diagnostic in found)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
