"""`generated/` as it stands, read for comparison with what the sources compile to. Nothing is written here."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ssmd_compiler import lock
from ssmd_compiler.checks import Generated, GeneratedFile
from ssmd_compiler.source import Refused, Tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ssmd_compiler.lock import Lock

__all__ = ["FOLDER", "current_lock", "look", "read_lock_file"]

FOLDER = "generated"


def look(tree: Tree, expected: Lock) -> Generated:
    """The files that `expected` or the lock on disk names, as they are in `tree`."""
    locked, flaw = read_lock_file(tree)
    paths = {*expected.outputs, *(locked.outputs if locked is not None else ())}
    return Generated(FOLDER, expected, locked, flaw, dict(_files(tree, sorted(paths))))


def read_lock_file(tree: Tree) -> tuple[Lock | None, str]:
    """The lock on disk, if there is one; or why it cannot be used."""
    try:
        return lock.read_lock(tree.read_unlinked(f"{FOLDER}/{lock.FILE}")), ""
    except FileNotFoundError:
        return None, ""
    except lock.LockError as problem:
        return None, str(problem)
    except Refused as refused:
        return None, refused.detail


def current_lock(found: Lock | None, expected: Lock) -> Lock:
    """The lock to seal with: the one on disk while it differs by the date alone, so that a new day changes no file."""
    return found if found is not None and found.same_but_date(expected) else expected


def _files(tree: Tree, paths: Iterable[str]) -> Iterable[tuple[str, GeneratedFile]]:
    for path in paths:
        try:
            content = tree.read_unlinked(f"{FOLDER}/{path}")
        except FileNotFoundError:
            continue
        except Refused as refused:
            yield path, GeneratedFile(None, refused.kind, refused.detail)
        else:
            yield path, GeneratedFile(hashlib.sha256(content).hexdigest())
