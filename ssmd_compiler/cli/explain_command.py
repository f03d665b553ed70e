"""`ssmd explain CODE`: a diagnostic's page."""

from __future__ import annotations

import re

import click

from ssmd_compiler.checks import modules
from ssmd_compiler.checks.pages import page
from ssmd_compiler.diagnostics.nearest import did_you_mean


def _complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return [module.CODE for module in modules() if module.CODE.startswith(incomplete.upper())]


@click.command(short_help="Explain a diagnostic's code.")
@click.argument("code", required=False, shell_complete=_complete)
def command(code: str | None) -> int:
    """Print the page of a diagnostic, such as SSMD201 or just 201; without CODE, the list of all."""
    pages = {module.CODE: module for module in modules()}
    if code is None:
        for known, module in pages.items():
            click.echo(f"{known}  {page(module).title}")
        return 0
    wanted = re.sub(r"^(SSMD)?[-_ ]?", "SSMD", code.upper(), count=1)
    if wanted not in pages:
        meant = did_you_mean(wanted, pages)
        raise click.UsageError(f"no code `{code}`: {meant or '`ssmd explain` lists them all'}")
    click.echo(page(pages[wanted]).markdown(), nl=False)
    return 0
