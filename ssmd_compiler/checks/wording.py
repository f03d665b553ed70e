"""What several checks say or ask in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.checks.stages import FeedStage
from ssmd_compiler.diagnostics.nearest import nearest
from ssmd_compiler.link import KeyUse, LinkedEnvironment, SchemaUse, schema_uses
from ssmd_compiler.model import Bound, ShapeFault, ShapeKind
from ssmd_compiler.model.spelling import OLDER_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ssmd_compiler.diagnostics import Span
    from ssmd_compiler.source import Document, Fault, FaultKind

__all__ = [
    "at_name",
    "faults",
    "listed",
    "misspelt",
    "other_environment",
    "schema_uses_of",
    "shape_faults",
    "short_tag",
    "type_help",
]


def faults(document: Document, kind: FaultKind) -> Iterator[Fault]:
    return (fault for fault in document.faults if fault.kind is kind)


def shape_faults(bound: Bound[Any], kind: ShapeKind) -> Iterator[ShapeFault]:
    return (fault for fault in bound.faults if fault.kind is kind)


def at_name(bound: Bound[Any]) -> Span:
    """Where a document says its name."""
    data = bound.document.data
    return bound.document.span(("name",) if "name" in data else ("metadata", "name"))


def misspelt(bound: Bound[Any], missing: ShapeFault) -> bool:
    """Whether the missing field is there under a wrong name, about which its author is told already."""
    outer, _, name = missing.subject.rpartition(".")
    places = {missing.detail, outer}
    strangers = [fault for fault in shape_faults(bound, ShapeKind.UNKNOWN_FIELD) if fault.detail in places]
    wanted = {missing.subject, outer, name} - {""}
    meant = (nearest(one.subject, (*one.known, *one.older)) for one in strangers)
    return any(_CANONICAL.get(name or "", name) in wanted for name in meant)


_CANONICAL = {older: name for names in OLDER_NAMES.values() for older, name in names.items()}


def schema_uses_of(stage: LinkedEnvironment | FeedStage) -> Iterable[SchemaUse]:
    """The schemas that an environment, or the message types of a feed, name."""
    if isinstance(stage, FeedStage):
        return schema_uses(stage.feed, stage.shared.schemas)
    return stage.schemas


def type_help(detail: str) -> str:
    if "true or false" in detail:
        return "booleans are `true` and `false`, without quotes"
    if "quoted text" in detail:
        return "remove the quotes"
    return ""


def short_tag(tag: str) -> str:
    """A tag as written, if it is one of YAML's own; whoever forgot the quotes may have written a secret."""
    known = tag.removeprefix("tag:yaml.org,2002:")
    return f"the tag `!!{known}`" if known != tag else "a `%TAG` directive" if tag == "%TAG" else "a tag of one's own"


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names for a help line: `a`, `b`, `c`, and how many more."""
    known = sorted(names)
    text = ", ".join(f"`{name}`" for name in known[:most])
    return f"{text} and {len(known) - most} more" if len(known) > most else text


def other_environment(use: KeyUse, linked: LinkedEnvironment) -> str | None:
    """The other environment that a reference reaches for: `$key:ENV/NAME`, or `$key:ENV.NAME`."""
    prefix = use.name.partition("/")[0] if "/" in use.name else use.name
    if use.key is None and prefix in linked.shared.environments and ("/" in use.name or use.field is not None):
        return prefix
    return None
