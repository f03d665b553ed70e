"""Cases of single fields, as text that reads like what a person writes and sees.

    == storage                       the frame that the snippets below stand in (see FRAMES)

    # why this one                   a title, if the snippet does not say it
    size: 20Gi                       a snippet with nothing below it: nothing is found

    size: 20 Gi
          ^^^^^ SSMD106              what is found: code, and exactly where
    @ environments/dev.yaml:4:1 SSMD103      the same, where it is outside of the snippet

Cases are apart by a blank line. A snippet's fields replace those that its frame has already.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["FOLDER", "FRAMES", "Case", "Frame", "cases", "rendered"]

FOLDER = Path(__file__).parent / "fields"
MARK = re.compile(r"\s*\^+ SSMD\d{3}|@ \S+ SSMD\d{3}")
KEY = re.compile(r"([A-Za-z_]+|\"[^\"]*\"):")


@dataclass(frozen=True)
class Frame:
    """A document around a snippet: the lines before it, how far it is indented, and the fields that stand beside it."""

    path: str
    before: str = ""
    indent: int = 0
    base: dict[str, str] = field(default_factory=dict)
    after: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    """What else there is in its workspace."""

    def document(self, snippet: str) -> tuple[str, int]:
        """The whole document, and the number of lines before the snippet."""
        said = {match[1] for line in snippet.splitlines() if (match := KEY.match(line))}
        beside = "".join(f"{text}\n" for key, text in self.base.items() if key not in said)
        before = self.before + _indented(beside, self.indent)
        return before + _indented(snippet, self.indent) + self.after, before.count("\n")


def _indented(text: str, indent: int) -> str:
    return "".join(" " * indent + line if line.strip() else line for line in text.splitlines(keepends=True))


def _envelope(kind: str, name: str) -> str:
    return f"apiVersion: ssmd/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n"


_FEED, _ENVIRONMENT, _SCHEMA = "exchanges/feeds/kalshi.yaml", "environments/dev.yaml", "schemas/trade.yaml"
_VERSION = '[{version: v1, effective_from: 2025-01-01, protocol: wss, endpoint: "wss://a.example"}]'
_HASH = "sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174"
_OTHER = b"@0xabcdef1234567890;\nstruct Trade { timestamp @0 :UInt64; }\n"
_MIDDLEWARE = {
    "transport": "transport: {type: memory}",
    "storage": "storage: {type: memory}",
}
_BASE = {
    "feed": "feed: kalshi",
    "keys": "keys: {kalshi: {type: api_key, fields: [api_key], source: env}}",
    "middleware": "middleware: {transport: {type: memory}, storage: {type: memory}}",
}


def _environment(but: str, inner: str) -> str:
    kept = "".join(f"  {text}\n" for key, text in _BASE.items() if key != but)
    return _envelope("Environment", "dev") + kept + inner


FRAMES = {
    "feed": Frame(
        _FEED,
        _envelope("Feed", "kalshi"),
        2,
        {
            "type": "type: websocket",
            "versions": f"versions: {_VERSION}",
            "message_types": "message_types: {ticker: {}}",
        },
    ),
    "feed version": Frame(
        _FEED,
        _envelope("Feed", "kalshi") + "  type: websocket\n  versions:\n    -\n",
        6,
        {
            "version": "version: v1",
            "effective_from": "effective_from: 2025-01-01",
            "protocol": "protocol: wss",
            "endpoint": "endpoint: wss://a.example",
        },
        after="  message_types: {ticker: {}}\n",
    ),
    "message type": Frame(
        _FEED,
        _envelope("Feed", "kalshi") + f"  type: websocket\n  versions: {_VERSION}\n  message_types:\n    trade:\n",
        6,
    ),
    "schema": Frame(
        _SCHEMA,
        _envelope("Schema", "trade"),
        2,
        {
            "format": "format: capnp",
            "schema_file": "schema_file: trade.v1.capnp",
            "versions": f"versions: [{{version: v1, effective_from: 2025-01-01, hash: '{_HASH}'}}]",
        },
    ),
    "schema version": Frame(
        _SCHEMA,
        _envelope("Schema", "trade") + "  format: capnp\n  schema_file: trade.v1.capnp\n  versions:\n    -\n",
        6,
        {"version": "version: v1", "effective_from": "effective_from: 2025-01-01", "hash": f"hash: {_HASH}"},
    ),
    "schema version that breaks another": Frame(
        _SCHEMA,
        _envelope("Schema", "trade")
        + "  format: capnp\n  versions:\n    - {version: v1, effective_from: 2025-01-01, schema_file: trade.v1.capnp,\n"
        + f"       hash: '{_HASH}'}}\n    -\n",
        6,
        {
            "version": "version: v2",
            "effective_from": "effective_from: 2025-06-01",
            "schema_file": "schema_file: trade.v2.capnp",
            "hash": f"hash: sha256:{hashlib.sha256(_OTHER).hexdigest()}",
        },
        files={"schemas/trade.v2.capnp": _OTHER},
    ),
    "environment": Frame(_ENVIRONMENT, _envelope("Environment", "dev"), 2, _BASE),
    "environment without keys": Frame(
        _ENVIRONMENT,
        _envelope("Environment", "dev"),
        2,
        {key: text for key, text in _BASE.items() if key != "keys"},
    ),
    "key": Frame(
        _ENVIRONMENT,
        _environment("keys", "  keys:\n    kalshi:\n"),
        6,
        {"type": "type: api_key", "fields": "fields: [api_key]"},
    ),
    "middleware": Frame(_ENVIRONMENT, _environment("middleware", "  middleware:\n"), 4, _MIDDLEWARE),
    "connector": Frame(_ENVIRONMENT, _environment("", "  connector:\n"), 4),
    "settings": Frame("ssmd.yaml"),
}


@dataclass(frozen=True)
class Case:
    """One snippet in its frame, and what is found: (path, line, column, end column, code), in order."""

    file: str
    frame: Frame
    name: str
    title: str
    snippet: str
    marks: tuple[str, ...]

    @property
    def document(self) -> str:
        return self.frame.document(self.snippet)[0]

    @property
    def expected(self) -> list[tuple[str, int, int, int, str]]:
        found, line = [], self.frame.document(self.snippet)[1]
        for mark in self.marks:
            if mark.startswith("@"):
                place, code = mark[2:].split(" ")
                path, number, column = place.split(":")
                found.append((path, int(number), int(column), 0, code))
            elif MARK.match(mark):
                column = mark.index("^") + 1 + self.frame.indent
                code = mark.split()[-1]
                found.append((self.frame.path, line, column, column + mark.count("^"), code))
            else:
                line += 1
        return sorted(found)


def cases(file: Path) -> Iterator[Case]:
    """The cases of one file."""
    name = ""
    for block in re.split(r"\n\n+", file.read_text().strip("\n")):
        if block.startswith("== "):
            name = block.removeprefix("== ")
            continue
        lines = block.split("\n")
        title = lines.pop(0).removeprefix("# ") if lines[0].startswith("# ") else ""
        snippet = "".join(f"{line}\n" for line in lines if not MARK.match(line))
        yield Case(file.stem, FRAMES[name], name, title, snippet, tuple(lines))


def rendered(case: Case, found: list[tuple[str, int, int, int, str]]) -> str:
    """The case's block with the marks that `found` asks for."""
    before = case.frame.document(case.snippet)[1]
    block = [f"# {case.title}"] if case.title else []
    lines = case.snippet.splitlines()
    for number, line in enumerate(lines, before + 1):
        block.append(line)
        for path, at, column, end, code in sorted(found):
            if path == case.frame.path and at == number:
                start = column - 1 - case.frame.indent
                block.append(f"{' ' * start}{'^' * max(1, end - column)} {code}")
    inside = range(before + 1, before + 1 + len(lines))
    block += [
        f"@ {path}:{at}:{column} {code}"
        for path, at, column, _, code in sorted(found)
        if path != case.frame.path or at not in inside
    ]
    return "\n".join(block)
