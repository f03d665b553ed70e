"""Which paths may be published: relative POSIX paths that stay inside the directory and agree with each other.

A path that fails here is a mistake in the compiler, not in a source file. The guard stands all the same: a wrong write
costs more than a look.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from ssmd_compiler.publish.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

__all__ = ["STAGING", "above", "by_directory", "directories", "join", "refuse_unsafe"]

STAGING = ".ssmd-staging"
_NOWHERE = frozenset(("", ".", ".."))


def refuse_unsafe(outputs: Mapping[str, bytes], remove: Collection[str], seal: str) -> None:
    """Raise PublishError for the first path that must not be published, before anything is opened."""
    for path, why in chain(_astray(chain(outputs, remove)), _at_odds(outputs, remove, seal)):
        raise PublishError(f"{path!r}: {why} (nothing was changed)")


def _astray(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    for path in paths:
        parts = path.split("/")
        if not _NOWHERE.isdisjoint(parts):
            yield path, "an output path is relative, without empty, `.` or `..` parts"
        if "\\" in path or "\0" in path:
            yield path, "an output path holds no backslash and no NUL"
        if parts[0] == STAGING:
            yield path, "this name is kept for the staging directory"
        if not path.isascii() and not _is_text(path):
            yield path, "an output path is valid Unicode"


def _at_odds(outputs: Mapping[str, bytes], remove: Collection[str], seal: str) -> Iterator[tuple[str, str]]:
    if "/" in seal or seal not in outputs:
        yield seal, "the seal is an output at the top of the directory"
    for path in remove:
        if path in outputs:
            yield path, "an output cannot be removed as well"
    for directory in directories(outputs):
        if directory in outputs:
            yield directory, "one output is the directory of another"


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def join(directory: str, name: str) -> str:
    return f"{directory}/{name}" if directory else name


def above(directory: str) -> Iterator[str]:
    """The directory and those that hold it, outermost first; the root, "", is not among them."""
    for end, letter in enumerate(directory):
        if letter == "/":
            yield directory[:end]
    if directory:
        yield directory


def directories(paths: Iterable[str]) -> set[str]:
    """Every directory that a path passes through, without the root."""
    return {outer for directory in {path.rpartition("/")[0] for path in paths} for outer in above(directory)}


def by_directory(paths: Iterable[str]) -> dict[str, list[str]]:
    """The file names of each directory; outer directories come before those that they hold."""
    names: dict[str, list[str]] = {}
    for path in sorted(paths):
        directory, _, name = path.rpartition("/")
        names.setdefault(directory, []).append(name)
    return dict(sorted(names.items()))
