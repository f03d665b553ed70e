"""`ssmd schema-json`: the source language as JSON Schemas, for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ssmd_compiler.cli.options import config_dir_option
from ssmd_compiler.cli.paths import find_workspace

if TYPE_CHECKING:
    from pathlib import Path


def _complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    from ssmd_compiler.model.json_schema import KINDS

    return [kind for kind in KINDS if kind.startswith(incomplete.capitalize())]


@click.command(short_help="JSON Schemas of the sources, for editors.")
@click.argument("kind", required=False, shell_complete=_complete)
@click.option("--write", is_flag=True, help="Write all of them into .ssmd/ of the workspace.")
@click.option("--check", is_flag=True, help="Write nothing: is .ssmd/ current? Exit code 1 if it is not.")
@config_dir_option
def command(kind: str | None, config_dir: Path | None, *, write: bool, check: bool) -> int:
    """Print the JSON Schema (draft 07) of a KIND of document: Feed, Schema, Environment or Settings.

    Without KIND, the list of kinds.
    """
    from ssmd_compiler.editors import text
    from ssmd_compiler.model.json_schema import KINDS

    if write or check:
        if kind is not None or (write and check):
            raise click.UsageError("give one of KIND, --write and --check")
        return _folder(find_workspace(config_dir), check=check)
    if kind is None:
        click.echo("\n".join(KINDS))
        return 0
    click.echo(text(_known(kind, KINDS)), nl=False)
    return 0


def _known(kind: str, kinds: tuple[str, ...]) -> str:
    from ssmd_compiler.diagnostics.nearest import did_you_mean

    found = kind.capitalize()
    if found not in kinds:
        meant = did_you_mean(found, kinds) or f"there are {', '.join(kinds)}"
        raise click.UsageError(f"no kind `{kind}`: {meant}")
    return found


def _folder(workspace: Path, *, check: bool) -> int:
    from ssmd_compiler.editors import FOLDER, files
    from ssmd_compiler.publish.beside import differing, put

    try:
        changed = (differing if check else put)(workspace, FOLDER, files())
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise click.ClickException(
            f"cannot {'read' if check else 'write'} `{problem.filename or FOLDER}`: {reason}"
        ) from None
    for name in changed:
        click.echo(f"{'not current' if check else 'wrote'}: {FOLDER}/{name}")
    return int(check and bool(changed))
