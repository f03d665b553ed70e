"""`ssmd validate`: the sources proven, and `generated/` against them. Nothing is written, but by `--fix`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ssmd_compiler.cache import Cache
from ssmd_compiler.cli.options import as_of_option, cache_option, config_dir_option, format_option, report, today
from ssmd_compiler.cli.paths import find_workspace, relative, within, workspace_above
from ssmd_compiler.cli.standard_input import refuse_half, standard_input
from ssmd_compiler.diagnostics import Severity
from ssmd_compiler.source import DirectoryTree, OverlayTree

if TYPE_CHECKING:
    import datetime

    from ssmd_compiler.cache import Proof
    from ssmd_compiler.cli.reports import Formats
    from ssmd_compiler.source import Tree


@click.command(short_help="Prove the sources, and generated/ against them.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="Apply the fixes that are certain, in the sources, then show what remains.")
@click.option("--stdin-path", metavar="PATH", type=click.Path(path_type=Path), help="With `-`: the file that it is.")
@click.option("-v", "--verbose", is_flag=True, help="Say how much was checked, and how many findings are allowed.")
@config_dir_option
@as_of_option
@format_option
@cache_option
def command(  # noqa: PLR0913 -- one parameter an option
    paths: tuple[Path, ...],
    stdin_path: Path | None,
    config_dir: Path | None,
    as_of: datetime.date | None,
    formats: Formats,
    *,
    cached: bool,
    fix: bool,
    verbose: bool,
) -> int:
    """Prove every source, and generated/ against them; with PATHs, show what is found in those alone.

    With `-` as PATH, standard input stands for the file that --stdin-path names, whether or not it exists; what is
    found in it is shown, and generated/ is not looked at.

    With --fix, misspelt names and the like are mended in the sources, comments and layout kept; with PATHs, in those
    alone. A fix that would bring another finding is not kept. It never touches generated/: that is what compile is for.

    All findings at once, on standard output. Exit code 1 when one of them is an error.
    """
    refuse_half(paths, stdin_path)
    if fix and stdin_path is not None:
        raise click.UsageError("--fix changes files: it does not go with `-`")
    named = paths if stdin_path is None else (stdin_path,)
    workspace = find_workspace(config_dir or workspace_above(named))
    only = [relative(path, workspace, new=stdin_path is not None) for path in named]
    date, tree = as_of or today(), DirectoryTree(workspace)
    shown_of: Tree = tree
    if fix:
        from ssmd_compiler.cli.fixes import fix_sources

        fix_sources(workspace, date, only)
    cache = Cache(tree, use=cached)
    if stdin_path is not None:
        content = standard_input()
        shown_of = OverlayTree(tree, only[0], content)
        proof = _prove_unsaved(cache, date, only[0], content)
    else:
        proof = _prove(cache, date)
    shown = [one for one in proof.found if within(one.span.path, only)]
    report(shown, workspace, proof.checked, formats, tree=shown_of)
    if verbose:
        allowed = sum(within(path, only) for path in proof.allowed)
        click.echo(f"documents checked: {proof.checked}, findings allowed: {allowed}", err=True)
    return int(any(one.severity is Severity.ERROR for one in shown))


def _prove(cache: Cache, date: datetime.date) -> Proof:
    """What there is to say; when nothing has changed since it was said, that is known."""
    before = cache.compare(date.isoformat())
    if before.nothing_to_do and before.proof is not None:
        return before.proof
    from ssmd_compiler.cli.proving import prove

    return prove(cache, before, date)


def _prove_unsaved(cache: Cache, date: datetime.date, path: str, content: bytes) -> Proof:
    from ssmd_compiler.cli.proving import prove_unsaved

    return prove_unsaved(cache.compare(date.isoformat()), date, path, content)
