"""Trees to attack, what they look like before and after, and what every attack must come to."""

from __future__ import annotations

import base64
import json
import os
import stat
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jail import Jail, Outcome

__all__ = [
    "CANARY",
    "DEFINITION",
    "ENVIRONMENT",
    "FEED",
    "MIB",
    "SCHEMA",
    "SETTINGS",
    "TEMPLATE",
    "Honest",
    "Ran",
    "disguises",
    "environment",
    "feed",
    "honest_document",
    "make",
    "plant",
    "run",
    "small_tree",
    "snapshot",
    "starter_tree",
]

MIB = 1 << 20
SETTINGS = "ssmd.yaml"
FEED = "exchanges/feeds/kraken.yaml"
ENVIRONMENT = "environments/dev.yaml"
SCHEMA = "schemas/trade.yaml"
DEFINITION = "schemas/trade.v1.capnp"
TEMPLATE = "templates/service.yaml.j2"

CANARY = "Zq9-CANARY_x7Kw2mB4/v+8Rt3"
"""Looks like nothing else, and has a different form in each disguise."""

_FEED = """\
name: kraken
display_name: Kraken
type: websocket
versions:
  - version: v2
    effective_from: 2024-01-01
    protocol: wss
    endpoint: wss://ws.kraken.com/v2
    auth_method: none
    parser_config:
      exchange: kraken
message_types:
  trade: {identifier_field: symbol}
"""
_ENVIRONMENT = """\
name: dev
feed: kraken
symbols: [BTC/USD, ETH/USD]
middleware: {transport: {type: memory}, storage: {type: memory}}
"""


def environment(*more: str, **replaced: str) -> str:
    """A sound environment with further lines, and with the lines of these fields replaced (by nothing: left out)."""
    return _document(_ENVIRONMENT, more, replaced)


def feed(*more: str, old: str = "", new: str = "") -> str:
    """A sound feed with further lines, and with `old` in it replaced by `new`."""
    assert old in _FEED
    return _document(_FEED.replace(old, new, 1) if old else _FEED, more, {})


def _document(text: str, more: tuple[str, ...], replaced: Mapping[str, str]) -> str:
    lines = [
        f"{name}: {replaced[name]}" if (name := line.partition(":")[0]) in replaced else line
        for line in text.splitlines()
        if replaced.get(line.partition(":")[0]) != ""
    ]
    return "\n".join([*lines, *more]) + "\n"


def small_tree() -> dict[str, str | bytes]:
    """A feed and an environment, sound; no definition, so that no parser of a foreign language is started."""
    return {FEED: _FEED, ENVIRONMENT: _ENVIRONMENT}


@cache
def _starter() -> dict[str, bytes]:
    from ssmd_compiler.starter import starter

    return starter()


def starter_tree() -> dict[str, str | bytes]:
    """What `ssmd init` makes, its environment called `dev`."""
    files: dict[str, str | bytes] = dict(_starter())
    text = files.pop("environments/kraken-dev.yaml")
    assert isinstance(text, bytes)
    return {**files, ENVIRONMENT: text.replace(b"kraken-dev", b"dev")}


def honest_document() -> str:
    """A harmless environment of nearly the largest size: what hostile documents are measured against."""
    return environment(symbols=f"[{', '.join(f'SYMBOL{index}' for index in range(60_000))}]")


class Honest:
    """What a harmless document costs, so that a slow machine fails nothing."""

    def __init__(self, measure: Callable[[], float]) -> None:
        self._measure = measure
        self._price = measure()

    def bears(self, cpu: float, times: float, again: Callable[[], float]) -> bool:
        """Whether an attack's processor seconds are at most `times` those of a harmless document.

        Where they seem more, both are measured anew, one right after the other: a machine that others use is not the
        same at two times. What really takes too long does so each time.
        """
        if cpu <= times * self._price:
            return True
        for _ in range(3):
            self._price = self._measure()
            if again() <= times * self._price:
                return True
        return False


def make(root: Path, files: Mapping[str, str | bytes]) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        plant(root, path, content)
    return root


def plant(root: Path, path: str, content: str | bytes = b"", *, link: str | Path | None = None) -> Path:
    """Put a file, or a link, at `path`, in the place of whatever stands there."""
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink() or target.is_file():
        target.unlink()
    if link is not None:
        target.symlink_to(link)
    else:
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return target


def snapshot(root: Path) -> dict[str, tuple[object, ...]]:
    """Everything under `root` by path: what it is, its mode, when it changed, and its bytes; nothing is followed.

    The folder of the cache is left out, where any command may write.
    """
    found: dict[str, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(root):
        inside = os.path.relpath(folder, root)
        for name in (*folders, *files):
            path = os.path.join(folder, name)  # noqa: PTH118 -- names may not be text
            status = os.lstat(path)
            if inside != "." or name != ".ssmd" or not stat.S_ISDIR(status.st_mode):
                found[os.path.relpath(path, root)] = (status.st_mode, status.st_mtime_ns, _held(path, status))
        if inside == ".ssmd" and "cache" in folders:
            folders.remove("cache")
            del found[os.path.join(inside, "cache")]  # noqa: PTH118 -- as above
    return found


def _held(path: str, status: os.stat_result) -> object:
    if stat.S_ISLNK(status.st_mode):
        return os.readlink(path)  # noqa: PTH115 -- as above
    readable = stat.S_ISREG(status.st_mode) and status.st_size < 64 * MIB and os.access(path, os.R_OK)
    return Path(path).read_bytes() if readable else status.st_size


def disguises(secret: str) -> tuple[str, ...]:
    """The forms in which a secret must not be found: as it is, in base64, URL-encoded."""
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return (secret, encoded, urllib.parse.quote(secret, safe=""), urllib.parse.quote(secret))


@dataclass(frozen=True)
class Ran:
    """A command that ran in a tree: how it ended, what it found, and what became of the tree."""

    outcome: Outcome
    findings: tuple[dict[str, Any], ...]
    before: dict[str, tuple[object, ...]]
    after: dict[str, tuple[object, ...]]

    @property
    def codes(self) -> set[str]:
        return {finding["code"] for finding in self.findings}

    def about(self, code: str) -> list[dict[str, Any]]:
        return [finding for finding in self.findings if finding["code"] == code]

    @property
    def calm(self) -> bool:
        """Whether it came to an end by itself, as a finding or as a plain refusal, in bounded space."""
        return self.outcome.code in (0, 1, 2) and not self.outcome.late and "Traceback" not in self.outcome.said


def run(jail: Jail, root: Path, command: str = "compile", *arguments: str, **options: Any) -> Ran:
    """Run a command that diagnoses in `root`, as text and as JSON; temporary files go beside the tree."""
    scratch = root.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    shown = root.parent / "found.json"
    shown.unlink(missing_ok=True)
    before = snapshot(root)
    argv = [command, *arguments, "--format", "text", "--format", f"json={shown}"]
    outcome = jail.run(argv, root, env={"TMPDIR": str(scratch), **options.pop("env", {})}, **options)
    findings = json.loads(shown.read_bytes())["diagnostics"] if shown.exists() and shown.stat().st_size else ()
    return Ran(outcome, tuple(findings), before, snapshot(root))
