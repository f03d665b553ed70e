"""Work on many items by two processes: the other one is a fork that does its half, says how it went, and ends.

What goes wrong there is raised here. Whoever is interrupted here ends the other one first. Locks that are held are held
by both, so that nobody takes over while one of the two still writes.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from ssmd_compiler.forks import forked
from ssmd_compiler.publish.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ssmd_compiler.publish.errors import Place

__all__ = ["in_halves", "is_possible"]

T = TypeVar("T")
_DONE, _REFUSED = b"done", b"refused"


def is_possible() -> bool:
    """Whether there is a second processor for a second process."""
    return hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1


def in_halves(work: Callable[[Sequence[T]], None], items: Sequence[T], place: Place) -> None:
    """`work` on all of the items. Raises what either half does: an OSError with its place, or a PublishError."""
    middle = len(items) // 2
    try:
        other = forked(partial(_serve, work, items[middle:], place))
    except OSError:
        work(items)
        return
    try:
        work(items[:middle])
        told = other.said()
    finally:
        other.end()
    _raise(told, place)


def _serve(work: Callable[[Sequence[T]], None], items: Sequence[T], place: Place, writer: int) -> None:
    """What the other process does, and all that it does."""
    try:
        work(items)
        told = _DONE
    except OSError as error:
        told = b"\0".join((str(error.errno or 0).encode(), os.fsencode(place.path)))
    except PublishError as refused:
        told = b"\0".join((_REFUSED, str(refused).encode()))
    os.write(writer, told)


def _raise(told: bytes, place: Place) -> None:
    if told == _DONE:
        return
    kind, _, rest = told.partition(b"\0")
    if kind == _REFUSED:
        raise PublishError(rest.decode())
    if not kind.isdigit():
        raise place.refuse("", "a process that was writing was killed: is there enough memory?")
    place.path = os.fsdecode(rest)
    raise OSError(int(kind), os.strerror(int(kind)))
