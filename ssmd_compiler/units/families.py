"""What environments share, read: settings, folders, schemas and their definitions, feeds, templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler import checks, policy
from ssmd_compiler.checks import DefinitionFile, Families, FeedStage, SchemaStage, SettingsStage, TemplateStage
from ssmd_compiler.definitions import Definition, Parsed
from ssmd_compiler.diagnostics import Diagnostic, Span
from ssmd_compiler.emit import Templates, built_in, replaces
from ssmd_compiler.link import Family, Kind, Question, Shared, schema_uses
from ssmd_compiler.model import Bound, Schema, Settings, bind, bind_settings
from ssmd_compiler.record import Record
from ssmd_compiler.source import Document, Fault, FaultKind, Map, Refused, Tree, beside, sha256
from ssmd_compiler.source.limits import MAX_TEMPLATE_BYTES
from ssmd_compiler.source.workspace import SETTINGS, Sources, discover, load
from ssmd_compiler.units.common import Common, world_of
from ssmd_compiler.units.results import Proven
from ssmd_compiler.units.trace import Traces, still_true
from ssmd_compiler.units.usage import offers_of_feed, offers_of_schema

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping

    from ssmd_compiler.policy.judging import Policy
    from ssmd_compiler.source import Allowance

__all__ = ["Reading", "SchemaUnit"]


class SchemaUnit(Record, frozen=True):
    """A schema that is proven anew: its document and its definition files as found."""

    bound: Bound[Schema]
    found: tuple[Diagnostic, ...]
    files: Mapping[str, DefinitionFile]
    allowances: tuple[Allowance, ...] = ()

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """What there is to parse."""
        kind = self.bound.value.format if self.bound.sound else "capnp"
        files = ((file.path, file.content) for file in self.files.values())
        return tuple(Definition(path, kind, content) for path, content in files if content is not None)

    def proven(self, parsed: Mapping[str, Parsed], as_of: datetime.date, common: Common) -> Proven:
        """The unit, once its definitions are parsed."""
        stage = SchemaStage(self.bound, self.files, parsed, as_of)
        first = common.paths["schema"][self.bound.name] == self.bound.path
        found = (*self.found, *checks.run(stage)) if self.bound.sound and first else self.found
        answers = tuple(("file", path, common.answer(("file", path))) for path in self.files)
        path = self.bound.path
        offers = offers_of_schema(self.bound, as_of)
        digest = common.digests.get(path)
        return Proven(path, digest, found, answers, tuple(self.files), self.allowances, offers=offers)


class Reading:
    """Reads what environments share, once; what is known and still true is not looked at again."""

    def __init__(self, tree: Tree, as_of: datetime.date, known: Traces) -> None:
        self.tree, self.as_of, self.known = tree, as_of, known
        self.digests: dict[str, str] = {}
        self.diagnostics: list[Diagnostic] = []
        self.proven: list[Proven] = []
        self.stale_schemas: list[SchemaUnit] = []
        self.policy: Policy | None = None
        self.rule_faults: tuple[policy.Fault, ...] = ()
        self.allowances: dict[str, tuple[Allowance, ...]] = {}
        self._documents: dict[str, tuple[Bound[Any], tuple[Diagnostic, ...]]] = {}

    def read(self) -> tuple[Sources, Common]:
        bound = self._settings()
        settings = bound.value if bound is not None and bound.sound else Settings()
        sources = discover(self.tree, settings.paths.sources)
        if bound is not None and bound.sound:
            self.diagnostics += checks.run(SettingsStage(bound, sources.lost_folders, sources.folders_beside_lost))
        for document in sources.faults:
            self.diagnostics += checks.run(document)
        self.diagnostics += checks.run(Families.of(sources))
        templates = self._templates(sources.templates)
        whole = not sources.lost_folders and (bound is None or bound.sound or _names_no_folder(bound))
        common = self._common(settings, sources, templates, whole=whole)
        for path in sources.schemas:
            self._schema(path, common)
        for path in sources.feeds:
            self._feed(path, common)
        # Its process has had the time of all that is read above; and it answers before this one is forked.
        self.rule_faults = self.policy.prove() if self.policy is not None else ()
        return sources, common

    def _common(self, settings: Settings, sources: Sources, templates: Templates, *, whole: bool) -> Common:
        paths: dict[str, dict[str, str]] = {
            "feed": _by_name(sources.feeds),
            "schema": _by_name(sources.schemas),
            "environment": _by_name(sources.environments),
        }
        world = world_of(self.as_of.isoformat(), self.digests)
        asked: set[Question] = set()
        shared = Shared(
            settings=settings,
            feeds=self._family("feed", "Feed", paths, asked),
            schemas=self._family("schema", "Schema", paths, asked),
            as_of=self.as_of,
            environments=Family("environment", paths["environment"], str, asked),
            whole=whole,
            asked=asked,
        )
        return Common(self.tree, shared, templates, paths, self.digests, {}, world, self.policy)

    def _family(
        self, kind: Kind, model: str, paths: Mapping[str, Mapping[str, str]], asked: set[Question]
    ) -> Family[Any]:
        return Family(kind, paths[kind], lambda name: self._document(paths[kind][name], model)[0], asked)

    def _document(self, path: str, model: str) -> tuple[Bound[Any], tuple[Diagnostic, ...]]:
        """A document and the findings of its shape, read once."""
        if path not in self._documents:
            document, content = load(self.tree, path)
            self._remember(path, content)
            self.allowances[path] = document.allowances
            bound = bind(document, model)
            self._documents[path] = bound, (*checks.run(document), *checks.run(bound))
        return self._documents[path]

    def _remember(self, path: str, content: bytes | None) -> None:
        if content is not None:
            self.digests[path] = sha256(content)

    def _settings(self) -> Bound[Settings] | None:
        if SETTINGS not in self.tree.names(""):
            return None
        document, content = load(self.tree, SETTINGS)
        bound = bind_settings(document)
        self._remember(SETTINGS, content)
        self.allowances[SETTINGS] = document.allowances
        self.diagnostics += [*checks.run(document), *checks.run(bound)]
        self.policy = policy.start(bound, content or b"")
        return bound

    def _schema(self, path: str, common: Common) -> None:
        known = self.known.get(path)
        if known is not None and isinstance(known.unit, Proven) and still_true(known, path, common):
            inputs = (path, *known.unit.definitions)
            self._digest_all(inputs)
            self.proven.append(known.unit)
        else:
            bound, found = self._document(path, "Schema")
            first = common.paths["schema"][bound.name] == path
            files = {file: self._definition(file) for file in _definition_paths(bound) if first}
            self.stale_schemas.append(SchemaUnit(bound, found, files, self.allowances[path]))
            inputs = (path, *(file for file in files if file in self.digests))
        common.schema_inputs.setdefault(_stem(path), inputs)

    def _feed(self, path: str, common: Common) -> None:
        known = self.known.get(path)
        if known is not None and isinstance(known.unit, Proven) and still_true(known, path, common):
            self._digest_all((path,))
            self.proven.append(known.unit)
            return
        bound, found = self._document(path, "Feed")
        shared = common.shared.reader()
        if bound.sound and common.paths["feed"][bound.name] == path:
            found = (*found, *checks.run(FeedStage(bound, shared)))
        allowed = self.allowances[path]
        uses = [f"schema {use.text}" for use in schema_uses(bound, common.shared.schemas)] if bound.sound else []
        self.proven.append(
            Proven(
                path,
                self.digests.get(path),
                found,
                common.answers(shared),
                allowances=allowed,
                uses=tuple(dict.fromkeys(uses)),
                offers=offers_of_feed(bound, self.as_of),
            )
        )

    def _digest_all(self, paths: Iterable[str]) -> None:
        for path in paths:
            self.digests.setdefault(path, self.tree.digest(path))

    def _definition(self, path: str) -> DefinitionFile:
        try:
            content = self.tree.read(path)
        except Refused as refused:
            return DefinitionFile(path, None, refused.kind, refused.detail)
        except FileNotFoundError:
            return DefinitionFile(path, None, beside=self._beside(path))
        self._remember(path, content)
        return DefinitionFile(path, content)

    def _beside(self, path: str) -> tuple[str, ...]:
        try:
            return tuple(self.tree.names(path.rpartition("/")[0]))
        except (Refused, FileNotFoundError):
            return ()

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
                    fault = Fault(
                        FaultKind.NOT_READ,
                        Span(path),
                        "there is no built-in template of that name",
                        known=tuple(built_in()),
                    )
                    self.diagnostics += checks.run(Document(path, None, (fault,)))
        return Templates(own)


def _names_no_folder(settings: Bound[Settings]) -> bool:
    """Whether settings with a fault do not, whatever they mean, name a folder of sources."""
    data = settings.document.data
    return isinstance(data, Map) and data.keys() <= Settings.model_fields.keys() - {"paths"}


def _of_a_size(template: bytes) -> bytes:
    if len(template) > MAX_TEMPLATE_BYTES:
        raise Refused(FaultKind.TOO_LARGE, f"a template has at most {MAX_TEMPLATE_BYTES} bytes")
    return template


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".yaml")


def _by_name(paths: Iterable[str]) -> dict[str, str]:
    """Name -> path; of two documents of one name the first counts, and a check tells of the other."""
    named: dict[str, str] = {}
    for path in paths:
        named.setdefault(_stem(path), path)
    return named


def _definition_paths(schema: Bound[Schema]) -> tuple[str, ...]:
    """The definition files that a schema's versions name, where they are inside of the workspace."""
    if not schema.sound:
        return ()
    said = (schema.value.file_of(version) for version in schema.value.versions)
    return tuple(dict.fromkeys(path for file in said if file and (path := beside(schema.path, file))))
