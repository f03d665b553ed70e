"""The workspace that a command is about, and what PATHs on the command line are called in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Folder", "find_workspace", "is_workspace", "relative", "within", "workspace_above"]

MARKERS = ("ssmd.yaml", "environments", "feeds", "exchanges/feeds", "exchanges/environments")
"""What a workspace has, one of them at least."""


class Folder(click.Path):
    """A folder, as a `Path`. An empty name, which is what a variable that is not set leaves, is none."""

    def __init__(self, *, file_okay: bool = True) -> None:
        super().__init__(file_okay=file_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("it is empty; the current folder is `.`", param, ctx)
        return super().convert(value, param, ctx)


def find_workspace(config_dir: Path | None) -> Path:
    """The workspace's root: as named, or the nearest folder upwards that looks like one."""
    if config_dir is not None:
        try:
            if config_dir.is_dir():
                return config_dir.resolve()
        except OSError:
            pass  # a name too long to be one, or a current directory that is gone
        raise click.UsageError(f"--config-dir: there is no directory `{config_dir}`{_meant(config_dir)}")
    try:
        here = Path.cwd()
    except OSError:
        raise click.UsageError("the current directory is gone") from None
    for folder in (here, *here.parents):
        if is_workspace(folder):
            return folder
    raise click.UsageError(
        "there is no workspace here or above: make one with `ssmd init`, or name it with --config-dir"
    )


def is_workspace(folder: Path) -> bool:
    """Whether a folder looks like one; the `exchanges/` of a workspace is a part of it, and none of its own."""
    if folder.name == "exchanges" and is_workspace(folder.parent):
        return False
    try:
        return any((folder / marker).exists() for marker in MARKERS)
    except OSError:
        return False


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
            raise click.UsageError(f"there is no `{path}`{_meant(path)}")
        # A link is named, and not what it leads to; `.` and `..` are no names.
        place = path.resolve() if path.name in ("", "..") else path.parent.resolve() / path.name
        return place.relative_to(workspace).as_posix()
    except ValueError:
        raise click.UsageError(f"`{path}` is not in the workspace `{workspace}`") from None
    except OSError as problem:
        raise click.UsageError(f"`{path}`: {(problem.strerror or str(problem)).lower()}") from None


def _meant(path: Path) -> str:
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
