"""Proving the sources, and `generated/` against them, behind `ssmd validate`: what is proven is not proven again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler import checks
from ssmd_compiler.cache import Proof
from ssmd_compiler.cli.pool import each
from ssmd_compiler.cli.standard_input import unread
from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.diagnostics import Severity
from ssmd_compiler.generated import look
from ssmd_compiler.source import OverlayTree

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable

    from ssmd_compiler.cache import Cache, Comparison
    from ssmd_compiler.diagnostics import Diagnostic

__all__ = ["prove", "prove_unsaved"]


def prove(cache: Cache, before: Comparison, date: datetime.date) -> Proof:
    """Everything that is found in the sources, and once they are right, in `generated/`."""
    compiled = compile(before.tree, Options(date, each, before.known(), prove_manifests=True))
    found = list(compiled.diagnostics)
    # While the sources are wrong there is nothing to compare generated/ with.
    if not compiled.failed:
        found += sorted(checks.run(look(before.tree, compiled.lock, made=compiled.outputs)), key=lambda one: one.order)
    proof = Proof(tuple(found), _files(compiled.allowed), compiled.checked)
    # An error could quote a value, which is not to lie in the cache.
    if before.nothing_to_do and not any(one.severity is Severity.ERROR for one in found):
        cache.keep_proof(before, compiled, proof)
    return proof


def prove_unsaved(before: Comparison, date: datetime.date, path: str, content: bytes) -> Proof:
    """What would be found in the sources if `content` stood at `path`, which has to be one that is read."""
    tree = OverlayTree(before.tree, path, content)
    compiled = compile(tree, Options(date, each, before.known(), prove_manifests=True))
    if path not in compiled.lock.inputs and all(one.span.path != path for one in compiled.diagnostics):
        raise unread(path)
    return Proof(compiled.diagnostics, _files(compiled.allowed), compiled.checked)


def _files(found: Iterable[Diagnostic]) -> tuple[str, ...]:
    return tuple(one.span.path for one in found)
