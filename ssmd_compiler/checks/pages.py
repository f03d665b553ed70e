"""A check's docstring as a page: title, text, and the examples that tests run.

An example is one or more steps on a small valid tree. `FAIL PATH` and a merge patch (RFC 7386) of the document there;
or, in brackets after the path, how the step is meant: `(as is)` the whole text, `(bytes)` with escapes, `(link)` a
symbolic link to the target, `(directory)`, `(absent)`, `(repeat N)`, `(many N)`, `(symbols N)`. `AND PATH` adds a step.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING, Literal

from ssmd_compiler.checks import can_be_allowed

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["Example", "Page", "Step", "page"]

_STEP = re.compile(r"(FAIL|PASS|AND)(?: (\S+))?(?: \(([a-z ]+?)(?: (\d+))?\))?")


@dataclass(frozen=True, slots=True)
class Step:
    """One change to the tree: which file, in which way, with which text or number."""

    path: str
    way: str
    text: str
    count: int


@dataclass(frozen=True, slots=True)
class Example:
    """Steps that together fail or pass; none means the unchanged tree."""

    verdict: Literal["FAIL", "PASS"]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What there is to know about one code."""

    code: str
    title: str
    text: str
    examples: tuple[Example, ...]
    allowable: bool = False

    def markdown(self) -> str:
        """The page of docs/diagnostics."""
        parts = [f"# {self.code}: {self.title}", self.text]
        if self.allowable:
            parts.append(f"It can be allowed for a while: `# ssmd: allow {self.code} until YYYY-MM-DD -- reason`.")
        for example in self.examples:
            heading = "This fails" if example.verdict == "FAIL" else "This passes"
            for step in example.steps:
                said = f" ({step.way})" if step.way not in ("", "as is") else ""
                parts.append(f"{heading}: `{step.path}`{said}")
                heading = "together with"
                if step.text:
                    parts.append(f"```yaml\n{step.text}\n```")
        return "\n\n".join(filter(None, parts)) + "\n"


def page(check: ModuleType) -> Page:
    """The page of one check's module."""
    heading, _, rest = (check.__doc__ or "").strip().partition("\n")
    code, _, title = heading.partition(": ")
    text, examples = _split(rest.strip("\n"))
    return Page(code, title, text, examples, can_be_allowed(check))


def _split(rest: str) -> tuple[str, tuple[Example, ...]]:
    text: list[str] = []
    found: list[tuple[str, list[tuple[re.Match[str], list[str]]]]] = []
    for line in rest.split("\n"):
        match = _STEP.fullmatch(line)
        if match and match[1] != "AND":
            found.append((match[1], [(match, [])]))
        elif match and found:
            found[-1][1].append((match, []))
        elif found:
            found[-1][1][-1][1].append(line)
        else:
            text.append(line)
    examples = (
        Example(
            "FAIL" if verdict == "FAIL" else "PASS", tuple(_step(match, lines) for match, lines in steps if match[2])
        )
        for verdict, steps in found
    )
    return "\n".join(text).strip(), tuple(examples)


def _step(match: re.Match[str], lines: list[str]) -> Step:
    return Step(match[2], match[3] or "", dedent("\n".join(lines)).strip("\n"), int(match[4] or 0))
