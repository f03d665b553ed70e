"""What a bug in ssmd leaves behind: a file with the frames, two lines for the person. No value is ever in it."""

from __future__ import annotations

import platform
import tempfile
import traceback
from pathlib import Path

import click

from ssmd_compiler import __version__

__all__ = ["report"]


def report(problem: Exception) -> int:
    """Write the crash file, say where it is, and return the exit code of a bug."""
    kind = type(problem).__name__
    click.echo(f"ssmd: internal error ({kind}): this is a bug in ssmd, not in your files.", err=True)
    click.echo(f"      Please report it with {_write(problem, kind)}", err=True)
    return 3


def _write(problem: Exception, kind: str) -> str:
    """The message and the locals are left out: they may quote a secret from somebody's file."""
    frames = traceback.extract_tb(problem.__traceback__)
    lines = [
        f"ssmd {__version__}, Python {platform.python_version()}, {platform.system()}",
        *(f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames),
        kind,
    ]
    try:
        with tempfile.NamedTemporaryFile("w", prefix="ssmd-crash-", suffix=".txt", delete=False) as file:
            file.write("\n".join(lines) + "\n")
        return str(Path(file.name))
    except OSError:
        return "this: " + "; ".join(lines[-3:])
