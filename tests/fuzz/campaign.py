"""`make fuzz`: every target on new inputs, each for FUZZ_SECONDS (60), or those that are named.

    python tests/fuzz/campaign.py [TARGET...]

A target runs in a process of its own, with bounded memory, that is ended when one input takes a minute: whatever ends
it, the input is in the corpus afterwards, as small as it was made, and the tests replay it from then on.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
for folder in ("outputs", "compiler", "tools", "", "fuzz"):
    sys.path.insert(0, str(HERE.parent / folder))
os.environ["HYPOTHESIS_PROFILE"] = "campaign"

from fuzzing import TARGETS, Target, encoded, keep  # noqa: E402 -- found once the path is there
from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402 -- as above

SECONDS = float(os.environ.get("FUZZ_SECONDS", "60"))
HANGS = 60
"""Seconds after which an input counts as one that never ends."""

MEMORY = 4 << 30
LINES = 30
"""Of what was found, the last so many are printed."""

ROUND = 200
"""Examples after which strategies begin anew, with another seed."""


def main(names: list[str]) -> int:
    for module in sorted(HERE.glob("test_fuzz_*.py")):
        importlib.import_module(module.stem)
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        print(f"no target {', '.join(unknown)}: there are {', '.join(TARGETS)}")
        return 2
    return max([_supervised(name) for name in names or TARGETS], default=0)


def _supervised(name: str) -> int:
    """One target in a process of its own; what it was at when it died is kept."""
    with tempfile.TemporaryDirectory(prefix="ssmd-fuzz-") as folder:
        current, count = Path(folder, "current"), Path(folder, "count")
        child = subprocess.run([sys.executable, __file__, "--child", name, str(current), str(count)], check=False)
        tried = int(count.read_text() or 0) if count.exists() else 0
        if child.returncode == 0:
            print(f"{name}: {tried} inputs, nothing found", flush=True)
            return 0
        how = f"signal {-child.returncode}" if child.returncode < 0 else "it failed"
        path = keep(name, current.read_text()) if current.exists() else None
        print(f"{name}: {how} after {tried} inputs: {path}", flush=True)
        return 1


def _child(name: str, current: Path, count: Path) -> int:
    for module in sorted(HERE.glob("test_fuzz_*.py")):
        importlib.import_module(module.stem)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    end, tried = time.monotonic() + SECONDS, 0

    def one(made: Any) -> None:
        nonlocal tried
        tried += 1
        if time.monotonic() > end + HANGS:  # shrinking has had its time
            raise SystemExit(1)
        current.write_text(encoded(made), encoding="ascii")
        signal.alarm(HANGS)
        TARGETS[name].check(made)
        signal.alarm(0)

    try:
        while time.monotonic() < end:
            _round(TARGETS[name], one, end)
    except BaseException:  # noqa: BLE001 -- whatever it is, it was found
        print("\n".join(traceback.format_exc().splitlines()[-LINES:]), flush=True)
        return 1
    finally:
        count.write_text(str(tried))
    return 0


def _round(target: Target, one: Any, end: float) -> None:
    def test(made: Any) -> None:
        if time.monotonic() < end or failed:
            failed.append(True)
            one(made)
            failed.pop()

    failed: list[bool] = []
    quiet = settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        derandomize=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    seed(int.from_bytes(os.urandom(8)))(quiet(given(made=target.inputs)(test)))()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        sys.exit(_child(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])))
    sys.exit(main(sys.argv[1:]))
