"""`ssmd compile`: sources -> generated/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ssmd_compiler import lock
from ssmd_compiler.checks import Generated, run
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
from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.drift import drift
from ssmd_compiler.generated import FOLDER, current_lock, look
from ssmd_compiler.publish import Published, PublishError, publish
from ssmd_compiler.source import DirectoryTree

if TYPE_CHECKING:
    import datetime

Formats = tuple[tuple[str, Path | None], ...]


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
    generated = look(tree, compiled.lock)
    wanted, outputs = _wanted(compiled, generated, environments), _outputs(compiled, environments)
    if check:
        return _check(tree, outputs, generated, wanted)
    blocked = [found for found in run(generated) if found.code == "SSMD804"]
    if blocked:
        report(blocked, workspace, compiled.checked, formats)
        return 2
    published = _publish(workspace, outputs, generated, wanted, dated=as_of is not None)
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


def _wanted(compiled: Compilation, generated: Generated, environments: tuple[str, ...]) -> lock.Lock:
    """The lock to reach: of everything, or of the environments named, with the rest as it was."""
    if not environments:
        return compiled.lock
    old = generated.locked or lock.Lock("", "", {}, ())
    return compiled.lock.with_groups_of(old, environments)


def _outputs(compiled: Compilation, environments: tuple[str, ...]) -> dict[str, bytes]:
    """The files of the environments named (of all, if none is), and of the workspace."""
    groups = (group for group in compiled.lock.groups if not environments or group.environment in {*environments, None})
    return {path: compiled.outputs[path] for group in groups for path in group.outputs}


def _check(tree: DirectoryTree, outputs: dict[str, bytes], generated: Generated, wanted: lock.Lock) -> int:
    """Compare, write nothing, and show what would change."""
    owned = generated.locked.outputs if generated.locked is not None else {}
    orphans = [path for path in owned if path not in wanted.outputs and path in generated.files]
    text = drift(tree, outputs, orphans)
    current = generated.locked is not None and generated.locked.same_but_date(wanted)
    if current and not text:
        return 0
    click.echo(text or f"{FOLDER}/{lock.FILE} is not current\n", nl=False)
    click.echo(f"{FOLDER}/ is not what the sources compile to: run `ssmd compile` and commit it", err=True)
    return 1


def _publish(
    workspace: Path, outputs: dict[str, bytes], generated: Generated, wanted: lock.Lock, *, dated: bool
) -> Published:
    seal = wanted if dated else current_lock(generated.locked, wanted)
    removed = set(generated.locked.outputs if generated.locked else ()) - wanted.outputs.keys()
    try:
        return publish(workspace / FOLDER, {**outputs, lock.FILE: seal.encode()}, remove=removed)
    except PublishError as problem:
        raise click.ClickException(str(problem)) from None


def _tell(compiled: Compilation, environments: tuple[str, ...], published: Published) -> None:
    count = len(environments or compiled.environments)
    plural = "environment" if count == 1 else "environments"
    said = f"{len(published.written)} files written, {len(published.removed)} removed, {published.unchanged} unchanged"
    click.echo(f"compiled {count} {plural} into {FOLDER}/: {said}")
