"""`ssmd validate --fix`: what is certain is mended on disk, and the rest is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ssmd_compiler.cli.paths import within
from ssmd_compiler.diagnostics.escape import printable

if TYPE_CHECKING:
    import datetime
    from collections.abc import Collection
    from pathlib import Path

    from ssmd_compiler.fixing import Unfixed

__all__ = ["fix_sources"]


def fix_sources(workspace: Path, date: datetime.date, only: Collection[str]) -> None:
    """Mend the sources of `workspace`, or those in `only`, and say how much of them."""
    from ssmd_compiler.cli.pool import each
    from ssmd_compiler.compiler import Options
    from ssmd_compiler.fixing import fix
    from ssmd_compiler.rewrite import RewriteError, rewrite
    from ssmd_compiler.source import DirectoryTree

    fixed = fix(DirectoryTree(workspace), Options(date, each), lambda path: within(path, only))
    try:
        rewrite(workspace, fixed.files)
    except RewriteError as problem:
        raise click.ClickException(str(problem) if problem.changed else f"{problem}; no file was changed") from None
    for one in fixed.unfixed:
        click.echo(_why(one), err=True)
    if fixed.count:
        click.echo(f"fixed {_count(fixed.count, 'finding')} in {_count(len(fixed.files), 'file')}", err=True)


def _why(one: Unfixed) -> str:
    span = one.found.span
    return printable(f"not fixed: {span.path}:{span.line}:{span.column} {one.found.code}: {one.reason}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
