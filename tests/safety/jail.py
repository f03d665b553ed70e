"""Runs `ssmd` where an attack may do its worst: a process of its own, with bounded memory, processor and wall time.

A first process imports ssmd once; every command is a fork of it, so that a case costs milliseconds. A fork that dies,
hangs or grows is an outcome like any other. Controls name what is to be changed in it first: see `guards`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import io
import json
import os
import pkgutil
import resource
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["GIB", "Jail", "Outcome", "Request"]

GIB = 1 << 30
KEPT = 8 << 20
"""Bytes kept of what a command says on each stream."""


@dataclass(frozen=True)
class Request:
    """One command, and what it may use. `seconds` of wall time only guard against hanging; `cpu` ends what burns."""

    argv: list[str]
    cwd: str
    memory: int = GIB
    seconds: float = 30.0
    cpu: int | None = None
    changed: tuple[str, ...] = ()
    env: dict[str, str | None] = field(default_factory=dict)
    unprivileged: bool = False
    nofile: int | None = None
    stdin: str = os.devnull
    """The file that stands on standard input."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit code (a signal as its negative), what it said, and what it took."""

    code: int
    out: str
    err: str
    cpu: float
    """Processor seconds, those of its children included."""
    peak: int
    """Bytes of memory at the most."""
    late: bool
    """Whether it had to be ended."""

    @property
    def said(self) -> str:
        return self.out + self.err


class Jail:
    """The first process, as a context."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, __file__, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"},
            text=True,
            encoding="utf-8",
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._stdin.close()
        self._process.wait()
        self._stdout.close()

    def run(self, argv: Sequence[str], cwd: Path, **options: Any) -> Outcome:
        """Run `ssmd` with `argv` in `cwd`; the options are the fields of `Request`."""
        request = Request(list(argv), os.fspath(cwd), **options)
        self._stdin.write(json.dumps(dataclasses.asdict(request)) + "\n")
        self._stdin.flush()
        return Outcome(**json.loads(self._stdout.readline()))

    @property
    def _stdin(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _stdout(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout


# The first process


def _serve() -> None:
    import guards  # noqa: F401 -- imported before any fork has too few open files for it

    import ssmd_compiler

    for module in pkgutil.walk_packages(ssmd_compiler.__path__, "ssmd_compiler."):
        if not module.name.endswith(("__main__", "._child")):
            importlib.import_module(module.name)
    _warm_up()
    for line in sys.stdin:
        outcome = _confined(Request(**json.loads(line)))
        sys.stdout.write(json.dumps(dataclasses.asdict(outcome)) + "\n")
        sys.stdout.flush()


def _warm_up() -> None:
    """Have what every command makes on its first use made once, and not by each fork: nine tenths of a small one."""
    from hostile import make, small_tree

    from ssmd_compiler.cli import run

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        root = make(Path(folder), small_tree())
        for command in ("compile", "validate"):
            assert run([command, "--config-dir", str(root)]) == 0, "the small tree is sound"
    tempfile.tempdir = None  # each command has its own
    assert threading.active_count() == 1, "a fork would not have its threads"
    gc.collect()
    gc.freeze()


def _confined(request: Request) -> Outcome:
    out, err = os.memfd_create("out"), os.memfd_create("err")
    child = os.fork()
    if child == 0:
        _become(request, out, err)
    late = _wait(child, request.seconds)
    _, status, used = os.wait4(child, 0)
    return Outcome(
        code=os.waitstatus_to_exitcode(status),
        out=_content(out),
        err=_content(err),
        cpu=round(used.ru_utime + used.ru_stime, 3),
        peak=used.ru_maxrss * 1024,
        late=late,
    )


def _wait(child: int, seconds: float) -> bool:
    watch = os.pidfd_open(child)
    try:
        late = not select.select([watch], [], [], seconds)[0]
    finally:
        os.close(watch)
    # Whatever it started belongs to its session and ends with it.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    return late


def _content(end: int) -> str:
    with os.fdopen(end, "rb") as file:
        file.seek(0)
        return file.read(KEPT).decode(errors="backslashreplace")


def _become(request: Request, out: int, err: int) -> NoReturn:
    code = 99
    try:
        os.setsid()
        os.dup2(os.open(request.stdin, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.closerange(3, 256)
        _confine(request)
        _change(request.changed)
        from ssmd_compiler.cli import run

        code = run(request.argv)
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 -- what escapes `run` is a traceback on somebody's terminal
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stderr.flush()
        os._exit(code)


def _change(guards: tuple[str, ...]) -> None:
    """Take guards away. What then runs is another compiler, and nothing that this one has cached is known to it."""
    from guards import GUARDS

    from ssmd_compiler.cache import store

    for name in guards:
        GUARDS[name]()
    identity = store.identity
    store.identity = lambda: " ".join((identity(), *guards))


def _confine(request: Request) -> None:
    os.chdir(request.cwd)
    for name, value in request.env.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_AS: request.memory, resource.RLIMIT_CPU: request.cpu}
    for limit, most in {**limits, resource.RLIMIT_NOFILE: request.nofile}.items():
        if most is not None:
            resource.setrlimit(limit, (most, most))
    if request.unprivileged:
        _drop_capabilities()


def _drop_capabilities() -> None:
    """Root stays root by name, but permissions hold for it as for everybody (capset(2), version 3 of its header)."""
    import ctypes

    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing):
        raise OSError(ctypes.get_errno(), "capset")


if __name__ == "__main__":
    sys.path[1:] = json.loads(sys.argv[1])
    _serve()
