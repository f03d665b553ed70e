"""`ssmd-runtime`: run a compiled spec, simulate an exchange.

    ssmd-runtime run --spec FILE
    ssmd-runtime simulate EXCHANGE

Mistakes are told on stderr, one line each, with exit code 2; what happens while it runs is JSON on stdout. What takes
long to import is imported once signals are answered.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys

TYPE_CHECKING = False  # as `typing` says, which takes longer to import than all else here
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path
    from types import FrameType

    from ssmd_runtime.pipeline.preflight import Options
    from ssmd_runtime.spec import CollectorSpec

__all__ = ["add_run_options", "execute", "main", "options_of"]

_MOST_SPEC: int = 16 << 20


def main(arguments: Sequence[str] | None = None) -> int:
    """The entry point; returns the exit code."""
    _leave_when_told()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["simulate"]:
        from ssmd_runtime.simulator.command import main as simulate

        return simulate(given[1:])
    parsed = _parser().parse_args(given)
    try:
        spec = _spec_at(parsed.spec)
    except _Unreadable as problem:
        return _refuse([str(problem)])
    return execute(spec, options_of(parsed), verbose=parsed.verbose)


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """The options of `run`, which say where, and never what is captured."""
    parser.add_argument("--data-dir", type=_folder, metavar="DIR", help="write here instead of the spec's storage path")
    parser.add_argument("--endpoint", metavar="URL", help="connect here instead: a simulator, for example")
    parser.add_argument("--http-host", metavar="ADDRESS", help="listen on this address (default: all of them)")
    parser.add_argument("--http-port", type=_port, metavar="PORT", help="listen on this port; 0: a free one")
    parser.add_argument(
        "--files-only", action="store_true", help="capture into files, where the spec also publishes or uploads"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="log more")


def options_of(parsed: argparse.Namespace) -> Options:
    """The options as a value."""
    from ssmd_runtime.pipeline.preflight import Options

    return Options(
        data_dir=parsed.data_dir,
        endpoint=parsed.endpoint,
        http_host=parsed.http_host,
        http_port=parsed.http_port,
        files_only=parsed.files_only,
    )


def execute(spec: CollectorSpec, options: Options, *, verbose: bool = False) -> int:
    """Runs a spec to its end; returns the exit code."""
    import asyncio

    from ssmd_runtime.logs import set_up
    from ssmd_runtime.pipeline.collector import run
    from ssmd_runtime.pipeline.preflight import StartError

    set_up(verbose=verbose)
    try:
        return asyncio.run(run(spec, options))
    except StartError as problem:
        return _refuse(problem.lines)
    finally:
        _leave_when_told()  # a loop that ends leaves nobody to answer


def _leave_when_told() -> None:
    """End at the first signal, with nothing to say, until a collector or a simulator listens: nothing has begun.

    What whoever started us has chosen to ignore stays ignored. Process 1 of a container hears nothing without a
    handler. One that raised would be an error of whatever is imported just then.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) in {signal.SIG_DFL, signal.default_int_handler}:
            signal.signal(number, _leave)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})  # `ssmd run` lets them wait for us


def _leave(number: int, _: FrameType | None) -> None:
    os._exit(128 + number)


class _Unreadable(Exception):  # noqa: N818 -- said in one line, not raised at anybody
    pass


def _spec_at(path: Path) -> CollectorSpec:
    from ssmd_runtime.spec import SpecError, decode

    try:
        content = _content(path)
    except OSError as problem:
        raise _Unreadable(f"cannot read {path}: {problem.strerror}") from None
    if len(content) > _MOST_SPEC:
        raise _Unreadable(f"{path} is no collector spec: it is larger than {_MOST_SPEC} bytes")
    try:
        return decode(content)
    except SpecError as problem:
        raise _Unreadable(f"{path}: {problem}") from None


def _content(path: Path) -> bytes:
    """At most one byte more than a spec may have. Files alone: a FIFO would wait for ever for somebody to write."""
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(opened, "rb") as file:
        mode = os.fstat(opened).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise _Unreadable(f"cannot read {path}: it is no file, but a pipe or a device")
        return file.read(_MOST_SPEC + 1)


def _refuse(lines: list[str]) -> int:
    for line in lines:
        sys.stderr.write(f"ssmd-runtime: {line}\n")
    return 2


def _parser() -> argparse.ArgumentParser:
    import argparse
    from pathlib import Path

    from ssmd_runtime import __version__

    parser = argparse.ArgumentParser(prog="ssmd-runtime", description="Executes compiled ssmd collector specs.")
    parser.add_argument("--version", action="version", version=f"ssmd-runtime {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = commands.add_parser(
        "run", help="execute a compiled spec", description="Execute a compiled spec until SIGTERM."
    )
    run.add_argument("--spec", type=Path, required=True, metavar="FILE", help="generated/<environment>/spec.json")
    add_run_options(run)
    commands.add_parser("simulate", help="serve an exchange's protocol on this machine", add_help=False)
    return parser


def _folder(text: str) -> Path:
    import argparse
    from pathlib import Path

    if not text:  # as a variable that is not set leaves it
        raise argparse.ArgumentTypeError("it is empty; the current folder is `.`")
    return Path(text)


def _port(text: str) -> int:
    import argparse

    number = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= number <= 65535:  # ports are 16 bits
        raise argparse.ArgumentTypeError(f"no port: {text!r}")
    return number
