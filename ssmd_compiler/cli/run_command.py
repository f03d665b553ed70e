"""`ssmd run ENV`: compile one environment in memory and execute it, with what the container would execute."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from typing import TYPE_CHECKING, NoReturn

import click

from ssmd_compiler.cli.options import as_of_option, complete_environments, config_dir_option, report, today
from ssmd_compiler.cli.paths import Folder, find_workspace
from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.sound import Faulty, Workspace
from ssmd_compiler.source import DirectoryTree

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ssmd_runtime.spec import CollectorSpec


@click.command(short_help="Compile an environment in memory and capture its data.")
@click.argument("environment", metavar="ENV", shell_complete=complete_environments)
@click.option("--shard", metavar="NAME", help="Run one shard of it; by default all instruments in one process.")
@click.option("--data-dir", metavar="DIR", type=Folder(), help="Write here instead of the environment's storage path.")
@click.option("--endpoint", metavar="URL", help="Connect here instead: a simulator, for example.")
@click.option("--http-host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="Serve /health here.")
@click.option(
    "--http-port", type=click.IntRange(0, 65535), metavar="PORT", help="Serve it on this port; 0: a free one."
)
@click.option("--files-only", is_flag=True, help="Capture into files, where the environment also publishes or uploads.")
@config_dir_option
@as_of_option
def command(  # noqa: PLR0913, PLR0917 -- click hands over one argument an option
    environment: str,
    shard: str | None,
    data_dir: Path | None,
    endpoint: str | None,
    http_host: str,
    http_port: int | None,
    files_only: bool,  # noqa: FBT001 -- as click gives it
    config_dir: Path | None,
    as_of: datetime.date | None,
) -> int:
    """Compile ENV in memory, then capture what it declares until Ctrl-C: JSON logs here, data in its storage path.

    Nothing is written to generated/. To try it without an account: ssmd-runtime simulate EXCHANGE, and --endpoint.
    """
    root = find_workspace(config_dir)
    workspace = Workspace(DirectoryTree(root), as_of or today())
    if environment not in workspace.documents:
        if (unread := workspace.unread) is not None:
            report(unread.diagnostics, root, unread.checked, (("text", None),))
            return 1
        meant = did_you_mean(environment, workspace.documents)
        known = ", ".join(list(workspace.documents)[:12]) or "none"
        raise click.UsageError(f"no environment `{environment}`: {meant or f'there are {known}'}")
    found = workspace.environment(environment)
    if isinstance(found, Faulty):
        report(found.diagnostics, root, found.checked, (("text", None),))
        return 1
    spec = _spec(environment, shard, found.lowered.specs)
    said = {
        "--data-dir": None if data_dir is None else str(data_dir),
        "--endpoint": endpoint,
        "--http-host": http_host,
        "--http-port": None if http_port is None else str(http_port),
    }
    options = [part for name, value in said.items() if value is not None for part in (name, value)]
    return _execute(spec, [*options, *(["--files-only"] if files_only else [])])


def _spec(environment: str, shard: str | None, specs: Mapping[str, CollectorSpec]) -> CollectorSpec:
    by_shard = {spec.shard: spec for spec in specs.values()}
    if shard is not None and shard not in by_shard:
        names = [name for name in by_shard if name is not None]
        meant = did_you_mean(shard, names)
        known = f"there are {', '.join(names)}" if names else "it has none"
        raise click.UsageError(f"no shard `{shard}` of environment `{environment}`: {meant or known}")
    return by_shard[shard]


def _execute(spec: CollectorSpec, options: Sequence[str]) -> NoReturn:
    """Becomes the runtime: the compiler's memory is given back, and signals reach who has to hear them."""
    from ssmd_runtime.spec import encode

    with tempfile.TemporaryFile() as file:
        file.write(encode(spec))
        file.flush()
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        os.set_inheritable(file.fileno(), True)  # noqa: FBT003 -- it takes no keyword
        run = [sys.executable, "-m", "ssmd_runtime", "run", "--spec", f"/dev/fd/{file.fileno()}", *options]
        sys.stdout.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})  # they wait until it can answer
        os.execv(sys.executable, run)  # noqa: S606 -- our own interpreter, no shell
