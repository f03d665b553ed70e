"""Doing something again whenever a workspace's sources change.

The sources are looked at ten times a second: a look at a thousand files takes milliseconds, and works on every file
system, where notifications do not.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import click

from ssmd_compiler.cache.stamps import stamp
from ssmd_compiler.diagnostics.escape import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator
    from pathlib import Path

__all__ = ["follow"]

PAUSE: Final = 0.1
"""Seconds between two looks."""

NOT_SOURCES: Final = frozenset({"generated", "node_modules", "__pycache__"})
MOST: Final = 50_000
"""Files that are looked at; a workspace that stands in a larger folder is watched as far as that."""


def follow(workspace: Path, act: Callable[[], int], reports: Iterable[Path] = ()) -> int:
    """Call `act`, and again after each change, until Ctrl-C. What it cannot do, it says; then it waits for the next.

    `reports` are files that `act` writes: they, and what standard output goes to, are no changes.
    """
    seen: dict[str, bytes] | None = None
    ours: set[str | tuple[int, int]] = {*map(os.path.realpath, reports), *_streams()}
    while True:
        now = dict(_stamps(os.path.realpath(workspace), ours))
        if now == seen:
            time.sleep(PAUSE)
            continue
        seen = now
        try:
            act()
        except click.ClickException as problem:
            problem.message = printable(problem.message)  # type: ignore[misc]  # what was typed may drive a terminal
            problem.show()
        click.echo("watching for changes; Ctrl-C ends it", err=True)


def _streams() -> Iterator[tuple[int, int]]:
    """The files that standard output and error go to, by device and inode."""
    for stream in (1, 2):
        with suppress(OSError):
            status = os.fstat(stream)
            yield status.st_dev, status.st_ino


def _stamps(folder: str, ours: Container[str | tuple[int, int]]) -> Iterator[tuple[str, bytes]]:
    """Every file below, by path, except what is hidden or generated, or written by ourselves."""
    todo, count = [folder], 0
    while todo and count < MOST:
        here = todo.pop()
        try:
            with os.scandir(here) as entries:
                found = [(entry, entry.stat(), entry.is_dir()) for entry in entries if not _passed_over(entry.name)]
        except OSError:
            continue
        for entry, status, is_folder in found:
            count += 1
            if is_folder and not entry.is_symlink():
                todo.append(entry.path)
            elif not is_folder and entry.path not in ours and (status.st_dev, status.st_ino) not in ours:
                yield entry.path, stamp(status)


def _passed_over(name: str) -> bool:
    return name.startswith(".") or name in NOT_SOURCES
