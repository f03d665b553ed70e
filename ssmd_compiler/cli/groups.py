"""A command that has commands of its own: typed wrong, it names the nearest; typed alone, it shows its help."""

from __future__ import annotations

import click

from ssmd_compiler.diagnostics.nearest import did_you_mean

__all__ = ["Group", "group"]


class Group(click.Group):
    """Says what was perhaps meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands and not args[0].startswith("-"):
            meant = did_you_mean(args[0], self.commands)
            raise click.UsageError(f"no command `{ctx.info_name} {args[0]}`" + (f": {meant}" if meant else ""), ctx)
        return super().resolve_command(ctx, args)


def group(short_help: str, text: str) -> Group:
    """A group with its help."""

    @click.group(cls=Group, no_args_is_help=False, invoke_without_command=True, short_help=short_help, help=text)
    @click.pass_context
    def command(context: click.Context) -> None:
        if context.invoked_subcommand is None:
            click.echo(context.get_help())

    return command
