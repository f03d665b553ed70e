"""Every field of the source language: what it takes, what it refuses, with which code, and where exactly."""

from __future__ import annotations

import datetime
import os
import re
import typing
from typing import Any

import pytest
from examples import base_files
from fields import FOLDER, Case, cases, rendered

from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.model import Environment, Feed, Schema, Settings
from ssmd_compiler.model.base import SECOND_FORM, Model
from ssmd_compiler.source import MemoryTree

DATE = datetime.date(2026, 11, 21)
FILES = sorted(FOLDER.glob("*.txt"))
CASES = [
    pytest.param(case, id=f"{file.stem}-{case.title or case.snippet.strip().splitlines()[0]}"[:72])
    for file in FILES
    for case in cases(file)
]


# Definitions are parsed by a process of their own: not for a field that has nothing to do with them.
WITHOUT_SCHEMAS = {
    path: content.replace(b"  schema: trade:v1\n", b"")
    for path, content in base_files().items()
    if "schemas/" not in path
}


def findings(case: Case) -> list[tuple[str, int, int, int, str]]:
    files = (base_files() if "trade" in case.document else WITHOUT_SCHEMAS) | case.frame.files
    files |= {case.frame.path: case.document.encode()}
    found = compile(MemoryTree(files), Options(DATE)).diagnostics
    return sorted(
        (
            one.span.path,
            one.span.line,
            one.span.column,
            one.span.end_column if one.span.end_line == one.span.line else 0,
            one.code,
        )
        for one in found
    )


@pytest.mark.parametrize("case", CASES)
def test_a_field_takes_what_it_should(case: Case) -> None:
    found = findings(case)
    marked = rendered(case, found).splitlines()[bool(case.title) :]
    assert marked == list(case.marks), "\n" + rendered(case, found)


def test_every_field_has_a_case_that_holds_and_one_that_fails() -> None:
    holds, fails = set(), set()
    for case in (parameter.values[0] for parameter in CASES):
        said = set(re.findall(r"([a-z_]+):(?:\s|$)", case.snippet))
        (fails if case.expected else holds).update(said)
    every = {name for model in models() for name in _fields(model)} - {"name"}
    assert every - holds == set()
    assert every - fails == set()


def models() -> set[type[Model]]:
    """Every model that a document can hold."""
    found: set[type[Model]] = set()
    todo: list[Any] = [Feed, Schema, Environment, Settings]
    while todo:
        kind = todo.pop()
        todo += typing.get_args(kind)
        if isinstance(kind, type) and issubclass(kind, Model) and kind not in found:
            found.add(kind)
            todo += [field.annotation for field in kind.model_fields.values()]
    return found


def _fields(model: type[Model]) -> set[str]:
    """As a person writes them: a second form of a field has its name."""
    return {(field.alias or name).removesuffix(SECOND_FORM) for name, field in model.model_fields.items()}


def test_no_two_cases_are_one() -> None:
    seen = [(case.name, case.snippet) for case in (parameter.values[0] for parameter in CASES)]
    assert len(seen) == len(set(seen))


@pytest.mark.skipif(
    "UPDATE_FIELDS" not in os.environ, reason="UPDATE_FIELDS=1 writes down what is found; the change is then reviewed"
)
def test_update() -> None:
    for file in FILES:
        text, name = [], ""
        for case in cases(file):
            if case.name != name:
                name = case.name
                text.append(f"== {name}")
            text.append(rendered(case, findings(case)))
        file.write_text("\n\n".join(text) + "\n")
