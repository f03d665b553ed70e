"""What the three pages say: /health, /ready and /metrics of one collector, made anew each time they are asked for."""

from __future__ import annotations

import contextlib
import datetime
from typing import TYPE_CHECKING

from ssmd_runtime.http.exposition import CONTENT_TYPE, Exposition
from ssmd_runtime.http.server import json_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from ssmd_runtime.http.server import Page
    from ssmd_runtime.spec import CollectorSpec
    from ssmd_runtime.telemetry import Telemetry

__all__ = ["Pages"]


class Pages:
    """The pages by their paths. `refresh` brings the telemetry up to date before it is shown."""

    def __init__(self, spec: CollectorSpec, telemetry: Telemetry, refresh: Callable[[], None]) -> None:
        self._spec = spec
        self._telemetry = telemetry
        self._refresh = refresh
        self._exposition = Exposition(spec, telemetry)

    def by_path(self) -> dict[str, Callable[[], Page]]:
        return {"/health": self.health, "/ready": self.ready, "/metrics": self.metrics}

    def health(self) -> Page:
        """Whether the process should go on."""
        problem = self._telemetry.problem
        if problem is None:
            return json_page(200, {"status": "ok"})
        return json_page(503, {"status": "error", "reason": problem})

    def ready(self) -> Page:
        """Whether everything is captured that should be."""
        why = self._telemetry.not_ready()
        if why is None:
            return json_page(200, {"status": "ready"})
        return json_page(503, {"status": "not_ready", "why": why})

    def metrics(self) -> Page:
        """The telemetry for Prometheus."""
        self._refresh()
        today = datetime.datetime.now(datetime.UTC).date()
        for key in self._spec.keys:
            if key.expires is not None:
                with contextlib.suppress(ValueError):
                    self._telemetry.key_days[key.name] = float((datetime.date.fromisoformat(key.expires) - today).days)
        return 200, CONTENT_TYPE, self._exposition.render()
