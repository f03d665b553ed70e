"""One environment -> its stream and consumers: NACK resources, and the same as the JSON that JetStream itself takes.

The JSON files are for `nats stream add --config` and `nats consumer add --config`. Where the NACK controller runs they
are not needed; where it does not, the settings say so and no resources are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.emit.templates import Templates
    from ssmd_compiler.lower import Consumer, Lowered, Stream

__all__ = ["configurations", "documents"]

NANOSECONDS: Final = 1_000_000_000


def documents(lowered: Lowered, templates: Templates) -> Iterator[tuple[str, bytes]]:
    stream, names = lowered.stream, lowered.names
    if stream is None or lowered.linked.shared.settings.nats.resources == "none":
        return
    values = {
        "namespace": names.namespace,
        "labels": names.labels(),
        "stream": stream,
        "max_age": _duration(stream.max_age_seconds),
        "duplicate_window": _duration(stream.duplicate_window_seconds),
        "consumers": [
            {
                "name": consumer.name,
                "labels": names.labels(consumer.component),
                "filter_subject": consumer.filter_subject,
                "ack_wait": _duration(consumer.ack_wait_seconds),
                "max_ack_pending": consumer.max_ack_pending,
            }
            for consumer in lowered.consumers
        ],
    }
    yield "nats.yaml", templates.render("nats", values)


def configurations(lowered: Lowered) -> Iterator[tuple[str, bytes]]:
    """File name and JSON of the stream and of each consumer, as the server's own API spells them."""
    if lowered.stream is not None:
        yield "nats-stream.json", _json(_stream(lowered.stream))
    for consumer in lowered.consumers:
        yield f"nats-consumer-{consumer.component}.json", _json(_consumer(consumer))


def _stream(stream: Stream) -> dict[str, Any]:
    return {
        "name": stream.name,
        "subjects": stream.subjects,
        "retention": "limits",
        "storage": "file",
        "discard": "old",
        "max_bytes": stream.max_bytes,
        "max_age": stream.max_age_seconds * NANOSECONDS,
        "max_consumers": -1,
        "max_msgs": -1,
        "max_msgs_per_subject": -1,
        "max_msg_size": -1,
        "num_replicas": stream.replicas,
        "duplicate_window": stream.duplicate_window_seconds * NANOSECONDS,
    }


def _consumer(consumer: Consumer) -> dict[str, Any]:
    return {
        "durable_name": consumer.name,
        "deliver_policy": "all",
        "filter_subject": consumer.filter_subject,
        "ack_policy": "explicit",
        "ack_wait": consumer.ack_wait_seconds * NANOSECONDS,
        "max_ack_pending": consumer.max_ack_pending,
        "max_deliver": -1,
        "replay_policy": "instant",
    }


def _json(values: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(values), indent=2) + b"\n"


def _duration(seconds: int) -> str:
    """As Go reads and people write it: `72h`, `5m`, `30s`."""
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
