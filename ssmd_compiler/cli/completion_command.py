"""`ssmd completion SHELL`: what makes the shell complete commands, options, environments and codes."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ssmd_compiler.cli.commands import ssmd
from ssmd_compiler.diagnostics.nearest import did_you_mean


class _Shell(click.Choice):  # type: ignore[type-arg]  # it takes no argument before click 8.2
    """One of a few words; a near miss is told which."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self.choices:
            known = ", ".join(self.choices)
            self.fail(f"no shell `{value}`: {did_you_mean(value, self.choices) or f'there are {known}'}", param, ctx)
        return str(super().convert(value, param, ctx))


@click.command(short_help="Print the completion script of a shell.")
@click.argument("shell", type=_Shell(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    r"""Print the completion script of SHELL.

    \b
    bash:  eval "$(ssmd completion bash)"       in ~/.bashrc
    zsh:   eval "$(ssmd completion zsh)"        in ~/.zshrc
    fish:  ssmd completion fish | source        in ~/.config/fish/config.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 -- click knows the three shells of the choice above
    click.echo(kind(ssmd, {}, "ssmd", "_SSMD_COMPLETE").source())
    return 0
