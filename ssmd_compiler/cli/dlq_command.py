"""`ssmd dlq`: the dead letters of a capture: what was given up after all retries. Look, try again, clear away."""

from __future__ import annotations

import datetime
import os
import re
import sys
import time
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from ssmd_compiler.cli.groups import group
from ssmd_compiler.cli.listing import output_option, show
from ssmd_compiler.cli.options import complete_environments, config_dir_option
from ssmd_compiler.cli.paths import Folder
from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.diagnostics.secrets import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ssmd_runtime.reliability.dead_letters import DeadLetters
    from ssmd_runtime.reliability.letters import Letter

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_COLUMNS: Final = ("id", "ts", "component", "subject", "bytes", "attempts", "replayed", "error")


command = group(
    "Look at dead letters, try them again, clear them away.",
    "The dead letters of a capture: messages that were given up after all retries.",
)


def _where_options(function: Callable[..., int]) -> Callable[..., Any]:
    """The files of an environment or a storage path. What the system refuses ends with its words, and 2."""

    @click.argument("environment", metavar="[ENV]", required=False, shell_complete=complete_environments)
    @click.option("--path", metavar="DIR", type=Folder(), help="The storage path; not with ENV.")
    @click.option("--component", metavar="NAME", help="One component's alone. Default: every component's.")
    @config_dir_option
    @wraps(function)
    def found(
        environment: str | None, path: Path | None, component: str | None, config_dir: Path | None, **arguments: Any
    ) -> int:
        try:
            return function(_files(environment, path, component, config_dir), **arguments)
        except OSError as problem:
            _refuse(problem)

    return found


@command.command("list", short_help="List the dead letters.")
@_where_options
@click.option("--since", metavar="WHEN", callback=lambda *given: _when(given[2]), help="An age (1h) or a time.")
@output_option
def list_(found: list[DeadLetters], since: datetime.datetime | None, output: str) -> int:
    """List the dead letters of an environment, or below a storage path: without what they say, which `replay` shows.

    Exit code 1 when there are lines that are none.
    """
    rows = []
    for file in found:
        contents = file.contents()
        rows += [
            _row(one, contents.when_replayed(one)) for one in contents.letters if since is None or one.given_up >= since
        ]
    show(output, _COLUMNS, rows)
    return int(_tell_damage(found))


def _row(letter: Letter, replayed: str | None) -> dict[str, Any]:
    return {
        "id": letter.id,
        "ts": letter.ts,
        "component": letter.component,
        "subject": letter.subject,
        "bytes": len(letter.content),
        "attempts": letter.attempts,
        "first_attempt": letter.first_attempt,
        "last_attempt": letter.last_attempt,
        "replayed": replayed,
        "error": masked(letter.error),
    }


@command.command(short_help="Write dead letters out, as JSON Lines.")
@_where_options
@click.option("--id", "identities", metavar="ID", multiple=True, help="A letter to replay; may be repeated.")
@click.option("--all", "every", is_flag=True, help="All that were not replayed yet.")
@click.option("--again", is_flag=True, help="Those too that were replayed before.")
@click.option("--to", metavar="FILE", type=click.Path(path_type=Path), help="Append to FILE. Default: standard output.")
def replay(found: list[DeadLetters], *, identities: tuple[str, ...], every: bool, again: bool, to: Path | None) -> int:
    """Write what letters say, one line each as JSON Lines, and mark them as replayed when that is done.

    A payload that is JSON is written as it is, other text as a JSON string, bytes as {"base64": ...}. Exit code 1 when
    there are lines that are none.
    """
    if bool(identities) == every:
        raise click.UsageError("say which: --id ID, or --all")
    if to is not None:
        _refuse_dead_letters(to, found)
    chosen = list(_chosen(found, identities, again=again))
    from ssmd_runtime.reliability.payloads import line_of, write_to

    lines = b"".join(line_of(letter.content) for _, letter in chosen)
    if to is not None:
        write_to(to, lines)
    else:
        sys.stdout.buffer.write(lines)
        sys.stdout.flush()
    for file, letter in chosen:
        file.mark(letter.id, time.time_ns())
    click.echo(_counted(len(chosen), "replayed"), err=True)
    return int(_tell_damage(found))


def _refuse_dead_letters(to: Path, found: Iterable[DeadLetters]) -> None:
    """What letters say is no letter: it would damage a file of them, whichever component's."""
    for folder in dict.fromkeys(file.path.parent for file in found):
        inside = os.path.dirname(os.path.realpath(to)) == os.path.realpath(folder)  # noqa: PTH120 -- a loop of links is no error
        if inside or any(_same(to, kept) for kept in folder.iterdir()):
            raise click.UsageError(f"--to: `{to}` is where dead letters are kept")


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there
        return False


def _chosen(
    found: Iterable[DeadLetters], identities: tuple[str, ...], *, again: bool
) -> Iterator[tuple[DeadLetters, Letter]]:
    """Those named, or all; each with its file. What was replayed is passed over, or refused when it was named."""
    known: dict[str, tuple[DeadLetters, Letter, str | None]] = {}
    for file in found:
        contents = file.contents()
        known |= {one.id: (file, one, contents.when_replayed(one)) for one in contents.letters}
    for identity in dict.fromkeys(identities):
        if identity not in known:
            meant = did_you_mean(identity, known)
            raise click.UsageError(f"no dead letter `{identity}`" + (f": {meant}" if meant else ""))
        if known[identity][2] is not None and not again:
            raise click.UsageError(f"`{identity}` was replayed at {known[identity][2]}: --again does it once more")
    for identity in dict.fromkeys(identities) or known:
        file, letter, replayed = known[identity]
        if replayed is None or again:
            yield file, letter


@command.command(short_help="Remove old dead letters.")
@_where_options
@click.option(
    "--older-than",
    "before",
    metavar="WHEN",
    required=True,
    callback=lambda *given: _when(given[2]),
    help="An age (7d) or a time.",
)
def purge(found: list[DeadLetters], before: datetime.datetime) -> int:
    """Remove the letters that were given up longer ago, replayed or not. What cannot be read is kept, and told.

    Exit code 1 when there are such lines.
    """
    click.echo(_counted(sum(file.purge(before) for file in found), "removed"))
    return int(_tell_damage(found))


def _files(
    environment: str | None, path: Path | None, component: str | None, config_dir: Path | None
) -> list[DeadLetters]:
    """The dead-letter files that are meant, by component."""
    from ssmd_runtime.reliability import dead_letters

    if (environment is None) == (path is None):
        raise click.UsageError("say whose: an environment, or a storage path with --path")
    if path is None:
        from ssmd_compiler.cli.storage_paths import storage_path

        path = storage_path(str(environment), config_dir)
    if not path.is_dir():
        raise click.UsageError(f"there is no storage path `{path}` here")
    files = dead_letters.files(path)
    if component is not None and component not in files:
        meant = did_you_mean(component, files) or f"there are those of {', '.join(files) or 'none'}"
        raise click.UsageError(f"no dead letters of a component `{component}`: {meant}")
    return [file for name, file in files.items() if component in (None, name)]


def _when(text: str | None) -> datetime.datetime | None:
    """The time that an age such as `7d` means, or a time in ISO 8601; without a zone it is UTC."""
    if text is None:
        return None
    age = re.fullmatch(r"([0-9]{1,9})([smhdw])", text)
    try:
        if age is not None:
            return datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=int(age[1]) * _UNITS[age[2]])
        said = datetime.datetime.fromisoformat(text)
        return said if said.tzinfo is not None else said.replace(tzinfo=datetime.UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"`{text}` is neither an age such as 7d nor a time such as 2026-01-31") from None


def _tell_damage(found: Iterable[DeadLetters]) -> bool:
    """Whether there are lines that are none; each is told."""
    damage = [(file, one) for file in found for one in file.contents().damage]
    for file, one in damage:
        click.echo(printable(f"{file.path}:{one.line}: this line cannot be used: {one.why}"), err=True)
    return bool(damage)


def _counted(number: int, done: str) -> str:
    return f"{number} dead letter{'' if number == 1 else 's'} {done}"


def _refuse(problem: OSError) -> NoReturn:
    if problem.filename is None:  # about a stream, which the command line as a whole answers for
        raise problem
    raise click.ClickException(f"`{problem.filename}`: {(problem.strerror or 'unknown').lower()}") from None
