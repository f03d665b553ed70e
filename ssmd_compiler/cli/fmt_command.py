"""`ssmd fmt`: the sources in canonical spelling and layout, comments kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ssmd_compiler import checks
from ssmd_compiler.cli.options import config_dir_option, report
from ssmd_compiler.cli.paths import find_workspace, relative, within, workspace_above
from ssmd_compiler.cli.standard_input import refuse_half, standard_input, unread
from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.diagnostics.printers.text import text
from ssmd_compiler.formatting import NotProven, formatted
from ssmd_compiler.formatting.documents import documents, kind_of, surveyed
from ssmd_compiler.rewrite import RewriteError, rewrite
from ssmd_compiler.source import DirectoryTree, MemoryTree, OverlayTree, Refused
from ssmd_compiler.source.workspace import FAMILIES, load

if TYPE_CHECKING:
    from ssmd_compiler.diagnostics import Diagnostic
    from ssmd_compiler.source import Tree


@click.command(short_help="Write the sources in canonical spelling, comments kept.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing: exit 1 and name the files that are not canonical.")
@click.option("--stdin-path", metavar="PATH", type=click.Path(path_type=Path), help="With `-`: the file that it is.")
@config_dir_option
def command(paths: tuple[Path, ...], stdin_path: Path | None, config_dir: Path | None, *, check: bool) -> int:
    """Write every source in canonical spelling and layout, or those in PATHs alone. Comments and blank lines stay.

    With `-` as PATH, standard input is formatted to standard output; --stdin-path says which file it is.

    A document with a fault is shown as `validate` would, and left as it is. What is written is proven to mean the same.
    Exit code 1 when something was left, or with --check would change.
    """
    refuse_half(paths, stdin_path)
    if stdin_path is not None:
        return _filter(stdin_path, config_dir, check=check)
    workspace = find_workspace(config_dir or workspace_above(paths))
    only = [relative(path, workspace) for path in paths]
    tree = DirectoryTree(workspace)
    found, faulty = surveyed(tree)
    wanted = {path: kind for path, kind in found.items() if within(path, only)}
    told = [one for document in faulty if within(document.path, only) for one in checks.run(document)]
    if only and not wanted and not told:
        raise click.UsageError(f"there is no document in {', '.join(f'`{path}`' for path in paths)}")
    return _format(tree, wanted, told, check=check)


def _format(tree: DirectoryTree, wanted: dict[str, str], told: list[Diagnostic], *, check: bool) -> int:
    changed: dict[str, tuple[bytes, bytes]] = {}
    left: dict[str, str] = {}
    unproven: NotProven | None = None
    for path, kind in wanted.items():
        try:
            found, old, new, reason = _formatted(tree, path, kind)
        except NotProven as problem:
            unproven, left[path] = problem, "what would be written does not mean the same"
            continue
        told += found
        reason = reason or (_unwritable(tree, path) if new != old else "")
        if reason:
            left[path] = reason
        elif new != old:
            changed[path] = old, new
    _show(tree, told, left, len(wanted))
    _finish(tree.root, changed, check=check)
    if unproven is not None:
        raise unproven
    return int(bool(told or left or (check and changed)))


def _formatted(tree: Tree, path: str, kind: str) -> tuple[list[Diagnostic], bytes, bytes, str]:
    """What is wrong with a document; its content, old and new; and why it is left, if it is."""
    document, content = load(tree, path)
    if content is None:
        return list(checks.run(document)), b"", b"", ""
    one = formatted(document, content, kind)
    found = (*checks.run(one.document), *checks.run(one.bound)) if one.faulty else ()
    return list(found), content, one.content, one.left


def _unwritable(tree: DirectoryTree, path: str) -> str:
    """Why a file that can be read is not one to write to."""
    try:
        tree.read_unlinked(path)
    except Refused as refused:
        return refused.detail
    return ""


def _show(tree: DirectoryTree, told: list[Diagnostic], left: dict[str, str], checked: int) -> None:
    if told:
        report(sorted(told, key=lambda one: one.order), tree.root, checked, (("text", None),))
    for path, reason in left.items():
        click.echo(f"left as it is: {printable(path)}: {reason}", err=True)


def _finish(root: Path, changed: dict[str, tuple[bytes, bytes]], *, check: bool) -> None:
    if not check:
        try:
            rewrite(root, changed)
        except RewriteError as problem:
            others = "" if problem.changed else "; no file was changed"
            raise click.ClickException(f"{problem}{others}") from None
    for path in changed:
        click.echo(f"{'not formatted' if check else 'formatted'}: {printable(path)}")


def _filter(stdin_path: Path, config_dir: Path | None, *, check: bool) -> int:
    """Standard input to standard output."""
    workspace = _workspace_of(stdin_path, config_dir)
    path = stdin_path.as_posix() if workspace is None else relative(stdin_path, workspace, new=True)
    kind = kind_of(path)
    if kind is None:
        families = "`feeds/`, `schemas/` or `environments/`"
        meant = did_you_mean(stdin_path.parent.name, FAMILIES)
        raise click.UsageError(
            f"--stdin-path: `{path}` is neither `ssmd.yaml` nor in {families}" + (f": {meant}" if meant else "")
        )
    if workspace is not None and path not in documents(OverlayTree(DirectoryTree(workspace), path, b"")):
        raise unread(path)
    content = standard_input()
    told, _, new, left = _formatted(OverlayTree(MemoryTree({}), path, content), path, kind)
    if told:
        shown = text(told, lambda _: content.decode(errors="replace"), colour=False, width=100, checked=1)
        click.echo(shown, err=True, nl=False)
    if left:
        click.echo(f"left as it is: {printable(path)}: {left}", err=True)
    if check and new != content:
        click.echo(f"not formatted: {printable(path)}")
    if not check and not told:
        click.echo(new, nl=False)
    return int(bool(told or left or (check and new != content)))


def _workspace_of(stdin_path: Path, config_dir: Path | None) -> Path | None:
    """The workspace that the file is in; outside of any, its folder's name alone says what it is."""
    try:
        return find_workspace(config_dir or workspace_above((stdin_path,)))
    except click.UsageError:
        if config_dir is not None:
            raise
        return None
