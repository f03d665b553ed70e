"""The guards, each with the way to take it away: a test that still passes without its guard proves nothing.

Each function runs in a process of its own, which it changes for good.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["GUARDS"]

BOUNDLESS = 1 << 62


def _everywhere(name: str, new: Any) -> None:
    """Put `new` in the place of what `module.name` is, in every module that imported it."""
    module, _, attribute = name.rpartition(".")
    old = getattr(sys.modules[module], attribute)
    for other in [found for path, found in sys.modules.items() if path.startswith("ssmd_compiler")]:
        for known, value in list(vars(other).items()):
            if value is old:
                setattr(other, known, new)


def _limits(*names: str) -> None:
    for name in names:
        for module in [found for path, found in sys.modules.items() if path.startswith("ssmd_compiler")]:
            if hasattr(module, name):
                setattr(module, name, BOUNDLESS)


# Paths


def no_confinement() -> None:
    """Paths are joined and opened, wherever they lead."""
    from ssmd_compiler.source.tree import DirectoryTree

    def resolve(self: DirectoryTree, path: str) -> str:
        return os.path.join(self._real_root, path)  # noqa: PTH118

    def read(self: DirectoryTree, path: str) -> bytes:
        return Path(resolve(self, path)).read_bytes()

    def naive(document: str, path: str) -> str:
        return os.path.join(os.path.dirname(document), path)  # noqa: PTH118, PTH120

    _everywhere("ssmd_compiler.source.tree.beside", naive)
    _everywhere("ssmd_compiler.source.tree.inside", lambda path: path)
    DirectoryTree._resolve = resolve
    DirectoryTree.read = read


def no_regular_files() -> None:
    """Whatever has a document's name is opened and read to its end."""
    from ssmd_compiler.source.tree import DirectoryTree

    def read(_: DirectoryTree, real: str, limit: int = 0, *, within: int | None = None) -> bytes:
        with os.fdopen(os.open(real, os.O_RDONLY, dir_fd=within), "rb") as file:
            return file.read()

    DirectoryTree._read_regular = read


def no_file_size() -> None:
    from ssmd_compiler.source.tree import DirectoryTree

    plain = DirectoryTree._read_regular
    DirectoryTree._read_regular = lambda self, real, limit=0, *, within=None: plain(
        self, real, BOUNDLESS, within=within
    )
    _limits("MAX_FILE_BYTES")


def no_document_count() -> None:
    _limits("MAX_DOCUMENTS")


# YAML


def no_depth() -> None:
    _limits("MAX_DEPTH")


def no_alias_budget() -> None:
    _limits("MAX_ALIASES", "MAX_NODES")


def no_encoding() -> None:
    _everywhere("ssmd_compiler.source.reader._encoding_fault", lambda path, content: None)


def no_control_characters() -> None:
    import re

    from ssmd_compiler.source import reader

    reader._FORBIDDEN = reader._FORBIDDEN_VALUE = re.compile(r"(?!)")


def ordinary_loader() -> None:
    """Documents are read as most programs read YAML: merge keys merged, the last of two keys taken."""
    _load_with("CSafeLoader")


def unsafe_loader() -> None:
    """Documents are read as YAML's own tags ask for."""
    _load_with("UnsafeLoader")


def _load_with(loader: str) -> None:
    import yaml

    from ssmd_compiler.source import document

    def read(path: str, content: bytes) -> document.Document:
        return document.Document(path, _built(yaml.load(content, getattr(yaml, loader))))

    _everywhere("ssmd_compiler.source.reading.read_document", read)


def _built(value: Any) -> Any:
    from ssmd_compiler.source import Map, Seq

    if isinstance(value, dict):
        built = Map()
        for key, item in value.items():
            built[str(key)] = _built(item)
            built.key_at[str(key)] = built.value_at[str(key)] = (0, 0, 0, 1)
        return built
    if isinstance(value, list):
        items = Seq()
        items.extend(map(_built, value))
        items.value_at = [(0, 0, 0, 1)] * len(value)
        return items
    return value if value is None else str(value)


# Templates


def no_sandbox() -> None:
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    from ssmd_compiler.emit import templates

    for name, value in list(vars(templates).items()):
        if isinstance(value, type) and issubclass(value, SandboxedEnvironment):
            setattr(templates, name, jinja2.Environment)


def no_loader() -> None:
    """Templates are looked for on the disk as well."""
    import jinja2

    from ssmd_compiler.emit import templates

    known = templates._named
    here = jinja2.FileSystemLoader("/")
    templates._named = lambda texts: jinja2.ChoiceLoader([known(texts), here])


def no_strict_undefined() -> None:
    import jinja2

    jinja2.StrictUndefined = jinja2.ChainableUndefined  # type: ignore[misc,assignment]
    from ssmd_compiler.emit import templates

    plain = templates.scalar
    _everywhere(
        "ssmd_compiler.emit.templates.scalar", lambda value: plain("" if isinstance(value, jinja2.Undefined) else value)
    )


def no_serializer() -> None:
    """Text is printed as it is."""
    from ssmd_compiler.emit import templates

    plain = templates.scalar
    _everywhere(
        "ssmd_compiler.emit.templates.scalar",
        lambda value: value if type(value) is str and "\n" in value else plain(value),
    )


def values_are_templates() -> None:
    """The Argo CD application is rendered once more."""
    from ssmd_compiler.emit.templates import Templates

    once = Templates.render

    def twice(self: Templates, name: str, values: Any) -> bytes:
        made = once(self, name, values)
        return self._environment.from_string(made.decode()).render(values).encode() if name == "application" else made

    Templates.render = twice


# Output


def no_publisher() -> None:
    """Files are written one by one, wherever their names lead."""
    from ssmd_compiler import publish
    from ssmd_compiler.checks import ssmd804_generated_link
    from ssmd_compiler.cli import publishing
    from ssmd_compiler.source.tree import DirectoryTree

    def write(directory: Path, outputs: Any, *, remove: Any = (), **_: Any) -> publish.Published:
        for path, content in outputs.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_bytes(content)
        for path in remove:
            (directory / path).unlink(missing_ok=True)
        return publish.Published(tuple(outputs), tuple(remove), 0)

    no_confinement()
    publishing._strange = lambda *_: False
    ssmd804_generated_link.check = lambda _: iter(())
    DirectoryTree.read_unlinked = DirectoryTree.read
    _everywhere("ssmd_compiler.publish.publish", write)


def publish_with_findings() -> None:
    """Nobody looks whether a diagnostic is an error before writing."""
    from ssmd_compiler.cli import publishing

    publishing.report = lambda *_: None
    publishing.concerns = lambda *_: False


def no_care_for_the_cache() -> None:
    """Whatever has the name of a cache's file is opened and read to its end, and what it holds is believed."""
    from ssmd_compiler.cache import store

    def read(folder: int, name: str) -> bytes:
        with open(f"/proc/self/fd/{folder}/{name}", "rb") as file:  # noqa: PTH123
            return file.read()[store.SEAL :]

    store.read = read


# Secrets


def no_secret_check() -> None:
    from ssmd_compiler.checks import ssmd505_plaintext_secret

    ssmd505_plaintext_secret.check = lambda _: iter(())


def no_mask() -> None:
    """Source lines are shown as they are, hidden or not."""
    from ssmd_compiler.diagnostics.printers import text

    _everywhere("ssmd_compiler.diagnostics.secrets.masked", lambda line: line)
    text._Page.line_at = lambda self, span, *_: (self.lines(span.path) or [""])[span.line - 1]  # type: ignore[method-assign]


def no_escaping() -> None:
    """What comes from a file or a path is shown as it is."""
    _everywhere("ssmd_compiler.diagnostics.escape.printable", lambda text: text)


def talkative_crash() -> None:
    """The crash file repeats the message."""
    from ssmd_compiler.cli import crash

    plain = crash._write

    def write(problem: Exception, kind: str) -> str:
        return plain(problem, f"{kind}: {problem}")

    crash._write = write


def explode() -> None:
    """Not a guard but a bug: the compiler raises, with a secret in the message, its cause, its notes and its locals."""
    from hostile import CANARY

    def compile_(*_: Any, **__: Any) -> None:
        password = CANARY
        problem = RuntimeError(f"connection to nats://user:{password}@host refused")
        problem.add_note(password)
        raise problem from ValueError(password)

    for name in ("compiler.compile", "formatting.formatted", "sound.Workspace", "schemas.Schemas"):
        _everywhere(f"ssmd_compiler.{name}", compile_)


def worker_dies() -> None:
    """Not a guard either: the process that compiles one environment is killed, as by a system short of memory."""
    import signal

    from ssmd_compiler import compiler

    plain, here = compiler.environment, os.getpid()

    def environment(common: Any, path: str) -> Any:
        if path.endswith("/e77.yaml") and os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(common, path)

    compiler.environment = environment


# Definitions


def no_isolation() -> None:
    """Definitions are parsed right here."""
    import capnp

    from ssmd_compiler.definitions import parsing

    def parse(_: str, definitions: Any) -> Any:
        for definition in definitions:
            path = Path("here.capnp")
            path.write_bytes(definition.content)
            capnp.SchemaParser().load(str(path))
        raise AssertionError("the parser came back")

    parsing._parse = parse


GUARDS: dict[str, Callable[[], None]] = {
    name: guard
    for name, guard in list(globals().items())
    if callable(guard) and getattr(guard, "__module__", None) == __name__ and not name.startswith("_")
}
