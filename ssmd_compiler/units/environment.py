"""One environment, from its file to its generated files: read, model, link, check, lower, emit."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ssmd_compiler import __version__, checks
from ssmd_compiler.checks import Emitted, Manifests, TemplateStage
from ssmd_compiler.emit import TemplateFault, emit
from ssmd_compiler.link import LinkedEnvironment, link
from ssmd_compiler.lock import Group
from ssmd_compiler.lower import lower
from ssmd_compiler.model import Bound, Environment, bind, outline
from ssmd_compiler.source import sha256
from ssmd_compiler.source.workspace import SETTINGS, load
from ssmd_compiler.units import causes
from ssmd_compiler.units.results import Compiled
from ssmd_compiler.units.usage import used_by_environment

if TYPE_CHECKING:
    from ssmd_compiler.units.common import Common

__all__ = ["environment"]


def environment(common: Common, path: str, *, prove: bool = False) -> Compiled:
    """Compile the environment whose document is at `path`; `prove` every manifest, not just those of own templates."""
    document, content = load(common.tree, path)
    bound: Bound[Environment] = bind(document, "Environment")
    digest = sha256(content) if content is not None else None
    shared = common.shared.reader()
    compiled = partial(Compiled, path, bound.name, digest, allowances=document.allowances, proven=prove)
    found = [*checks.run(document), *checks.run(bound)]
    if not bound.sound:
        certain = outline(bound)
        found += checks.run_references(link(certain, shared)) if certain is not None else ()
        return compiled((path,), tuple(found))
    linked = link(bound, shared)
    inputs = _inputs(common, linked, path)
    found += checks.run(linked)
    unknown = any(use.schema is None for use in linked.schemas)
    if linked.sound_feed is None or linked.version is None or unknown or checks.stops(found):
        return compiled(inputs, tuple(found))
    digests = [(name, digest if name == path else common.digests.get(name)) for name in inputs]
    provenance = sha256(repr(digests).encode())
    lowered = lower(linked, linked.sound_feed, linked.version, inputs_sha256=provenance, compiler=__version__)
    found += checks.run(lowered)
    if common.policy is not None:
        judgement = common.policy.judge(lowered)
        found += checks.run(judgement)
        compiled = partial(compiled, failing=judgement.faults)
    if checks.stops(found):
        return compiled(inputs, tuple(found))
    try:
        outputs = tuple(emit(lowered, common.templates))
    except TemplateFault as fault:
        return compiled(inputs, (*found, *checks.run(TemplateStage(fault.path, fault.line, fault.reason))))
    found += checks.run(Emitted(lowered, outputs, common.templates.own))
    own, settings, search = common.templates.own, common.shared.settings, causes.of_environment(common, linked)
    found += checks.run(Manifests.of(outputs, own, path, settings, all_=prove, search=search))
    return compiled(
        inputs,
        tuple(found),
        common.answers(shared),
        Group(bound.name, inputs, {output.path: output.sha256 for output in outputs}),
        checks.claims(lowered),
        lowered.names.namespace,
        outputs,
        uses=used_by_environment(linked, outputs, common.templates.own.keys()),
    )


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
