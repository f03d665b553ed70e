"""The programs that `tools/build` made, run to their end; what they say when they fail is the finding."""

from __future__ import annotations

import subprocess
from pathlib import Path

__all__ = ["BUILT", "REPOSITORY", "Finding", "Missing", "built", "run"]

REPOSITORY = Path(__file__).resolve().parents[2]
BUILT = REPOSITORY / ".tools"
PATIENCE_SECONDS = 300


class Missing(Exception):  # noqa: N818 -- it names what is missing
    """Something is not there that must be, and the line that says what to do."""


class Finding(Exception):  # noqa: N818 -- the checks look for it
    """What a tool or the server has against a tree, in its own words."""


def built(name: str) -> Path:
    """A program or folder below .tools/. Raises `Missing`."""
    for path in (BUILT / "bin" / name, BUILT / name):
        if path.exists():
            return path
    raise Missing(f"{name} is not built: run `tools/build {name}` (with Go 1.26 or later on PATH)")


def run(name: str, *arguments: str | Path, content: str | None = None, accept: tuple[int, ...] = (0,)) -> str:
    """The output of a program. Raises `Finding` with what it complained of when it ends otherwise than accepted."""
    command = [built(name), *arguments]
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise Finding(f"{name} has not ended after {PATIENCE_SECONDS} s") from None
    if done.returncode not in accept:
        raise Finding(done.stderr.strip() or done.stdout.strip() or f"{name} ended with {done.returncode}")
    return done.stdout
