"""The pipeline, in order: read, model, link, check, lower, emit. Start reading here.

`compile` is pure: it reads a Tree, and neither disk nor clock nor globals. Environments are independent of each other
until the last step, so they may be compiled by several processes, or remembered; the result is the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from ssmd_compiler import __version__, checks
from ssmd_compiler.checks import Manifests, Rules, TemplateStage, Topology
from ssmd_compiler.checks.allowing import allow
from ssmd_compiler.definitions import Parsing
from ssmd_compiler.diagnostics import Diagnostic, Severity
from ssmd_compiler.emit import Output, TemplateFault, argocd
from ssmd_compiler.lock import Group, Lock, ordered
from ssmd_compiler.record import Record, field
from ssmd_compiler.source.workspace import SETTINGS
from ssmd_compiler.units import Common, Compiled, Proven, Reading, Trace, Traces, environment, still_true, trace, usage
from ssmd_compiler.units.causes import of_workspace

if TYPE_CHECKING:
    import datetime

    from ssmd_compiler.source import Tree

__all__ = ["Compilation", "Options", "compile"]

Mapper = Callable[[Callable[[str], Compiled], Iterable[str]], Iterable[Compiled]]


class Options(Record, frozen=True):
    """What a compilation depends on besides the tree: the date, who does the work, and what is known already."""

    as_of: datetime.date
    each: Mapper = map
    """Applies the work to every environment, in order: `map` here, a pool of processes on the command line."""
    known: Traces = field(default_factory=dict)
    """Results of earlier compilations. Those that still hold are not made again: their outputs have no bytes here."""
    prove_manifests: bool = False
    """Prove every generated manifest, and not just those that the workspace's own templates print."""


class Compilation(Record, frozen=True):
    """All that came out. With an error there are outputs of the sound environments, and nobody should publish them."""

    diagnostics: tuple[Diagnostic, ...]
    outputs: Mapping[str, bytes]
    """Every file that was made; those of remembered environments are in the lock alone."""
    lock: Lock
    checked: int
    environments: tuple[str, ...]
    allowed: tuple[Diagnostic, ...]
    """What comments in the sources take away from the diagnostics."""
    traces: Traces
    """What the next compilation may be told."""

    @property
    def failed(self) -> bool:
        return any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics)


def compile(tree: Tree, options: Options) -> Compilation:  # noqa: A001 -- it is what a compiler does
    """The whole tree -> diagnostics, generated files, and the lock that says which came from which."""
    reading = Reading(tree, options.as_of, options.known)
    sources, common = reading.read()
    remembered = dict(_remembered(sources.environments, options, common))
    stale = [path for path in sources.environments if path not in remembered]
    # Processes are forked here, before definitions are parsed in threads: a fork does not copy threads.
    working = options.each(partial(environment, common, prove=options.prove_manifests), stale)
    parsing = Parsing.start([definition for unit in reading.stale_schemas for definition in unit.definitions])
    made = {one.path: one for one in working}
    compiled = [remembered.get(path) or made[path] for path in sources.environments]
    parsed = {result.definition.path: result for result in parsing.result()}
    proven = [*reading.proven, *(unit.proven(parsed, options.as_of, common) for unit in reading.stale_schemas)]
    units: list[Proven | Compiled] = [*proven, *compiled]
    diagnostics = [*reading.diagnostics, *(found for unit in units for found in unit.diagnostics)]
    diagnostics += checks.run(usage(common, proven, compiled))
    if common.policy is not None:
        diagnostics += checks.run(Rules.of(common.policy, reading.rule_faults, [one.failing for one in compiled]))
    diagnostics += checks.run(Topology(one.claims for one in compiled if one.claims is not None))
    workspace_outputs: list[Output] = []
    try:
        workspace_outputs += _workspace_outputs(common, compiled)
    except TemplateFault as fault:
        diagnostics += checks.run(TemplateStage(fault.path, fault.line, fault.reason))
    own, settings, all_ = common.templates.own, common.shared.settings, options.prove_manifests
    search = of_workspace(common, [one.path for one in compiled if one.namespace is not None])
    diagnostics += checks.run(Manifests.of(workspace_outputs, own, SETTINGS, settings, all_=all_, search=search))
    allowances = [*reading.allowances.get(SETTINGS, ()), *(one for unit in units for one in unit.allowances)]
    complete = {one.path: one.group is not None for one in compiled}
    told = allow(diagnostics, allowances, options.as_of, complete, proven=options.prove_manifests)
    outputs = {output.path: output.content for one in compiled for output in one.outputs}
    outputs |= {output.path: output.content for output in workspace_outputs}
    return Compilation(
        diagnostics=tuple(sorted(set(told.remaining), key=lambda diagnostic: diagnostic.order)),
        outputs=dict(sorted(outputs.items())),
        lock=_lock(common, options, compiled, workspace_outputs),
        checked=sources.count,
        environments=tuple(one.name for one in compiled),
        allowed=told.allowed,
        traces=dict(_traces(common.world, units)),
    )


def _remembered(paths: Iterable[str], options: Options, common: Common) -> Iterator[tuple[str, Compiled]]:
    """The environments whose earlier result still holds."""
    for path in paths:
        found = options.known.get(path)
        if found is None or not isinstance(found.unit, Compiled) or found.unit.proven < options.prove_manifests:
            continue
        if still_true(found, path, common):
            yield path, found.unit


def _traces(world: str, units: Iterable[Proven | Compiled]) -> Iterator[tuple[str, Trace]]:
    for unit in units:
        found = trace(world, unit)
        if found is not None:
            yield unit.path, found


def _workspace_outputs(common: Common, compiled: list[Compiled]) -> Iterator[Output]:
    repository = common.shared.settings.repository
    deployed = {one.name: one.namespace for one in compiled if one.namespace is not None}
    if repository is not None and deployed:
        yield from argocd.project(deployed, deployed.values(), repository, common.templates)


def _lock(common: Common, options: Options, compiled: list[Compiled], workspace: list[Output]) -> Lock:
    groups = [one.group for one in compiled if one.group is not None]
    if workspace:
        shared = tuple(sorted({one.path for one in compiled} | common.digests.keys() & {SETTINGS}))
        groups.append(Group(None, shared, {output.path: output.sha256 for output in workspace}))
    digests = dict(common.digests) | {one.path: one.sha256 for one in compiled if one.sha256 is not None}
    return Lock(f"ssmd {__version__}", options.as_of.isoformat(), dict(sorted(digests.items())), ordered(groups))
