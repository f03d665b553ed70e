"""`ssmd schema`: the schemas of the workspace, their versions, and what these can read of each other."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from ssmd_compiler.cli.groups import group
from ssmd_compiler.cli.listing import output_option, show
from ssmd_compiler.cli.options import as_of_option, config_dir_option, today
from ssmd_compiler.cli.paths import find_workspace
from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.schemas import Schemas, Unanswerable
from ssmd_compiler.source import DirectoryTree

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from ssmd_compiler.diagnostics import Span
    from ssmd_compiler.schemas import Comparison


command = group(
    "The schemas, their versions, and what these can read.",
    "The schemas of the workspace, their versions, and what these can read of each other.",
)


def _answering(function: Callable[..., int]) -> Callable[..., int]:
    """What cannot be answered ends with a sentence, and 2."""

    @wraps(function)
    def answered(**arguments: Any) -> int:
        try:
            return function(**arguments)
        except Unanswerable as why:
            raise click.ClickException(str(why)) from None

    return answered


def _schemas(config_dir: Path | None) -> Schemas:
    return Schemas(DirectoryTree(find_workspace(config_dir)))


@command.command(short_help="Can one version read what another recorded?")
@click.argument("name")
@click.option("--from", "old", metavar="VERSION", help="The version that was recorded with.")
@click.option("--to", "new", metavar="VERSION", help="The version that is to read it.")
@config_dir_option
@as_of_option
@output_option
@_answering
def compat(  # noqa: PLR0913 -- one parameter an option
    name: str, *, old: str | None, new: str | None, config_dir: Path | None, as_of: datetime.date | None, output: str
) -> int:
    """Whether one version of schema NAME reads what another recorded; by default each version and the one before it.

    A rule of the tier `wire` says that something recorded cannot be read, one of the tier `source` that code must
    change. Exit code 1 when there is one of the tier `wire` that `breaking_changes` does not approve.
    """
    found = _schemas(config_dir).compare(name, old, new, as_of or today())
    if output == "table":
        _tell(name, found)
    else:
        show(output, ("from", "to", *_COLUMNS, "what", "approved"), [row for one in found for row in _rows(one)])
    return int(any(one.failed for one in found))


_COLUMNS = ("rule", "tier", "old", "new")


def _tell(name: str, found: Iterable[Comparison]) -> None:
    several = list(found)
    if not several:
        click.echo(f"`{name}` has one version: there is nothing to compare")
    for index, one in enumerate(several):
        if index:
            click.echo()
        click.echo(f"{name}: {one.old} -> {one.new}: {_verdict(one)}")
        if one.step.breaks:
            click.echo()
            show("table", (*_COLUMNS, "what"), list(_rows(one)))
            click.echo()
            for rule in dict.fromkeys(each.rule for each in one.step.breaks):
                click.echo(f"{rule.name}: {rule.means}; {rule.remedy}")


def _verdict(one: Comparison) -> str:
    if not one.step.breaks:
        return "reads everything, and no code must change"
    if not one.step.wire:
        return "reads everything; code must change"
    if not one.approved:
        ended = f"; the approval ended with {one.until}" if one.until else ""
        return f"does not read everything{ended}"
    return "does not read everything, which is approved" + (f" until {one.until}" if one.until else "")


def _rows(one: Comparison) -> Iterable[dict[str, Any]]:
    for each in one.step.breaks:
        yield {
            "from": one.old,
            "to": one.new,
            "rule": each.rule.name,
            "tier": each.rule.tier,
            "old": _place(each.old),
            "new": _place(each.new),
            "what": f"{each.subject} {each.said}",
            "means": each.rule.means,
            "remedy": each.rule.remedy,
            "approved": one.approved,
        }


def _place(span: Span | None) -> str | None:
    return None if span is None else f"{span.path}:{span.line}:{span.column}"


@command.command("list", short_help="List the schemas.")
@config_dir_option
@output_option
@_answering
def list_(config_dir: Path | None, output: str) -> int:
    """List the schemas of the workspace, each with its versions."""
    schemas = _schemas(config_dir)
    rows = [
        {"name": each.name, "format": each.value.format, "versions": [one.version for one in each.value.versions]}
        for each in schemas.sound()
    ]
    show(output, ("name", "format", "versions"), rows)
    for path in schemas.faulty():
        click.echo(printable(f"Left out: `{path}` has errors: `ssmd validate` tells them"), err=True)
    return 0


@command.command(name="show", short_help="Show the versions of a schema.")
@click.argument("name")
@config_dir_option
@output_option
@_answering
def show_(name: str, config_dir: Path | None, output: str) -> int:
    """Show the versions of schema NAME: since when, in which file, and what each says that it reads."""
    bound = _schemas(config_dir).schema(name)
    rows = [
        {
            "version": one.version,
            "status": one.status,
            "effective_from": one.effective_from.isoformat(),
            "file": bound.value.file_of(one),
            "compatible_with": list(one.compatible_with),
            "hash": one.hash,
        }
        for one in bound.value.versions
    ]
    show(output, ("version", "status", "effective_from", "file", "compatible_with"), rows)
    return 0


@command.command("hash", short_help="Print the hashes that a schema's versions should state.")
@click.argument("name")
@click.argument("version", required=False)
@config_dir_option
@_answering
def hash_(name: str, version: str | None, config_dir: Path | None) -> int:
    """Print the hash of each definition of schema NAME, or of one VERSION alone, as its `hash` should state it.

    Exit code 1 when a version states another one or none, or its definition cannot be read.
    """
    schemas = _schemas(config_dir)
    bound = schemas.schema_without_hashes(name)
    versions = bound.value.versions
    chosen = versions if version is None else (versions[schemas.version(bound.value, version)],)
    differs = False
    for one in chosen:
        actual = schemas.digest(bound, one)
        differs |= actual != one.hash
        said = actual or "its definition cannot be read"
        click.echo(printable(said if version is not None else f"{one.version}  {said}"))
    return int(differs)


@command.command(short_help="List the places that use a schema.")
@click.argument("name")
@click.argument("version", required=False)
@config_dir_option
@output_option
@_answering
def used(name: str, version: str | None, config_dir: Path | None, output: str) -> int:
    """List the environments and feeds that name schema NAME, or one VERSION of it."""
    uses = _schemas(config_dir).uses(name, version)
    rows = [{"version": one.version, "by": one.kind, "name": one.name, "at": _place(one.span)} for one in uses]
    show(output, ("version", "by", "name", "at"), rows)
    return 0
