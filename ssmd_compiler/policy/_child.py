"""A process that may die: compiles rules once, and evaluates them in forks of itself.

Run as a script, without the site and with no sight of the workspace; it imports nothing of ssmd. Over the control
socket it is given the expressions and answers for each; then every descriptor that arrives there is a connection, which
a fork of its own serves: an endless rule ends that fork, by the processor time it used, and nobody else.

Messages are marshal's bytes behind their length. Arguments: the control socket's descriptor, the directory that holds
the library, seconds of processor time for one request, bytes of memory.
"""

from __future__ import annotations

import importlib
import marshal
import os
import resource
import signal
import socket
import sys
from typing import Any

_HEAD = 4


def main(control: str, packages: str, seconds: str, memory: str) -> None:
    _limit(int(memory))
    sys.path.append(packages)
    # The library looks for Protocol Buffers' Python package, which takes longer to import than all the rest.
    sys.modules["google"] = None  # type: ignore[assignment]
    cel = importlib.import_module("cel_expr_python.cel")
    ours = socket.socket(fileno=int(control))
    variables, rules = receive(ours)
    environment = cel.NewEnv(variables=dict.fromkeys(variables, cel.Type.DYN))
    programs = [[_compiled(cel, environment, ours, part, float(seconds)) for part in rule] for rule in rules]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a fork ended
    while True:
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        if not descriptors:
            return
        if os.fork() == 0:
            ours.close()
            _serve(cel, environment, programs, socket.socket(fileno=descriptors[0]), float(seconds))
        os.close(descriptors[0])


def _limit(memory: int) -> None:
    """No core files, no files written at all, bounded memory. Forks inherit it."""
    for what, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_AS, memory)):
        try:
            resource.setrlimit(what, (most, most))
        except (ValueError, OSError):  # a system that has no such limit; the others still hold
            continue


def _compiled(cel: Any, environment: Any, ours: socket.socket, expression: str, seconds: float) -> Any:
    """One expression compiled; the answer tells why not, or what it gives."""
    if not expression:
        return None
    signal.setitimer(signal.ITIMER_PROF, seconds)
    program, answer = None, ""
    try:
        program = environment.compile(expression)
        kind = program.return_type()
        answer = "" if kind in (cel.Type.BOOL, cel.Type.DYN) else f"GIVES {kind.name()}"
    except Exception as problem:  # noqa: BLE001 -- whatever the library raises is its verdict on the rule
        answer = f"{problem}" or type(problem).__name__
    signal.setitimer(signal.ITIMER_PROF, 0)
    send(ours, answer)
    return program


def _serve(cel: Any, environment: Any, programs: list[Any], connection: socket.socket, seconds: float) -> None:
    """Requests of one process, until it hangs up: the rules that are asked for, on one view."""
    try:
        while (request := receive(connection)) is not None:
            wanted, view = request
            signal.setitimer(signal.ITIMER_PROF, seconds)  # waiting for the next request takes none of it
            activation = environment.Activation(view)
            found = {index: _judged(cel, programs[index], activation) for index in wanted}
            send(connection, {index: verdict for index, verdict in found.items() if verdict})
    finally:
        os._exit(0)


def _judged(cel: Any, parts: list[Any], activation: Any) -> tuple[str, str] | None:
    """None where all is well; or the part that speaks, and why it fails (no reason: the rule is not kept)."""
    rule, when = parts
    for name, program in (("when", when), ("rule", rule)):
        if program is None:
            continue
        try:
            value = program.eval(activation)
            kind, plain = value.type(), value.plain_value()
        except MemoryError:
            return name, "MEMORY"
        except Exception as problem:  # noqa: BLE001 -- whatever the library raises is its verdict on the rule
            return name, f"{problem}" or type(problem).__name__
        if kind == cel.Type.ERROR:
            return name, f"{plain}"
        if kind != cel.Type.BOOL:
            return name, f"GIVES {kind.name()}"
        if not plain:
            return None if name == "when" else (name, "")
    return None


def send(connection: socket.socket, message: Any) -> None:
    content = marshal.dumps(message)
    connection.sendall(len(content).to_bytes(_HEAD, "little") + content)


def receive(connection: socket.socket, most: int = 1 << 16) -> Any:
    """One message; None when the other side is gone. Who may be sent several at once reads no further than a head."""
    parts = connection.recv(most)
    while len(parts) < _HEAD or len(parts) < _HEAD + int.from_bytes(parts[:_HEAD], "little"):
        lacking = _HEAD + (int.from_bytes(parts[:_HEAD], "little") if len(parts) >= _HEAD else 0) - len(parts)
        part = connection.recv(lacking)
        if not part:
            return None
        parts += part
    return marshal.loads(parts[_HEAD:])  # noqa: S302 -- both sides are ours, of one interpreter


if __name__ == "__main__":
    main(*sys.argv[1:])
