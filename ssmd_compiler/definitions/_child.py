"""A process that may die: reads definitions with foreign parsers, each in a fork of its own.

Run as a script, without the site and with no sight of the workspace; it imports nothing of ssmd. The parser is
imported once, then every definition is read by a fork, which inherits it: an abort, a crash or a loop ends that fork
and its signal is the answer. A format may read in two stages, each in a fork. It reads requests from standard input (a
JSON list of file names a line), answers each name with one line ({"code", "out", "err"}), and when its parent is gone
removes the directory it works in.

Arguments: the parent's process ID, format, the directory that holds the parser's package, seconds for one definition,
bytes of memory.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import json
import os
import resource
import select
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    Stage = Callable[[Any], str]

_MOST = 1 << 23  # bytes that a fork may say; one that says more is ended, for nobody reads a million errors
_MOST_TOLD = 1 << 20  # bytes of what a definition declares


def main(parent: str, format_name: str, packages: str, seconds: str, memory: str) -> None:
    _limit(int(memory))
    sys.path.append(packages)
    try:
        _answer(_READERS[format_name](packages), int(seconds))
    finally:
        if os.getppid() != int(parent):  # it was killed, and could not clean up
            _clear()


def _answer(stages: tuple[Stage, ...], seconds: int) -> None:
    for line in sys.stdin.buffer:
        for request in json.loads(line):
            answer = _isolated(stages[0], request, seconds)
            for stage in stages[1:] if answer["code"] == 0 else ():
                answer = _isolated(stage, answer["out"], seconds)
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


def _limit(memory: int) -> None:
    """No core files, no files written at all, bounded memory. Forks inherit it."""
    for what, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_AS, memory)):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # a system that has no such limit; the others still hold
            continue


def _isolated(read: Stage, request: Any, seconds: int) -> dict[str, Any]:
    out, out_end = os.pipe()
    err, err_end = os.pipe()
    fork = os.fork()
    if fork == 0:
        _read_and_exit(read, request, seconds, out_end, err_end)
    os.close(out_end)
    os.close(err_end)
    kept = _drain(fork, out, err)
    _, status = os.waitpid(fork, 0)
    return {"code": os.waitstatus_to_exitcode(status), "out": kept[out], "err": kept[err]}


def _read_and_exit(read: Stage, request: Any, seconds: int, out: int, err: int) -> NoReturn:
    code = 1
    try:
        signal.alarm(seconds)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.write(1, read(request).encode())
        code = 0
    except BaseException as error:  # noqa: BLE001 -- whatever a parser raises is its verdict on the definition
        os.write(2, f"{type(error).__name__}: {error}"[:_MOST_TOLD].encode(errors="replace"))
    finally:
        os._exit(code)


def _drain(fork: int, *pipes: int) -> dict[int, str]:
    kept = {pipe: bytearray() for pipe in pipes}
    waiting = select.poll()
    for pipe in pipes:
        waiting.register(pipe, select.POLLIN)
    left = set(pipes)
    while left:
        for pipe, _ in waiting.poll():
            data = os.read(pipe, 1 << 16)
            kept[pipe] += data
            if len(kept[pipe]) > _MOST:
                os.kill(fork, signal.SIGKILL)
            if not data:
                waiting.unregister(pipe)
                os.close(pipe)
                left.remove(pipe)
    return {pipe: bytes(data).decode("latin-1") for pipe, data in kept.items()}


def _clear() -> None:
    """Remove the directory that the definitions' copies are in, and this process too."""
    here = os.getcwd()  # noqa: PTH109 -- os is here; pathlib would be one more import before every verdict
    for name in os.listdir(here):  # noqa: PTH208
        os.unlink(name)  # noqa: PTH108
    os.rmdir(here)  # noqa: PTH106


def _capnp(packages: str) -> tuple[Stage, ...]:
    capnp = importlib.import_module("capnp")
    walk = _beside("_child_capnp")

    def read(name: str) -> str:
        # Standard files (/capnp/*.capnp) lie in pycapnp's own package; its parser needs one of them for `stream`.
        parser = capnp.SchemaParser()
        module = parser.load(name, imports=[packages])
        records = [name for name, value in vars(module).items() if type(value).__name__ == "_StructModule"]
        return _told(records, lambda: walk.declared(parser, module))

    return (read,)


def _protobuf(packages: str) -> tuple[Stage, ...]:
    protoc = importlib.import_module("grpc_tools.protoc")
    walk = _beside("_child_protobuf")
    standard = f"-Igoogle/protobuf={packages}/grpc_tools/_proto/google/protobuf"

    def compile_(arguments: list[str]) -> str:
        if protoc.main(["protoc", *arguments, standard]):
            os._exit(1)  # what is wrong stands on standard error already
        return ""

    def read(descriptor_set: str) -> str:
        return _told(*walk.declared(descriptor_set.encode("latin-1")))

    return compile_, read


def _told(records: list[str], declared: Callable[[], Any]) -> str:
    """The answer; a definition whose parts cannot be told is sound all the same."""
    try:
        told = json.dumps({"records": records, "declared": declared()})
        if len(told) < _MOST_TOLD:
            return told
        why = "it is too large"
    except RecursionError:
        why = "its types lead to each other too deeply"
    except Exception as error:  # noqa: BLE001 -- whatever it is, the definition was read
        why = f"{error}"[:200] or type(error).__name__
    return json.dumps({"records": records, "undeclared": why})


def _beside(name: str) -> ModuleType:
    """A module of this folder, which is on no path."""
    spec = importlib.util.spec_from_file_location(name, os.path.join(os.path.dirname(__file__), f"{name}.py"))  # noqa: PTH118, PTH120
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _json_schema(_: str) -> tuple[Stage, ...]:
    validators = importlib.import_module("jsonschema.validators")
    regex = importlib.import_module("jsonschema").FormatChecker(formats=("regex",))
    sys.setrecursionlimit(20_000)  # the depth that definitions may have takes some thousand frames

    def read(name: str) -> str:
        with open(name, encoding="utf-8") as file:  # noqa: PTH123
            schema = json.load(file)
        kind = validators.validator_for(schema, default=validators.Draft202012Validator)
        errors = kind(kind.META_SCHEMA, format_checker=regex).iter_errors(schema)
        some = itertools.islice(errors, 100)
        return json.dumps([(list(e.absolute_path), e.validator, e.validator_value, e.message[:1000]) for e in some])

    return (read,)


_READERS: dict[str, Callable[[str], tuple[Stage, ...]]] = {
    "capnp": _capnp,
    "protobuf": _protobuf,
    "json_schema": _json_schema,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
