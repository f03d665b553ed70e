"""The table of commands. Each lives in a module of its own, imported when it runs and not before: `--help` is quick."""

from __future__ import annotations

import importlib
from typing import Final

import click

from ssmd_compiler import __version__

__all__ = ["COMMANDS", "ssmd"]

COMMANDS: Final = {
    "init": "Make a workspace that compiles, from nothing.",
    "compile": "Compile the sources into generated/.",
    "validate": "Prove the sources, and generated/ against them.",
    "fmt": "Write the sources in canonical spelling, comments kept.",
    "explain": "Explain a diagnostic's code.",
    "trace": "Say which source made a generated line.",
    "graph": "Draw who publishes, reads and stores what.",
    "run": "Compile an environment in memory and capture its data.",
    "dlq": "Look at dead letters, try them again, clear them away.",
    "schema": "The schemas, their versions, and what these can read.",
    "schema-json": "JSON Schemas of the sources, for editors.",
    "completion": "Print the completion script of a shell.",
}


class _Lazy(click.Group):
    """Knows every command's name and line; imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- as above
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"ssmd_compiler.cli.{cmd_name.replace('-', '_')}_command")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- as above
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from ssmd_compiler.diagnostics.nearest import did_you_mean

            meant = did_you_mean(name, COMMANDS)
            raise click.UsageError(f"no command `{name}`" + (f": {meant}" if meant else ""), ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Lazy,
    no_args_is_help=False,
    subcommand_metavar="COMMAND [ARGS]...",
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="ssmd %(version)s")
@click.pass_context
def ssmd(context: click.Context) -> None:
    """Declare market data capture once, in YAML in Git, and compile the rest."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
