"""Targets that run whole commands on a disk: arguments, standard input, locks, caches, rewriting, drawing, tracing."""

from __future__ import annotations

import functools
import json
from typing import Any

import msgspec
from fuzzing import target
from hypothesis import strategies as st
from invariants import Sandbox
from mutations import EDITS, PIECE, edited_by

from ssmd_compiler.cache.store import SEAL, seal
from ssmd_compiler.starter import starter

ENVIRONMENT, FEED = "environments/kraken-dev.yaml", "exchanges/feeds/kraken.yaml"
LOCK = "generated/ssmd.lock.json"
CACHE = ".ssmd/cache/"
MUTATION = st.lists(EDITS, min_size=1, max_size=4)


@functools.cache
def files() -> dict[str, bytes]:
    """What `ssmd init` makes, without the definition, whose parser is a process of its own."""
    made = {path: text for path, text in starter().items() if not path.startswith((".ssmd/", "schemas/"))}
    made[ENVIRONMENT] = made[ENVIRONMENT].replace(b"schema: trade:v1", b"")
    return {
        path: b"".join(line for line in text.splitlines(keepends=True) if b"schema" not in line)
        for path, text in made.items()
    }


@functools.cache
def compiled() -> dict[str, bytes]:
    """The same after `ssmd compile`."""
    with Sandbox.opened(files()) as sandbox:
        ended = sandbox.run("compile")
        assert ended.code == 0, ended
        found = (path for path in sandbox.root.rglob("*") if path.is_file())
        return {path.relative_to(sandbox.root).as_posix(): path.read_bytes() for path in found}


# Arguments

COMMANDS = [
    "init",
    "compile",
    "validate",
    "fmt",
    "explain",
    "trace",
    "graph",
    "schema",
    "schema-json",
    "completion",
    "x",
]
WORDS = [
    *("list", "show", "compat", "hash", "used", "trade", "kraken-dev", "kraken", "Feed", "bash", "SSMD201", "new", "-"),
    *("--check", "--fix", "--write", "-v", "--help", "--no-cache", "--format", "--output", "--as-of", "--stdin-path"),
    *("--config-dir", "--from", "--to", "json", "text", "sarif", "github", "dot", "svg", "table", "json=out.json", "v1"),
    *("2026-11-21", "9999-12-31", "2026-02-30", "generated/kraken-dev/spec.json", "generated/kraken-dev/spec.json:3"),
    *("environments", ENVIRONMENT, ".", "", ":", "=", "a" * 300, "a/" * 2100, "\x1b[31m", "\u202e", "\udcff", "--", "::error::"),
]  # fmt: skip


def _harmless(word: str) -> bool:
    """Whether a word names nothing outside of the sandbox, where a report or a workspace might be put."""
    return (
        "\0" not in word and ".." not in word and "/" not in (word[:1], word.partition("=")[2][:1]) and "~" not in word
    )


WORD = st.sampled_from(WORDS) | st.text(max_size=8).filter(_harmless)


@target(st.tuples(st.sampled_from(COMMANDS), st.lists(WORD, max_size=6)), 25)
def test_arguments(made: Any) -> None:
    """Any words behind any command; where a report or a workspace is put is said there."""
    command, words = made
    with Sandbox.opened(compiled()) as sandbox:
        here = {path.relative_to(sandbox.root).as_posix() for path in sandbox.root.rglob("*")}
        argv = [word for word in (command, *words) if _harmless(word)]
        everything = _Everything(here)
        sandbox.run(*argv, mine=everything, raw="--format" in argv or "fmt" in argv or "-" in argv)


class _Everything(set[str]):
    """What a command may change when it was told where to write."""

    def __contains__(self, _: object) -> bool:
        return True


# Standard input

PATHS = [
    ENVIRONMENT,
    FEED,
    "ssmd.yaml",
    "environments/new.yaml",
    "templates/service.yaml.j2",
    "environments/\x1b.yaml",
    "x",
]


@target(st.tuples(st.sampled_from(PATHS), st.sampled_from(["validate", "fmt"]), MUTATION | st.binary(max_size=200)), 30)
def test_stdin(made: Any) -> None:
    """Anything on standard input, for any file."""
    path, command, content = made
    given = content if isinstance(content, bytes) else edited_by(files().get(path, files()[ENVIRONMENT]), content)
    with Sandbox.opened(files()) as sandbox:
        sandbox.run(command, "-", "--stdin-path", path, stdin=given, raw=command == "fmt")


# What lies about

PLACE = st.integers(0, 2**20)
BYTES = st.tuples(PLACE, st.integers(0, 8), st.binary(max_size=8))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(["../../beside/x", "/etc/passwd", "a\0b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["apiVersion", "compiler", "as_of", "inputs", "groups", "x"]


def spliced(content: bytes, changes: list[Any]) -> bytes:
    for place, size, new in changes:
        at = place % (len(content) + 1)
        content = content[:at] + new + content[at + size :]
    return content


@target(st.lists(BYTES, min_size=1, max_size=4) | st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1), 10)
def test_lock(made: Any) -> None:
    """A lock that somebody wrote: other bytes, or other values in its fields."""
    old = compiled()[LOCK]
    lock = spliced(old, made) if isinstance(made, list) else json.dumps(json.loads(old) | made).encode()
    with Sandbox.opened({path: text for path, text in compiled().items() if not path.startswith(".ssmd/")}) as sandbox:
        sandbox.put({LOCK: lock})
        sandbox.run("validate")
        sandbox.run("compile", "--check")
        sandbox.run("compile")


PACKED = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=12) | st.binary(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
HARM = st.tuples(
    st.sampled_from(["index", "traces"]),
    st.booleans(),
    st.lists(BYTES, max_size=3),
    st.lists(st.tuples(PLACE, PACKED), max_size=3),
)


@target(HARM, 8)
def test_cache(made: Any) -> None:
    """Cache files that somebody wrote, with a seal that fits or not: other bytes, other values, anything."""
    name, sealed, changes, values = made
    with Sandbox.opened(files()) as sandbox:
        sandbox.run("compile")
        sandbox.run("compile")
        file = sandbox.root / CACHE / name
        old, body = file.read_bytes()[:SEAL], file.read_bytes()[SEAL:]
        if values:
            body = msgspec.msgpack.encode(replaced(msgspec.msgpack.decode(body), values))
        body = spliced(body, changes)
        file.write_bytes((seal(body) if sealed else old) + body)
        (sandbox.root / ENVIRONMENT).write_bytes(files()[ENVIRONMENT] + b"# changed\n")
        sandbox.run("compile", mine=[ENVIRONMENT])
        sandbox.run("validate")


def replaced(held: Any, values: list[Any]) -> Any:
    """What was packed, with other values somewhere in it."""
    for place, value in values:
        if not isinstance(held, list) or not held:
            return value
        at = place % len(held)
        inner = held[at]
        deeper = isinstance(inner, list) and inner and place % 3
        held[at] = replaced(inner, [(place // 7, value)]) if deeper else value
    return held


# Rewriting and telling


@target(st.tuples(st.sampled_from([ENVIRONMENT, FEED, "ssmd.yaml"]), MUTATION), 15)
def test_rewriting(made: Any) -> None:
    """`fmt` and `validate --fix` on a mutated document; what was formatted is formatted."""
    path, edits = made
    with Sandbox.opened(files() | {path: edited_by(files()[path], edits)}) as sandbox:
        mine = [ENVIRONMENT, FEED, "ssmd.yaml"]
        sandbox.run("validate", "--fix", mine=mine)
        sandbox.run("fmt", mine=mine)
        ended = sandbox.run("fmt", "--check")
        assert "not formatted" not in ended.out


@target(st.tuples(st.sampled_from([ENVIRONMENT, FEED, "ssmd.yaml"]), st.lists(EDITS, max_size=2), PIECE, PLACE), 8)
def test_telling(made: Any) -> None:
    """`graph`, `trace` and `schema` on a mutated document."""
    path, edits, _, line = made
    with Sandbox.opened(compiled() | {path: edited_by(files()[path], edits)}) as sandbox:
        for form in ("dot", "mermaid", "svg", "json"):
            sandbox.run("graph", "--format", form)
        sandbox.run("trace", f"generated/kraken-dev/service.yaml:{line % 60}")
        sandbox.run("trace", f"generated/kraken-dev/spec.json:{line % 60}", "--output", "json")
        sandbox.run("schema", "list", "--output", "json")
