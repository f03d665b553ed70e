"""ssmd's own rows: the client by itself, and whole collectors, made of kalshi-dev's spec as `ssmd run` makes them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ssmd_runtime.feeds.client import Client
    from ssmd_runtime.spec import CollectorSpec

__all__ = ["Trace", "collector", "receive"]

_SPEC = Path(__file__).resolve().parents[1] / "generated/kalshi-dev/spec.json"


class Counting:
    """A receiver that counts."""

    def __init__(self) -> None:
        self.frames = 0
        self.ended = asyncio.Event()

    def batch(self, frames: list[bytes]) -> None:
        self.frames += len(frames)

    def binary(self, frame: bytes) -> None:
        raise AssertionError(frame)

    def alive(self) -> None:
        pass

    def closed(self, reason: str) -> None:
        del reason
        self.ended.set()


def receive(url: str, directory: Path) -> Callable[[], int]:
    """ssmd's client: batches of frames, given to a receiver that counts them."""
    from ssmd_runtime.exchanges.protocol import Connect
    from ssmd_runtime.feeds.picows_client import PicowsClient

    del directory

    async def run() -> int:
        counting = Counting()
        await PicowsClient().open(Connect(url), counting, most_bytes=1 << 24, timeout=10)
        await counting.ended.wait()
        return counting.frames

    return lambda: asyncio.run(run())


class Trace:
    """When how many records were in the file, and when they were acknowledged: [records, Unix time in nanoseconds]."""

    def __init__(self) -> None:
        self.written: list[tuple[int, int]] = []
        self.durable: list[tuple[int, int]] = []

    def watch(self) -> None:
        """Notes every write from now on: a segment counts right after it has written."""
        from ssmd_runtime.storage.segment import Segment

        count, total = Segment.count, 0

        def noted(segment: Segment, records: int, first: str, last: str) -> None:
            nonlocal total
            total += records
            self.written.append((total, time.time_ns()))
            count(segment, records, first, last)

        Segment.count = noted  # type: ignore[method-assign]

    def acknowledged(self, records: int) -> None:
        self.durable.append((records, time.time_ns()))


def collector(
    sync: str, compression: str = "none", *, websockets: bool = False, trace: Trace | None = None
) -> Callable[[str, Path], Callable[[], int]]:
    """A whole collector: envelope, sequences, counters, gaps, HTTP, sealing; all of it durable when it ends."""

    def prepare(url: str, directory: Path) -> Callable[[], int]:
        from ssmd_runtime.feeds.picows_client import PicowsClient
        from ssmd_runtime.pipeline.collector import Collector
        from ssmd_runtime.pipeline.preflight import Options, adapted

        client: Client = PicowsClient()
        if websockets:
            from ssmd_runtime.feeds.websockets_client import WebsocketsClient

            client = WebsocketsClient()
        options = Options(data_dir=directory, endpoint=url, http_host="127.0.0.1", http_port=0)
        spec = adapted(declared(sync, compression), options)
        more: dict[str, Any] = {}
        if trace is not None:
            trace.watch()
            more = {"durable": trace.acknowledged}

        async def run() -> int:
            made = Collector(spec, {}, options, client=client, **more)
            await made.run()
            told = made.telemetry
            if told.gaps.keys() - {"disconnected"} or told.errors.keys() - {"feed", "disconnect"}:
                raise AssertionError(f"gaps {dict(told.gaps)}, errors {dict(told.errors)}, {told.problem}")
            return told.messages["trade"] if told.durable_messages == told.messages["trade"] else -1

        return lambda: asyncio.run(run())

    return prepare


def declared(sync: str, compression: str) -> CollectorSpec:
    """The spec of kalshi-dev: trades of one market, without keys, which the flood does not ask for."""
    from msgspec.structs import replace
    from ssmd_runtime.spec import Auth, decode

    spec = decode(_SPEC.read_bytes())
    return replace(
        spec,
        auth=Auth(method="none"),
        subscriptions=replace(spec.subscriptions, discovery=None, channels=("trade",), instruments=("A",)),
        storage=replace(spec.storage, sync=sync, compression=compression),
    )
