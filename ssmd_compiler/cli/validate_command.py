"""`ssmd validate`: the sources proven, and `generated/` against them. Nothing is written, but by `--fix`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ssmd_compiler import checks
from ssmd_compiler.cli.fixes import fix_sources
from ssmd_compiler.cli.options import as_of_option, config_dir_option, find_workspace, format_option, report, today
from ssmd_compiler.cli.paths import refuse_half, relative, standard_input, within, workspace_above
from ssmd_compiler.cli.pool import each
from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.diagnostics import Severity
from ssmd_compiler.generated import look
from ssmd_compiler.source import DirectoryTree, OverlayTree

if TYPE_CHECKING:
    import datetime

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
def command(  # noqa: PLR0913 -- one parameter an option
    paths: tuple[Path, ...],
    stdin_path: Path | None,
    config_dir: Path | None,
    as_of: datetime.date | None,
    formats: Formats,
    *,
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
    tree: Tree = DirectoryTree(workspace)
    if stdin_path is not None:
        tree = OverlayTree(tree, only[0], standard_input())
    if fix:
        fix_sources(workspace, Options(as_of or today(), each), only)
    compiled = compile(tree, Options(as_of or today(), each, prove_manifests=True))
    found = list(compiled.diagnostics)
    # While the sources are wrong there is nothing to compare generated/ with.
    if not compiled.failed and stdin_path is None:
        found += sorted(checks.run(look(tree, compiled.lock)), key=lambda one: one.order)
    shown = [one for one in found if within(one.span.path, only)]
    report(shown, workspace, compiled.checked, formats, tree=tree)
    if verbose:
        allowed = sum(within(one.span.path, only) for one in compiled.allowed)
        click.echo(f"documents checked: {compiled.checked}, findings allowed: {allowed}", err=True)
    return int(any(one.severity is Severity.ERROR for one in shown))
