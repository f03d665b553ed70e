"""`ssmd init`: a workspace that compiles, from nothing."""

from __future__ import annotations

from pathlib import Path

import click

from ssmd_compiler.starter import starter


@click.command(short_help="Make a workspace that compiles, from nothing.")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=".")
def command(directory: Path) -> int:
    """Make a workspace in DIRECTORY (default: here): one feed, one schema, one environment, and it compiles.

    Files that exist are never touched: when one is in the way, nothing is written.
    """
    files = starter()
    taken = sorted(path for path in files if (directory / path).exists() or (directory / path).is_symlink())
    if taken:
        raise click.ClickException(
            f"`{directory / taken[0]}` exists already: init only writes where nothing is in the way"
        )
    try:
        _write(directory, files)
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise click.ClickException(f"cannot write `{problem.filename or directory}`: {reason}") from None
    click.echo(f"a workspace is in {directory if str(directory) != '.' else 'this directory'}:")
    for path in files:
        click.echo(f"  {path}")
    click.echo("next: ssmd compile && ssmd validate")
    return 0


def _write(directory: Path, files: dict[str, bytes]) -> None:
    for path, content in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
