"""Ten thousand symbols and 128 shards: the place is found, and by a bounded number of compilations."""

from __future__ import annotations

import datetime
import functools
from typing import TYPE_CHECKING

import pytest
from examples import base_files

from ssmd_compiler.origin import LineOrigins, tables
from ssmd_compiler.source import MemoryTree
from ssmd_compiler.tracing import Traceable, traceable

if TYPE_CHECKING:
    from ssmd_compiler.link import LinkedEnvironment

AS_OF = datetime.date(2026, 11, 1)
SYMBOLS = [f"KX{number % 128:03}-{number:05}" for number in range(10_000)]
MOST_LARGE = 12
"""Compilations of the whole environment that one line may cost."""
MOST_SMALL = 600
"""Of the environment that was made small."""


def tree(symbols: list[str], shards: int) -> MemoryTree:
    files = base_files()
    text = (
        files["environments/dev.yaml"].decode().replace("symbols: [INXD-25-B4000]", f"symbols: [{', '.join(symbols)}]")
    )
    if shards:
        named = (
            f"    s{number:03}:\n      selector: {{prefix: KX{number:03}}}\n      resources: {{requests: {{memory: {number + 100}Mi}}}}\n"
            for number in range(shards)
        )
        text += "  shards:\n" + "".join(named)
    return MemoryTree({**files, "environments/dev.yaml": text.encode()})


@functools.cache
def compiled(file: str, shards: int) -> Traceable:
    found = traceable(tree(SYMBOLS, shards), AS_OF, file)
    assert isinstance(found, Traceable), found
    return found


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many symbols each compilation was over."""
    counted: list[int] = []
    real = tables.lower

    def counting(linked: LinkedEnvironment, *rest: object, **facts: object) -> object:
        counted.append(len(linked.environment.symbols))
        return real(linked, *rest, **facts)  # type: ignore[arg-type]

    monkeypatch.setattr(tables, "lower", counting)
    return counted


def best(file: str, shards: int, text: str) -> LineOrigins:
    found = compiled(file, shards)
    lines = [line.strip().rstrip(",") for line in found.content.decode().splitlines()]
    told = found.of([lines.index(text) + 1])
    assert isinstance(told, tuple)
    return told[0]


LINES = [
    ("dev/spec-s017.json", 128, '"KX017-05009"', "symbols[5009]"),
    ("dev/spec-s017.json", 128, '"shard": "s017"', "shards.s017"),
    ("dev/spec-s017.json", 128, '"exchange": "kalshi"', "versions[0].parser_config.exchange"),
    ("dev/deployment-s017.yaml", 128, 'memory: "117Mi"', "shards.s017.resources.requests.memory"),
    ("dev/deployment-s017.yaml", 128, "mountPath: /var/lib/ssmd/storage", "middleware.storage.path"),
    ("dev/configmap.yaml", 128, '"KX017-05009"', "symbols[5009]"),
    ("dev/configmap.yaml", 128, "spec-s017.json: |", "shards.s017"),
    ("dev/spec.json", 0, '"KX017-05009"', "symbols[5009]"),
    ("dev/spec.json", 0, '"environment": "dev"', "metadata.name"),
]


@pytest.mark.parametrize(("file", "shards", "text", "field"), LINES)
def test_the_place_is_found(file: str, shards: int, text: str, field: str, sizes: list[int]) -> None:
    compiled(file, shards)
    sizes.clear()
    told = best(file, shards, text)
    assert told.origins[0].field == field
    assert sum(size > 1_000 for size in sizes) <= MOST_LARGE
    assert len(sizes) <= MOST_SMALL


def test_a_digest_of_everything_is_also_of_the_long_lists(sizes: list[int]) -> None:
    found = compiled("dev/deployment-s017.yaml", 128)
    text = next(line.strip() for line in found.content.decode().splitlines() if "spec-sha256" in line)
    fields = {origin.field for origin in best("dev/deployment-s017.yaml", 128, text).origins}
    assert {"symbols", "feed", "middleware.storage.path"} <= fields
    assert sum(size > 1_000 for size in sizes) <= MOST_LARGE + 1


def test_every_line_of_a_long_file_is_told(sizes: list[int]) -> None:
    found = compiled("dev/spec.json", 0)
    sizes.clear()
    told = found.of(None)
    assert isinstance(told, tuple)
    symbols = {
        one.origins[0].field: line.strip().strip('",')
        for one, line in zip(told, found.content.decode().splitlines(), strict=True)
        if one.origins and one.origins[0].field.startswith("symbols[")
    }
    assert symbols == {f"symbols[{index}]": symbol for index, symbol in enumerate(SYMBOLS)}
    assert sum(size > 1_000 for size in sizes) <= MOST_LARGE
