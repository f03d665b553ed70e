"""`make demo`: a new workspace, a simulated exchange, a collector at work, and live counts. No account, no network.

    DEMO_SECONDS=15  how long; Ctrl-C ends it sooner      DEMO_RATE=200  frames a second
    DEMO_DIR=.demo   the workspace, the data and the log; kept, so that a second run goes on where the first one ended

Ends nothing but the two processes that it started. Exit codes: 0, or 1 where one of them failed, with what it said.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN: Final = Path(sys.executable).parent
ENVIRONMENT: Final = "kraken-dev"  # what `ssmd init` makes
START_SECONDS: Final = 20.0
EVERY: Final = 0.25
EVERY_PLAIN: Final = 3.0
RATE_OVER: Final = 9  # two seconds


class DemoError(Exception):
    """The demonstration cannot go on; the message is for a person."""


class Counts(NamedTuple):
    """What the collector's /metrics say."""

    messages: int = 0
    gaps: int = 0


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(os.environ.get("DEMO_DIR", ".demo"))
    try:
        workspace = prepared(folder)
        with simulator(os.environ.get("DEMO_RATE", "200")) as url:
            print(f"the simulated exchange: {url}")
            code = captured(folder, workspace, url, float(os.environ.get("DEMO_SECONDS", "15")))
        show_data(folder)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head -1` has read enough; what is still buffered must not be tried again at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (DemoError, OSError, ValueError) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def prepared(folder: Path) -> Path:
    """The workspace, compiled."""
    workspace = folder / "workspace"
    workspace.mkdir(parents=True, exist_ok=True)
    if not (workspace / "ssmd.yaml").exists():
        finished([BIN / "ssmd", "init"], workspace)
    finished([BIN / "ssmd", "compile"], workspace)
    print(f"compiled {workspace}/environments/{ENVIRONMENT}.yaml into {workspace}/generated/")
    return workspace


def finished(command: list[Path | str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoError(f"{shlex.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")


@contextlib.contextmanager
def child(command: list[Path | str], **streams: int) -> Iterator[subprocess.Popen[str]]:
    """A process of ours: in a session of its own, so that Ctrl-C reaches it through us, and ended when we are done."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, start_new_session=True, **streams) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait()


@contextlib.contextmanager
def simulator(rate: str) -> Iterator[str]:
    """The simulated exchange; gives its address."""
    command: list[Path | str] = [BIN / "ssmd-runtime", "simulate", "kraken", "--rate", rate]
    with child(command, stdout=subprocess.PIPE) as process:
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("listening on "):
            raise DemoError("the simulator did not start")
        yield line.split()[-1]


def captured(folder: Path, workspace: Path, url: str, seconds: float) -> int:
    """Captures for some seconds, or until Ctrl-C, and returns the exit code."""
    log = folder / "collector.log"
    where = ["--config-dir", str(workspace), "--data-dir", str(folder / "data"), "--endpoint", url, "--http-port", "0"]
    with log.open("w") as file, child([BIN / "ssmd", "run", ENVIRONMENT, *where], stdout=file.fileno()) as collector:
        metrics = f"http://127.0.0.1:{port_of(log, collector)}/metrics"
        print(f"the collector's metrics: {metrics}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            watch(metrics, folder / "data", collector, seconds)
    if collector.returncode:
        raise DemoError(f"the collector ended with exit code {collector.returncode}; it said:\n{log.read_text()}")
    return 0


def port_of(log: Path, collector: subprocess.Popen[str]) -> int:
    """The port on which the collector serves, as its log tells."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and collector.poll() is None:
        for line in log.read_text().splitlines(keepends=True):
            if line.endswith("\n") and json.loads(line)["event"] == "listening":
                return int(json.loads(line)["port"])
        time.sleep(0.02)
    raise DemoError(f"the collector did not start; it said:\n{log.read_text()}")


def watch(metrics: str, data: Path, collector: subprocess.Popen[str], seconds: float) -> None:
    """Shows counts: one line again and again on a terminal, a line now and then elsewhere."""
    terminal = sys.stdout.isatty()
    started = shown = time.monotonic()
    recent: deque[tuple[float, int]] = deque([(started, 0)], maxlen=RATE_OVER)
    counts, last = Counts(), False
    try:
        while not last:
            time.sleep(EVERY)
            now = time.monotonic()
            last = now - started >= seconds or collector.poll() is not None
            counts = counts_of(metrics) or counts
            recent.append((now, counts.messages))
            if terminal or last or now - shown >= EVERY_PLAIN:
                shown = now
                rate = (counts.messages - recent[0][1]) / (now - recent[0][0])
                size = size_of(data)
                line = f"{counts.messages:,} messages   {rate:,.0f}/s   {counts.gaps} gaps   {size:,} bytes on disk"
                print(f"\r{line}\x1b[K" if terminal else line, end="" if terminal else "\n", flush=True)
    finally:
        if terminal:
            print()


def counts_of(metrics: str) -> Counts | None:
    """The counts of now; None: the collector did not answer."""
    try:
        with urllib.request.urlopen(metrics, timeout=2) as answer:
            text = answer.read().decode()
    except OSError:
        return None
    sums = {
        family.name: int(sum(sample.value for sample in family.samples))
        for family in text_string_to_metric_families(text)
        if family.name in {"ssmd_messages", "ssmd_gaps"}
    }
    return Counts(sums.get("ssmd_messages", 0), sums.get("ssmd_gaps", 0))


def files_of(data: Path) -> list[Path]:
    return sorted(path for path in data.glob("*/*.jsonl*") if ".gaps." not in path.name)


def size_of(data: Path) -> int:
    return sum(path.stat().st_size for path in files_of(data))


def show_data(folder: Path) -> None:
    """Where the data is, how much there is, and how to look at it."""
    from ssmd_runtime.storage.inspection import inspect

    files = files_of(folder / "data")
    for path in files:
        print(f"{inspect(path).records:,} records: {path}")
    if files:
        name = shlex.quote(str(files[-1]))
        read = f"zstdcat {name} | head -1" if name.endswith(".zst") else f"head -1 {name}"
        print("look at one, and at what was missed:")
        print(f"  {read} | {shlex.quote(str(BIN / 'python'))} -m json.tool")
        print(f"  cat {shlex.quote(str(files[-1].parent / 'kraken.gaps.jsonl'))}")


if __name__ == "__main__":
    sys.exit(main())
