"""What several commands take: the workspace, the date, the formats; and how a library's answer is shown."""

from __future__ import annotations

import datetime
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ssmd_compiler import __version__
from ssmd_compiler.dates import date_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ssmd_compiler.diagnostics import Diagnostic

__all__ = [
    "as_of_option",
    "complete_environments",
    "config_dir_option",
    "find_workspace",
    "format_option",
    "is_workspace",
    "report",
    "today",
]

MARKERS = ("ssmd.yaml", "environments", "feeds", "exchanges/feeds", "exchanges/environments")


def config_dir_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--config-dir",
        metavar="DIR",
        type=click.Path(path_type=Path),
        help="The workspace. Default: the one that holds the current directory.",
    )(command)


def as_of_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--as-of",
        metavar="DATE",
        callback=_date,
        help="The date, as YYYY-MM-DD, whose versions are in force. Default: today in UTC.",
    )(command)


def format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--format",
        "formats",
        metavar="FORMAT[=FILE]",
        multiple=True,
        callback=_formats,
        help="How findings are shown: text or json, to a file if one is named. May be given several times.",
    )(command)


def find_workspace(config_dir: Path | None) -> Path:
    """The workspace's root: as named, or the nearest folder upwards that looks like one."""
    if config_dir is not None:
        try:
            if config_dir.is_dir():
                return config_dir.resolve()
        except OSError:
            pass  # a name too long to be one, or a current directory that is gone
        raise click.UsageError(f"--config-dir: there is no directory `{config_dir}`")
    try:
        here = Path.cwd()
    except OSError:
        raise click.UsageError("the current directory is gone") from None
    for folder in (here, *here.parents):
        if is_workspace(folder):
            return folder
    raise click.UsageError(
        "there is no workspace here or above: make one with `ssmd init`, or name it with --config-dir"
    )


def is_workspace(folder: Path) -> bool:
    try:
        return any((folder / marker).exists() for marker in MARKERS)
    except OSError:
        return False


def complete_environments(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The environments of the workspace that start with what is typed so far."""
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


def report(
    diagnostics: Sequence[Diagnostic], workspace: Path, checked: int, formats: Iterable[tuple[str, Path | None]]
) -> None:
    """Show `diagnostics` in each of the formats."""
    from ssmd_compiler.diagnostics.printers import Report, printer
    from ssmd_compiler.source import DirectoryTree, Refused

    tree = DirectoryTree(workspace)

    def source(path: str) -> str | None:
        try:
            return tree.read(path).decode(errors="replace")
        except (Refused, OSError):
            return None

    for name, file in formats:
        colour = file is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        width = shutil.get_terminal_size((100, 24)).columns
        shown = printer(name)(Report(diagnostics, source, checked, __version__, colour=colour, width=width))
        if file is None:
            click.echo(shown, nl=False, color=colour)
        else:
            _write(file, shown)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise click.ClickException(f"cannot write `{file}`: {(problem.strerror or str(problem)).lower()}") from None


def _date(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime.date | None:
    if value is None:
        return None
    date = date_of(value)
    if date is None:
        raise click.BadParameter(f"`{value}` is not a date such as 2026-01-31")
    return date


def _formats(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, Path | None], ...]:
    from ssmd_compiler.diagnostics.nearest import did_you_mean
    from ssmd_compiler.diagnostics.printers import PRINTERS

    parsed: list[tuple[str, Path | None]] = []
    for value in values or ("text",):
        name, _, file = value.partition("=")
        if name not in PRINTERS:
            meant = did_you_mean(name, PRINTERS) or f"there are {', '.join(PRINTERS)}"
            raise click.BadParameter(f"no format `{name}`: {meant}")
        parsed.append((name, Path(file) if file else None))
    if sum(file is None for _, file in parsed) > 1:
        raise click.BadParameter("two formats on standard output: give all but one a file, as in json=out.json")
    return tuple(parsed)
