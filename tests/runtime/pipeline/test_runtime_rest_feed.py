"""A feed of type rest, end to end: answers on disk, what was missed declared, a restart closed by the first answer."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from runtime.feeds.rest_specs import rest_spec
from runtime.pipeline.collecting import frames, gaps, played
from ssmd_runtime.pipeline.collector import Collector
from ssmd_runtime.pipeline.preflight import Options, adapted


class Exchange(ThreadingHTTPServer):
    """Counts its answers; fails while it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        self.answered = 0
        self.failing = False
        super().__init__(("127.0.0.1", 0), Answer)


class Answer(BaseHTTPRequestHandler):
    server: Exchange

    def do_GET(self) -> None:
        if self.server.failing:
            self.send_error(500)
            return
        self.server.answered = next(self.server.numbers)
        body = json.dumps({"n": self.server.answered, "path": self.path}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with Exchange() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def polling(exchange: Exchange, root: Path, until: Any) -> int:
    """Runs a collector on the exchange until something holds of (the collector, what is on disk)."""
    spec = rest_spec(
        endpoint=f"http://127.0.0.1:{exchange.server_port}/", paths=["/trades"], poll_interval_seconds=0.05, attempts=1
    )
    spec = msgspec.structs.replace(spec, storage=msgspec.structs.replace(spec.storage, sync_interval_ms=10))
    options = Options(data_dir=root, http_host="127.0.0.1", http_port=0)
    collector = Collector(adapted(spec, options), {}, options)
    task = asyncio.ensure_future(collector.run())
    async with asyncio.timeout(10):
        while not until(collector):
            await asyncio.sleep(0.01)
    collector.stop()
    return await task


def test_answers_are_on_disk_and_failures_are_declared(exchange, tmp_path):
    def three(collector: Collector) -> bool:
        return sum(collector.telemetry.messages.values()) >= 3

    assert played(lambda: polling(exchange, tmp_path, three)) == 0
    first = [json.loads(frame)["n"] for frame in frames(tmp_path)]
    assert first == list(range(1, len(first) + 1))
    assert len(first) >= 3
    assert {gap["reason"] for gap in gaps(tmp_path)} <= {"poll_late"}  # where the machine is slow

    exchange.failing = True
    played(lambda: polling(exchange, tmp_path, lambda collector: collector.telemetry.gaps["poll_failed"] >= 1))
    exchange.failing = False
    played(lambda: polling(exchange, tmp_path, three))
    found = gaps(tmp_path)
    restarts = [gap for gap in found if gap["reason"] == "restart"]
    assert [gap["to_ts"] is not None for gap in restarts] == [True, True]
    assert "poll_failed" in {gap["reason"] for gap in found}
