"""`ssmd init`: a workspace that compiles, from nothing."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ssmd_compiler.cli.paths import Folder
from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.editors import FOLDER
from ssmd_compiler.starter import starter

if TYPE_CHECKING:
    from collections.abc import Iterable


@click.command(short_help="Make a workspace that compiles, from nothing.")
@click.argument("directory", type=Folder(file_okay=False), default=".")
def command(directory: Path) -> int:
    """Make a workspace in DIRECTORY (default: here): one feed, one schema, one environment, and it compiles.

    Files that exist are never touched: when one is in the way, nothing is written.
    """
    files = starter()
    try:
        in_the_way = _in_the_way(directory, files)
        if in_the_way is not None:
            raise click.ClickException(f"`{in_the_way}` is in the way: init only writes where nothing is")
        _write(directory, files)
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise click.ClickException(f"cannot write `{problem.filename or directory}`: {reason}") from None
    click.echo(f"a workspace is in {printable(str(directory)) if str(directory) != '.' else 'this directory'}:")
    for path in dict.fromkeys(f"{FOLDER}/" if path.startswith(f"{FOLDER}/") else path for path in files):
        click.echo(f"  {path}")
    enter = "" if directory.resolve() == Path.cwd() else f"cd {printable(shlex.quote(str(directory)))} && "
    click.echo(f"next: {enter}ssmd compile && ssmd validate")
    return 0


def _in_the_way(directory: Path, files: Iterable[str]) -> Path | None:
    """The first file that exists already, or the first part of a path that is a link or no folder."""
    for path in files:
        target = directory / path
        folders = [folder for folder in target.parents if folder.is_relative_to(directory) and folder != directory]
        for folder in reversed(folders):
            if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
                return folder
        if target.is_symlink() or target.exists():
            return target
    return None


def _write(directory: Path, files: dict[str, bytes]) -> None:
    """All of them, or none."""
    written: list[Path] = []
    try:
        for path, content in files.items():
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                written.append(target)
                file.write(content)
    except BaseException:
        for target in written:
            target.unlink(missing_ok=True)
        raise
