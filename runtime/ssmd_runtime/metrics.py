"""Every metric that the runtime exports, as data.

The one list: exporters implement it, and the compiler checks alerts against it. Names follow Prometheus' naming
practice; durations are seconds, sizes bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["METRICS", "Metric", "by_name"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One family: its type, what it counts, and its labels."""

    name: str
    type: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()


METRICS: Final = (
    Metric("ssmd_messages_total", "counter", "Data frames received.", ("feed", "type")),
    Metric("ssmd_errors_total", "counter", "Errors met, by kind.", ("feed", "type")),
    Metric("ssmd_connected", "gauge", "1 while the exchange's connection is up.", ("feed",)),
    Metric("ssmd_last_message_timestamp", "gauge", "Unix time of the last frame, in seconds.", ("feed",)),
    Metric("ssmd_gaps_total", "counter", "Gap records written: interruptions and sequence jumps.", ("feed", "reason")),
    Metric("ssmd_mute", "gauge", "1 while connected but without data for longer than expected.", ("feed",)),
    Metric("ssmd_queue_bytes", "gauge", "Bytes received and not yet written.", ("feed",)),
    Metric("ssmd_durable_messages_total", "counter", "Messages on disk as the sync mode promises.", ("feed",)),
    Metric("ssmd_written_bytes_total", "counter", "Bytes written to data files, compressed or not.", ("feed",)),
    Metric("ssmd_sealed_files_total", "counter", "Data files sealed.", ("feed",)),
    Metric("ssmd_fsync_seconds", "histogram", "Time of one fdatasync.", ("feed",)),
    Metric("ssmd_publish_seconds", "histogram", "Time from publish to the broker's acknowledgement.", ("feed",)),
    Metric("ssmd_key_expires_in_days", "gauge", "Days until a key's rotation is due.", ("environment", "key_name")),
    Metric("ssmd_circuit_breaker_state", "gauge", "0 closed, 1 open, 2 half open.", ("target",)),
    Metric("ssmd_dead_letters_total", "counter", "Messages set aside after all retries.", ("component",)),
    Metric("ssmd_connector_messages_received_total", "counter", "Data frames received.", ("feed", "type")),
    Metric("ssmd_connector_messages_published_total", "counter", "Messages acknowledged by the broker.", ("feed",)),
    Metric("ssmd_connector_lag_seconds", "gauge", "Receive time less the exchange's own timestamp.", ("feed",)),
    Metric("ssmd_connector_errors_total", "counter", "Connector errors, by kind.", ("feed", "error_type")),
    Metric("ssmd_gateway_clients_connected", "gauge", "Clients connected now."),
    Metric("ssmd_gateway_messages_sent_total", "counter", "Messages sent to clients.", ("type",)),
    Metric("ssmd_gateway_subscriptions_active", "gauge", "Subscriptions held now.", ("symbol",)),
    Metric("ssmd_gateway_client_buffer_utilization", "gauge", "Share of a client's buffer in use.", ("client_id",)),
    Metric("ssmd_gateway_slow_consumers", "gauge", "Clients that lag now."),
    Metric("ssmd_gateway_messages_dropped_total", "counter", "Messages not sent to a client.", ("reason",)),
    Metric("ssmd_gateway_client_lag_ms", "gauge", "A client's lag, in milliseconds.", ("client_id",)),
    Metric("ssmd_gateway_disconnections_total", "counter", "Clients disconnected.", ("reason",)),
    Metric("ssmd_archiver_bytes_written_total", "counter", "Bytes written to storage.", ("bucket",)),
    Metric("ssmd_archiver_files_written_total", "counter", "Files sealed in storage.", ("bucket",)),
)


def by_name() -> dict[str, Metric]:
    """The metrics by family name."""
    return {metric.name: metric for metric in METRICS}
