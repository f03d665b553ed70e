"""What nothing in the workspace needs: feeds, schemas, versions, templates. From facts that every unit carries.

Nothing is called unused while an environment or a feed is faulty, because nobody can tell what it will use, nor in a
workspace without environments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.checks import Usage, stops
from ssmd_compiler.emit import replaces, template_of

if TYPE_CHECKING:
    import datetime
    from collections.abc import Collection, Iterable, Iterator

    from ssmd_compiler.emit import Output
    from ssmd_compiler.link import LinkedEnvironment
    from ssmd_compiler.model import Bound, Feed, Schema
    from ssmd_compiler.units.common import Common
    from ssmd_compiler.units.results import Compiled, Offer, Proven

__all__ = ["offers_of_feed", "offers_of_schema", "usage", "used_by_environment"]


def used_by_environment(
    linked: LinkedEnvironment, outputs: Iterable[Output], own_templates: Collection[str]
) -> tuple[str, ...]:
    """What one environment uses, each as its kind and its name."""
    templates = {template_of(output.path) for output in outputs} & set(own_templates) if own_templates else ()
    schemas = (f"schema {use.text}" for use in linked.schemas)
    return (f"feed {linked.environment.feed}", *schemas, *(f"template {name}" for name in sorted(templates)))


def offers_of_feed(feed: Bound[Feed], as_of: datetime.date) -> tuple[Offer, ...]:
    """A feed that an environment could use today; one that is on its way in or out is nobody's oversight."""
    usable = feed.sound and feed.value.status == "active" and feed.value.version_on(as_of) is not None
    return ((feed.name, "latest", ()),) if usable else ()


def offers_of_schema(schema: Bound[Schema], as_of: datetime.date) -> tuple[Offer, ...]:
    """The versions of a schema."""
    if not schema.sound:
        return ()
    versions = schema.value.versions
    current = [each for each in versions if each.status == "active" and each.effective_from <= as_of]
    latest = max(current, key=lambda each: each.effective_from, default=None)
    states = ("latest" if each is latest else "current" if each in current else "other" for each in versions)
    return tuple((each.version, state, each.compatible_with) for each, state in zip(versions, states, strict=True))


def usage(common: Common, proven: Iterable[Proven], compiled: Collection[Compiled]) -> Usage:
    """What nothing needs, of a workspace that is whole."""
    families = {unit.path: unit for unit in proven}
    feeds = {name: families[path] for name, path in common.paths["feed"].items() if path in families}
    schemas = {name: families[path] for name, path in common.paths["schema"].items() if path in families}
    whole = compiled and all(one.group is not None for one in compiled)
    if not whole or any(stops(feed.diagnostics) for feed in feeds.values()):
        return Usage()
    used = {name for one in compiled for name in one.uses} | {name for feed in feeds.values() for name in feed.uses}
    unused = (name for name, feed in feeds.items() if feed.offers and f"feed {name}" not in used)
    return Usage(
        feeds=tuple(common.shared.feeds[name] for name in unused),
        schemas=tuple(
            (common.shared.schemas[name], version)
            for name, schema in schemas.items()
            for version in _unused_versions(name, schema.offers, used)
        ),
        templates=tuple(sorted(_unused_templates(common, compiled, used))),
    )


def _unused_versions(schema: str, offers: tuple[Offer, ...], used: Collection[str]) -> Iterator[str | None]:
    """The versions that nothing needs; None when nothing needs any."""
    named = {version for version, _, _ in offers if f"schema {schema}:{version}" in used}
    if not named:
        if any(state == "latest" for _, state, _ in offers):
            yield None
        return
    needed = named | {version for version, state, _ in offers if state == "latest"}
    reads = {version: compatible for version, _, compatible in offers}
    todo = list(needed)
    while todo:
        older = [each for each in reads.get(todo.pop(), ()) if each not in needed]
        needed.update(older)
        todo += older
    yield from (version for version, state, _ in offers if state == "current" and version not in needed)


def _unused_templates(common: Common, compiled: Collection[Compiled], used: Collection[str]) -> Iterator[str]:
    own = common.templates.own
    rendered = {name for name in own if f"template {name}" in used}
    if common.shared.settings.repository is not None and any(one.namespace is not None for one in compiled):
        rendered |= own.keys() & _OF_WORKSPACE
    if len(rendered) < len(own):
        reached = common.templates.included(rendered)
        # Of one that is misnamed, that nobody reads it is told already.
        yield from (name for name in own if name not in reached and replaces(name))


_OF_WORKSPACE = frozenset({"appproject.yaml.j2", "kustomization.yaml.j2"})
