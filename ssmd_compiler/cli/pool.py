"""Environments over the machine's processors, in order; with a progress bar on a terminal.

What a process has compiled is sent as MessagePack: it is mostly the bytes of files, and pickling is slow at that.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import TYPE_CHECKING, Final

import click
import msgspec

from ssmd_compiler.units import Compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor

__all__ = ["each"]

FEWEST: Final = 48
"""Environments below which a second process costs more than it saves (see docs/decisions/0005-processes.md)."""

_work: Callable[[str], Compiled] | None = None


def each(work: Callable[[str], Compiled], paths: Iterable[str]) -> Iterator[Compiled]:
    """`work` on each path, results in the order of `paths`. Processes are forked before this returns."""
    todo = list(paths)
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if len(todo) < FEWEST or processors < 2 or not hasattr(os, "fork"):
        return _shown(map(work, todo), todo)
    global _work  # noqa: PLW0603 -- forked children inherit it; the tree and the templates are not sent through a pipe
    _work = work
    import multiprocessing  # what one process does in a moment does not wait for this
    from concurrent.futures import ProcessPoolExecutor

    gc.freeze()  # what is there now outlasts them, and is not copied because somebody looks for cycles in it
    context = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(processors, mp_context=context, initializer=_leave_interrupts)
    size = max(1, min(32, len(todo) // (processors * 4)))
    return _shown(_collected(pool, pool.map(_one, todo, chunksize=size)), todo)


def _collected(pool: Executor, results: Iterator[bytes]) -> Iterator[Compiled]:
    from concurrent.futures.process import BrokenProcessPool

    decoder = msgspec.msgpack.Decoder(Compiled)
    try:
        yield from map(decoder.decode, results)
    except BrokenProcessPool:
        raise click.ClickException("a worker process was killed: is there enough memory?") from None
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    """Ctrl-C goes to the whole group of processes; a worker that died of it holding a queue would hang the rest."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _one(path: str) -> bytes:
    assert _work is not None  # noqa: S101 -- set before the fork
    return msgspec.msgpack.encode(_work(path))


def _shown(results: Iterator[Compiled], paths: list[str]) -> Iterator[Compiled]:
    if len(paths) < FEWEST or not sys.stderr.isatty():
        yield from results
        return
    with click.progressbar(
        results, length=len(paths), file=sys.stderr, item_show_func=lambda one: getattr(one, "name", None)
    ) as bar:
        yield from bar
