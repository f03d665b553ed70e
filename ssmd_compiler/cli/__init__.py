"""The command line. A command parses, calls the library, shows, and returns a number; nothing else prints or exits.

Exit codes, everywhere: 0 clean, 1 findings, 2 the command could not do its work, 3 a bug in ssmd, 130 interrupted by
Ctrl-C, 143 by SIGTERM. What takes long to import is imported once signals are answered.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import sys
import threading
from types import FrameType, ModuleType

TYPE_CHECKING = False  # as `typing` says, which takes longer to import than all else here
if TYPE_CHECKING:
    from typing import NoReturn

    import click

__all__ = ["main", "run"]


def run(argv: list[str]) -> int:
    """Run one command line and return its exit code; never raises, and never shows a traceback."""
    import click

    from ssmd_compiler.cli.commands import ssmd

    try:
        return int(ssmd.main(argv, prog_name="ssmd", standalone_mode=False) or 0)
    except SystemExit:  # click's answer to a pipe that was closed
        return 2
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as told:
        from ssmd_compiler.diagnostics.escape import printable

        problem = _option_meant(told) if isinstance(told, click.NoSuchOption) else told
        problem.message = printable(problem.message)  # type: ignore[misc]  # what was typed may drive a terminal
        problem.show(sys.stderr)
        return 2
    except (KeyboardInterrupt, click.Abort):
        return _told()
    except Exception as problem:
        if _heard:  # it became a failure of whatever was at work: pydantic's own, where it builds a schema
            return _told("\n")
        if isinstance(problem, OSError) and _about_a_stream(problem):
            raise
        from ssmd_compiler.cli.crash import report

        return report(problem)


def _option_meant(problem: click.NoSuchOption) -> click.UsageError:
    """An option that does not exist is told as every name is: with the nearest one, if one is near."""
    import click

    from ssmd_compiler.diagnostics.nearest import did_you_mean

    options = problem.ctx.command.get_params(problem.ctx) if problem.ctx is not None else []
    meant = did_you_mean(problem.option_name, [name for option in options for name in option.opts if len(name) > 2])
    return click.UsageError(f"no option `{problem.option_name}`" + (f": {meant}" if meant else ""), problem.ctx)


def main() -> None:
    """The `ssmd` program."""
    try:
        _listen()
        gc.set_threshold(_RARELY)
        _without_plugins()
        _open_streams()
        code = _answer(sys.argv[1:])
        sys.stdout.flush()
    except OSError as problem:
        code = _unwritable(problem)
    except KeyboardInterrupt:  # while `run` was importing what it needs to say so
        code = _told("\n")
    _fall_silent()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    # Flushed already: while it shuts down, Python would try again to write what cannot be written, and complain about
    # it; and it would take a tenth of a second to forget a thousand environments, one object after the other. Whoever
    # is interrupted, fails by a bug, or has other threads at work, leaves the orderly way.
    finished = code in _FINISHED and threading.active_count() == 1
    if sys.stdout is not sys.__stdout__ or code == _UNWRITABLE or finished:
        os._exit(code)
    sys.exit(code)


_RARELY = 200_000
"""New objects until Python looks for cycles. A command makes millions that live as long as it does, and few cycles."""

_FINISHED = (0, 1)
_UNWRITABLE = 2

_heard: list[int] = []
"""The signals that came."""


def _listen() -> None:
    """Take back at SIGTERM what is under way, as at Ctrl-C. Process 1 of a container would not hear it otherwise."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
        if signal.getsignal(number) is usual:
            signal.signal(number, _hear)


def _hear(number: int, _: FrameType | None) -> NoReturn:
    _heard.append(number)
    raise KeyboardInterrupt


def _fall_silent() -> None:
    """There is nothing left to take back, and nobody to tell: a signal ends what is left, as it ends any program."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is _hear:
            signal.signal(number, signal.SIG_DFL)


def _told(start: str = "") -> int:
    """Say what ended it, after `start`; its exit code."""
    number = _heard[-1] if _heard else signal.SIGINT
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{start}ssmd: {'terminated' if number == signal.SIGTERM else 'interrupted'}\n")
    return 128 + number


def _without_plugins() -> None:
    """Tell pydantic that nobody extends it, in this program, which is ours alone.

    It would read the metadata of every installed package, with what parses e-mail and opens sockets: a tenth of what a
    short command takes.
    """
    nobody = ModuleType("pydantic.plugin._loader")

    def otherwise(name: str) -> object:
        """What a later pydantic may want of that module besides: the module itself has it."""
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(nobody.__name__) is nobody:
            del sys.modules[nobody.__name__]
        return getattr(importlib.import_module(nobody.__name__), name)

    nobody.get_plugins = tuple  # type: ignore[attr-defined]
    nobody.__getattr__ = otherwise  # type: ignore[method-assign]
    sys.modules.setdefault(nobody.__name__, nobody)


def _answer(argv: list[str]) -> int:
    if argv not in (["--version"], ["-V"]):
        return run(argv)
    from ssmd_compiler import __version__

    sys.stdout.write(f"ssmd {__version__}\n")
    return 0


def _open_streams() -> None:
    """Streams that were closed before we started lead nowhere; those that cannot spell a character escape it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 -- open until the end
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _about_a_stream(problem: OSError) -> bool:
    """Whether it is about standard output or error: a pipe that was closed, a device that is full."""
    return problem.filename is None and isinstance(problem, BrokenPipeError | OSError)


def _unwritable(problem: OSError) -> int:
    """Whoever read our output went away, quietly; or it cannot be written, which somebody should know."""
    if not isinstance(problem, BrokenPipeError):
        with contextlib.suppress(OSError):
            sys.stderr.write(f"ssmd: cannot write the output: {(problem.strerror or 'unknown').lower()}\n")
    return _UNWRITABLE
