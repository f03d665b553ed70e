"""What holds whatever the input: an exit code of 0, 1 or 2, places inside of files, output that drives no terminal."""

from __future__ import annotations

import contextlib
import datetime
import io
import os
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from mutations import misplaced

from ssmd_compiler import __version__
from ssmd_compiler.cli import run
from ssmd_compiler.cli.reports import _rule
from ssmd_compiler.compiler import Compilation, Options, compile
from ssmd_compiler.diagnostics import Diagnostic
from ssmd_compiler.diagnostics.printers import PRINTERS, Report, printer
from ssmd_compiler.source import MemoryTree

__all__ = ["DATE", "Ended", "Sandbox", "check_output", "check_tree"]

DATE = datetime.date(2026, 11, 21)
COMMAND = re.compile(r"(?m)^\s*::[\w-]+[^\n]*?::")
"""What GitHub's runner takes for a command when it stands in a log."""


def check_tree(files: Mapping[str, bytes], *, prove: bool = True) -> Compilation:
    """Compile files in memory, as `validate` does, and look at all that is found and at every report of it."""
    compiled = compile(MemoryTree(files), Options(DATE, prove_manifests=prove))
    for found in compiled.diagnostics:
        assert not misplaced(found, files), found
    _check_reports(compiled.diagnostics, files)
    return compiled


def _check_reports(found: Collection[Diagnostic], files: Mapping[str, bytes]) -> None:
    def source(path: str) -> str | None:
        return files[path].decode(errors="replace") if path in files else None

    report = Report(list(found), source, len(files), __version__, rules=_rule)
    for name in PRINTERS:
        check_output(printer(name)(report), commands=name == "github")


def check_output(text: str, *, commands: bool = False) -> None:
    """Whether a terminal or a log may be shown this."""
    strange = {c for c in text if not c.isprintable() and c not in "\n\t"}
    assert not strange, f"not printable: {strange!a}"
    assert commands or COMMAND.search(text) is None, "it holds a workflow command"
    assert "Traceback" not in text


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


class Sandbox:
    """A workspace on disk beside a folder that is none of ours; `ssmd` runs in it, in this process."""

    def __init__(self, root: Path, files: Mapping[str, bytes]) -> None:
        self.root, self.beside = root / "ws", root / "beside"
        self.beside.mkdir()
        (self.beside / "x").write_bytes(b"x")
        self.put(files)

    @classmethod
    @contextlib.contextmanager
    def opened(cls, files: Mapping[str, bytes]) -> Iterator[Sandbox]:
        with tempfile.TemporaryDirectory(prefix="ssmd-fuzz-", ignore_cleanup_errors=True) as folder:
            yield cls(Path(folder), files)

    def put(self, files: Mapping[str, bytes]) -> None:
        for path, content in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_bytes(content)

    def run(self, *argv: str, stdin: bytes = b"", mine: Collection[str] = (), raw: bool = False) -> Ended:
        """Run a command and check how it ended, and that it changed nothing but what is its own or in `mine`.

        `raw`: standard output is a document of the user's, and may hold whatever that holds.
        """
        before = self._others(mine)
        ended = self._run(argv, stdin)
        assert ended.code in (0, 1, 2), (argv, ended, self._crash())
        check_output(ended.err)
        if not raw:
            check_output(ended.out, commands="github" in " ".join(argv))
        assert self._others(mine) == before, (argv, "it wrote what is not its own")
        return ended

    def _run(self, argv: tuple[str, ...], stdin: bytes) -> Ended:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace", write_through=True) for _ in range(2))
        given = io.TextIOWrapper(io.BytesIO(stdin))
        here = os.getcwd()  # noqa: PTH109 -- a descriptor of it would do as well
        os.chdir(self.root)
        try:
            with (
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
                mock.patch("sys.stdin", given),
                mock.patch.object(tempfile, "tempdir", str(self.root.parent)),
            ):
                code = run(list(argv))
        finally:
            os.chdir(here)
        return Ended(code, *(one.buffer.getvalue().decode() for one in (out, err)))

    def _crash(self) -> list[str]:
        return [path.read_text() for path in self.root.parent.glob("ssmd-crash-*")]

    def _others(self, mine: Collection[str]) -> dict[str, bytes]:
        found = {}
        for folder in (self.root, self.beside):
            for path in folder.rglob("*"):
                name = path.relative_to(folder).as_posix()
                own = folder == self.root and (name in mine or name.startswith(("generated", ".ssmd")))
                if not own and path.is_file():
                    found[f"{folder.name}/{name}"] = path.read_bytes()
        return found
