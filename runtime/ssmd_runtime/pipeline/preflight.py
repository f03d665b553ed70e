"""Everything that can be known to be wrong before anything connects: one clear line each, and exit code 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from ssmd_runtime.exchanges import check_paths, exchange_named
from ssmd_runtime.exchanges.protocol import Share
from ssmd_runtime.feeds.rest import headers_of
from ssmd_runtime.keys.problems import KeyProblem
from ssmd_runtime.keys.resolve import Sources, resolve
from ssmd_runtime.pipeline.sound import unsound
from ssmd_runtime.spec import SpecError
from ssmd_runtime.storage.trading_day import TradingDays

if TYPE_CHECKING:
    from pathlib import Path

    from ssmd_runtime.exchanges.protocol import Credentials
    from ssmd_runtime.spec import CollectorSpec

__all__ = ["Options", "StartError", "adapted", "credentials"]


class StartError(Exception):
    """The collector cannot start; each of `lines` is one thing to mend."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says beyond the spec. `files_only`: capture into files, publish and upload nothing."""

    data_dir: Path | None = None
    endpoint: str | None = None
    http_host: str | None = None
    http_port: int | None = None
    files_only: bool = False


def adapted(spec: CollectorSpec, options: Options) -> CollectorSpec:
    """The spec with the options worked in. Raises `StartError` where this runtime cannot do what it asks for."""
    lines = [
        *_undone(spec, options),
        *unsound(spec, endpoint=options.endpoint, http_host=options.http_host, http_port=options.http_port),
    ]
    try:
        TradingDays(spec.rotation)
        if spec.feed.type == "websocket":
            exchange_named(spec.feed.exchange)
            check_paths(spec)
    except SpecError as problem:
        lines.append(str(problem))
    if lines:
        raise StartError(lines)
    storage = spec.storage
    if options.data_dir is not None:
        storage = msgspec.structs.replace(storage, path=str(options.data_dir))
    transport = msgspec.structs.replace(spec.transport, type="memory", key=None)
    endpoint = spec.endpoint if options.endpoint is None else options.endpoint
    return msgspec.structs.replace(spec, endpoint=endpoint, storage=storage, transport=transport)


def _undone(spec: CollectorSpec, options: Options) -> list[str]:
    """What the spec asks for and this runtime does not do; told, so that nobody believes that it is done."""
    lines = []
    if spec.feed.type == "multicast":
        lines.append("the feed is of type multicast, which this runtime does not receive")
    if spec.storage.type == "memory" and options.data_dir is None:
        lines.append(
            "storage is memory: nothing would be kept. Say --data-dir DIR, or local storage in the environment"
        )
    if not options.files_only:
        if spec.transport.type != "memory":
            lines.append(
                f"transport is {spec.transport.type}, and this runtime publishes nothing yet:"
                " say --files-only to capture into files alone"
            )
        if spec.storage.type == "s3":
            lines.append(
                "storage is s3, and this runtime uploads nothing yet:"
                f" say --files-only to capture into {options.data_dir or spec.storage.path} alone"
            )
    return lines


async def credentials(spec: CollectorSpec, sources: Sources | None = None) -> Credentials:
    """The values of the key that the exchange wants.

    Raises `StartError` with every field that is missing, or for a key that the exchange's module cannot read.
    """
    if spec.auth.method == "none" or spec.auth.key is None:
        return {}
    try:
        keys = (await resolve(spec, [spec.auth.key], sources))[spec.auth.key]
        _try_key(spec, keys)
    except KeyProblem as problem:
        raise StartError(list(problem.lines)) from None
    except SpecError as problem:
        raise StartError([str(problem)]) from None
    return keys


def _try_key(spec: CollectorSpec, keys: Credentials) -> None:
    """A session for nothing, only to have the key read: otherwise that is told after the markets were asked for."""
    if spec.feed.type != "websocket":
        headers_of(spec, keys)
        return
    anything = ("X",)
    wanted = msgspec.structs.replace(spec.subscriptions, instruments=anything)
    throw_away = msgspec.structs.replace(spec, subscriptions=wanted)
    exchange_named(spec.feed.exchange).session(throw_away, Share(1, wanted.channels, anything), keys)
