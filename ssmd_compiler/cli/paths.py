"""PATHs on the command line: which workspace they are in, and what they are called there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ssmd_compiler.cli.options import is_workspace

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["meant_path", "refuse_half", "relative", "standard_input", "within", "workspace_above"]


def workspace_above(paths: tuple[Path, ...]) -> Path | None:
    """The workspace of a path named from elsewhere: that path's own folder, searched upwards, if it is absolute."""
    if not paths or not paths[0].is_absolute():
        return None
    return next((folder for folder in (paths[0], *paths[0].parents) if is_workspace(folder)), None)


def relative(path: Path, workspace: Path, *, new: bool = False) -> str:
    """`path` from the workspace's root; `new`: it is a file, and need not be there yet."""
    try:
        if new and path.is_dir():
            raise click.UsageError(f"`{path}` is a folder")
        if not new and not path.exists() and not path.is_symlink():
            raise click.UsageError(f"there is no `{path}`{meant_path(path)}")
        # A link is named, and not what it leads to; `.` and `..` are no names.
        place = path.resolve() if path.name in ("", "..") else path.parent.resolve() / path.name
        return place.relative_to(workspace).as_posix()
    except ValueError:
        raise click.UsageError(f"`{path}` is not in the workspace `{workspace}`") from None
    except OSError as problem:
        raise click.UsageError(f"`{path}`: {(problem.strerror or str(problem)).lower()}") from None


def meant_path(path: Path) -> str:
    """The file or folder that a path most likely means, from the neighbours of its first part that is not there."""
    from ssmd_compiler.diagnostics.nearest import nearest

    try:
        lost = next((part for part in (*reversed(path.parents), path) if not part.exists()), path)
        found = nearest(lost.name, sorted(one.name for one in lost.parent.iterdir()))
    except OSError:  # a name too long to be one, or a folder that nobody may look into
        return ""
    return "" if found is None else f": did you mean `{lost.parent / found / path.relative_to(lost)}`?"


def within(path: str, only: Collection[str]) -> bool:
    """Whether a path of the workspace is one of `only`, or below one; with none, all are."""
    return not only or any(one in (".", path) or path.startswith(f"{one}/") for one in only)


def refuse_half(paths: tuple[Path, ...], stdin_path: Path | None) -> None:
    """`-` and the file that it is go together."""
    if Path("-") in paths and stdin_path is None:
        raise click.UsageError("which file is `-`? Name it: --stdin-path environments/dev.yaml")
    if stdin_path is not None and paths != (Path("-"),):
        raise click.UsageError("--stdin-path says which file `-` is: `-` has to be the only PATH")


def standard_input() -> bytes:
    """All of standard input; of more than a source may have, just enough to see that."""
    import sys

    from ssmd_compiler.source import read_bounded

    try:
        return read_bounded(sys.stdin.buffer)
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise click.ClickException(f"cannot read standard input: {reason}") from None
