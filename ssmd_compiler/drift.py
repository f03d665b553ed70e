"""How `generated/` differs from what the sources compile to, as a unified diff, bounded in length."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.diagnostics.secrets import masked
from ssmd_compiler.generated import FOLDER
from ssmd_compiler.source import Refused, Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["drift"]

MOST_LINES: Final = 400
MOST_COMPARED: Final = 200_000
"""Bytes of a file above which only the fact is told: difflib's time grows with the square of its length."""


def drift(tree: Tree, expected: Mapping[str, bytes], orphans: Iterable[str]) -> str:
    """Every difference, file by file; empty when there is none. Cut, with a count, past 400 lines."""
    lines = [*_differences(tree, expected), *_orphans(tree, orphans)]
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], f"... and {len(lines) - MOST_LINES} more lines"]
    return "".join(f"{printable(masked(line))}\n" for line in lines)


def _differences(tree: Tree, expected: Mapping[str, bytes]) -> Iterator[str]:
    for path, content in sorted(expected.items()):
        try:
            found = tree.read_unlinked(f"{FOLDER}/{path}")
        except FileNotFoundError:
            yield f"missing: {FOLDER}/{path}"
        except Refused as refused:
            yield f"unreadable: {FOLDER}/{path}: {refused.detail}"
        else:
            if found != content:
                yield from _compare(path, found, content)


def _orphans(tree: Tree, paths: Iterable[str]) -> Iterator[str]:
    for path in sorted(paths):
        try:
            tree.read_unlinked(f"{FOLDER}/{path}")
        except FileNotFoundError:
            continue
        except Refused:
            pass
        yield f"orphan: {FOLDER}/{path}"


def _compare(path: str, found: bytes, expected: bytes) -> Iterator[str]:
    if len(found) + len(expected) > MOST_COMPARED:
        yield f"differs: {FOLDER}/{path}"
        return
    old, new = (text.decode(errors="backslashreplace").splitlines() for text in (found, expected))
    yield from difflib.unified_diff(old, new, f"{FOLDER}/{path}", f"{FOLDER}/{path} (compiled)", lineterm="", n=2)
