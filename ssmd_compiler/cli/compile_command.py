"""`ssmd compile`: sources -> generated/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ssmd_compiler import lock
from ssmd_compiler.cli.options import (
    as_of_option,
    complete_environments,
    config_dir_option,
    find_workspace,
    format_option,
    report,
    today,
)
from ssmd_compiler.cli.pool import each
from ssmd_compiler.compiler import Compilation, Options, compile
from ssmd_compiler.diagnostics import Diagnostic, Severity
from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.drift import drift
from ssmd_compiler.generated import FOLDER, current_lock, read_seal
from ssmd_compiler.publish import Overtaken, Published, PublishError, publish
from ssmd_compiler.source import DirectoryTree, Refused

if TYPE_CHECKING:
    import datetime
import hashlib

Formats = tuple[tuple[str, Path | None], ...]
TRIES = 5


@click.command(short_help="Compile the sources into generated/.")
@click.argument("environments", metavar="[ENV]...", nargs=-1, shell_complete=complete_environments)
@click.option("--check", is_flag=True, help="Write nothing: exit 0 when generated/ is current, 1 with the difference.")
@click.option("-v", "--verbose", is_flag=True, help="Say what was written.")
@config_dir_option
@as_of_option
@format_option
def command(  # noqa: PLR0913 -- one parameter an option
    environments: tuple[str, ...],
    config_dir: Path | None,
    as_of: datetime.date | None,
    formats: Formats,
    *,
    check: bool,
    verbose: bool,
) -> int:
    """Compile the sources into generated/, or just the environments named, once everything is proven.

    Nothing is written unless all of it is right, and a file that would not change keeps its time.
    """
    workspace = find_workspace(config_dir)
    tree = DirectoryTree(workspace)
    compiled = compile(tree, Options(as_of or today(), each))
    _refuse_unknown(environments, compiled)
    told = [found for found in compiled.diagnostics if _concerns(found, environments, compiled)]
    if told:
        report(told, workspace, compiled.checked, formats)
    if any(found.severity is Severity.ERROR for found in told):
        return 2 if check else 1
    if check:
        return _check(tree, compiled, environments)
    published = _publish(tree, compiled, environments, dated=as_of is not None)
    if verbose:
        _tell(compiled, environments, published)
    return 0


def _refuse_unknown(environments: tuple[str, ...], compiled: Compilation) -> None:
    for name in environments:
        if name not in compiled.environments:
            meant = did_you_mean(name, compiled.environments)
            known = ", ".join(compiled.environments[:12]) or "none"
            raise click.UsageError(f"no environment `{name}`: {meant or f'there are {known}'}")


def _concerns(found: Diagnostic, environments: tuple[str, ...], compiled: Compilation) -> bool:
    """Whether a finding is about what was asked for: another environment's own file is not."""
    if not environments:
        return True
    stem = found.span.path.rpartition("/")[2].removesuffix(".yaml")
    return stem in environments or stem not in compiled.environments or "environments/" not in found.span.path


def _wanted(compiled: Compilation, locked: lock.Lock | None, environments: tuple[str, ...]) -> lock.Lock:
    """The lock to reach: of everything, or of the environments named, with the rest as it was."""
    if not environments:
        return compiled.lock
    return compiled.lock.with_groups_of(locked or lock.Lock("", "", {}, ()), environments)


def _outputs(compiled: Compilation, environments: tuple[str, ...]) -> dict[str, bytes]:
    """The files of the environments named (of all, if none is), and of the workspace."""
    groups = (group for group in compiled.lock.groups if not environments or group.environment in {*environments, None})
    return {path: compiled.outputs[path] for group in groups for path in group.outputs}


def _check(tree: DirectoryTree, compiled: Compilation, environments: tuple[str, ...]) -> int:
    """Compare, write nothing, and show what would change."""
    locked = read_seal(tree).lock
    wanted = _wanted(compiled, locked, environments)
    text = drift(tree, _outputs(compiled, environments), _gone(locked, wanted))
    current = locked is not None and locked.same_but_date(wanted)
    if current and not text:
        return 0
    click.echo(text or f"{FOLDER}/{lock.FILE} is not current\n", nl=False)
    click.echo(f"{FOLDER}/ is not what the sources compile to: run `ssmd compile` and commit it", err=True)
    return 1


def _gone(locked: lock.Lock | None, wanted: lock.Lock) -> set[str]:
    """The files that ssmd owns and no longer makes."""
    return set(locked.outputs if locked is not None else ()) - wanted.outputs.keys()


def _strange(tree: DirectoryTree, path: str, locked: lock.Lock) -> bool:
    """Whether a file is not what the lock says ssmd wrote there: it stays, and its owner is told."""
    try:
        content = tree.read_unlinked(f"{FOLDER}/{path}")
    except (FileNotFoundError, Refused):
        return False  # gone already, or publishing refuses it by its name
    strange = hashlib.sha256(content).hexdigest() != locked.outputs[path]
    if strange:
        click.echo(f"left alone: {FOLDER}/{printable(path)} is no longer generated, and was changed by hand", err=True)
    return strange


def _publish(tree: DirectoryTree, compiled: Compilation, environments: tuple[str, ...], *, dated: bool) -> Published:
    outputs = _outputs(compiled, environments)
    for _ in range(TRIES):
        seal = read_seal(tree)
        wanted = _wanted(compiled, seal.lock, environments)
        sealing = wanted if dated else current_lock(seal.lock, wanted)
        everything = {**outputs, lock.FILE: sealing.encode()}
        gone = {path for path in _gone(seal.lock, wanted) if seal.lock is None or not _strange(tree, path, seal.lock)}
        try:
            return publish(tree.root / FOLDER, everything, remove=gone, seen=seal.content)
        except Overtaken:
            continue  # another compile finished in between: what is to be removed depends on what it wrote
        except PublishError as problem:
            place = "" if FOLDER in str(problem) else f"{FOLDER}/{lock.FILE}: "
            raise click.ClickException(f"{place}{problem}") from None
    raise click.ClickException(f"{FOLDER}/ changes all the time: is another `ssmd compile` running in a loop?")


def _tell(compiled: Compilation, environments: tuple[str, ...], published: Published) -> None:
    count = len(environments or compiled.environments)
    plural = "environment" if count == 1 else "environments"
    said = f"{len(published.written)} files written, {len(published.removed)} removed, {published.unchanged} unchanged"
    click.echo(f"compiled {count} {plural} into {FOLDER}/: {said}")
