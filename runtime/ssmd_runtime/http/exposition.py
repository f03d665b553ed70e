"""Telemetry as Prometheus metrics: the families of `ssmd_runtime.metrics`, with its names, types and labels."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from ssmd_runtime.http.lag import seconds_behind
from ssmd_runtime.metrics import METRICS, Metric
from ssmd_runtime.telemetry import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ssmd_runtime.spec import CollectorSpec
    from ssmd_runtime.telemetry import Telemetry

__all__ = ["CONTENT_TYPE", "Exposition"]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_Sample = tuple[tuple[str, ...], float]


class Exposition:
    """Renders one collector's telemetry in the text format of Prometheus."""

    def __init__(self, spec: CollectorSpec, telemetry: Telemetry) -> None:
        self._spec = spec
        self._telemetry = telemetry
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def render(self) -> bytes:
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Any]:
        """The families that a collector has values for, in the order of the list."""
        values = self._values()
        for metric in METRICS:
            if metric.name in values:
                yield _family(metric, self._telemetry.feed, values[metric.name])

    def _values(self) -> dict[str, Iterable[_Sample] | Histogram]:
        now = self._telemetry
        feed = (now.feed,)
        by_kind = [((*feed, kind), float(count)) for kind, count in now.messages.items()]
        by_error = [((*feed, kind), float(count)) for kind, count in now.errors.items()]
        lag = seconds_behind(self._spec, now.last_kind, now.last_frame, now.last_message)
        return {
            "ssmd_messages_total": by_kind,
            "ssmd_errors_total": by_error,
            "ssmd_connected": [(feed, float(bool(now.connections) and now.connected == now.connections))],
            "ssmd_last_message_timestamp": [(feed, now.last_message)] if now.last_message else [],
            "ssmd_gaps_total": [((*feed, reason), float(count)) for reason, count in now.gaps.items()],
            "ssmd_mute": [(feed, float(bool(now.mute)))],
            "ssmd_queue_bytes": [(feed, float(now.queue_bytes))],
            "ssmd_durable_messages_total": [(feed, float(now.durable_messages))],
            "ssmd_written_bytes_total": [(feed, float(now.written_bytes))],
            "ssmd_sealed_files_total": [(feed, float(now.sealed_files))],
            "ssmd_fsync_seconds": now.syncs,
            "ssmd_key_expires_in_days": [((self._spec.environment, key), days) for key, days in now.key_days.items()],
            "ssmd_circuit_breaker_state": [((target,), float(state)) for target, state in now.breakers.items()],
            "ssmd_dead_letters_total": [((component,), float(count)) for component, count in now.dead_letters.items()],
            "ssmd_connector_messages_received_total": by_kind,
            "ssmd_connector_lag_seconds": [] if lag is None else [(feed, lag)],
            "ssmd_connector_errors_total": by_error,
        }


def _family(metric: Metric, feed: str, values: Iterable[_Sample] | Histogram) -> Any:
    if isinstance(values, Histogram):
        histogram = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        histogram.add_metric((feed,), list(_cumulative(values)), values.sum)
        return histogram
    kind = CounterMetricFamily if metric.type == "counter" else GaugeMetricFamily
    family = kind(metric.name, metric.help, labels=metric.labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family


def _cumulative(histogram: Histogram) -> Iterator[tuple[str, float]]:
    bounds = [*(str(bound) for bound in histogram.bounds), "+Inf"]
    return zip(bounds, map(float, accumulate(histogram.counts)), strict=True)
