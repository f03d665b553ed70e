"""The parent's end of a process that may die: starts it, asks it, bounds it, and always cleans up after it.

Definitions are laid out as `f0`, `f1`, ... in a private directory, so that no name from the workspace reaches a file
system. The child has no environment, no terminal, its own session, and is killed at the deadline.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ssmd_compiler.definitions.model import Format

__all__ = ["SECONDS", "SECONDS_FOR_ONE", "Outcome", "Reader", "installed"]

SECONDS = 10  # for all definitions of one format
SECONDS_FOR_ONE = 6
MEMORY = 1 << 30

_PACKAGES: dict[Format, str] = {"capnp": "capnp", "protobuf": "grpc_tools", "json_schema": "jsonschema"}
_CHILD = Path(__file__).with_name("_child.py")
# An interpreter may need to be told where its own libraries are; everything else stays with the caller.
_ENVIRONMENT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one reading ended: an exit code, or a signal as its negative, or None when there was no answer at all."""

    code: int | None = None
    out: bytes = b""
    err: str = ""
    late: bool = False

    @property
    def value(self) -> Any:
        """What was read, where the answer is JSON; None when it is not."""
        try:
            return json.loads(self.out)
        except ValueError:
            return None

    @property
    def ended(self) -> str:
        """Why there is no verdict, in words."""
        if self.late or self.code == -signal.SIGALRM:
            return "took too long"
        if self.code is None:
            return "did not answer"
        if self.code < 0:
            known = {int(each): each.name for each in signal.Signals}
            return f"was ended by {known.get(-self.code, f'signal {-self.code}')}"
        return "gave no reason"


def installed(format_name: Format) -> bool:
    return _packages(format_name) is not None


def _packages(format_name: Format) -> Path | None:
    """The directory that holds a parser's package. The one we work in is not asked: it may be anybody's workspace."""
    trusted = [entry for entry in sys.path if entry and Path(entry) != Path.cwd()]
    spec = PathFinder.find_spec(_PACKAGES[format_name], trusted)
    return Path(spec.origin).parent.parent if spec and spec.origin else None


class Reader:
    """One child for one format, as a context: definitions are written with `lay`, and read with `ask`."""

    def __init__(self, format_name: Format) -> None:
        self._format = format_name
        self._cleanup = contextlib.ExitStack()
        self._late = False

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            directory = tempfile.TemporaryDirectory(prefix="ssmd-", ignore_cleanup_errors=True)
            self.directory = Path(undo.enter_context(directory))
            self._process = undo.enter_context(self._start())
            undo.callback(self._kill)
            timer = threading.Timer(SECONDS, self._give_up)
            timer.daemon = True
            undo.callback(timer.join)
            undo.callback(timer.cancel)
            timer.start()
            self._cleanup = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    def lay(self, name: str, content: str) -> None:
        (self.directory / name).write_text(content, encoding="utf-8", newline="")

    def ask(self, requests: Sequence[Any]) -> list[Outcome]:
        """What became of each request, in order. One line asks for all, so that neither side waits for the other."""
        stdin, stdout = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        try:
            stdin.write(json.dumps(requests).encode() + b"\n")
            stdin.flush()
        except BrokenPipeError:  # the child is gone, which its answers will tell
            with contextlib.suppress(BrokenPipeError):
                stdin.close()
        return [_outcome(stdout.readline()) or Outcome(late=self._late) for _ in requests]

    def _start(self) -> subprocess.Popen[bytes]:
        packages = str(_packages(self._format) or "")
        # -I and -S: nothing from the workspace, the user or the site is imported. -B: nothing is written.
        command = [sys.executable, "-I", "-S", "-B", str(_CHILD), str(os.getpid()), self._format, packages]
        return subprocess.Popen(  # noqa: S603 -- our own interpreter and our own script
            [*command, str(SECONDS_FOR_ONE), str(MEMORY)],
            cwd=self.directory,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _give_up(self) -> None:
        self._late = True
        self._kill()

    def _kill(self) -> None:
        """End the child and its forks; its session is theirs alone."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _outcome(line: bytes) -> Outcome | None:
    """One answer; an empty or broken line means that the child itself is gone."""
    try:
        answer = json.loads(line)
    except ValueError:
        return None
    out, err = (answer[name].encode("latin-1") for name in ("out", "err"))
    return Outcome(answer["code"], out, err.decode(errors="replace"))
