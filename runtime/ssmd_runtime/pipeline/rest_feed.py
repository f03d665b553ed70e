"""A feed of type rest: the poller's answers go the way of all frames, and what it missed becomes gap records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_runtime.feeds.rest import Reports, RestPoller

if TYPE_CHECKING:
    from collections.abc import Callable

    from ssmd_runtime.exchanges.protocol import Credentials
    from ssmd_runtime.feeds.rest import Missed
    from ssmd_runtime.pipeline.capture import Capture
    from ssmd_runtime.reliability.circuit_breaker import State
    from ssmd_runtime.spec import CollectorSpec
    from ssmd_runtime.telemetry import Telemetry

__all__ = ["RestFeed"]


class RestFeed:
    """Polls until it is cancelled; what the storage raises comes out of `run`."""

    def __init__(
        self,
        spec: CollectorSpec,
        keys: Credentials,
        capture: Capture,
        telemetry: Telemetry,
        breaker: Callable[[State], None],
    ) -> None:
        """Raises `SpecError` for a spec that the poller cannot execute."""
        self._capture = capture
        self._telemetry = telemetry
        self._open: list[tuple[str, dict[str, Any]]] = []
        reports = Reports(
            sink=self._take, missed=self._missed, error=self._error, connected=self._connected, breaker=breaker
        )
        self._poller = RestPoller(spec, keys, reports)

    async def run(self) -> None:
        await self._poller.run()

    def resume_from(self, gap: str, fields: dict[str, Any]) -> None:
        """A gap is open since before this run, or since it began: the first answer closes it."""
        self._open.append((gap, fields))

    def _take(self, frames: list[bytes]) -> None:
        taken = self._capture.take(0, frames)
        if self._open:
            to_ts = self._capture.stamp(taken.now_ns)
            self._capture.gaps((gap, fields | {"to_ts": to_ts}) for gap, fields in self._open)
            self._open.clear()

    def _missed(self, what: Missed) -> None:
        self._capture.gap(
            reason=what.reason,
            channel=what.channel,
            symbol=what.symbol,
            from_ts=self._capture.stamp(what.from_ns),
            to_ts=self._capture.stamp(what.to_ns),
            detail=what.detail,
        )

    def _connected(self, up: bool) -> None:  # noqa: FBT001 -- the poller's callback
        self._telemetry.connected = self._telemetry.subscribed = int(up)

    def _error(self, kind: str) -> None:
        self._telemetry.errors[kind] += 1
