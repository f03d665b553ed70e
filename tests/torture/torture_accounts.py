"""What the exchange sent against what is on disk and what was declared missing: nothing may be neither.

The simulator's log lists every data frame by connection. A capture has the frames of one connection after the other, each a
beginning of what was sent: the rest of a connection is declared by the gap that its end (or a restart) left, a number that
was skipped in between by a gap in the sequence.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torture_reading import Found

ENDS = ("disconnected", "stale", "stopped")
RESTARTS = (*ENDS, "restart", "connect_failed")


@dataclass(frozen=True)
class Entry:
    """One line of the simulator's log; `payload` None: too large to be kept, `digest` is its hash."""

    ts: str
    connection: int
    payload: bytes | None
    digest: str | None
    sent: bool
    symbol: str | None
    seq: int | None
    records: int


@dataclass
class Account:
    """`strange`: frames on disk that were not sent, or not in that order."""

    sent: int = 0
    received: int = 0
    declared: int = 0
    undeclared: int = 0
    strange: int = 0
    gaps: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        return not (self.undeclared or self.strange)

    def add(self, other: Account) -> None:
        for name in ("sent", "received", "declared", "undeclared", "strange"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.gaps.update(other.gaps)
        self.told += other.told


def entries_of(log: Path) -> list[Entry]:
    entries = []
    for line in log.read_bytes().splitlines():
        said = json.loads(line)
        payload = said["frame"].encode() if "frame" in said else None
        if "base64" in said:
            payload = base64.b64decode(said["base64"])
        moment = datetime.datetime.fromtimestamp(said["ts"] // 1_000_000_000, datetime.UTC)
        ts = moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{said['ts'] % 1_000_000_000 // 1000:06d}Z"
        entries.append(
            Entry(
                ts,
                said["connection"],
                payload,
                said.get("sha256"),
                said["sent"],
                said.get("symbol"),
                said.get("seq"),
                said.get("records", 1),
            )
        )
    return entries


def account(entries: list[Entry], found: Found, covers: Callable[[_Tail], bool]) -> Account:
    """Compares; `covers` says whether the end of a connection was declared."""
    result = Account(gaps=Counter(gap["reason"] for gap in found.gaps))
    known = {entry.payload for entry in entries} | {entry.digest for entry in entries}
    records = [
        (ts, frame) for ts, frame in found.records if frame in known or hashlib.sha256(frame).hexdigest() in known
    ]
    numbers = _trades([frame for _, frame in records])
    at = 0
    lists = _by_connection(entries)
    for number in sorted(lists):
        of_it = lists[number]
        start = at
        last_received = -1
        for place, entry in enumerate(of_it):
            if entry.sent and at < len(records) and _same(entry, records[at][1]):
                at += 1
                last_received = place
            elif entry.sent:
                break
        result.sent += sum(entry.sent for entry in of_it)
        result.received += at - start
        inside = [entry for entry in of_it[: last_received + 1] if not entry.sent]
        for entry in inside:
            declared = _came_later(entry, numbers) or _in_a_jump(entry, found.gaps)
            _settle(result, declared, 1, f"skipped {entry.symbol} {entry.seq}")
        rest = of_it[last_received + 1 :]
        before = records[at - 1][0] if at else None
        after = records[at][0] if at < len(records) else None
        tail = _Tail(number, at - start, before, after, rest[0].ts if rest else None)
        if rest:
            _settle(result, covers(tail), len(rest), f"the end of connection {number}: {tail}")
    result.strange = len(records) - at
    if result.strange:
        result.told.append(f"strange from {records[at][0]}: {records[at][1][:100]!r}")
    return result


def _by_connection(entries: list[Entry]) -> dict[int, list[Entry]]:
    """The entries of each connection; what happened while nobody was there belongs to the end of the one before."""
    lists: dict[int, list[Entry]] = {}
    last = 0
    for entry in entries:
        last = entry.connection or last
        lists.setdefault(last, []).append(entry)
    return lists


@dataclass(frozen=True)
class _Tail:
    """The end of a connection: how much of it came, the times of the frames on disk around it, and of the first missing."""

    connection: int
    received: int
    before: str | None
    after: str | None
    missing_ts: str | None


def _same(entry: Entry, frame: bytes) -> bool:
    return frame == entry.payload if entry.payload is not None else hashlib.sha256(frame).hexdigest() == entry.digest


def _settle(
    result: Account,
    declared: bool,  # noqa: FBT001 -- the middle of a sentence
    count: int,
    what: str,
) -> None:
    if declared:
        result.declared += count
    else:
        result.undeclared += count
        result.told.append(f"undeclared: {what}")


def _trades(frames: list[bytes]) -> set[tuple[str, int]]:
    """Symbol and number of every trade on disk: one that was skipped can still come with a later snapshot."""
    numbers = set()
    for frame in frames:
        try:
            said = json.loads(frame)
            if said["channel"] == "trade":
                numbers |= {(trade["symbol"], trade["trade_id"]) for trade in said["data"]}
        except (ValueError, TypeError, KeyError):
            continue
    return numbers


def _came_later(entry: Entry, numbers: set[tuple[str, int]]) -> bool:
    return entry.seq is not None and all((entry.symbol, entry.seq + n) in numbers for n in range(entry.records))


def _in_a_jump(entry: Entry, gaps: Iterable[dict[str, Any]]) -> bool:
    return entry.seq is not None and any(
        gap["reason"] == "sequence"
        and gap["symbol"] == entry.symbol
        and gap["expected"] <= entry.seq
        and entry.seq + entry.records - 1 < gap["got"]
        for gap in gaps
    )


def by_counts(found: Found) -> Callable[[_Tail], bool]:
    """One process: the gaps of the ends of connections, in order, say how many frames each had brought."""
    ends = [gap for gap in found.gaps if gap["reason"] in ENDS and gap["received"] is not None]
    counts = Counter(gap["received"] for gap in ends)

    def covers(tail: _Tail) -> bool:
        if not counts[tail.received]:
            return False
        counts[tail.received] -= 1
        return True

    return covers


def by_times(found: Found) -> Callable[[_Tail], bool]:
    """Several processes: a restart's gap starts with the last frame on disk and ends with the next one."""
    gaps = [gap for gap in found.gaps if gap["reason"] in RESTARTS]

    def covers(tail: _Tail) -> bool:
        return any(
            (tail.before or "") <= (gap["from_ts"] or tail.before or "")
            and (tail.after is None or gap["from_ts"] is None or gap["from_ts"] <= tail.after)
            and (gap["to_ts"] is None or tail.after is None or gap["to_ts"] <= tail.after)
            for gap in gaps
        )

    return covers
