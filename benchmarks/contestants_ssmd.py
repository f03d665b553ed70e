"""ssmd's commands from every state that people run them in, and the floor beside them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from contestant import Case, Contestant, call, set_aside
from contestants_floor import FLOOR
from workspaces import CHANGES, KEYSTROKE, SSMD, changed, compiled, faulty, first, keystroke, proven, workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["BASE", "OURS"]

BASE = "compile"
"""What the ratios are relative to."""


def _keystroke_command(_case: Case, directory: Path) -> list[str]:
    path = first(directory, "environments").relative_to(directory)
    return [str(SSMD), "validate", "-", "--stdin-path", str(path)]


def _ssmd(*arguments: str) -> Callable[[Case, Path], list[str]]:
    return lambda _case, _directory: [str(SSMD), *arguments]


def _current(case: Case, directory: Path) -> None:
    """What stands in generated/ is what a compile without a cache would write; fails where it is not."""
    call([str(SSMD), "compile", "--check", "--no-cache"], directory, case)


_compile = partial(Contestant, setup=compiled, command=_ssmd("compile"), output="generated", check=_current)
_validate = partial(Contestant, setup=proven, command=_ssmd("validate"))

OURS = (
    _compile(
        BASE,
        "ssmd compile in a fresh work tree: no generated/, no cache.",
        setup=workspace,
        before=set_aside("generated", ".ssmd", ".cache"),
    ),
    _compile("compile, nothing changed", "ssmd compile again."),
    _compile(
        "compile, one environment changed",
        "another memory limit in one environment.",
        before=changed(CHANGES["one environment changed"]),
    ),
    _compile(
        "compile, one feed changed",
        "another limit in one feed, which every tenth environment or so captures.",
        before=changed(CHANGES["one feed changed"]),
    ),
    _compile(
        "compile, environment deleted",
        "one environment's file is gone, and its outputs go.",
        before=changed(CHANGES["environment deleted"]),
    ),
    _compile(
        "compile, environment renamed",
        "one environment's file and name are others: outputs come and go.",
        before=changed(CHANGES["environment renamed"]),
    ),
    _validate(
        "validate --no-cache",
        "ssmd validate of the sources, and of generated/ against them, with nothing known from the last time.",
        command=_ssmd("validate", "--no-cache"),
    ),
    _validate("validate, nothing changed", "ssmd validate again."),
    _validate(
        "validate - --stdin-path",
        "an editor's keystroke: one environment from standard input, changed, on a workspace that is "
        "compiled and validated.",
        command=_keystroke_command,
        before=keystroke(),
        stdin=KEYSTROKE,
    ),
    _validate(
        "validate --no-cache, faulty",
        "one environment in ten has a mistake (trees.py, MISTAKES).",
        setup=faulty,
        command=_ssmd("validate", "--no-cache"),
        expect=1,
    ),
    Contestant("help", "ssmd --help: what starting costs.", setup=workspace, command=_ssmd("--help")),
    FLOOR,
)
