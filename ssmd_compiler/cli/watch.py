"""Doing something again whenever a workspace's sources change.

The sources are looked at five times a second: a look at a thousand files takes milliseconds, and works on every file
system, where notifications do not.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

import click

from ssmd_compiler.cache.stamps import stamp
from ssmd_compiler.diagnostics.escape import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["follow"]

PAUSE: Final = 0.2
"""Seconds between two looks."""

NOT_SOURCES: Final = frozenset({"generated", "node_modules", "__pycache__"})
MOST: Final = 50_000
"""Files that are looked at; a workspace that stands in a larger folder is watched as far as that."""


def follow(workspace: Path, act: Callable[[], int]) -> int:
    """Call `act`, and again after each change, until Ctrl-C. What it cannot do, it says; then it waits for the next."""
    seen: dict[str, bytes] | None = None
    while True:
        now = dict(_stamps(str(workspace)))
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


def _stamps(folder: str) -> Iterator[tuple[str, bytes]]:
    """Every file below, by path, except what is hidden or generated."""
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
            elif not is_folder:
                yield entry.path, stamp(status)


def _passed_over(name: str) -> bool:
    return name.startswith(".") or name in NOT_SOURCES
