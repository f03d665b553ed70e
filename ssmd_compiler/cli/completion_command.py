"""`ssmd completion SHELL`: what makes the shell complete commands, options, environments and codes."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ssmd_compiler.cli.choices import Choice
from ssmd_compiler.cli.commands import ssmd


@click.command(short_help="Print the completion script of a shell.")
@click.argument("shell", type=Choice(("bash", "zsh", "fish"), "shell"))
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
