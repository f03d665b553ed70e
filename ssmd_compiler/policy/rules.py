"""What is judged of a rule before CEL sees it: length, nesting, fields that no environment has, and its message.

A message is plain text in which `{env.name}` stands for a value by its path. It is no template and no CEL: nothing in
it is evaluated, and other braces are text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.diagnostics.secrets import masked
from ssmd_compiler.model import Environment
from ssmd_compiler.model.bind import fields_at
from ssmd_compiler.policy.judgement import Fault
from ssmd_compiler.policy.view import SHAPE, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ssmd_compiler.model.settings import Rule
    from ssmd_compiler.policy.judgement import Part
    from ssmd_compiler.policy.view import Wanted
    from ssmd_compiler.source import Path

__all__ = [
    "MAX_EXPRESSION",
    "MAX_NESTING",
    "early_faults",
    "fields_of",
    "filled",
    "path_of",
    "place_in",
    "unshowable",
    "variables_in",
]

MAX_EXPRESSION: Final = 2_000
"""Characters of an expression."""

MAX_NESTING: Final = 24
"""Brackets inside of brackets; the library's own limit is a little above that."""


_TEXT = re.compile(r"""[rR]?("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|//[^\n]*""")
_CHAIN = re.compile(rf"(?<![\w.`])({'|'.join(VARIABLES)})\b((?:\s*\.\s*[A-Za-z_]\w*)*)(?!\s*[\w.(]*\()")
_STEP = re.compile(r"[A-Za-z_]\w*")
_PLACE = re.compile(r"\{([a-z_]+(?:\.[\w/-]+)*)\}")


def early_faults(index: int, rule: Rule) -> Iterator[Fault]:
    """The faults of a rule that need no CEL."""
    for part, expression in _expressions(rule):
        yield from _expression_faults(index, part, expression)
    if rule.at is not None:
        yield from _field_faults(index, rule.at)
    for found in _PLACE.finditer(rule.message):
        unknown = _unmeant(found[1])
        if unknown is not None:
            place = place_in(rule.message, found.start(1))
            yield Fault(index, "message", unknown[0], *place, len(found[1]), unknown[1])


def path_of(at: str) -> Path:
    """`shards.0` and `schemas[0]` as the path that they spell."""
    steps = re.sub(r"\[(\d+)\]", r".\1", at).split(".")
    return tuple(int(step) if step.isdecimal() else step for step in steps)


def _field_faults(index: int, at: str) -> Iterator[Fault]:
    path = path_of(at)
    for count, step in enumerate(path):
        known = fields_at(Environment, path[:count])
        if known and step not in known:
            above = f"`{'.'.join(map(str, path[:count]))}`" if count else "an environment"
            yield Fault(index, "at", f"{above} has no field `{step}`", label=did_you_mean(str(step), known))
            return


def variables_in(rules: tuple[Rule, ...]) -> Wanted:
    """The variables that any of the rules may read, and of each the fields; what nobody reads is not made."""
    text = "\n".join(part for rule in rules for part in (rule.rule, rule.when or "", rule.message))
    read: dict[str, frozenset[str] | None] = {}
    for name in VARIABLES:
        fields = {found[1] for found in re.finditer(rf"\b{name}\b(?:\s*\.\s*([A-Za-z_]\w*))?", text)}
        if fields:
            read[name] = None if None in fields else frozenset(fields)
    return read


def filled(message: str, values: Mapping[str, Any]) -> str:
    """The message with its values; one that is not set is said to be so, and what looks like a secret is masked."""
    return _PLACE.sub(lambda found: masked(_spelled(_value(values, found[1].split(".")))), message)


def _value(values: Any, path: list[str]) -> Any:
    for step in path:
        values = values.get(step) if isinstance(values, dict) else None
    return values


def _spelled(value: Any) -> str:
    if isinstance(value, list):
        some = ", ".join(_spelled(each) for each in value[:_MOST_SHOWN])
        return f"{some} and {len(value) - _MOST_SHOWN} more" if len(value) > _MOST_SHOWN else some or "(none)"
    if isinstance(value, dict):
        return _spelled(list(value))
    if isinstance(value, bool):
        return str(value).lower()
    return "(not set)" if value is None else str(value)


_MOST_SHOWN: Final = 5


def _unmeant(path: str) -> tuple[str, str] | None:
    """Why a message cannot hold a value by that path, and what was meant."""
    root, *steps = path.split(".")
    if root not in VARIABLES:
        return f"no variable named `{root}`", did_you_mean(root, VARIABLES)
    unknown = _unknown((root,), steps)
    if unknown is None and not any(form.fullmatch(path) for form in _SHOWABLE):
        return f"`{path}` is not one value", ""
    return unknown


def _showable() -> Iterator[re.Pattern[str]]:
    """The paths of values: of a text or number, of a list of those, of an entry of a map by its name."""
    for path in SHAPE:
        form = re.escape(path.removesuffix("[]").replace("?", "")).replace(r"\{\}", r"\.[^.]+")
        if r"\[\]" not in form:
            yield re.compile(rf"{form}\..+" if path == "spec" else form)


_SHOWABLE: Final = tuple(_showable())


def unshowable(expression: str) -> bool:
    """Whether an expression is not even shown to the library."""
    return next(_limit_faults(0, "rule", expression), None) is not None


def _expressions(rule: Rule) -> Iterator[tuple[Part, str]]:
    yield "rule", rule.rule
    if rule.when is not None:
        yield "when", rule.when


def _expression_faults(index: int, part: Part, expression: str) -> Iterator[Fault]:
    limits = tuple(_limit_faults(index, part, expression))
    yield from limits
    bare = _bare(expression)
    for chain in _CHAIN.finditer(bare) if not limits else ():
        yield from _chain_faults(index, part, bare, chain)


def _bare(expression: str) -> str:
    """An expression without what its texts and comments say; places stay where they are."""
    return _TEXT.sub(lambda found: " " * len(found[0]), expression)


def _limit_faults(index: int, part: Part, expression: str) -> Iterator[Fault]:
    if len(expression) > MAX_EXPRESSION:
        reason = f"an expression has at most {MAX_EXPRESSION} characters, and this has {len(expression)}"
        yield Fault(index, part, reason)
        return
    if any(not each.isprintable() and each not in "\n\t" for each in expression):
        yield Fault(index, part, "it holds a character that cannot be printed")
        return
    bare, depth = _bare(expression), 0
    for place, character in enumerate(bare):
        depth += (character in "([{") - (character in ")]}")
        if depth > MAX_NESTING:
            yield Fault(index, part, f"brackets nest more than {MAX_NESTING} deep", *place_in(bare, place))
            return


def _chain_faults(index: int, part: Part, bare: str, chain: re.Match[str]) -> Iterator[Fault]:
    steps = [(step[0], chain.start(2) + step.start()) for step in _STEP.finditer(chain[2])]
    for count, (name, place) in enumerate(steps):
        above = (chain[1], *(step for step, _ in steps[:count]))
        called = bare[place + len(name) :].lstrip().startswith("(")
        if not called and (unknown := _unknown(above, [name])) is not None:
            line, column = place_in(bare, place)
            yield Fault(index, part, unknown[0], line, column, len(name), unknown[1])
            return


def _unknown(above: tuple[str, ...], steps: list[str]) -> tuple[str, str] | None:
    """Why the first of `steps` that does not exist below `above` does not, and what was meant; None: all is well."""
    for step in steps:
        known = fields_of(above)
        if known and step not in known:
            return f"`{'.'.join(above)}` has no field `{step}`", did_you_mean(step, known)
        above = (*above, step)
    return None


def fields_of(path: tuple[str, ...]) -> frozenset[str]:
    """The fields below a path, where they are known: not those of maps whose names are people's own."""
    return _FIELDS.get(".".join(path), frozenset())


def _fields() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for path in SHAPE:
        above = ""
        for step in path.split("."):
            if above:
                found.setdefault(above, set()).add(step.rstrip("?[]{}"))
            # Below a list or a map of names, nothing is looked at.
            if step.endswith(("[]", "{}")):
                break
            above = f"{above}.{step.rstrip('?')}".lstrip(".")
    return {path: frozenset(names) for path, names in found.items()}


_FIELDS: Final = _fields()


def place_in(text: str, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of an offset."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
