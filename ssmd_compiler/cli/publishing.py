"""Compiling and publishing, behind `ssmd compile`: what is imported only when there is something to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from ssmd_compiler import lock
from ssmd_compiler.cache import Cache
from ssmd_compiler.cli.compile_request import concerns, tell
from ssmd_compiler.cli.options import report
from ssmd_compiler.cli.pool import each
from ssmd_compiler.compiler import Compilation, Options, compile
from ssmd_compiler.diagnostics import Severity
from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.drift import drift
from ssmd_compiler.generated import FOLDER, current_lock, read_seal
from ssmd_compiler.publish import Overtaken, Published, PublishError, publish
from ssmd_compiler.source import DirectoryTree, Refused, sha256

if TYPE_CHECKING:
    from ssmd_compiler.cache import Comparison
    from ssmd_compiler.cli.compile_request import Request

__all__ = ["compile_and_publish"]

TRIES: Final = 5


def compile_and_publish(request: Request, cache: Cache, before: Comparison) -> int:
    """Compile what changed, show what is found, and write what differs; or, with --check, show how it differs."""
    tree = DirectoryTree(request.workspace)
    for _ in range(TRIES):
        compiled = compile(before.tree, Options(request.date, each, before.known()))
        code = _show(request, compiled)
        if code is not None:
            return code
        if request.check:
            return _check(tree, compiled, request.environments, err=request.to_errors)
        try:
            published = _publish(tree, compiled, request.environments, dated=request.as_of is not None)
        except Overtaken:
            # Another compile has published in the meantime: what was intact may no longer be.
            cache = Cache(tree, use=False)
            before = cache.compare(request.date.isoformat())
            continue
        if not request.environments:
            cache.keep(before, compiled)
        if request.verbose:
            count = len(request.environments or compiled.environments)
            kept = len(compiled.lock.outputs) - len(compiled.outputs) if not request.environments else 0
            tell(
                count, len(published.written), len(published.removed), published.unchanged + kept, err=request.to_errors
            )
        return 0
    raise click.ClickException(f"{FOLDER}/ changes all the time: is another `ssmd compile` running in a loop?")


def _show(request: Request, compiled: Compilation) -> int | None:
    """Show the findings; the exit code if there is nothing more to do."""
    _refuse_unknown(request.environments, compiled)
    known = compiled.environments
    told = [found for found in compiled.diagnostics if concerns(found.span.path, request.environments, known)]
    report(told, request.workspace, compiled.checked, request.formats)
    if any(found.severity is Severity.ERROR for found in told):
        return 2 if request.check else 1
    return None


def _refuse_unknown(environments: tuple[str, ...], compiled: Compilation) -> None:
    for name in environments:
        if name not in compiled.environments:
            meant = did_you_mean(name, compiled.environments)
            known = ", ".join(compiled.environments[:12]) or "none"
            raise click.UsageError(f"no environment `{name}`: {meant or f'there are {known}'}")


def _wanted(compiled: Compilation, locked: lock.Lock | None, environments: tuple[str, ...]) -> lock.Lock:
    """The lock to reach: of everything, or of the environments named, with the rest as it was."""
    if not environments:
        return compiled.lock
    return compiled.lock.with_groups_of(locked or lock.Lock("", "", {}, ()), environments)


def _outputs(compiled: Compilation, environments: tuple[str, ...]) -> dict[str, bytes]:
    """The files that were made for the environments named (for all, if none is), and for the workspace."""
    groups = (group for group in compiled.lock.groups if not environments or group.environment in {*environments, None})
    return {path: compiled.outputs[path] for group in groups for path in group.outputs if path in compiled.outputs}


def _check(tree: DirectoryTree, compiled: Compilation, environments: tuple[str, ...], *, err: bool) -> int:
    """Compare, write nothing, and show what would change."""
    locked = read_seal(tree).lock
    wanted = _wanted(compiled, locked, environments)
    text = drift(tree, _outputs(compiled, environments), _gone(locked, wanted))
    current = locked is not None and locked.same_but_date(wanted)
    if current and not text:
        return 0
    click.echo(text or f"{FOLDER}/{lock.FILE} is not current\n", nl=False, err=err)
    click.echo(f"{FOLDER}/ is not what the sources compile to: run `ssmd compile` and commit it", err=True)
    return 1


def _gone(locked: lock.Lock | None, wanted: lock.Lock) -> set[str]:
    """The files that ssmd owns and no longer makes."""
    return locked.beyond(wanted) if locked is not None else set()


def _strange(tree: DirectoryTree, path: str, written: str) -> bool:
    """Whether a file is not what ssmd wrote there, by its digest: it stays, and its owner is told."""
    try:
        content = tree.read_unlinked(f"{FOLDER}/{path}")
    except (FileNotFoundError, Refused):
        return False  # gone already, or publishing refuses it by its name
    strange = sha256(content) != written
    if strange:
        click.echo(f"left alone: {FOLDER}/{printable(path)} is no longer generated, and was changed by hand", err=True)
    return strange


def _publish(tree: DirectoryTree, compiled: Compilation, environments: tuple[str, ...], *, dated: bool) -> Published:
    """Write what differs. Raises Overtaken when somebody else has published since the seal was read."""
    seal = read_seal(tree)
    wanted = _wanted(compiled, seal.lock, environments)
    sealing = wanted if dated else current_lock(seal.lock, wanted)
    everything = {**_outputs(compiled, environments), lock.FILE: sealing.encode()}
    written = seal.lock.outputs if seal.lock is not None else {}
    gone = {path for path in _gone(seal.lock, wanted) if not _strange(tree, path, written[path])}
    try:
        return publish(tree.root / FOLDER, everything, remove=gone, seen=seal.content)
    except Overtaken:
        raise
    except PublishError as problem:
        place = "" if FOLDER in str(problem) else f"{FOLDER}/{lock.FILE}: "
        raise click.ClickException(f"{place}{problem}") from None
