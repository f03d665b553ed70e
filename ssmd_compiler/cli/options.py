"""What several commands take: the workspace, the date, and the formats of `reports`."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import click

from ssmd_compiler.cli.paths import Folder
from ssmd_compiler.cli.reports import format_option, report
from ssmd_compiler.dates import date_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "as_of_option",
    "cache_option",
    "complete_environments",
    "config_dir_option",
    "format_option",
    "report",
    "today",
]


def config_dir_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--config-dir",
        metavar="DIR",
        type=Folder(),
        help="The workspace. Default: the one that holds the current directory.",
    )(command)


def as_of_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--as-of",
        metavar="DATE",
        callback=_date,
        help="The date, as YYYY-MM-DD, whose versions are in force. Default: today in UTC.",
    )(command)


def cache_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--cache/--no-cache",
        "cached",
        default=True,
        help="Whether to skip what is known from the last time, by .ssmd/cache/. Default: yes.",
    )(command)


def complete_environments(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The environments of the workspace that start with what is typed so far."""
    from ssmd_compiler.cli.paths import find_workspace
    from ssmd_compiler.source import DirectoryTree
    from ssmd_compiler.source.workspace import discover

    try:
        workspace = find_workspace(context.params.get("config_dir"))
    except click.UsageError:
        return []
    stems = (path.rpartition("/")[2].removesuffix(".yaml") for path in discover(DirectoryTree(workspace)).environments)
    return [stem for stem in stems if stem.startswith(incomplete)]


def today() -> datetime.date:
    return datetime.datetime.now(tz=datetime.UTC).date()


def _date(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime.date | None:
    if value is None:
        return None
    date = date_of(value)
    if date is None:
        raise click.BadParameter(f"`{value}` is not a date such as 2026-01-31")
    return date
