r"""Whole-command cases as data: what a person typed, what was there, and all that was seen, in one text file.

    A sentence that says what is shown.

    $ ssmd validate --as-of 2025-06-01       a command; `$DIR` in it stands for the folder it runs in
    ? 1                                      its exit code, when it is not 0
    error[SSMD201]: no feed named `kalsi`    its whole standard output
    ! a line of standard error

    $ ssmd ... < unsaved.txt                 further commands, in the same folder; blank lines before them are layout.
                                             Standard input is empty, or the file named last, after `<`
    -- base: minimal --                      start from the tree bases/minimal
    -- environments/dev.yaml --              a file, up to the next header
    -- environments/old.yaml (absent) --     nothing there, whatever the base holds
    -- environments/bad.yaml (bytes) --      bytes in Python escapes; line breaks of this file are layout
    -- environments/folder.yaml/ --          a folder
    -- schemas/trade.capnp -> ../x --        a symbolic link
    == generated/dev/spec.json ==            what must stand there after the last command: any of the forms above

A line of output that could be read as something else starts with a backslash: `\$ ssmd`, `\-- a --`, `\\`. So does the
last line when it is blank. `\ no newline` ends an output whose last line is not ended.

A scenario is compared by writing down what happened: parts that hold keep their bytes, so the difference between the
file and what was written is exactly what failed, and updating is saving it.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unittest import mock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Run = Callable[[list[str]], int]

__all__ = ["Scenario", "ScenarioError", "parse", "play"]


class ScenarioError(Exception):
    """The scenario itself is wrong, not what it shows."""


# What a scenario holds


@dataclass(frozen=True)
class Bytes:
    content: bytes


@dataclass(frozen=True)
class Link:
    target: str


@dataclass(frozen=True)
class Folder:
    pass


@dataclass(frozen=True)
class Absent:
    pass


@dataclass(frozen=True)
class Base:
    """A whole tree to start from, by its folder's name in bases/."""

    name: str


Entry = Bytes | Link | Folder | Absent


@dataclass(frozen=True)
class Seen:
    """What a command showed."""

    code: int
    out: bytes
    err: bytes


@dataclass(frozen=True)
class Step:
    """One command. `raw` is its text in the file, blank lines after it included."""

    raw: str
    argv: list[str]
    expected: Seen


@dataclass(frozen=True)
class Section:
    """One place of the tree: as it is before the commands (`--`), or as it must be after them (`==`)."""

    raw: str
    mark: str
    path: str
    entry: Entry | Base


@dataclass(frozen=True)
class Scenario:
    """A file as read. Its opening and the `raw` texts of its parts, one after the other, are the file."""

    opening: str
    steps: list[Step]
    sections: list[Section]


# Reading

_HEADER = re.compile(r"(--|==) (\S.*) \1\n")
_MASKED = re.compile(r"\\|\$ |\? |! |!$|-- .* --$|== .* ==$")
_NO_NEWLINE = "\\ no newline"


def parse(text: str) -> Scenario:
    """The scenario in `text`; a ScenarioError when it is not one."""
    if not text.endswith("\n"):
        raise ScenarioError("the file does not end with a newline")
    opening, *parts = _parts(text)
    if not re.match(r"\S.*\n", opening) or not opening.endswith("\n\n"):
        raise ScenarioError("line 1: a scenario starts with a sentence that says what it shows, and a blank line")
    steps: list[Step] = []
    sections: list[Section] = []
    number = 1 + opening.count("\n")
    for part in parts:
        try:
            if part.startswith("$ "):
                steps.append(_step(part))
            else:
                sections.append(_section(part))
                _check_place(sections)
        except ValueError as problem:
            raise ScenarioError(f"line {number}: {problem}") from problem
        number += part.count("\n")
    if not steps:
        raise ScenarioError("there is no command: a line that starts with `$ ssmd`")
    return Scenario(opening, steps, sections)


def _parts(text: str) -> Iterator[str]:
    """The opening, then each command, then each section, header first."""
    part, in_tree = "", False
    for line in io.StringIO(text, newline="\n"):
        header = _HEADER.fullmatch(line) is not None
        if header or (not in_tree and line.startswith("$ ")):
            yield part
            part = ""
        in_tree = in_tree or header
        part += line
    yield part


def _step(raw: str) -> Step:
    command, *lines = raw.split("\n")[:-1]
    program, *argv = shlex.split(command[2:])
    if program != "ssmd":
        raise ValueError(f"`{program}`: only ssmd is run")
    code = 0
    if lines and (match := re.fullmatch(r"\? (\d+)", lines[0])):
        code = int(match[1])
        del lines[0]
    while lines and not lines[-1]:
        del lines[-1]
    err = [line[2:] for line in lines if _is_error(line)]
    out = [line for line in lines if not _is_error(line)]
    return Step(raw, argv, Seen(code, _stream(out), _stream(err)))


def _is_error(line: str) -> bool:
    return line == "!" or line.startswith("! ")


def _stream(lines: list[str]) -> bytes:
    ended = not (lines and lines[-1] == _NO_NEWLINE)
    text = "".join(line.removeprefix("\\") + "\n" for line in (lines if ended else lines[:-1]))
    return (text if ended else text[:-1]).encode()


def _section(raw: str) -> Section:
    header, _, content = raw.partition("\n")
    mark, name = header[:2], header[3:-3]
    path, entry = _path_and_entry(name, content)
    if not isinstance(entry, Bytes) and content.strip():
        raise ValueError(f"`{name}` holds no content")
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"`{path}` leaves the folder of the scenario")
    return Section(raw, mark, path, entry)


def _path_and_entry(name: str, content: str) -> tuple[str, Entry | Base]:
    if name.startswith("base: "):
        return "", Base(name.removeprefix("base: "))
    if " -> " in name:
        path, _, target = name.partition(" -> ")
        return path, Link(target)
    if name.endswith(" (bytes)"):
        return name.removesuffix(" (bytes)"), Bytes(_unescaped(content))
    if name.endswith(" (absent)"):
        return name.removesuffix(" (absent)"), Absent()
    if name.endswith("/"):
        return name.rstrip("/"), Folder()
    return name, Bytes(content.encode())


def _unescaped(content: str) -> bytes:
    r"""Bytes of `a\x00\n`: line breaks are layout, characters beyond ASCII are UTF-8."""
    return content.replace("\n", "").encode().decode("unicode_escape").encode("latin-1")


def _check_place(sections: list[Section]) -> None:
    *before, last = sections
    if isinstance(last.entry, Base) and (before or last.mark == "=="):
        raise ValueError("a base comes before everything else of the tree")
    if any((other.mark, other.path) == (last.mark, last.path) for other in before):
        raise ValueError(f"`{last.path}` is there twice")


# Playing


def play(text: str, run: Run, folder: Path, bases: Path) -> str:
    """The scenario in `text` as it went: the same text when all that it expects is so.

    `folder` is empty and the scenario's own; commands run in `folder`/tree, called as `run(argv)`.
    """
    scenario = parse(text)
    tree = (folder / "tree").resolve()
    tree.mkdir()
    _plant(scenario, tree, bases)
    steps = [_played(step, _seen(step.argv, run, tree)) for step in scenario.steps]
    sections = [_found(section, tree) for section in scenario.sections]
    return "".join((scenario.opening, *steps, *sections))


def _plant(scenario: Scenario, tree: Path, bases: Path) -> None:
    for section in scenario.sections:
        if isinstance(section.entry, Base):
            if not (bases / section.entry.name).is_dir():
                raise ScenarioError(f"there is no base `{section.entry.name}`")
            shutil.copytree(bases / section.entry.name, tree, symlinks=True, dirs_exist_ok=True)
        elif section.mark == "--":
            _put(tree / section.path, section.entry)


def _put(path: Path, entry: Entry) -> None:
    if isinstance(_entry(path), Folder):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    match entry:
        case Bytes(content):
            path.write_bytes(content)
        case Link(target):
            path.symlink_to(target)
        case Folder():
            path.mkdir()
        case Absent():
            pass


def _entry(path: Path) -> Entry:
    if path.is_symlink():
        return Link(os.readlink(path))  # noqa: PTH115 -- a Path would tidy the target
    if path.is_dir():
        return Folder()
    return Bytes(path.read_bytes()) if path.exists() else Absent()


def _seen(argv: list[str], run: Run, tree: Path) -> Seen:
    out, err = io.BytesIO(), io.BytesIO()
    given = b""
    if argv[-2:-1] == ["<"]:
        given, argv = (tree / argv[-1]).read_bytes(), argv[:-2]
    with _as_typed(given, out, err, tree):
        code = run([argument.replace("$DIR", str(tree)) for argument in argv])
    here = os.fsencode(tree)
    return Seen(int(code), *(_utf8(stream.getvalue().replace(here, b"$DIR"), argv) for stream in (out, err)))


def _utf8(stream: bytes, argv: list[str]) -> bytes:
    try:
        stream.decode()
    except UnicodeDecodeError as problem:
        raise ScenarioError(f"`{shlex.join(['ssmd', *argv])}` wrote what is not UTF-8: {stream!r}") from problem
    return stream


@contextlib.contextmanager
def _as_typed(given: bytes, out: io.BytesIO, err: io.BytesIO, tree: Path) -> Iterator[None]:
    """The same world for every command: its folder, its variables, its streams. No terminal, no home, no Git around."""
    home = tree.parent / "home"
    home.mkdir(exist_ok=True)
    variables = {
        "COLUMNS": "100",
        "GIT_CEILING_DIRECTORIES": str(tree.parent),
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "PATH": os.environ.get("PATH", os.defpath),
        "TZ": "UTC",
    }
    with contextlib.ExitStack() as stack:
        stack.callback(time.tzset)
        stack.enter_context(mock.patch.dict(os.environ, variables, clear=True))
        time.tzset()
        stack.enter_context(contextlib.chdir(tree))
        stack.enter_context(mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8")))
        for name, stream in (("stdout", out), ("stderr", err)):
            shown = io.TextIOWrapper(stream, encoding="utf-8", newline="\n", write_through=True)
            stack.enter_context(mock.patch.object(sys, name, shown))
            stack.callback(shown.detach)
        yield


# Writing down what happened


def _played(step: Step, seen: Seen) -> str:
    if seen == step.expected:
        return step.raw
    command = step.raw.partition("\n")[0]
    code = [f"? {seen.code}"] if seen.code else []
    errors = [f"! {line}" if line else "!" for line in _spelled(seen.err)]
    layout = step.raw[len(step.raw.rstrip("\n")) + 1 :]
    return "\n".join((command, *code, *_spelled(seen.out), *errors, layout))


def _spelled(stream: bytes) -> list[str]:
    """The lines that stand for an output, the inverse of `_stream`."""
    text = stream.decode()
    if not text:
        return []
    lines = [f"\\{line}" if _MASKED.match(line) else line for line in text.removesuffix("\n").split("\n")]
    lines[-1] = lines[-1] or "\\"
    return lines if text.endswith("\n") else [*lines, _NO_NEWLINE]


def _found(section: Section, tree: Path) -> str:
    if section.mark == "--":
        return section.raw
    entry = _entry(tree / section.path)
    return section.raw if entry == section.entry else _spelled_entry(section.path, entry)


def _spelled_entry(path: str, entry: Entry) -> str:
    match entry:
        case Link(target):
            return f"== {path} -> {target} ==\n"
        case Folder():
            return f"== {path}/ ==\n"
        case Absent():
            return f"== {path} (absent) ==\n"
        case Bytes(content):
            plain = f"== {path} ==\n".encode() + content
            return plain.decode() if _reads_back(plain) else f"== {path} (bytes) ==\n{_escaped(content)}"


def _reads_back(plain: bytes) -> bool:
    """Whether a file can stand as it is: whole lines of UTF-8, none of which would start another section."""
    try:
        text = plain.decode()
    except UnicodeDecodeError:
        return False
    return text.endswith("\n") and list(_parts(text)) == ["", text]


def _escaped(content: bytes) -> str:
    """The inverse of `_unescaped`: a line of text for a line of the file, none of which reads as a header."""
    lines = str(content)[2:-1].replace("\\n", "\\n\n").removesuffix("\n").split("\n")
    return "".join(_HEADER.sub(_unlike_a_header, f"{line}\n") for line in lines)


def _unlike_a_header(header: re.Match[str]) -> str:
    return f"\\x{ord(header[0][0]):02x}{header[0][1:]}"
