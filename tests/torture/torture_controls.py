"""Guards of the runtime, taken away one at a time: with each of them gone a harness has to find something."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ssmd_runtime.pipeline.capture import Capture
from ssmd_runtime.reliability.sequences import SequenceTracker
from ssmd_runtime.storage import recovery
from ssmd_runtime.storage.segment import Segment


def _no_repair() -> None:
    """A torn tail stays, and the next record is appended to it."""
    recovery._cut = lambda path, contents: None  # type: ignore[assignment]


def _no_sync() -> None:
    """Records are acknowledged, and were never synced."""
    Segment.sync = lambda self: None  # type: ignore[method-assign]


def _no_jumps() -> None:
    """Jumps in a sequence are passed over."""
    SequenceTracker._surprise = lambda self, place, table, kind, group, number: table.__setitem__(group, number + 1)  # type: ignore[assignment,method-assign]


def _no_gaps() -> None:
    """The end of a connection, and a restart, are told to nobody."""
    told, kept = Capture.gaps, {"sequence", "sequence_reset", "stopped"}

    def gaps(self: Any, declared: Iterable[tuple[str | None, dict[str, Any]]], now_ns: int | None = None) -> list[str]:
        return [told(self, [one], now_ns)[0] if one[1]["reason"] in kept else "untold" for one in declared]

    Capture.gaps = gaps  # type: ignore[method-assign]


def _loses_batches() -> None:
    """Every seventh batch is counted and never written."""
    write, turn = Capture._append, [0]

    def append(self: Any, block: bytes, records: int, now_ns: int) -> None:
        turn[0] += 1
        if turn[0] % 7:
            write(self, block, records, now_ns)

    Capture._append = append  # type: ignore[method-assign]


CONTROLS: dict[str, Callable[[], None]] = {
    "no-repair": _no_repair,
    "no-sync": _no_sync,
    "no-jumps": _no_jumps,
    "no-gaps": _no_gaps,
    "loses-batches": _loses_batches,
}


def take_away(guard: str | None) -> None:
    """Removes a guard from this process; call it in a child that is to die."""
    if guard:
        CONTROLS[guard]()
