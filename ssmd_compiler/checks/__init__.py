"""Checks: one module, one code. Each says what it looks at, and gives an example that fails and one that passes.

To add one: its module (copy a neighbour), a line in `table.py`, and `make docs`. Tests come from the examples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ssmd_compiler.checks.manifests import Manifests
from ssmd_compiler.checks.stages import (
    Allowing,
    Claim,
    Claims,
    DefinitionFile,
    Emitted,
    Families,
    FeedStage,
    Generated,
    GeneratedFile,
    Rules,
    SchemaStage,
    SettingsStage,
    TemplateStage,
    Topology,
    Usage,
    claims,
)
from ssmd_compiler.checks.table import REFERENCES, TABLE, code_of, imported, module_of, modules
from ssmd_compiler.diagnostics import Severity
from ssmd_compiler.model import Bound
from ssmd_compiler.record import replace
from ssmd_compiler.source import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import ModuleType

    from ssmd_compiler.diagnostics import Diagnostic
    from ssmd_compiler.link import LinkedEnvironment

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
    "Manifests",
    "Rules",
    "SchemaStage",
    "SettingsStage",
    "TemplateStage",
    "Topology",
    "Usage",
    "allowable",
    "can_be_allowed",
    "claims",
    "codes_of",
    "module_of",
    "modules",
    "run",
    "run_references",
    "stops",
]

_FAULTLESS: Final = (Document, Bound)


def run(stage: object) -> Iterator[Diagnostic]:
    """Every finding of every check that looks at a `stage`."""
    # A thousand documents without a fault need not be shown to every check of faults.
    if isinstance(stage, _FAULTLESS) and not stage.faults:
        return
    kind = type(stage)
    yield from _found(TABLE[kind], stage, MOST.get(kind, MOST_OF_A_DOCUMENT))


def run_references(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    """Every finding about the feed and the schemas of an environment of which nothing else is certain."""
    yield from _found(REFERENCES, linked, MOST_OF_A_DOCUMENT)


MOST_OF_A_DOCUMENT: Final = 50
MOST: Final[Mapping[type, int]] = {
    Topology: 100_000,
    Generated: 1_000_000,
    Families: 100_000,
    Allowing: 100_000,
    Usage: 100_000,
}
"""Findings of one check about one thing. Of a document, a person mends fifty before asking for more."""


MORE: Final = "there are more like this, not told"
"""How the help of a finding ends that stands for others as well."""


def _found(names: tuple[str, ...], stage: object, most: int) -> Iterator[Diagnostic]:
    for module in imported(names):
        check: Callable[[Any], Iterable[Diagnostic]] = module.check
        for count, one in enumerate(check(stage), start=1):
            if count == most:
                yield replace(one, help=f"{one.help}; {MORE}".lstrip("; "))
                break
            yield one


def allowable(found: Diagnostic) -> bool:
    """Whether a comment may allow it: its check says so (`ALLOWABLE`), or by default if it is a warning."""
    by_default = found.severity is Severity.WARNING
    return bool(getattr(module_of(found.code), "ALLOWABLE", by_default))


def can_be_allowed(check: ModuleType) -> bool:
    """Whether a comment may allow anything that a check finds; one that can warn has imported `warning`."""
    return bool(getattr(check, "ALLOWABLE", hasattr(check, "warning")))


def codes_of(*stages: type) -> frozenset[str]:
    """The codes of the checks that look at any of these."""
    return frozenset(code_of(name) for stage in stages for name in TABLE[stage])


def stops(found: Iterable[Diagnostic]) -> bool:
    """Whether nothing can be built on what was found: an error that nobody may allow."""
    return any(one.severity is Severity.ERROR and not allowable(one) for one in found)
