"""Faults by the real `strace`: list the system calls of a publish, then repeat it with one of them made to fail or to kill."""

from __future__ import annotations

import marshal
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_SUBJECT = Path(__file__).with_name("publish_subject.py")
_MARK = "getpriority"
_LINE = re.compile(r"^\d+ +(\w+)\((.*)$")

_CHANGES = """
    mkdir mkdirat write pwrite64 writev rename renameat renameat2 unlink unlinkat rmdir link linkat symlink symlinkat
    truncate ftruncate fallocate chmod fchmod fchmodat utimensat fsync fdatasync syncfs sync sync_file_range flock
    copy_file_range sendfile
"""
CHANGES = frozenset(_CHANGES.split())
LOOKS = frozenset(
    {"read", "getdents64", "newfstatat", "fstat", "statx", "faccessat", "faccessat2", "fcntl", "dup", "close"}
)


@dataclass(frozen=True)
class Call:
    """The `number`th call of its name since the process started."""

    name: str
    number: int
    text: str

    @property
    def changes(self) -> bool:
        return self.name in CHANGES or (self.name == "openat" and "O_CREAT" in self.text)

    @property
    def what(self) -> str:
        """The call without its descriptors' numbers."""
        return f"{self.name} {re.sub(r'[0-9]+<', '<', self.text)}"


@dataclass(frozen=True)
class Ended:
    code: int
    stderr: str
    injected: bool


@dataclass(frozen=True)
class Job:
    """One publish to be repeated: which publisher, and what it is asked to do."""

    publisher: str
    file: Path

    @classmethod
    def of(cls, publisher: str, outputs: Mapping[str, bytes], remove: Collection[str], file: Path) -> Job:
        file.write_bytes(marshal.dumps((dict(outputs), tuple(remove))))
        return cls(publisher, file)

    def command(self, directory: Path) -> list[str]:
        return [sys.executable, "-I", "-S", "-B", str(_SUBJECT), self.publisher, str(directory), str(self.file)]

    def trace(self, directory: Path) -> list[Call]:
        """Every call of an undisturbed run that touches files, in order."""
        log = directory.with_suffix(".trace")
        names = sorted({"openat", _MARK, *CHANGES, *LOOKS})
        options = ["-y", "-s", "4096", "-o", str(log), "-e", f"trace={','.join(names)}", "-e", "signal=none"]
        subprocess.run(["strace", "-f", *options, *self.command(directory)], check=True, capture_output=True)
        return _parse(log.read_text())

    def fault(self, directory: Path, call: Call, effect: str) -> Ended:
        """The same run with `effect` (an option of strace's inject) at `call`."""
        log = directory.with_suffix(".log")
        options = ["-o", str(log), "-e", f"trace={_MARK},{call.name}", "-e", "signal=none"]
        inject = f"inject={call.name}:{effect}:when={call.number}"
        # The filter that makes strace fast lets an injected signal pass unseen (strace 6.1): errors only.
        fast = ["--seccomp-bpf"] if effect.startswith("error=") else []
        done = subprocess.run(
            ["strace", "-f", *fast, *options, "-e", inject, *self.command(directory)],
            check=False,
            capture_output=True,
            text=True,
        )
        _, _, published = log.read_text().partition(f"{_MARK}(")
        return Ended(done.returncode, done.stderr, "INJECTED" in published or done.returncode in (-9, 137))


def _parse(log: str) -> list[Call]:
    seen: Counter[str] = Counter()
    calls: list[Call] = []
    marked = False
    for line in log.splitlines():
        if match := _LINE.match(line):
            name, text = match.groups()
            seen[name] += 1
            marked = marked or name == _MARK
            if marked and name != _MARK:
                calls.append(Call(name, seen[name], text))
    return calls


def require_strace() -> None:
    """Skip where strace cannot work, except in CI, where it must."""
    if not shutil.which("strace"):
        _missing("strace is not installed (apt-get install strace)")
    if subprocess.run(["strace", "-o", os.devnull, "true"], check=False, capture_output=True).returncode:
        _missing("strace may not trace here")


def _missing(why: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{why}; CI must run the fault tests")
    pytest.skip(f"{why}: the fault tests did not run")
