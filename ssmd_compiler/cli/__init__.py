"""The command line. A command parses, calls the library, shows, and returns a number; nothing else prints or exits.

Exit codes, everywhere: 0 clean, 1 findings, 2 the command could not do its work, 3 a bug in ssmd, 130 interrupted.
"""

from __future__ import annotations

import os
import sys

__all__ = ["main", "run"]


def run(argv: list[str]) -> int:
    """Run one command line and return its exit code; never raises, and never shows a traceback."""
    import click

    from ssmd_compiler.cli.commands import ssmd
    from ssmd_compiler.diagnostics.escape import printable

    try:
        return int(ssmd.main(argv, prog_name="ssmd", standalone_mode=False) or 0)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as problem:
        problem.message = printable(problem.message)  # type: ignore[misc]  # what was typed may drive a terminal
        problem.show(sys.stderr)
        return 2
    except (KeyboardInterrupt, click.Abort):
        print("ssmd: interrupted", file=sys.stderr)  # noqa: T201 -- the command line is where printing happens
        return 130
    except BrokenPipeError:
        return _pipe_closed()
    except Exception as problem:  # noqa: BLE001 -- a traceback on a terminal is a bug
        from ssmd_compiler.cli.crash import report

        return report(problem)


def main() -> None:
    """The `ssmd` program."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from ssmd_compiler import __version__

        print(f"ssmd {__version__}")  # noqa: T201 -- as above
        return
    sys.exit(run(sys.argv[1:]))


def _pipe_closed() -> int:
    """Whoever read our output went away (`ssmd ... | head`): say nothing more, not even while Python shuts down."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
    return 2
