"""`ssmd validate`: the sources proven, and `generated/` against them. Nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ssmd_compiler import checks
from ssmd_compiler.cli.options import as_of_option, config_dir_option, find_workspace, format_option, report, today
from ssmd_compiler.cli.pool import each
from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.diagnostics import Diagnostic, Severity
from ssmd_compiler.generated import look
from ssmd_compiler.source import DirectoryTree

if TYPE_CHECKING:
    import datetime


@click.command(short_help="Prove the sources, and generated/ against them.")
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
@config_dir_option
@as_of_option
@format_option
def command(
    paths: tuple[Path, ...],
    config_dir: Path | None,
    as_of: datetime.date | None,
    formats: tuple[tuple[str, Path | None], ...],
) -> int:
    """Prove every source, and generated/ against them; with PATHs, show what is found in those alone.

    All findings at once, on standard output. Exit code 1 when one of them is an error.
    """
    workspace = find_workspace(config_dir or _above(paths))
    only = [_relative(path, workspace) for path in paths]
    tree = DirectoryTree(workspace)
    compiled = compile(tree, Options(as_of or today(), each))
    found = list(compiled.diagnostics)
    # While the sources are wrong there is nothing to compare generated/ with.
    if not compiled.failed:
        found += sorted(checks.run(look(tree, compiled.lock)), key=lambda one: one.order)
    shown = [one for one in found if _within(one, only)]
    if shown or any(file for _, file in formats) or formats[0][0] != "text":
        report(shown, workspace, compiled.checked, formats)
    return int(any(one.severity is Severity.ERROR for one in shown))


def _above(paths: tuple[Path, ...]) -> Path | None:
    """The workspace of a path named from elsewhere: that path's own folder, searched upwards, if it is absolute."""
    return None if not paths or not paths[0].is_absolute() else _root_of(paths[0])


def _root_of(path: Path) -> Path | None:
    from ssmd_compiler.cli.options import is_workspace

    return next((folder for folder in (path, *path.parents) if is_workspace(folder)), None)


def _relative(path: Path, workspace: Path) -> str:
    try:
        if not path.exists() and not path.is_symlink():
            raise click.UsageError(f"there is no `{path}`")
        return (path.parent.resolve() / path.name).relative_to(workspace).as_posix() if path.name else "."
    except ValueError:
        raise click.UsageError(f"`{path}` is not in the workspace `{workspace}`") from None
    except OSError as problem:
        raise click.UsageError(f"`{path}`: {(problem.strerror or str(problem)).lower()}") from None


def _within(found: Diagnostic, only: list[str]) -> bool:
    path = found.span.path
    return not only or any(one in (".", path) or path.startswith(f"{one}/") for one in only)
