"""Environments over the machine's processors, in order; with a progress bar on a terminal.

This process works too, beside forks of it: what it compiles itself is not sent through a pipe, and the rest comes as
MessagePack. Who is free takes the next environment. What a fork could not do, or was killed at, is done here in the
end, so that whatever goes wrong goes wrong here.
"""

from __future__ import annotations

import gc
import os
import select
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from struct import Struct
from typing import TYPE_CHECKING, Final

import click
import msgspec

from ssmd_compiler.forks import Fork, Turns, forked
from ssmd_compiler.units import Compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Work = Callable[[str], Compiled]

__all__ = ["each"]

FEWEST: Final = 48
"""Environments below which a second process costs more than it saves (see docs/decisions/0005-processes.md)."""

_PIPE: Final = 1 << 20
"""Bytes of results that may wait for this process, where the system allows as much."""
_HEADER: Final = Struct("<II")
"""Which environment a result is of, and its length; of one that failed it is 0."""


def each(work: Work, paths: Iterable[str]) -> Iterator[Compiled]:
    """`work` on each path, results in the order of `paths`. Processes are forked before this returns."""
    todo = list(paths)
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if len(todo) < FEWEST or processors < 2 or not hasattr(os, "fork"):
        return _shown(map(work, todo), todo)
    try:
        turns = Turns(len(todo))
    except OSError:
        return _shown(map(work, todo), todo)
    gc.freeze()  # what is there now outlasts all of them, and is not copied because somebody looks for cycles in it
    workers: list[_Worker] = []
    for _ in range(processors - 1):
        with suppress(OSError):  # there cannot be another process: then there are fewer
            workers.append(_Worker(forked(partial(_serve, work, todo, turns, [*workers]))))
    return _shown(_results(work, todo, turns, workers), todo)


@dataclass(slots=True)
class _Worker:
    """Another process, and what of its results has come."""

    fork: Fork
    come: bytearray = field(default_factory=bytearray)

    def results(self, decoder: msgspec.msgpack.Decoder[Compiled]) -> Iterator[tuple[int, Compiled]]:
        """The results that are whole."""
        at = 0
        while len(self.come) - at >= _HEADER.size:
            index, length = _HEADER.unpack_from(self.come, at)
            start, at_next = at + _HEADER.size, at + _HEADER.size + length
            if at_next > len(self.come):
                break
            if length:
                yield index, decoder.decode(memoryview(self.come)[start:at_next])
            at = at_next
        del self.come[:at]


def _serve(work: Work, todo: list[str], turns: Turns, others: list[_Worker], writer: int) -> None:
    """What another process does, and all that it does."""
    for other in others:
        os.close(other.fork.reader)  # or a fork would wait for ever to be read by another when this process is gone
    _enlarge(writer)
    while turn := turns.take():
        for index in turn:
            _send(writer, index, work, todo[index])


def _send(writer: int, index: int, work: Work, path: str) -> None:
    try:
        content = msgspec.msgpack.encode(work(path))
    except Exception:  # noqa: BLE001 -- it is done again where it can be told
        content = b""
    message = memoryview(_HEADER.pack(index, len(content)) + content)
    while message:
        message = message[os.write(writer, message) :]


def _enlarge(pipe: int) -> None:
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def _results(work: Work, todo: list[str], turns: Turns, workers: list[_Worker]) -> Iterator[Compiled]:
    decoder = msgspec.msgpack.Decoder(Compiled)
    done: dict[int, Compiled] = {}
    try:
        for index, path in enumerate(todo):
            while index not in done:
                mine = turns.take()
                done.update((one, work(todo[one])) for one in mine)
                if not mine and not workers:
                    done[index] = work(path)
                _collect(workers, decoder, done, wait=not mine)
            yield done.pop(index)
    finally:
        for worker in workers:
            worker.fork.end()
        turns.close()


def _collect(
    workers: list[_Worker], decoder: msgspec.msgpack.Decoder[Compiled], done: dict[int, Compiled], *, wait: bool
) -> None:
    """Add what has come to `done`; whose pipe is at its end is no longer among the workers."""
    if not workers:
        return
    poll = select.poll()
    for worker in workers:
        poll.register(worker.fork.reader, select.POLLIN)
    ready = {reader for reader, _ in poll.poll(None if wait else 0)}
    for worker in [one for one in workers if one.fork.reader in ready]:
        if more := os.read(worker.fork.reader, _PIPE):
            worker.come += more
            done.update(worker.results(decoder))
        else:
            workers.remove(worker)
            worker.fork.end()


def _shown(results: Iterator[Compiled], paths: list[str]) -> Iterator[Compiled]:
    if len(paths) < FEWEST or not sys.stderr.isatty():
        yield from results
        return
    with click.progressbar(
        results, length=len(paths), file=sys.stderr, item_show_func=lambda one: getattr(one, "name", None)
    ) as bar:
        yield from bar
