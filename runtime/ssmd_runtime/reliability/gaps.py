"""Gap records: everything that we know we did not get.

One JSON line each, in `<stem>.gaps.jsonl` beside the data of the day: an interruption, a jump in a sequence, a
subscription that was refused, damage on disk. A gap with an open end has `to_ts` null; when data flows again
the same `id` is written anew with its end, also by a later run, so the last line of an id counts. Durable before the
data that follows it is acknowledged.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

__all__ = ["UNTIL_DATA", "Gap", "Reason", "fields_of"]

Reason = Literal[
    "restart",  # the process was not running
    "disconnected",  # the connection was lost or closed
    "stale",  # the line was silent for too long and was cut
    "connect_failed",  # it could not be opened again
    "sequence",  # a jump in a counter
    "sequence_reset",  # a counter started again
    "refused",  # the exchange does not send what was asked for
    "unanswered",  # a subscription was not acknowledged in time
    "damaged",  # bytes on disk that are no records any more
    "poll_failed",  # a REST poll failed after all retries
    "poll_late",  # turns of a REST poll were left out
    "stopped",  # the process was asked to stop
]

UNTIL_DATA: Final = frozenset({"restart", "disconnected", "stale", "connect_failed", "stopped"})
"""Reasons of gaps that end with the next data, whichever run receives it."""

_OF_THE_RECORD: Final = {"id", "ts", "feed", "to_ts"}


class Gap(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One gap. Times are RFC 3339 in UTC: of the last frame before it and of the first one after it.

    A jump in a sequence has numbers, and no `from_ts`.

    `received` is how many data frames the connection had brought, so that a count of what was sent tells what is
    missing.
    """

    id: str
    ts: str
    feed: str
    reason: str
    connection: int | None = None
    channel: str | None = None
    sid: int | None = None
    symbol: str | None = None
    expected: int | None = None
    got: int | None = None
    from_ts: str | None = None
    to_ts: str | None = None
    received: int | None = None
    detail: str | None = None


def fields_of(gap: Gap) -> dict[str, Any]:
    """What a record says beside its id, feed, and times of writing and end: to write it anew when it is over."""
    return {name: value for name, value in msgspec.structs.asdict(gap).items() if name not in _OF_THE_RECORD}
