"""The data path: a batch of frames becomes lines on disk, before anything else is done with it.

One stamp, one join, one decode, one write a batch: frames are spliced into their lines and never encoded again. The
partial decode proves that each frame is JSON and gives its kind and its sequence numbers. Where the batch is not what
it should be, its frames are looked at one by one, and each is kept, flagged where it cannot stand in a line as it is.

A full disk holds: what could not be written is kept in memory, reading stops, and all goes on where there is room.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from ssmd_runtime.reliability.gaps import Gap
from ssmd_runtime.storage.envelope import Envelope, frame_of
from ssmd_runtime.storage.files import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ssmd_runtime.exchanges.protocol import Session
    from ssmd_runtime.reliability.gaps import Reason
    from ssmd_runtime.reliability.sequences import Jump, SequenceTracker
    from ssmd_runtime.spec import CollectorSpec
    from ssmd_runtime.storage.envelope import Flag, Line
    from ssmd_runtime.storage.writer import JsonlWriter
    from ssmd_runtime.telemetry import Telemetry

__all__ = ["OTHER", "Capture", "Taken"]

OTHER: Final = "other"
_FLAWS: Final = {
    "": "JSON of a shape that this exchange does not send",
    "not_json": "no JSON",
    "newline": "more than one line",
    "utf8": "no UTF-8",
    "binary": "binary",
}
_first: Final = itemgetter(0)
_last: Final = itemgetter(-1)
_decode_any: Final = msgspec.json.Decoder().decode


class Taken(NamedTuple):
    """What a batch was: how many data frames, and the control frames for the session."""

    data: int
    control: list[tuple[str, bytes]]
    now_ns: int


class Capture:
    """Takes batches of every connection of one spec. `appended` is called after each; `full` when writing has to wait.

    `unread` is given what nobody could make sense of, after it was written.

    Raises `StorageError` where the storage failed for good.
    """

    def __init__(  # noqa: PLR0913 -- the parts of the path, each replaceable in a test
        self,
        spec: CollectorSpec,
        session: type[Session],
        writer: JsonlWriter,
        tracker: SequenceTracker,
        telemetry: Telemetry,
        *,
        clock_ns: Callable[[], int],
        appended: Callable[[], None],
        full: Callable[[StorageError], None],
        unread: Callable[[bytes, str], None] = lambda _, __: None,
    ) -> None:
        self._session = session
        self._decoder = msgspec.json.Decoder(session.frame)
        self._kinds = session.kinds
        self._control = session.control
        self._known = frozenset(spec.message_types)
        self._writer = writer
        self._tracker = tracker
        self._telemetry = telemetry
        self._envelope = Envelope(spec.feed.name)
        self._feed = spec.feed.name
        self._clock_ns = clock_ns
        self._appended = appended
        self._full = full
        self._unread = unread
        self._held: deque[Callable[[], None]] = deque()
        self._held_bytes = 0
        self._failure: StorageError | None = None
        self._ids = itertools.count(1)
        self._run = f"{clock_ns():x}"

    def stamp(self, now_ns: int | None = None) -> str:
        """A time (Unix, nanoseconds; None: now) in RFC 3339, as lines have it."""
        return self._envelope.stamp(self._clock_ns() if now_ns is None else now_ns).decode() + "Z"

    def take(self, connection: int, frames: list[bytes]) -> Taken:
        """One batch of text frames of one connection, in order."""
        now_ns = self._clock_ns()
        headers = self._decoded(frames)
        if headers is None:
            return self._one_by_one(connection, frames, now_ns)
        block = self._envelope.lines(frames, now_ns)
        return self._write(connection, frames, headers, block, now_ns)

    def take_binary(self, frame: bytes) -> Taken:
        """A binary frame: no exchange sends one, so it is kept and counted as an error."""
        now_ns = self._clock_ns()
        self._telemetry.errors["binary"] += 1
        self._telemetry.messages[OTHER] += 1
        self._append(self._envelope.flagged(frame, "binary", now_ns), 1, now_ns)
        self._unread(frame, _FLAWS["binary"])
        return Taken(1, [], now_ns)

    def gap(self, reason: Reason, *, gap_id: str | None = None, **fields: Any) -> str:
        """Declares a gap, durably, and returns its id; give the id to say how it ended."""
        return self.gaps([(gap_id, {"reason": reason, **fields})])[0]

    def gaps(self, declared: Iterable[tuple[str | None, dict[str, Any]]], now_ns: int | None = None) -> list[str]:
        """Declares gaps as `gap` does, each by its id (None: a new one) and its fields, with one sync for them all."""
        now_ns = self._clock_ns() if now_ns is None else now_ns
        stamp = self.stamp(now_ns)
        records = []
        for gap_id, fields in declared:
            if gap_id is None:
                self._telemetry.gaps[fields["reason"]] += 1
            records.append(Gap(id=gap_id or f"{self._run}-{next(self._ids)}", ts=stamp, feed=self._feed, **fields))
        if records:
            self._do(lambda: self._writer.gap(records, now_ns), 0)
        return [record.id for record in records]

    def remember(self, lines: list[Line]) -> None:
        """Records of an earlier run: where the exchange's numbers go on, a jump since then is what was missed."""
        if self._session.continues:
            frames = [frame_of(line).replace(b"\n", b" ") for line in lines if line.flag in {None, "newline"}]
            headers = self._decoded(frames)
            if headers is None:  # one is not like the others: each by itself
                headers = [header for frame in frames for header in self._decoded([frame]) or ()]
            if headers:
                kinds = self._kinds(headers)
                self._tracker.observe(0, Counter(kinds), kinds, headers)

    @property
    def held(self) -> int:
        """How many batches and gap records wait for room on the disk."""
        return len(self._held)

    @property
    def waiting_bytes(self) -> int:
        """Bytes that were received and are not written yet: no room on the disk, or gathered to be compressed."""
        return self._held_bytes + self._writer.gathered_bytes

    def retry(self) -> bool:
        """Tries to write what waits for room; whether nothing does any more."""
        held = self._held
        try:
            while held:
                held[0]()
                held.popleft()
            self._writer.flush()
        except StorageError as problem:
            if not problem.full:
                self._failure = problem
                raise
            return False
        self._held_bytes = 0
        self._telemetry.queue_bytes = self.waiting_bytes
        self._appended()
        return True

    def _decoded(self, frames: list[bytes]) -> list[Any] | None:
        """The headers of a batch; None: something in it is not a frame of JSON on one line."""
        if b"\n" in b"".join(frames):
            return None
        joined = b"\n".join(frames)
        try:
            if len(frames) > 1 and not _apart(frames):
                return None
            if not joined.isascii():
                joined.decode()
            headers: list[Any] = self._decoder.decode_lines(joined)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return headers if len(headers) == len(frames) else None

    def _write(self, connection: int, frames: list[bytes], headers: Sequence[Any], block: bytes, now_ns: int) -> Taken:
        kinds = self._kinds(headers)
        counts = _counted(kinds)
        jumps = self._tracker.observe(connection, counts, kinds, headers)
        if jumps:
            self._declare(connection, jumps, now_ns)
        self._append(block, len(frames), now_ns)
        control: list[tuple[str, bytes]] = []
        if not self._control.isdisjoint(counts):
            control = [(kind, frame) for kind, frame in zip(kinds, frames, strict=True) if kind in self._control]
        self._count(counts)
        data = len(frames) - len(control)
        if data:
            self._last(kinds, frames, now_ns)
        return Taken(data, control, now_ns)

    def _one_by_one(self, connection: int, frames: list[bytes], now_ns: int) -> Taken:
        """A batch with something odd in it: each frame by itself, so that only the odd ones are treated so."""
        data = 0
        control: list[tuple[str, bytes]] = []
        for frame in frames:
            headers = self._decoded([frame])
            if headers is not None:
                taken = self._write(connection, [frame], headers, self._envelope.lines([frame], now_ns), now_ns)
            else:
                taken = self._odd(connection, frame, now_ns)
            data += taken.data
            control += taken.control
        return Taken(data, control, now_ns)

    def _odd(self, connection: int, frame: bytes, now_ns: int) -> Taken:
        """A frame that is not JSON of the expected shape on one line."""
        known = self._session.texts.get(frame)
        if known is not None:
            self._append(self._envelope.flagged(frame, "not_json", now_ns), 1, now_ns)
            return Taken(0, [(known, frame)], now_ns)
        flag = _flaw(frame)
        self._telemetry.errors[flag or "unexpected_shape"] += 1
        envelope = self._envelope
        block = envelope.lines([frame], now_ns) if flag is None else envelope.flagged(frame, flag, now_ns)
        if flag == "newline":
            headers = self._decoded([frame.replace(b"\n", b" ")])
            if headers is not None:
                return self._write(connection, [frame], headers, block, now_ns)
        self._append(block, 1, now_ns)
        self._telemetry.messages[OTHER] += 1
        self._unread(frame, _FLAWS[flag or ""])
        return Taken(1, [], now_ns)

    def _declare(self, connection: int, jumps: list[Jump], now_ns: int) -> None:
        """Gap records for what the sequences miss, on disk before the frames that showed it.

        The numbers say exactly what is missing. When each counter was seen last nobody keeps: `from_ts` stays null.
        """
        stamp = self.stamp(now_ns)
        declared: list[dict[str, Any]] = [
            {
                "reason": "sequence_reset" if jump.reset else "sequence",
                "connection": connection,
                "channel": jump.kind,
                "sid": jump.group if isinstance(jump.group, int) else None,
                "symbol": jump.group if isinstance(jump.group, str) else None,
                "expected": jump.expected,
                "got": jump.got,
                "to_ts": stamp,
                "detail": "too many counters: their numbers were forgotten" if jump.overflow else None,
            }
            for jump in jumps
        ]
        self.gaps([(None, fields) for fields in declared], now_ns)

    def _append(self, block: bytes, records: int, now_ns: int) -> None:
        stamp = self.stamp(now_ns)
        self._do(lambda: self._writer.append(block, records, stamp, now_ns), len(block))
        self._appended()

    def _do(self, work: Callable[[], None], size: int) -> None:
        """Does it now, in its turn; where the disk is full it waits, and everything after it.

        What fails for good ends it: a later batch behind one that is missing would be a hole that nobody told.
        """
        if self._failure is not None:
            raise self._failure
        if not self._held:
            try:
                work()
            except StorageError as problem:
                if not problem.full:
                    self._failure = problem
                    raise
                self._held.append(work)
                self._full(problem)
            else:
                return
        else:
            self._held.append(work)
        self._held_bytes += size
        self._telemetry.queue_bytes = self.waiting_bytes

    def _count(self, counts: Mapping[str, int]) -> None:
        messages = self._telemetry.messages
        for kind, number in counts.items():
            if kind in self._known:
                messages[kind] += number
            elif kind not in self._control:
                messages[OTHER] += number

    def _last(self, kinds: list[str], frames: list[bytes], now_ns: int) -> None:
        """Remembers the last data frame; the metrics read its time when they are asked."""
        telemetry = self._telemetry
        for kind, frame in zip(reversed(kinds), reversed(frames), strict=True):
            if kind not in self._control:
                telemetry.last_kind, telemetry.last_frame = kind, frame
                break
        telemetry.last_message = now_ns / 1e9


def _counted(kinds: list[str]) -> Mapping[str, int]:
    """How many there are of each kind; mostly there is one, which is found faster than counted."""
    first = kinds[0]
    return {first: len(kinds)} if kinds.count(first) == len(kinds) else Counter(kinds)


def _apart(frames: list[bytes]) -> bool:
    """Whether every frame is an object or an array of its own: the decoder looks for values, whatever line they are on.

    Behind a `}` or `]` inside of something no `{` or `[` can follow, and no string holds a line break.
    """
    try:
        return not (bytes(map(_first, frames)).strip(b"{[") or bytes(map(_last, frames)).strip(b"}]"))
    except IndexError:
        return False


def _flaw(frame: bytes) -> Flag | None:
    """Why a frame cannot stand in a line as it is; None: it can."""
    try:
        frame.decode()
    except UnicodeDecodeError:
        return "utf8"
    if b"\n" in frame:
        return "newline"
    try:
        _decode_any(frame)
    except (msgspec.MsgspecError, RecursionError):
        return "not_json"
    return None
