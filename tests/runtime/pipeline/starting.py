"""`ssmd-runtime run` as a process of its own, and an exchange that counts who calls."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


class Nobody:
    """Listens, and answers nobody; `called` says whether somebody came."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.port: int = listener.getsockname()[1]

    @property
    def called(self) -> bool:
        try:
            self._listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@contextlib.contextmanager
def nobody() -> Iterator[Nobody]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        yield Nobody(listener)


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def spec_file(folder: Path, environment: str = "binance", **changes: Any) -> Path:
    """The repository's spec with members replaced: `storage__path=...` is member `path` of member `storage`."""
    spec = json.loads((ROOT / "generated" / environment / "spec.json").read_bytes())
    for name, value in changes.items():
        *outer, last = name.split("__")
        place = spec
        for member in outer:
            place = place[member]
        place[last] = value
    path = folder / "spec.json"
    path.write_text(json.dumps(spec))
    return path


def command(spec: Path, exchange: int, *options: str) -> list[str]:
    here = ["--endpoint", f"ws://127.0.0.1:{exchange}/stream", "--http-host", "127.0.0.1", "--http-port", "0"]
    return [sys.executable, "-m", "ssmd_runtime", "run", "--spec", str(spec), *here, *options]


def ran(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
