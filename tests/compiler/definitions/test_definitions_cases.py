"""Whole definitions and exactly what is said of them.

Every file of positive/ and negative/ is a definition of one workspace, and all are parsed in one call: no bad one hides
another. Beside each stands what is expected: `.flaws` (place and message) in negative/, `.records` in positive/.
`UPDATE=1` rewrites these, to be reviewed as a diff.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ssmd_compiler.definitions import Definition, Parsed, parse

HERE = Path(__file__).parent
FORMATS = {".capnp": "capnp", ".proto": "protobuf", ".json": "json_schema"}
FILES = sorted(path for path in HERE.glob("*/*") if path.suffix in FORMATS)
POSITIVE = [path for path in FILES if path.parent.name == "positive"]
NEGATIVE = [path for path in FILES if path.parent.name == "negative"]


@pytest.fixture(scope="module")
def verdicts() -> dict[Path, Parsed]:
    definitions = [Definition(p.relative_to(HERE).as_posix(), FORMATS[p.suffix], p.read_bytes()) for p in FILES]
    parsed = parse(definitions)
    assert [p.definition for p in parsed] == definitions
    return dict(zip(FILES, parsed, strict=True))


@pytest.mark.parametrize("path", POSITIVE, ids=lambda path: path.name)
def test_sound(path: Path, verdicts: dict[Path, Parsed]) -> None:
    assert verdicts[path].flaws == ()
    compare(path.with_name(path.name + ".records"), verdicts[path].records)


@pytest.mark.parametrize("path", NEGATIVE, ids=lambda path: path.name)
def test_flawed(path: Path, verdicts: dict[Path, Parsed]) -> None:
    assert verdicts[path].records == ()
    said = [f"{f.line}:{f.column}-{f.end_line}:{f.end_column} {f.message}" for f in verdicts[path].flaws]
    compare(path.with_name(path.name + ".flaws"), said)


def compare(expectation: Path, lines: list[str] | tuple[str, ...]) -> None:
    found = "".join(f"{line}\n" for line in lines)
    if os.environ.get("UPDATE"):
        expectation.write_text(found)
    assert found == expectation.read_text()
