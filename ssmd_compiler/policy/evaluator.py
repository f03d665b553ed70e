"""The parent's end of the process that evaluates rules: starts it, asks it, bounds it, and ends it.

A process of the compiler asks over a connection of its own, so that environments may be compiled by several. When a
request gets no answer the rules are asked one by one; the one that gets none again is not asked any more.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import weakref
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from ssmd_compiler.policy._child import receive, send
from ssmd_compiler.policy.view import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

__all__ = ["ENDED", "MEMORY", "SECONDS", "Evaluator", "packages"]

SECONDS: Final = 2
"""Processor time for all rules on one environment; a rule that does not end alone is given it once more."""
MEMORY: Final = 1 << 30
PATIENCE: Final = 60
"""Seconds until a process that uses no processor time is given up."""

Answer = tuple[Literal["rule", "when"], str]
"""The part of a rule that speaks, and why it fails; nothing: the rule is not kept."""

ENDED: Final = "ENDED"
"""The answer for a rule that gave none."""

_CHILD: Final = Path(__file__).with_name("_child.py")
_ENVIRONMENT: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


def packages() -> Path | None:
    """The directory that holds the library. The one we work in is not asked: it may be anybody's workspace."""
    trusted = [entry for entry in sys.path if entry and Path(entry) != Path.cwd()]
    spec = PathFinder.find_spec("cel_expr_python", trusted)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]).parent if places else None


class Evaluator:
    """One child, given the rules: pairs of an expression and the guard of it, which may be empty."""

    def __init__(self, rules: Sequence[tuple[str, str]], where: Path, *, seconds: float = SECONDS) -> None:
        self._rules, self._where, self._seconds = tuple(rules), where, seconds
        self._dead: set[int] = set()
        self._connections: dict[int, socket.socket] = {}
        self._start()

    def compiled(self) -> dict[tuple[int, int], str]:
        """What is wrong with an expression, by the rule's and the part's number. Asked once, by who started it."""
        found: dict[tuple[int, int], str] = {}
        while (ended := self._answers(found)) is not None:
            found[ended] = ENDED
            rules = [list(rule) for rule in self._rules]
            rules[ended[0]][ended[1]] = ""
            self._rules = tuple((rule, when) for rule, when in rules)
            self.close()
            self._start()
        return found

    def judge(self, view: Mapping[str, Any], wanted: Iterable[int]) -> dict[int, Answer]:
        """For each rule that is not kept, or fails, on an environment: the part of it, and why (not kept: empty)."""
        asked = [index for index in wanted if index not in self._dead]
        answer = self._asked(view, asked) if asked else {}
        if answer is not None:
            return answer
        found: dict[int, Answer] = {}
        for index in asked:
            alone = self._asked(view, [index])
            if alone is None:
                self._dead.add(index)
                alone = {index: ("rule", ENDED)}
            found |= alone
        return found

    def close(self) -> None:
        """End the child and whatever serves us."""
        self._finish()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        # -I and -S: nothing from the workspace, the user or the site is imported. -B: nothing is written.
        command = [sys.executable, "-I", "-S", "-B", str(_CHILD)]
        with theirs:
            process = subprocess.Popen(  # noqa: S603 -- our own interpreter and our own script
                [*command, str(theirs.fileno()), str(self._where), str(self._seconds), str(MEMORY)],
                cwd="/",
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        _be_patient(ours)
        self._control = ours
        self._finish = weakref.finalize(self, _end, process, ours, self._connections, os.getpid())
        with contextlib.suppress(OSError):  # it is gone already, which its answers will tell
            send(ours, (VARIABLES, self._rules))

    def _answers(self, found: dict[tuple[int, int], str]) -> tuple[int, int] | None:
        """The child's word on each expression into `found`; the one that it died of, if it did."""
        for index, rule in enumerate(self._rules):
            for part, expression in enumerate(rule):
                if not expression:
                    continue
                answer = _received(self._control)
                if answer is None:
                    return index, part
                if answer:
                    found[index, part] = answer
        return None

    def _asked(self, view: Mapping[str, Any], wanted: Collection[int]) -> dict[int, Answer] | None:
        try:
            connection = self._connected()
            send(connection, (list(wanted), dict(view)))
            answer: dict[int, Answer] | None = receive(connection)
        except OSError:  # a time-out is one
            answer = None
        if answer is None:
            self._drop()
        return answer

    def _connected(self) -> socket.socket:
        """This process's own connection: one that was inherited is its parent's."""
        if os.getpid() not in self._connections:
            ours, theirs = socket.socketpair()
            self._connections[os.getpid()] = ours
            _be_patient(ours)
            with theirs:
                socket.send_fds(self._control, [b"+"], [theirs.fileno()])
        return self._connections[os.getpid()]

    def _drop(self) -> None:
        connection = self._connections.pop(os.getpid(), None)
        if connection is not None:
            connection.close()


def _received(connection: socket.socket) -> Any:
    try:
        return receive(connection, 4)
    except OSError:
        return None


def _be_patient(connection: socket.socket) -> None:
    """Bound every wait; as an option of the socket, which costs no call each time as Python's own time-out does."""
    for what in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        connection.setsockopt(socket.SOL_SOCKET, what, struct.pack("ll", PATIENCE, 0))


def _end(
    process: subprocess.Popen[bytes], control: socket.socket, connections: dict[int, socket.socket], owner: int
) -> None:
    for each in (control, *connections.values()):
        each.close()
    connections.clear()
    if os.getpid() != owner:  # a fork of the compiler inherited it
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
