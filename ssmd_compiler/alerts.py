"""The built-in alerts, as data: what an environment may switch off or re-threshold, and what becomes a PrometheusRule.

`expression` takes three words: `$series`, the alert's metric with the environment's own labels; `$connector`, those
labels with the connector's container; and `$threshold`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

from ssmd_compiler.record import Record

__all__ = ["ALERTS", "AlertRule"]

_EXACT: Final = 1e15
"""Below it a whole number is written as one."""


class AlertRule(Record, frozen=True):
    """One alert: its metric, its expression, when it fires, and what a person then reads and does."""

    name: str
    metric: str
    expression: str
    threshold: float
    for_: str
    severity: Literal["info", "warning", "critical"]
    summary: str
    action: str

    def expr(self, series: str, threshold: float | None) -> str:
        """The PromQL, over the series that the label matchers `series` pick."""
        number = float(self.threshold if threshold is None else threshold)
        words = {
            "$series": f"{self.metric}{series}",
            # A collector that never received a frame, or crashes before it does, has no series of its own.
            "$connector": series.removesuffix("}") + ',container="connector"}',
            "$threshold": str(int(number)) if number.is_integer() and abs(number) < _EXACT else repr(number),
        }
        return "".join([words[part] if part.startswith("$") else part for part in _parts(self.expression)])


@lru_cache(maxsize=64)
def _parts(expression: str) -> tuple[str, ...]:
    """An expression, its words apart."""
    return tuple(re.split(r"(\$[a-z]+)", expression))


ALERTS: Final = (
    AlertRule(
        "ConnectorNoData",
        "ssmd_connector_messages_received_total",
        "sum by (namespace, environment, shard) (rate($series[5m]) or up$connector * 0) <= $threshold",
        0.0,
        "2m",
        "critical",
        "{{ $labels.environment }} receives no data",
        "Look at /ready of the connector: connected but mute, or not connected. Is the market open?",
    ),
    AlertRule(
        "ConnectorHighLag",
        "ssmd_connector_lag_seconds",
        "max by (namespace, environment, shard) ($series) > $threshold",
        5,
        "1m",
        "warning",
        "{{ $labels.environment }} lags the exchange by {{ $value | humanize }} s",
        "Compare the pod's CPU with its limit, and the clock of its node; split the symbols over more shards.",
    ),
    AlertRule(
        "HighErrorRate",
        "ssmd_errors_total",
        "sum by (namespace, environment, shard, type) (rate($series[5m])) > $threshold",
        0.1,
        "2m",
        "warning",
        "{{ $labels.environment }}: {{ $value | humanize }} errors a second of type {{ $labels.type }}",
        "Read the connector's log for that type.",
    ),
    AlertRule(
        "CircuitBreakerOpen",
        "ssmd_circuit_breaker_state",
        "$series == $threshold",
        1,
        "1m",
        "critical",
        "{{ $labels.environment }}: the circuit to {{ $labels.target }} is open",
        "Is the target up, and are the credentials still good? It is tried again by itself.",
    ),
    AlertRule(
        "DeadLettersAccumulating",
        "ssmd_dead_letters_total",
        "sum by (namespace, environment, component) "
        "((increase($series[1h]) > 0) or ($series unless last_over_time($series[1d] offset 1h))) > $threshold",
        100,
        "0s",
        "warning",
        "{{ $labels.environment }}: {{ $value | humanize }} dead letters in an hour from the {{ $labels.component }}",
        "Look at what was set aside and why, mend it, and replay.",
    ),
    AlertRule(
        "KeyExpiringSoon",
        "ssmd_key_expires_in_days",
        "$series < $threshold",
        14,
        "1h",
        "warning",
        "Key {{ $labels.key_name }} of {{ $labels.environment }} expires in {{ $value | humanize }} days",
        "Rotate the key.",
    ),
    AlertRule(
        "KeyExpired",
        "ssmd_key_expires_in_days",
        "$series < $threshold",
        0,
        "5m",
        "critical",
        "Key {{ $labels.key_name }} of {{ $labels.environment }} has expired",
        "Rotate the key now.",
    ),
    AlertRule(
        "DataGaps",
        "ssmd_gaps_total",
        "sum by (namespace, environment, shard, reason) "
        # Next to what a rate sees: what was counted while nobody scraped, and a first count, which rises from nothing.
        # What was there in the last day is no first count, however long Prometheus was away since.
        "((increase($series[5m]) > 0) or ($series - last_over_time($series[1d] offset 5m) > 0) "
        "or ($series unless last_over_time($series[1d] offset 5m))) > $threshold",
        0,
        "0s",
        "warning",
        "{{ $labels.environment }} recorded {{ $value | humanize }} gaps ({{ $labels.reason }})",
        "The gap records say from when to when; fetch what is missing from the exchange's history.",
    ),
)
