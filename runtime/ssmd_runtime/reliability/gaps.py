"""Gap records: everything that we know we did not get.

One JSON line each, in `<stem>.gaps.jsonl` beside the data of the day: an interruption, a jump in a sequence, a
subscription that was refused, a frame that was dropped. A gap with an open end has `to_ts` null; when data flows again
the same `id` is written anew with its end, so the last line of an id counts. Durable before the data that follows it is
acknowledged.
"""

from __future__ import annotations

from typing import Literal

import msgspec

__all__ = ["Gap", "Reason"]

Reason = Literal[
    "restart",  # the process was not running
    "disconnected",  # the connection was lost or closed
    "stale",  # the line was silent for too long and was cut
    "connect_failed",  # it could not be opened again
    "sequence",  # a jump in a counter
    "sequence_reset",  # a counter started again
    "refused",  # the exchange does not send what was asked for
    "unanswered",  # a subscription was not acknowledged in time
    "dropped",  # a frame too large to take
    "damaged",  # bytes on disk that are no records any more
    "poll_failed",  # a REST poll failed after all retries
    "poll_late",  # turns of a REST poll were left out
    "stopped",  # the process was asked to stop
]


class Gap(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One gap. Times are RFC 3339 in UTC: of the last frame before it and of the first one after it.

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
