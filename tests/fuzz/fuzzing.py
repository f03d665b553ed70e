"""Fuzz targets: a strategy of inputs, and a check that raises when an input does what none may do.

In every run of the tests a target is tried on a few inputs, the same ones each time, and on every input that was ever
found to fail (`corpus/`). `make fuzz` tries it on new ones for as long as it is told (`campaign`). Inputs are plain
data, so that one in the corpus outlives a change of the strategy that made it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from budget import tries
from hypothesis import given
from hypothesis import strategies as st

__all__ = ["CORPUS", "TARGETS", "Target", "decoded", "encoded", "keep", "kept", "target"]

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Target:
    """What is fuzzed: inputs, and what must hold for each."""

    name: str
    inputs: st.SearchStrategy[Any]
    check: Callable[[Any], None]


TARGETS: dict[str, Target] = {}
"""Every target of the modules that were imported, by name."""


def target(inputs: st.SearchStrategy[Any], examples: int) -> Callable[[Callable[[Any], None]], Callable[[], None]]:
    """Make `test_name(input)` a target, and a test that tries it on so many examples in every run."""

    def register(check: Callable[[Any], None]) -> Callable[[], None]:
        name = check.__name__.removeprefix("test_")
        TARGETS[name] = Target(name, inputs, check)

        def test(made: Any) -> None:
            check(made)

        test.__name__ = test.__qualname__ = f"test_{name}"
        test.__doc__, test.__module__ = check.__doc__, check.__module__
        return tries(examples)(given(made=inputs)(test))

    return register


# The corpus


def encoded(made: Any) -> str:
    """An input as JSON: bytes as an object with their Latin-1."""
    return json.dumps(made, default=_bytes, indent=1) + "\n"


def _bytes(one: Any) -> dict[str, str]:
    assert isinstance(one, bytes), f"inputs are plain data, and this is a {type(one).__name__}"
    return {"bytes": one.decode("latin-1")}


def decoded(text: str) -> Any:
    return json.loads(text, object_hook=lambda one: one["bytes"].encode("latin-1") if one.keys() == {"bytes"} else one)


def keep(name: str, text: str) -> Path:
    """Put an encoded input that failed into the corpus."""
    path = CORPUS / name / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")
    return path


def kept() -> list[Path]:
    return sorted(CORPUS.glob("*/*.json"))
