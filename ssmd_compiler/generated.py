"""`generated/` as it stands, read for comparison with what the sources compile to. Nothing is written here."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ssmd_compiler import lock
from ssmd_compiler.checks import Generated, GeneratedFile
from ssmd_compiler.record import Record
from ssmd_compiler.source import Refused, Tree

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from ssmd_compiler.lock import Lock

__all__ = ["FOLDER", "Seal", "current_lock", "look", "read_seal"]

FOLDER = "generated"


def look(tree: Tree, expected: Lock, made: Container[str] | None = None) -> Generated:
    """The files that `expected` or the lock on disk names, as they are in `tree`.

    Of `made`, if given, are the files that `expected` knows because they were compiled. The others are known because
    they are as they were: they are not read again.
    """
    seal = read_seal(tree)
    intact = {} if made is None else {path: digest for path, digest in expected.outputs.items() if path not in made}
    paths = {*expected.outputs, *(seal.lock.outputs if seal.lock is not None else ())} - intact.keys()
    found = {path: GeneratedFile(digest) for path, digest in intact.items()} | dict(_files(tree, sorted(paths)))
    if seal.refused is not None:
        found[lock.FILE] = seal.refused
    return Generated(FOLDER, expected, seal.lock, seal.flaw, found)


class Seal(Record, frozen=True):
    """The lock file on disk: its bytes if there are any, the lock if it can be used, or else why not."""

    content: bytes | None
    lock: Lock | None
    flaw: str = ""
    refused: GeneratedFile | None = None
    """The file itself, where there is one that was not read."""


def read_seal(tree: Tree) -> Seal:
    content = None
    try:
        content = tree.read_unlinked(f"{FOLDER}/{lock.FILE}")
        return Seal(content, lock.read_lock(content))
    except FileNotFoundError:
        return Seal(None, None)
    except lock.LockError as problem:
        return Seal(content, None, str(problem))
    except Refused as refused:
        return Seal(None, None, refused.detail, _refused(refused))


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
            yield path, _refused(refused)
        else:
            yield path, GeneratedFile(hashlib.sha256(content).hexdigest())


def _refused(refused: Refused) -> GeneratedFile:
    return GeneratedFile(None, refused.kind, refused.detail, refused.at)
