"""How findings are shown: in the formats asked for, on standard output or in files.

Files are written first and whole, or not at all; one that cannot be written keeps none of the others from being.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ssmd_compiler import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ssmd_compiler.diagnostics import Diagnostic
    from ssmd_compiler.diagnostics.printers import Rule
    from ssmd_compiler.source import Tree

__all__ = ["Formats", "for_programs", "format_option", "report"]

_SOURCES = (".yaml", ".yml", ".j2", ".capnp", ".proto")

Formats = tuple[tuple[str, Path | None], ...]
"""Names of formats, each with the file it goes to; None is standard output."""


def format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--format",
        "formats",
        metavar="FORMAT[=FILE]",
        multiple=True,
        callback=_formats,
        help="How findings are shown, to a file if one is named: text, json, sarif, github, gitlab, junit, checkstyle. "
        "May be given several times.",
    )(command)


def for_programs(formats: Formats) -> bool:
    """Whether a program reads standard output, so that nothing else may stand there."""
    return any(file is None and name != "text" for name, file in formats)


def report(
    diagnostics: Sequence[Diagnostic], workspace: Path, checked: int, formats: Formats, *, tree: Tree | None = None
) -> None:
    """Show `diagnostics` in each of the formats; `tree` is what was read, if not just the workspace on disk."""
    from ssmd_compiler.diagnostics.printers import Report, printer
    from ssmd_compiler.source import DirectoryTree

    sources = _sources(tree or DirectoryTree(workspace))
    width = shutil.get_terminal_size((100, 24)).columns
    plain = Report(diagnostics, sources, checked, __version__, width=width, folder=_folder(workspace), rules=_rule)
    flaws = list(_written((file, printer(name)(plain)) for name, file in formats if file is not None))
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for name in (name for name, file in formats if file is None):
        if text := printer(name)(dataclasses.replace(plain, colour=colour)):
            click.echo(text, nl=False, color=colour)
    if flaws:
        raise click.ClickException("; ".join(flaws))


def _sources(tree: Tree) -> Callable[[str], str | None]:
    from ssmd_compiler.source import Refused

    def source(path: str) -> str | None:
        try:
            return tree.read(path).decode(errors="replace")
        except (Refused, OSError):
            return None

    return source


def _rule(code: str) -> Rule | None:
    from ssmd_compiler.checks import module_of
    from ssmd_compiler.checks.pages import page
    from ssmd_compiler.diagnostics.printers import Rule

    module = module_of(code)
    if module is None:
        return None
    found = page(module)
    return Rule(found.title, found.text, found.markdown())


def _folder(workspace: Path) -> str:
    """Where the workspace stands in its repository; what reads reports counts paths from the repository's root."""
    try:
        root = next((folder for folder in (workspace, *workspace.parents) if (folder / ".git").exists()), workspace)
    except OSError:
        root = workspace
    return "" if root == workspace else f"{workspace.relative_to(root).as_posix()}/"


def _written(texts: Iterable[tuple[Path, str]]) -> Iterator[str]:
    """Write each text to its file, and say which could not be."""
    for file, text in texts:
        try:
            _write(Path(os.path.realpath(file)), text.encode())
        except OSError as problem:
            yield f"cannot write `{file}`: {(problem.strerror or str(problem)).lower()}"


def _write(file: Path, content: bytes) -> None:
    """The new content, or what was there before; a device or a pipe is written to as it is."""
    old = file.stat().st_mode if file.exists() else None
    if old is not None and not stat.S_ISREG(old):
        file.write_bytes(content)
        return
    beside = file.parent / f".ssmd-report-{os.urandom(8).hex()}"
    try:
        with beside.open("xb") as new:
            new.write(content)
        if old is not None:
            beside.chmod(stat.S_IMODE(old))
        beside.replace(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _formats(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> Formats:
    from ssmd_compiler.diagnostics.nearest import did_you_mean
    from ssmd_compiler.diagnostics.printers import PRINTERS

    parsed: list[tuple[str, Path | None]] = []
    for value in values or ("text",):
        name, equals, file = value.partition("=")
        if name not in PRINTERS:
            meant = did_you_mean(name, PRINTERS) or f"there are {', '.join(PRINTERS)}"
            raise click.BadParameter(f"no format `{name}`: {meant}")
        if equals and file in {"", "-"}:
            raise click.BadParameter(f"`{value}` names no file: write `{name}` alone for standard output")
        _refuse_owned(file)
        parsed.append((name, Path(file) if file else None))
    _refuse_shared(file for _, file in parsed)
    return tuple(parsed)


def _refuse_owned(file: str) -> None:
    """No report replaces a source, nor anything where ssmd keeps what is its own."""
    if not file:
        return
    place = Path(os.path.realpath(file))
    if file.endswith(_SOURCES) or place.name.endswith(_SOURCES):
        raise click.BadParameter(f"`{file}` could be a source, which no report replaces: end its name otherwise")
    from ssmd_compiler.cli.paths import is_workspace
    from ssmd_compiler.editors import FOLDER as EDITORS
    from ssmd_compiler.generated import FOLDER as GENERATED

    for folder in place.parents:
        if folder.name in (GENERATED, EDITORS) and is_workspace(folder.parent):
            raise click.BadParameter(f"`{file}` is in `{folder.name}/`, which ssmd alone writes: name another folder")


def _refuse_shared(files: Iterable[Path | None]) -> None:
    seen: set[str | None] = set()
    for file in files:
        place = None if file is None else os.path.realpath(file)
        if place in seen and file is None:
            raise click.BadParameter("two formats on standard output: give all but one a file, as in json=out.json")
        if place in seen:
            raise click.BadParameter(f"two formats in one file, `{file}`: give each a file of its own")
        seen.add(place)
