"""Documents in every spelling and layout: the same environment, feed or schema, as anybody might have written it.

What a document says is known to the generator and never read back by the code under test.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

Tree = Any
"""Text, None, a list, or a dict with text for keys: what `yaml.BaseLoader` would read, None as empty text."""

WORDS = [
    "1.10",
    "no",
    "12:30:45",
    "010",
    "a  b",
    "it's",
    'say "x"',
    "é",
    "😀 astral",
    "- x",
    "a: b",
    "# no comment",
    "null",
    "x #y",
    "true",
]
HASH = "sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174"


class Plain(str):
    """A number or a boolean: never in quotes."""

    __slots__ = ()


@dataclass
class Written:
    """One document: how it is written, what it says in canonical form, and how many comments it has."""

    text: str
    spec: Tree
    comments: int
    anchored: bool


@dataclass
class Writer:
    """Writes trees as YAML, each choice by chance."""

    random: Random
    anchors: bool = False
    comments: int = 0
    anchors_set: int = 0
    after_block: bool = False
    chance: float = field(init=False)

    def __post_init__(self) -> None:
        self.chance = self.random.choice([0.0, 0.1, 0.4])

    def maybe(self, chance: float) -> bool:
        return self.random.random() < chance

    def comment(self) -> str:
        self.comments += 1
        return f"# c{self.comments}" + self.random.choice(["", " words", " - x: y", " 'q", "  "])

    def document(self, tree: dict[str, Tree]) -> str:
        lines = [self.comment() for _ in range(2) if self.maybe(self.chance)]
        if self.maybe(0.1):
            lines += [self.random.choice(["---", "---  " + self.comment(), "%YAML 1.1\n---"])]
            lines += [self.comment()] if self.maybe(self.chance) else []
        if self.maybe(0.15):
            lines.append(self.flow(tree, 0) + self.behind())
        else:
            lines += self.mapping(tree, self.random.choice([0, 0, 0, 1, 3]))
        lines += self.between(0)
        if self.maybe(0.1):
            lines += ["...", self.comment()]
        text = "\n".join(lines) + self.random.choice(["\n", "\n", "", "\n\n"])
        return text.replace("\n", "\r\n") if self.maybe(0.1) else text

    def mapping(self, tree: dict[str, Tree], column: int) -> list[str]:
        lines: list[str] = []
        for key, value in tree.items():
            lines += self.between(column)
            lines += self.entry(f"{' ' * column}{self.key(key)}:", value, column)
        return lines

    def between(self, column: int) -> list[str]:
        """Comments and blank lines, at any column; right after a block what is indented would be its text."""
        lines, blank = [], "" if self.after_block else "   "
        while self.maybe(self.chance):
            at = self.random.choice([column, 0] if self.after_block else [column, column, column + 2, 0, 1, 5])
            lines.append(self.random.choice(["", blank, " " * at + self.comment()]))
        self.after_block = False
        return lines

    def behind(self) -> str:
        """What may stand behind a value."""
        if self.maybe(self.chance):
            return self.random.choice(["  ", " ", "   "]) + self.comment()
        return self.random.choice(["", "", "", "  "])

    def key(self, key: str) -> str:
        return self.random.choice([key] * 6 + [f'"{key}"', f"'{key}'"])

    def entry(self, head: str, value: Tree, column: int) -> list[str]:
        """A key or a dash with its value; nested blocks stand to the right of `column`."""
        deeper = column + self.random.choice([1, 2, 2, 2, 3, 4])
        if value is None:
            return [head + self.behind()]
        if isinstance(value, str):
            return self.scalar(head, value, column)
        if self.maybe(0.25) or not value:
            return [f"{head} {self.flow(value, column)}{self.behind()}"]
        lines = [head + self.behind()]
        if isinstance(value, dict):
            return [*lines, *self.mapping(value, deeper)]
        if head.lstrip(" ").startswith("-") or self.maybe(0.5):
            return [*lines, *self.listed(value, deeper)]
        return [*lines, *self.listed(value, column)]

    def listed(self, items: list[Tree], column: int) -> list[str]:
        lines: list[str] = []
        for item in items:
            lines += self.between(column)
            dash = " " * column + "-"
            if isinstance(item, dict) and item and self.maybe(0.6):
                blanks = self.random.choice([1, 1, 1, 2, 3])
                (key, value), *others = item.items()
                lines += self.entry(f"{dash}{' ' * blanks}{self.key(key)}:", value, column + 1 + blanks)
                lines += self.mapping(dict(others), column + 1 + blanks)
            else:
                lines += self.entry(dash, item, column)
        return lines

    def scalar(self, head: str, value: str, column: int) -> list[str]:
        if isinstance(value, Plain):
            return [f"{head} {value}{self.behind()}"]
        anchor = ""
        if self.anchors and self.maybe(0.1):
            self.anchors_set += 1
            anchor = f" &a{self.anchors_set}"
        indent = " " * (column + self.random.choice([1, 2, 4]))
        match self.random.randrange(10):
            case 0:
                self.after_block = True
                return [f"{head}{anchor} {self.random.choice(['|-', '>-', '|-  ' + self.comment()])}", indent + value]
            case 1:
                above = ["       " + self.comment()] if self.maybe(self.chance) else []
                return [head + anchor + self.behind(), *above, indent + self.quoted(value) + self.behind()]
            case 2 if " " in value and not re.search('  |[#"]', value):
                first, _, second = value.partition(" ")
                return [f'{head}{anchor} "{first}', f'{indent}{second}"{self.behind()}']
        return [f"{head}{anchor} {self.quoted(value)}{self.behind()}"]

    def quoted(self, value: str) -> str:
        plain = re.fullmatch(r"[A-Za-z0-9$/][A-Za-z0-9._:/$-]*[A-Za-z0-9]|[A-Za-z0-9]", value) and value != "null"
        styles = ["'" + value.replace("'", "''") + "'", json.dumps(value, ensure_ascii=False)]
        return self.random.choice([value] * 5 + styles) if plain else self.random.choice(styles)

    def flow(self, value: Tree, column: int) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return value if isinstance(value, Plain) else self.quoted(value)
        if isinstance(value, list):
            return f"[{self.joined([self.flow(item, column) for item in value], column)}]"
        pairs = [f"{self.key(key)}: {self.flow(item, column)}" for key, item in value.items()]
        return f"{{{self.joined(pairs, column)}}}"

    def joined(self, parts: list[str], column: int) -> str:
        text = ""
        for number, part in enumerate(parts):
            text += self.random.choice([", ", ", ", ",  ", " , "]) if number else ""
            text += self.line_break(column) if self.maybe(self.chance / 2) else ""
            text += part
        return text + (
            self.random.choice([" ", ",", self.line_break(column)]) if parts and self.maybe(self.chance) else ""
        )

    def line_break(self, column: int) -> str:
        comment = f" {self.comment()}" if self.maybe(0.5) else ""
        return f"{comment}\n{' ' * (column + self.random.choice([1, 2, 5]))}"


def environment(random: Random) -> tuple[dict[str, Tree], dict[str, Tree]]:
    """An environment `dev` of the minimal workspace: as written, and its canonical spec."""
    keys: dict[str, Tree] = {"kalshi": {"type": "api_key", "fields": ["api_key", "api_secret"], "source": "env:A,B"}}
    if random.random() < 0.5:
        keys["other"] = {"type": "webhook", "description": random.choice(WORDS), "fields": ["url"]}
    secrets = {"nats": "sealed-secret/x", "creds": "sealed-secret/ssmd/y"} if random.random() < 0.4 else {}
    layers: dict[str, Tree] = {
        "transport": {"type": "memory"},
        "storage": {"type": "local", "path": "/data", "sync": "batch"},
        "cache": random.choice([{"type": "none"}, None]),
        "journal": {"type": "memory"},
    }
    spec: dict[str, Tree] = {
        "description": random.choice(WORDS),
        "feed": "kalshi",
        "symbols": ["INXD-25-B4000", "no", "1.10", "010"],
        "schedule": {"timezone": "UTC", "day_start": "00:10", "day_end": "12:30"},
        "connector": {"credentials": "$key:kalshi", "retry": {"max_attempts": Plain("3")}},
        "alerts": {"ConnectorNoData": {"enabled": Plain("false")}},
    }
    body = dict(spec)
    body["schedule"] = {
        random.choice([new, old]): spec["schedule"][new]
        for new, old in [("timezone", "timezone"), ("day_start", "startup"), ("day_end", "teardown")]
    }
    said = random.choice(["schema", "schemas", "singular list"])
    body |= (
        {"schema": "trade:v1"}
        if said == "schema"
        else {"schema" if said == "singular list" else "schemas": ["trade:v1"]}
    )
    body["keys"] = random.choice([keys, [{"name": name, **key} for name, key in keys.items()]])
    if isinstance(body["keys"], list) and random.random() < 0.5:
        body["keys"] = [_shuffled(random, key) for key in body["keys"]]
    if secrets:
        body["secrets"] = secrets
    outside = [name for name in layers if random.random() < 0.5]
    inside = {name: layer for name, layer in layers.items() if name not in outside}
    body |= {name: layers[name] for name in outside}
    if inside or not outside:
        body["middleware"] = inside
    types = {"nats": "transport", "creds": "api_key"}
    spec |= {"schemas": ["trade:v1"], "middleware": layers}
    spec["keys"] = keys | {name: {"type": types[name], "source": source} for name, source in secrets.items()}
    return _enveloped(random, "Environment", "dev", _shuffled(random, body)), spec


def feed(random: Random) -> tuple[dict[str, Tree], dict[str, Tree]]:
    version = {
        "version": "1.10",
        "effective_from": "2024-01-01",
        "protocol": "wss",
        "endpoint": "wss://example.com/x",
        "parser_config": {"a": "010", "b": "no"},
    }
    older = {("endpoint_template" if key == "endpoint" else key): value for key, value in version.items()}
    spec = {"display_name": random.choice(WORDS), "type": "websocket", "versions": [version]}
    written = spec | {"versions": [_shuffled(random, random.choice([version, older]))]}
    return _enveloped(random, "Feed", "kalshi", _shuffled(random, written)), spec


def schema(random: Random) -> tuple[dict[str, Tree], dict[str, Tree]]:
    version = {"version": "v1", "effective_from": "2025-01-01", "hash": HASH, "breaking_changes": "because"}
    spec = {"format": "capnp", "schema_file": "trade.v1.capnp", "versions": [version]}
    return _enveloped(random, "Schema", "trade", _shuffled(random, spec)), spec


def _enveloped(random: Random, kind: str, name: str, body: dict[str, Tree]) -> dict[str, Tree]:
    chance = random.random()
    if chance < 0.4:
        flat = body | {"name": name} | ({"apiVersion": "ssmd/v1"} if random.random() < 0.3 else {})
        return _shuffled(random, flat)
    stray = {key: value for key, value in body.items() if random.random() < 0.15}
    inner = {key: value for key, value in body.items() if key not in stray}
    envelope = {"apiVersion": "ssmd/v1", "kind": kind, "metadata": {"name": name}, "spec": inner, **stray}
    return _shuffled(random, envelope) if random.random() < 0.5 else envelope


def _shuffled(random: Random, tree: dict[str, Tree]) -> dict[str, Tree]:
    items = list(tree.items())
    random.shuffle(items)
    return dict(items)


KINDS = {
    "Environment": (environment, "environments/dev.yaml"),
    "Feed": (feed, "exchanges/feeds/kalshi.yaml"),
    "Schema": (schema, "schemas/trade.yaml"),
}


def write(kind: str, random: Random, *, anchors: bool = False) -> Written:
    tree, spec = KINDS[kind][0](random)
    writer = Writer(random, anchors=anchors)
    text = writer.document(tree)
    return Written(text, spec, len(re.findall(r"# c\d+", text)), writer.anchors_set > 0)
