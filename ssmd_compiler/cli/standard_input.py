"""`-` on the command line: what an editor has not saved yet."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["refuse_half", "standard_input", "unread"]


def refuse_half(paths: tuple[Path, ...], stdin_path: Path | None) -> None:
    """`-` and the file that it is go together."""
    if Path("-") in paths and stdin_path is None:
        raise click.UsageError("which file is `-`? Name it: --stdin-path environments/dev.yaml")
    if stdin_path is not None and paths != (Path("-"),):
        raise click.UsageError("--stdin-path says which file `-` is: `-` has to be the only PATH")


def unread(path: str) -> click.UsageError:
    """No command of this workspace reads the file at `path`."""
    from ssmd_compiler.diagnostics.nearest import did_you_mean
    from ssmd_compiler.source.workspace import FAMILIES

    meant = did_you_mean(Path(path).parent.name, FAMILIES)
    why = meant or "it is no document or template in its folder, and no schema names it"
    return click.UsageError(f"--stdin-path: nothing reads `{path}`: {why}")


def standard_input() -> bytes:
    """All of standard input; of more than a source may have, just enough to see that."""
    import sys

    from ssmd_compiler.source import read_bounded

    try:
        return read_bounded(sys.stdin.buffer)
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise click.ClickException(f"cannot read standard input: {reason}") from None
