"""SSMD311: the trading day starts and ends at the same minute.

Both jobs would run at once, and whether capture runs afterwards is chance. Leave the schedule out to capture all day.

FAIL environments/dev.yaml
    spec: {schedule: {day_start: "00:10", day_end: "00:10"}}

PASS environments/dev.yaml
    spec: {schedule: {day_start: "00:10", day_end: "00:00"}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.link import LinkedEnvironment

CODE = "SSMD311"


def check(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    schedule = linked.environment.schedule
    if schedule is not None and schedule.day_start == schedule.day_end:
        at = linked.bound.span("schedule", "day_end")
        help_ = "give them different times, or remove `schedule` to capture all day"
        yield error(CODE, f"the day starts and ends at {schedule.day_start}", at=at, help=help_)
