"""`ssmd trace generated/FILE[:LINE]`: which source made a generated line."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ssmd_compiler.cli.choices import Choice
from ssmd_compiler.cli.options import as_of_option, config_dir_option, report, today
from ssmd_compiler.cli.paths import find_workspace, is_workspace
from ssmd_compiler.cli.trace_output import show
from ssmd_compiler.diagnostics.nearest import did_you_mean, nearest
from ssmd_compiler.generated import FOLDER, read_seal
from ssmd_compiler.origin import Untraceable, Why
from ssmd_compiler.origin.alignment import aligned, lines_of
from ssmd_compiler.source import DirectoryTree, Refused
from ssmd_compiler.tracing import Faulty, Traceable, traceable

if TYPE_CHECKING:
    import datetime

MOST_LINES: Final = 2_000
"""Lines of a file that are traced when none is named."""


def _complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The generated files, as they would be typed from here."""
    try:
        workspace, here = find_workspace(context.params.get("config_dir")), Path.cwd()
    except (click.UsageError, OSError):
        return []
    seal = read_seal(DirectoryTree(workspace)).lock
    paths = (os.path.relpath(workspace / FOLDER / path, here) for path in (seal.outputs if seal is not None else ()))
    return sorted(path for path in paths if path.startswith(incomplete))


@click.command(short_help="Say which source made a generated line.")
@click.argument("place", metavar="FILE[:LINE]", shell_complete=_complete)
@click.option(
    "--output",
    type=Choice(("table", "json"), "output"),
    default="table",
    show_default=True,
    help="For a person, or for a program.",
)
@config_dir_option
@as_of_option
def command(place: str, output: str, config_dir: Path | None, as_of: datetime.date | None) -> int:
    """Say which places of the sources, and which template line, made LINE of a generated FILE; or each of its lines.

    It tells of what the sources compile to now. A place is found by changing it and looking at what follows.
    """
    name, line = _parsed(place)
    workspace = find_workspace(config_dir or _above(name))
    tree = DirectoryTree(workspace)
    path = _in_generated(name, workspace)
    found = traceable(tree, as_of or today(), path)
    if isinstance(found, Faulty):
        report(found.diagnostics, workspace, found.checked, (("text", None),))
        return 1
    if isinstance(found, Untraceable):
        raise click.UsageError(_refusal(found, tree, path))
    told = found.of(_wanted(found, tree, line))
    if isinstance(told, Untraceable):
        raise click.UsageError(f"`{FOLDER}/{path}` has {told.lines} lines: there is no line {line}")
    show(found, told, tree, output, summary=line is None)
    return 0


def _parsed(place: str) -> tuple[str, int | None]:
    found = re.fullmatch(r"(.+):([0-9]{1,9})", place, re.DOTALL)
    return (found[1], int(found[2])) if found else (place, None)


def _above(name: str) -> Path | None:
    """The workspace of a file that is named from elsewhere, by an absolute name."""
    path = Path(name)
    return next((folder for folder in path.parents if is_workspace(folder)), None) if path.is_absolute() else None


def _in_generated(name: str, workspace: Path) -> str:
    """The file under `generated/` that is meant: seen from here, from the workspace, or from `generated/`."""
    folder = workspace / FOLDER
    here = _here(workspace)
    # os.path answers False where a name is too long to be one, and a Path raises.
    elsewhere = os.path.exists(name) and not Path(os.path.normpath(here / name)).is_relative_to(folder)  # noqa: PTH110
    for base in (here, workspace, folder):
        meant = Path(os.path.normpath(base / name))
        if meant.is_relative_to(folder) and os.path.isdir(meant):  # noqa: PTH112 -- as above
            raise click.UsageError(f"`{name}` is a folder: name a file in it")
        if meant.is_relative_to(folder) and not (base == folder and elsewhere):
            return meant.relative_to(folder).as_posix()
    raise click.UsageError(f"`{name}` is not a file in {FOLDER}/ of the workspace `{workspace}`")


def _here(workspace: Path) -> Path:
    """The current directory; when it is gone, the workspace that was named."""
    try:
        return Path.cwd()
    except OSError:
        return workspace


def _wanted(found: Traceable, tree: DirectoryTree, line: int | None) -> list[int]:
    """The lines to trace, wherever they stand in what the sources compile to; what is on disk may be older."""
    now = found.content.decode()
    last = len(lines_of(now))
    standing = _standing(tree, found.path)
    if standing is None:
        click.echo(f"{FOLDER}/{found.path} is not there yet: `ssmd compile` writes it", err=True)
    elif standing != now:
        click.echo(f"{FOLDER}/{found.path} is not what the sources compile to: run `ssmd compile`", err=True)
    if line is None:
        if last > MOST_LINES:
            click.echo(
                f"it has {last} lines, of which the first {MOST_LINES} are told: name one, as FILE:LINE", err=True
            )
        return list(range(1, min(last, MOST_LINES) + 1))
    if standing is None or standing == now or not 1 <= line <= len(lines_of(standing)):
        return [line]
    moved = aligned(standing, now).get(line - 1, -1) + 1
    if not moved:
        click.echo(f"nothing compiles to its line {line} any more; this is about line {line} of what is now", err=True)
    elif moved != line:
        click.echo(f"its line {line} is line {moved} of what is now", err=True)
    return [moved or line]


def _standing(tree: DirectoryTree, path: str) -> str | None:
    """What stands in `generated/`, if anything that can be read does."""
    try:
        return tree.read_unlinked(f"{FOLDER}/{path}").decode(errors="replace")
    except (FileNotFoundError, Refused):
        return None


def _refusal(refused: Untraceable, tree: DirectoryTree, path: str) -> str:
    """Why nothing is told of a file, and which one may have been meant."""
    shown, (folder, _, file) = f"{FOLDER}/{path}", path.partition("/")
    seal = read_seal(tree).lock
    if seal is not None and path in seal.outputs:
        return f"nothing compiles to `{shown}` any more: `ssmd compile` removes it"
    if refused.why is Why.NO_SUCH_ENVIRONMENT and file:
        meant = did_you_mean(folder, refused.known)
        nothing = f"there is no environment `{folder}`"
    else:
        files = {known.partition("/")[2]: known for known in refused.known if known.startswith(f"{folder}/")}
        near = nearest(file, files)
        meant = f"did you mean `{FOLDER}/{files[near]}`?" if near is not None else ""
        nothing = f"nothing compiles to `{shown}`"
    whose = "; ssmd did not write it" if _standing(tree, path) is not None else ""
    return f"{nothing}{whose}" + (f": {meant}" if meant else "")
