"""`ssmd-runtime simulate EXCHANGE`: an exchange on loopback, ordered about on its standard input.

Prints where it listens, then the answers to `status`. What it cannot do is one line on standard error and exit 2;
Ctrl-C and SIGTERM end it with 0 once it listens. A host that others can reach is refused unless `--anywhere` is given.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ipaddress
import math
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, NoReturn

from ssmd_runtime.simulator.orders import USAGE, OrderError, Step, order_of, script_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ssmd_runtime.simulator.server import Simulator

__all__ = ["main"]

_UNABLE: Final = 2
_EPILOG: Final = (
    "Orders, on standard input and in scripts: " + ", ".join(USAGE) + ". `@N` at the end: connection N alone."
)


class _UnableError(Exception):
    """What is told in one line."""


def main(arguments: Sequence[str]) -> int:
    """Runs the command until it is stopped; the exit code."""
    try:
        options = _parser().parse_args(list(arguments))
        with contextlib.ExitStack() as files:
            asyncio.run(_serve(options, _simulator(options, files)))
    except SystemExit:  # --help was shown
        return 0
    except KeyboardInterrupt:
        return 0
    except _UnableError as error:
        sys.stderr.write(f"ssmd-runtime simulate: {_printable(str(error))}\n")
        return _UNABLE
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _UnableError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("ssmd-runtime simulate", description=__doc__, epilog=_EPILOG)
    parser.add_argument("exchange", metavar="EXCHANGE", help="kalshi, kraken, kraken-futures, polymarket or binance")
    parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument("--port", type=_port, default=0, help="default: a free one")
    parser.add_argument("--anywhere", action="store_true", help="allow a host that others can reach")
    parser.add_argument("--rate", type=_number, default=10.0, help="frames a second in all (10); 0: only on command")
    parser.add_argument("--seed", type=int, default=1, help="the same seed, the same frames, but for their times")
    parser.add_argument("--instruments", default="", metavar="A,B", help="all that there are; default: any name")
    parser.add_argument("--log", type=Path, metavar="FILE", help="every data frame sent, as JSON Lines; replaced")
    parser.add_argument("--public-key", type=Path, metavar="FILE", help="PEM: Kalshi's handshakes must be signed")
    parser.add_argument(
        "--script", type=Path, metavar="FILE", help="lines `after N frames: ORDER` or `after 2s: ORDER`"
    )
    parser.add_argument("--replay", type=Path, metavar="FILE", help="send this recording (.jsonl, .jsonl.zst) instead")
    parser.add_argument("--speed", type=_number, default=1.0, help="of the replay; 0: as fast as clients read")
    parser.add_argument("--compression", action="store_true", help="agree to permessage-deflate")
    parser.add_argument("--port-file", type=Path, metavar="FILE", help="write the port here once it listens")
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 65536):
        raise argparse.ArgumentTypeError(f"`{text}` is no port from 0 to 65535")
    return int(text)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1e7:
        raise argparse.ArgumentTypeError(f"`{text}` is no number from 0 to 10000000")
    return number


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(path: Path | None) -> bytes | None:
    try:
        return None if path is None else path.read_bytes()
    except OSError as error:
        raise _UnableError(f"cannot read {path}: {error.strerror or error}") from None


def _script(path: Path | None) -> list[Step]:
    text = _read(path) or b""
    try:
        return script_of(text.decode())
    except UnicodeDecodeError:
        raise _UnableError(f"{path}: not UTF-8") from None
    except OrderError as error:
        raise _UnableError(f"{path}: {error}") from None


def _spare(path: Path | None, options: argparse.Namespace) -> None:
    """Opening the log empties it: it is none of the files that are read."""
    for name in ("replay", "script", "public_key"):
        read = getattr(options, name)
        with contextlib.suppress(OSError):  # one of them is not there
            if path is not None and read is not None and path.samefile(read):
                raise _UnableError(f"--log {path} is the file of --{name.replace('_', '-')}, and would replace it")


def _log(path: Path | None, files: contextlib.ExitStack) -> BinaryIO | None:
    try:
        if path is None:
            return None
        file = path.open("wb")
    except OSError as error:
        raise _UnableError(f"cannot write {path}: {error.strerror or error}") from None
    files.callback(_close, file)
    return file


def _close(file: BinaryIO) -> None:
    with contextlib.suppress(OSError):  # every batch was flushed, and told of if that failed
        file.close()


def _readable_replay(path: Path | None) -> None:
    from ssmd_runtime.simulator.replay import ReplayError, recorded

    if path is None:
        return
    try:
        next(recorded(path), None)
    except OSError as error:
        raise _UnableError(f"cannot read {path}: {error.strerror or error}") from None
    except ReplayError as error:
        raise _UnableError(f"{path}: {error}") from None


def _simulator(options: argparse.Namespace, files: contextlib.ExitStack) -> Simulator:
    if not options.anywhere and not _loopback(options.host):
        raise _UnableError(f"{options.host} is not loopback; `--anywhere` allows it")
    script = _script(options.script)
    _readable_replay(options.replay)
    public_key = _read(options.public_key)
    _spare(options.log, options)
    from ssmd_runtime.simulator.server import Simulator

    try:
        return Simulator(
            options.exchange,
            host=options.host,
            port=options.port,
            rate=options.rate,
            seed=options.seed,
            instruments=[name for name in options.instruments.split(",") if name],
            public_key=public_key,
            log_file=_log(options.log, files),
            keep=0,
            script=script,
            replay=options.replay,
            speed=options.speed,
            compression=options.compression,
            heard=_say,
        )
    except ValueError as error:
        raise _UnableError(f"{options.public_key}: {error}" if "PEM" in str(error) else str(error)) from None


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _serve(options: argparse.Namespace, simulator: Simulator) -> None:
    from ssmd_runtime.simulator.replay import ReplayError

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await simulator.__aenter__()
    except OSError as error:
        raise _UnableError(f"cannot listen on {options.host}:{options.port}: {_reason(error)}") from None
    try:
        _announce(simulator, options.port_file)
        _listen(simulator)
        await _until(stop, simulator)
    except OSError as error:
        raise _UnableError(f"cannot write {error.filename or options.log}: {error.strerror or error}") from None
    except ReplayError as error:
        raise _UnableError(f"{options.replay}: {error}") from None
    finally:
        with contextlib.suppress(OSError, ReplayError):  # told already
            await simulator.__aexit__()


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror or error)


def _announce(simulator: Simulator, port_file: Path | None) -> None:
    if port_file is not None:
        whole = port_file.with_name(port_file.name + ".new")
        whole.write_text(f"{simulator.port}\n")
        whole.replace(port_file)
    _say(f"listening on {simulator.url}")


async def _until(stop: asyncio.Event, simulator: Simulator) -> None:
    stopped, failed = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(simulator.failed())
    await asyncio.wait({stopped, failed}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if failed.done():
        failed.result()
    failed.cancel()


def _listen(simulator: Simulator) -> None:
    """Does what comes in on standard input, a line an order, until its end."""
    if sys.stdin is None or sys.stdin.closed:
        return
    loop = asyncio.get_running_loop()
    number = sys.stdin.fileno()
    rest = b""

    def some() -> None:
        nonlocal rest
        try:
            data = os.read(number, 65536)
        except OSError:  # the other end is gone
            data = b""
        *lines, rest = (rest + data).split(b"\n")
        for line in lines if data else [rest]:
            _obey(simulator, line.decode(errors="replace"))
        if not data:
            loop.remove_reader(number)

    try:
        loop.add_reader(number, some)
    except PermissionError:  # a file has no readiness: it is read whole
        _whole(simulator, number)


def _whole(simulator: Simulator, number: int) -> None:
    with contextlib.suppress(OSError), open(number, "rb", closefd=False) as file:
        for line in file.read().splitlines():
            _obey(simulator, line.decode(errors="replace"))


def _obey(simulator: Simulator, line: str, tell: Callable[[str], object] = sys.stderr.write) -> None:
    if not line.strip():
        return
    try:
        simulator.perform(order_of(line))
    except OrderError as error:
        tell(_printable(f"ssmd-runtime simulate: {error}") + "\n")
