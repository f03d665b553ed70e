"""JetStream: the stream that an environment publishes to, and the readers that keep their place in it.

What the source language has no field for is decided here, once, for the NACK resources and the JSON files alike;
docs/nats.md says why. There is none of it without a `nats` transport, or where `jetstream.enabled` is false.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ssmd_compiler.model.component import Liveness
from ssmd_compiler.model.environment import JetStream
from ssmd_compiler.model.sizes import bytes_of
from ssmd_compiler.names import COLLECTOR
from ssmd_compiler.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.lower.facts import Facts

__all__ = ["Consumer", "Stream", "consumers", "stream"]

MAX_AGE_SECONDS: Final = 72 * 3600
"""A weekend, with a reader down from its beginning."""
RESTART_SECONDS: Final = 180
"""From a watchdog's end of a collector until its successor has published again what was not acknowledged."""
ACK_WAIT_SECONDS: Final = 30
MAX_ACK_PENDING: Final = 10_000
_MOST_BYTES: Final = 2**63 - 1


class Stream(Record, frozen=True):
    """What the broker keeps of an environment; `document` is the name of its Kubernetes resource."""

    document: str
    name: str
    subjects: tuple[str, ...]
    server: str
    domain: str | None
    max_bytes: int
    max_age_seconds: int
    replicas: int
    duplicate_window_seconds: int


class Consumer(Record, frozen=True):
    """A durable reader: the broker remembers what it has acknowledged, and all its pods share the work."""

    component: str
    name: str
    filter_subject: str
    ack_wait_seconds: int
    max_ack_pending: int


def stream(facts: Facts) -> Stream | None:
    transport, names = facts.middleware.transport, facts.names
    said = transport.jetstream or JetStream.unsaid()
    if transport.type != "nats" or not said.enabled:
        return None
    return Stream(
        document=names.environment,
        name=names.stream,
        subjects=names.stream_subjects,
        server=transport.url or "",
        domain=said.domain,
        max_bytes=min(bytes_of(said.max_bytes), _MOST_BYTES),
        max_age_seconds=MAX_AGE_SECONDS,
        replicas=said.replicas,
        duplicate_window_seconds=_duplicate_window(facts),
    )


def _duplicate_window(facts: Facts) -> int:
    """As long as a message may be published a second time, from the file, under the same Nats-Msg-Id."""
    liveness = facts.component(COLLECTOR).liveness or Liveness.unsaid()
    return min(liveness.watchdog_seconds + RESTART_SECONDS, MAX_AGE_SECONDS)


def consumers(facts: Facts) -> Iterator[Consumer]:
    """The archiver's. A gateway has none: each of its pods reads everything from now on, with a consumer of its own."""
    if facts.environment.archiver is not None and stream(facts) is not None:
        yield Consumer(
            component="archiver",
            name=facts.names.consumer("archiver"),
            filter_subject=facts.names.raw_subjects,
            ack_wait_seconds=ACK_WAIT_SECONDS,
            max_ack_pending=MAX_ACK_PENDING,
        )
