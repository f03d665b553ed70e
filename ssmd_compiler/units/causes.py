"""What makes the flaws of generated manifests, looked for when there are some: see `origin.causes`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ssmd_compiler.model import bind
from ssmd_compiler.source.workspace import SETTINGS, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ssmd_compiler.link import LinkedEnvironment
    from ssmd_compiler.manifests import Flaw
    from ssmd_compiler.origin import Cause
    from ssmd_compiler.source import Document
    from ssmd_compiler.units.common import Common

__all__ = ["of_environment", "of_workspace"]

FEW: Final = 50
"""Environments up to which a cause that is no plain value is looked for: it takes a tenth of a second or more in each,
and one mistake in what they share may be found in all of them."""


def of_environment(common: Common, linked: LinkedEnvironment) -> Callable[[Sequence[Flaw]], Iterable[Cause]]:
    """The cause of each flaw of an environment's manifests."""

    def search(flaws: Sequence[Flaw]) -> Iterable[Cause]:
        from ssmd_compiler.manifests import FlawKind
        from ssmd_compiler.origin import Subject, Wrong, causes

        # What is only a warning is remembered, and must not depend on how many environments there are.
        fails = any(flaw.kind is not FlawKind.UNKNOWN_KIND for flaw in flaws)
        thorough = fails and len(common.paths["environment"]) <= FEW
        wrong = [Wrong(flaw.at.path, flaw.at.line, flaw.said) for flaw in flaws]
        return causes(Subject(linked, _settings(common)), common.templates, wrong, thorough=thorough)

    return search


def of_workspace(common: Common, paths: Iterable[str]) -> Callable[[Sequence[Flaw]], Iterable[Cause]]:
    """The cause of each flaw of the files that belong to no environment; `paths` are the sound environments'."""

    def search(flaws: Sequence[Flaw]) -> Iterable[Cause]:
        from ssmd_compiler.origin import WorkspaceFiles

        settings = _settings(common)
        if settings is None:
            return ()
        environments = [bind(load(common.tree, path)[0], "Environment") for path in paths]
        files = WorkspaceFiles(environments, settings, common.templates)
        return [files.cause(flaw.at.path, flaw.at.line, flaw.said) for flaw in flaws]

    return search


def _settings(common: Common) -> Document | None:
    return load(common.tree, SETTINGS)[0] if SETTINGS in common.digests else None
