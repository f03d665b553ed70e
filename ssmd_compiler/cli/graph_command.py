"""`ssmd graph [ENV...]`: who captures what, publishes where, reads, stores and caches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ssmd_compiler.cli.choices import Choice
from ssmd_compiler.cli.options import as_of_option, complete_environments, config_dir_option, report, today
from ssmd_compiler.cli.paths import find_workspace
from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.graph import PRINTERS, graph, printer
from ssmd_compiler.sound import Faulty, Sound, Workspace
from ssmd_compiler.source import DirectoryTree

if TYPE_CHECKING:
    import datetime
    from pathlib import Path


@click.command(short_help="Draw who publishes, reads and stores what.")
@click.argument("environments", metavar="[ENV]...", nargs=-1, shell_complete=complete_environments)
@click.option(
    "--format",
    "format_",
    type=Choice(tuple(PRINTERS), "format"),
    default="mermaid",
    show_default=True,
    help="dot for Graphviz, mermaid for Markdown, svg as it is, json for programs.",
)
@config_dir_option
@as_of_option
def command(environments: tuple[str, ...], format_: str, config_dir: Path | None, as_of: datetime.date | None) -> int:
    """Print the graph of the environments named, or of all: feeds, keys, shards, subjects, streams, readers, stores.

    It goes to standard output, as in: ssmd graph --format svg > graph.svg
    """
    root = find_workspace(config_dir)
    workspace = Workspace(DirectoryTree(root), as_of or today())
    unread = workspace.unread
    if unread is not None and not (environments and workspace.documents.keys() >= set(environments)):
        report(unread.diagnostics, root, unread.checked, (("text", None),))
        return 1
    _refuse_unknown(environments, workspace)
    found = [workspace.environment(name) for name in dict.fromkeys(environments or workspace.documents)]
    faulty = [one for one in found if isinstance(one, Faulty)]
    if faulty:
        told = {one: None for fault in faulty for one in fault.diagnostics}
        report(sorted(told, key=lambda one: one.order), root, sum(one.checked for one in faulty), (("text", None),))
        return 1
    click.echo(printer(format_)(graph(one.lowered for one in found if isinstance(one, Sound))), nl=False)
    return 0


def _refuse_unknown(environments: tuple[str, ...], workspace: Workspace) -> None:
    for name in environments:
        if name not in workspace.documents:
            meant = did_you_mean(name, workspace.documents)
            known = ", ".join(list(workspace.documents)[:12]) or "none"
            raise click.UsageError(f"no environment `{name}`: {meant or f'there are {known}'}")
