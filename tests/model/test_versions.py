"""Which version of a feed is in force on a date."""

from __future__ import annotations

import datetime

import pytest
from examples import base_files

from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.model import bind
from ssmd_compiler.source import MemoryTree, read_document

PATH = "exchanges/feeds/kalshi.yaml"
NEVER = None


def feed(*versions: str, active: str = "") -> bytes:
    """A feed whose versions are `name from` or `name from to`."""
    lines = [
        "name: kalshi",
        "type: websocket",
        "message_types: {ticker: {}}",
        *([f"active: {active}"] if active else []),
        "versions:",
    ]
    for said in versions:
        name, since, *until = said.split()
        ends = f", effective_to: {until[0]}" if until else ""
        lines.append(
            f"  - {{version: {name}, effective_from: {since}{ends}, protocol: wss, endpoint: 'wss://{name}.example'}}"
        )
    return "\n".join(lines).encode() + b"\n"


CHANGE = ("v1 2025-01-01 2026-03-01", "v2 2026-03-01")
GAP = ("v1 2025-01-01 2025-06-01", "v2 2026-01-01 2026-06-01")
LEAP = ("v1 2024-02-29 2024-03-01",)
DAY = ("v1 2025-01-01 2025-01-02", "v2 2025-01-02 2025-01-03")

CASES = [
    (CHANGE, "", "2024-12-31", NEVER),
    (CHANGE, "", "2025-01-01", "v1"),
    (CHANGE, "", "2026-02-28", "v1"),
    (CHANGE, "", "2026-03-01", "v2"),
    (CHANGE, "", "9999-12-31", "v2"),
    (CHANGE[::-1], "", "2026-02-28", "v1"),
    (CHANGE[::-1], "", "2026-03-01", "v2"),
    (GAP, "", "2025-05-31", "v1"),
    (GAP, "", "2025-06-01", NEVER),
    (GAP, "", "2025-12-31", NEVER),
    (GAP, "", "2026-01-01", "v2"),
    (GAP, "", "2026-06-01", NEVER),
    (LEAP, "", "2024-02-28", NEVER),
    (LEAP, "", "2024-02-29", "v1"),
    (LEAP, "", "2024-03-01", NEVER),
    (DAY, "", "2025-01-01", "v1"),
    (DAY, "", "2025-01-02", "v2"),
    (("v1 2025-01-01",), "", "2025-01-01", "v1"),
    (("v1 2025-01-01 2025-01-01",), "", "2025-01-01", NEVER),
    (("1.10 2025-01-01 2025-06-01", "1.9 2025-06-01"), "", "2025-05-31", "1.10"),
    # The older spelling: whatever the date.
    (CHANGE, "v1", "2026-03-01", "v1"),
    (CHANGE, "v2", "2024-01-01", "v2"),
    (GAP, "v1", "2025-12-31", "v1"),
    (CHANGE, "v3", "2026-03-01", NEVER),
]


@pytest.mark.parametrize(("versions", "active", "date", "name"), CASES)
def test_the_version_in_force(versions, active, date, name):
    bound = bind(read_document(PATH, feed(*versions, active=active)), "Feed")
    found = bound.value.version_on(datetime.date.fromisoformat(date))
    assert (found.version if found else NEVER) == name


@pytest.mark.parametrize(
    ("versions", "codes"),
    [
        (CHANGE, set()),
        (GAP, {"SSMD301"}),
        (("v1 2025-01-01 2026-12-02", "v2 2026-12-01"), {"SSMD302"}),
        (("v1 2025-01-01", "v2 2027-12-01"), set()),
        (("v1 2025-01-01", "v2 2025-01-01"), {"SSMD302"}),
        (("v1 2025-01-01 2026-12-01", "v1 2026-12-01"), {"SSMD304"}),
        (("v1 2025-01-01", "v2 2027-01-01 2026-12-31"), {"SSMD303"}),
    ],
)
def test_versions_that_cannot_be_told_apart_are_told(versions, codes):
    """An open range ends where the next begins; one that is closed may not reach into it."""
    compiled = compile(MemoryTree(base_files() | {PATH: feed(*versions)}), Options(datetime.date(2026, 11, 21)))
    assert {found.code for found in compiled.diagnostics} == codes
