"""Lists, as people and programs read them: `--output table|json|yaml|csv`. Rows are mappings of plain values."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from ssmd_compiler.cli.choices import Choice
from ssmd_compiler.diagnostics.cells import width
from ssmd_compiler.diagnostics.escape import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

__all__ = ["output_option", "show"]

OUTPUTS: Final = ("table", "json", "yaml", "csv")

Row = dict[str, Any]


def output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--output",
        "output",
        type=Choice(OUTPUTS, "output"),
        default="table",
        help="How the list is shown. Default: table.",
    )(command)


def show(output: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Print rows; a table and csv have these columns, json and yaml all that the rows hold."""
    if output == "json":
        click.echo(json.dumps(rows, indent=2))
    elif output == "yaml":
        from ssmd_compiler.emit.yaml_text import tree

        click.echo(str(tree(rows)).strip("\n") if rows else "[]")
    elif output == "csv":
        _csv(columns, rows)
    else:
        _table(columns, rows)


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    import csv

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_text(row.get(column)) for column in columns] for row in rows)


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    lines = [[column.upper() for column in columns], *([_text(row.get(column)) for column in columns] for row in rows)]
    widths = [max(width(cell) for cell in cells) for cells in zip(*lines, strict=True)]
    for line in lines:
        padded = (cell + " " * (most - width(cell)) for cell, most in zip(line, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else printable(str(value))
