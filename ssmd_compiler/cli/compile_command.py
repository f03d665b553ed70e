"""`ssmd compile`: sources -> generated/."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from ssmd_compiler.cli.compile_request import Request, concerns, tell
from ssmd_compiler.cli.options import (
    as_of_option,
    cache_option,
    complete_environments,
    config_dir_option,
    format_option,
    report,
)
from ssmd_compiler.cli.paths import find_workspace

if TYPE_CHECKING:
    import datetime
    from pathlib import Path

    from ssmd_compiler.cache import Comparison
    from ssmd_compiler.cli.reports import Formats


@click.command(short_help="Compile the sources into generated/.")
@click.argument("environments", metavar="[ENV]...", nargs=-1, shell_complete=complete_environments)
@click.option("--check", is_flag=True, help="Write nothing: exit 0 when generated/ is current, 1 with the difference.")
@click.option("--watch", is_flag=True, help="Compile again whenever a source changes, until Ctrl-C.")
@click.option("-v", "--verbose", is_flag=True, help="Say what was written.")
@config_dir_option
@as_of_option
@format_option
@cache_option
def command(  # noqa: PLR0913 -- one parameter an option
    environments: tuple[str, ...],
    config_dir: Path | None,
    as_of: datetime.date | None,
    formats: Formats,
    *,
    cached: bool,
    check: bool,
    watch: bool,
    verbose: bool,
) -> int:
    """Compile the sources into generated/, or just the environments named, once everything is proven.

    Nothing is written unless all of it is right, and a file that would not change keeps its time.
    """
    if watch and check:
        raise click.UsageError("--check looks once: it goes without --watch")
    workspace = find_workspace(config_dir)
    request = Request(workspace, environments, as_of, formats, cached, check, verbose or watch)
    if watch:
        from ssmd_compiler.cli.watch import follow

        reports = [file for _, file in formats if file is not None]
        return follow(workspace, partial(_compile, request), reports)
    return _compile(request)


def _compile(request: Request) -> int:
    """Do what was asked for; when nothing has changed since the last time, that is nothing."""
    from ssmd_compiler.cache import Cache
    from ssmd_compiler.source import DirectoryTree

    cache = Cache(DirectoryTree(request.workspace), use=request.cached)
    before = cache.compare(request.date.isoformat())
    if _current(request, before):
        return _tell_current(request, before)
    from ssmd_compiler.cli.publishing import compile_and_publish

    return compile_and_publish(request, cache, before)


def _current(request: Request, before: Comparison) -> bool:
    """Whether generated/ is known to be what the sources compile to. A date that is asked for is written down anew."""
    if request.as_of is not None or not before.nothing_to_do or before.index is None:
        return False
    return set(request.environments) <= set(before.index.environments)


def _tell_current(request: Request, before: Comparison) -> int:
    assert before.index is not None  # noqa: S101 -- the caller looked
    if before.findings or request.to_errors or any(file for _, file in request.formats):
        found = [
            one for one in before.findings if concerns(one.span.path, request.environments, before.index.environments)
        ]
        report(found, request.workspace, before.index.checked, request.formats)
    if request.verbose and not request.check:
        count = len(request.environments or before.index.environments)
        tell(count, 0, 0, before.index.outputs, err=request.to_errors)
    return 0
