"""`make torture`: kills, cuts, full and failing disks against the runtime, and the guards taken away once each.

    TORTURE_KILLS=1000 TORTURE_CUTS=200 TORTURE_SEED=1 python tests/torture/torture_campaign.py

Exits with 1 where anything acknowledged was lost, anything missing was not declared, or a control found nothing. What
failed stays in its folder.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

from torture_collector import World, cut_connections, killed_collectors  # noqa: E402 -- once the path is there
from torture_faults import Fault, failing_disk  # noqa: E402 -- as above
from torture_full import can_mount, full_disk  # noqa: E402 -- as above
from torture_specs import CODECS, SYNCS  # noqa: E402 -- as above
from torture_writer import Numbers, call_kills, random_kills  # noqa: E402 -- as above

KILLS = int(os.environ.get("TORTURE_KILLS", "1000"))
CUTS = int(os.environ.get("TORTURE_CUTS", "200"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))
MODES = [(codec, sync) for codec in CODECS for sync in SYNCS]
FAULTS = (
    ("fdatasync", 3, "none", "batch"),
    ("write", 5, "none", "batch"),
    ("fdatasync", 4, "zstd", "interval"),
    ("write", 7, "zstd", "interval"),
    ("write", 2, "none", "none"),
)
_PERCENT_AT_CALLS = 20
_PERCENT_OF_COLLECTORS = 15


def main() -> int:
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="ssmd-torture-"))
    bad: list[str] = []
    writer = _writer(folder, bad)
    killed, cut = _worlds(folder, bad)
    _disks(folder, bad)
    _controls(folder, bad)
    _windows(writer)
    _table(writer, killed, cut, time.monotonic() - started)
    for line in bad:
        print(f"FAILED: {line[:500]}")
    if bad:
        print(f"what is left of it: {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


def _shares(total: int, parts: int) -> Iterator[int]:
    for part in range(parts):
        yield total * (part + 1) // parts - total * part // parts


def _writer(folder: Path, bad: list[str]) -> Numbers:
    numbers = Numbers()
    at_calls = KILLS * _PERCENT_AT_CALLS // 100
    random = KILLS - at_calls - KILLS * _PERCENT_OF_COLLECTORS // 100
    for (codec, sync), kills in zip(MODES, _shares(random, len(MODES)), strict=True):
        numbers.add(random_kills(folder / "random", kills, codec, sync, seed=SEED))
        _progress(f"writer {codec} {sync}", numbers.kills)
    (folder / "calls").mkdir()
    for (codec, sync), kills in zip(MODES, _shares(at_calls, len(MODES)), strict=True):
        numbers.add(call_kills(folder / "calls", codec, sync, kills=kills))
        _progress(f"system calls {codec} {sync}", numbers.kills)
    bad += numbers.flaws
    if numbers.lost:
        bad.append(f"writer: {numbers.lost} acknowledged records are lost")
    return numbers


def _worlds(folder: Path, bad: list[str]) -> tuple[World, World]:
    killed, cut = World(), World()
    works: list[tuple[str, World, Callable[..., World], int]] = [
        ("collector killed", killed, killed_collectors, KILLS * _PERCENT_OF_COLLECTORS // 100),
        ("connections cut", cut, cut_connections, CUTS),
    ]
    for name, total, work, count in works:
        for (codec, sync), share in zip(MODES, _shares(count, len(MODES)), strict=True):
            total.add(work(folder / f"{name} {codec} {sync}".replace(" ", "-"), share, codec, sync, seed=SEED))
            _progress(f"{name} {codec} {sync}", total.kills)
        bad += [*total.flaws, *total.account.told]
        if total.lost:
            bad.append(f"{name}: {total.lost} acknowledged records are lost")
    return killed, cut


def _disks(folder: Path, bad: list[str]) -> None:
    for number, (call, which, codec, sync) in enumerate(FAULTS):
        fault = failing_disk(folder / f"fault-{number}", call, which, codec=codec, sync=sync)
        bad += [f"EIO in {call} {which} ({codec} {sync}): {flaw}" for flaw in flaws_of(fault)]
        print(
            f"EIO in {call} {which} ({codec} {sync}): exit {fault.code}, acknowledged {fault.acknowledged},"
            f" lost {fault.lost}, synced again {fault.again}"
        )
    if not can_mount():
        print("full disk: not tried, it takes root and a mount namespace")
        return
    for codec, sync in (("none", "batch"), ("zstd", "interval"), ("none", "none")):
        said = full_disk(folder / f"full-{codec}-{sync}", codec, sync)
        told = said["account"]
        bad += [f"full disk ({codec} {sync}): {flaw}" for flaw in [*said["flaws"], *told.get("told", ())]]
        print(
            f"full disk ({codec} {sync}): full {said['waits']} times, sent {told.get('sent')},"
            f" received {told.get('received')}, lost {said['lost']}, undeclared {told.get('undeclared')}"
        )


def flaws_of(fault: Fault) -> list[str]:
    """What a collector on a failing disk did wrong."""
    wrong = {
        "nothing was injected": not fault.injected,
        f"ended with {fault.code}": fault.code != 1,
        f"said {fault.endings}": len(fault.endings) != 1 or "Input/output error" not in fault.endings[0],
        f"lost {fault.lost}": bool(fault.lost),
        f"synced {fault.again} times more": bool(fault.again),
        f"a traceback: {fault.stderr}": "Traceback" in fault.stderr,
    }
    return [flaw for flaw, is_so in wrong.items() if is_so]


def _controls(folder: Path, bad: list[str]) -> None:
    for guard, found in controls(folder):
        print(f"control {guard}: found {found}")
        if not found:
            bad.append(f"control {guard}: the harness found nothing although the guard is gone")


def controls(folder: Path, kills: int = 5) -> Iterator[tuple[str, int]]:
    """Each guard that was taken away, and how much its harness then found."""
    for guard in ("no-repair", "no-sync"):
        numbers = random_kills(folder / guard, 20, "none", "batch", seed=2, guard=guard)
        yield f"{guard} (writer)", numbers.lost
    for guard in ("no-gaps", "loses-batches"):
        world = killed_collectors(folder / f"killed-{guard}", kills, "none", "interval", guard=guard)
        yield f"{guard} (collector killed)", world.account.undeclared + world.lost
    for guard in ("no-gaps", "no-jumps", "loses-batches"):
        world = cut_connections(folder / f"cut-{guard}", 8, "none", "interval", guard=guard, slow=0.0)
        yield f"{guard} (connections cut)", world.account.undeclared + world.lost


def _windows(numbers: Numbers) -> None:
    print("\ngiven to the writer and gone (never acknowledged, but for mode none without power), at most:")
    for name, windows in sorted(numbers.windows.items()):
        most = max(records for records, _ in windows)
        longest = max(milliseconds for _, milliseconds in windows)
        print(f"  {name:22} {len(windows):5} ends   {most:6} records   {longest:8.1f} ms")


def _table(writer: Numbers, killed: World, cut: World, seconds: float) -> None:
    gaps: Counter[str] = Counter()
    rows: list[tuple[str, Any, Any, Any]] = [("", "writer", "collector killed", "connections cut")]
    rows.append(("kills", writer.kills, killed.kills, ""))
    rows.append(("cuts (orders in all)", "", "", f"{cut.kills} ({cut.orders})"))
    rows.append(("records given / sent", writer.given, killed.account.sent, cut.account.sent))
    rows.append(("acknowledged", writer.acknowledged, killed.acknowledged, cut.acknowledged))
    rows.append(("lost", writer.lost, killed.lost, cut.lost))
    rows.append(("lost with the power, mode none", writer.excused, "", ""))
    rows.append(("torn tails repaired", writer.torn, "", ""))
    rows.append(("files sealed", writer.sealed, "", ""))
    rows.append(("declared missing", "", killed.account.declared, cut.account.declared))
    rows.append(("undeclared", "", killed.account.undeclared, cut.account.undeclared))
    rows.append(("never sent, or out of order", "", killed.account.strange, cut.account.strange))
    print()
    for row in rows:
        print(f"{row[0]:32} {row[1]!s:>10} {row[2]!s:>18} {row[3]!s:>18}")
    gaps.update(killed.account.gaps)
    gaps.update(cut.account.gaps)
    print(f"gap records: {', '.join(f'{reason} {count}' for reason, count in sorted(gaps.items()))}")
    print(f"{seconds:.0f} s")


def _progress(what: str, count: int) -> None:
    print(f"{what}: {count}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
