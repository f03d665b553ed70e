"""The library's words on an expression -> faults with a place and, for a name, what was meant.

A message of it is one or several `ERROR: <input>:LINE:COLUMN: TEXT`, each with an excerpt, or just a text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ssmd_compiler.diagnostics.nearest import did_you_mean
from ssmd_compiler.policy.evaluator import ENDED, MEMORY, SECONDS
from ssmd_compiler.policy.judgement import Fault
from ssmd_compiler.policy.rules import place_in
from ssmd_compiler.policy.view import SHAPE, VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.policy.judgement import Part

__all__ = ["at_compilation", "at_evaluation"]

FUNCTIONS: Final = (
    *("all", "bool", "bytes", "contains", "double", "duration", "dyn", "endsWith", "exists", "exists_one", "filter"),
    *("getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours", "getMilliseconds"),
    *("getMinutes", "getMonth", "getSeconds", "has", "int", "map", "matches", "size", "startsWith", "string"),
    *("timestamp", "type", "uint"),
)
"""What a rule can call."""

MOST: Final = 5
"""Faults of one expression that are told."""

_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_STATUS = re.compile(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_NO_KEY = re.compile(r"Key not found in map : \"(.*)\"", re.DOTALL)
_GIVES = re.compile(r"GIVES (.+)")
_NAMES: Final = frozenset(step.rstrip("?[]{}") for path in SHAPE for step in path.split(".")[1:])
_OWN: Final = "|".join(sorted({path.partition("{}")[0].rpartition(".")[2] for path in SHAPE if "{}" in path}))
_WORDS: Final = (
    (re.compile(r"(?:mismatched|extraneous) input '(.*?)' expecting"), "{} was not expected here"),
    (re.compile(r"token recognition error at: '(.*)'"), "{} was not expected here"),
    (re.compile(r"no viable alternative at input '(.*?)'"), "{} was not expected here"),
    (re.compile(r"missing '(.*?)' at '(.*?)'"), "{} is missing before {}"),
    (re.compile(r"no matching overload for '(.*?)' applied to '(?:\S+\.)?\((.*)\)'"), "{} is not for {}"),
    (re.compile(r"Index error: index=(-?\d+) size=(\d+)"), "there is no item {} in a list of {}"),
    (re.compile(r"[Nn]o matching overloads found : (\S+?)\((.*)\)"), "{} is not for {}"),
    (re.compile(r"[Nn]o matching overloads found : (\S+)$"), "{} is not for what stands beside it"),
)
MACROS: Final = frozenset({"all", "exists", "exists_one", "filter", "map"})
"""Functions that name a variable of their own: of a misspelt one, that variable is unknown as well."""

_OPERATORS: Final = {
    "_*_": "*",
    "_/_": "/",
    "_%_": "%",
    "_+_": "+",
    "_-_": "-",
    "-_": "-",
    "!_": "!",
    "_==_": "==",
    "_!=_": "!=",
    "_<_": "<",
    "_<=_": "<=",
    "_>_": ">",
    "_>=_": ">=",
    "_&&_": "&&",
    "_||_": "||",
    "_?_:_": "?:",
    "_[_]": "[]",
    "@in": "in",
    "_in_": "in",
}
_PLAIN: Final = {
    "Iteration budget exceeded": "it takes more than 10,000 steps through lists on one environment",
    "recursion limit exceeded": "it nests too deeply",
    "max recursion depth": "it nests too deeply",
}


def at_compilation(rule: int, part: Part, expression: str, answer: str) -> Iterator[Fault]:
    """Why an expression cannot be used at all."""
    found = [(int(line), int(column), text) for line, column, text in _ERROR.findall(answer)]
    if not found or found[0][0] < 1:
        yield Fault(rule, part, _reason(answer))
        return
    faults = [_told(rule, part, expression, each) for each in found[:MOST]]
    macro_meant = any(f"did you mean `{name}`?" == fault.label for fault in faults for name in MACROS)
    yield from (fault for fault in faults if not (macro_meant and fault.reason.startswith("no variable")))


def _told(rule: int, part: Part, expression: str, error: tuple[int, int, str]) -> Fault:
    line, column, text = error
    name = _UNDECLARED.search(text)
    if name is not None:
        return _undeclared(rule, part, expression, name[1], (line, column))
    return Fault(rule, part, _reason(text), line, column)


def at_evaluation(rule: int, part: Part, expression: str, answer: str, environment: str) -> Fault:
    """Why an expression fails on an environment; a field that is not there is pointed at, where it is named once."""
    missing = _NO_KEY.search(answer)
    if missing is None:
        return Fault(rule, part, _reason(answer), environment=environment)
    name = missing[1]
    # In a map of people's own names, no field was meant.
    own = re.search(rf"""\b(?:{_OWN})\s*(?:\.\s*|\[\s*r?["']){re.escape(name)}\b""", expression)
    reason, label = f"there is no `{name}`", "" if own else did_you_mean(name, _NAMES)
    places = [found.start(1) for found in re.finditer(rf"\.\s*({re.escape(name)})\b", expression)]
    line, column = place_in(expression, places[0]) if len(places) == 1 else (0, 0)
    return Fault(rule, part, reason, line, column, len(name), label, environment)


def _undeclared(rule: int, part: Part, expression: str, name: str, place: tuple[int, int]) -> Fault:
    """A variable, or a function, that does not exist: its place is where the name is, not where the library was."""
    line, column = place
    name = name.removeprefix(".")
    root, text = name.partition(".")[0], (expression.split("\n")[line - 1 : line] or [""])[0]
    places = [found.start() for found in re.finditer(rf"(?<![\w.`]){re.escape(root)}\b", text)]
    before = [place for place in places if place < column]
    start = before[-1] if before else next(iter(places), None)
    if start is None:
        # A method stands behind a dot.
        start = max(text.rfind(f".{root}", 0, column + 1) + 1, 0)
    called = text[start + len(root) :].lstrip().startswith("(")
    kind, known = ("function", FUNCTIONS) if called else ("variable", VARIABLES)
    return Fault(rule, part, f"no {kind} named `{root}`", line, start + 1, len(root), did_you_mean(root, known))


def _reason(answer: str) -> str:
    if answer == ENDED:
        return f"it needs more than {SECONDS} s of processor time, or it ends the process that evaluates it"
    if answer == "MEMORY" or "bad_alloc" in answer:
        return f"it needs more than {MEMORY >> 20} MiB of memory"
    gives = _GIVES.fullmatch(answer)
    if gives:
        return f"it gives {_article(gives[1])}, and a rule gives true or false"
    for sign, reason in _PLAIN.items():
        if sign in answer:
            return reason
    text = _STATUS.sub("", answer.partition("\n")[0]).strip()
    text = text.removeprefix("Syntax error: ")
    for pattern, words in _WORDS:
        found = pattern.search(text)
        if found is not None:
            return words.format(*(_spelled(each) for each in found.groups()))
    return text.replace("'", "`") or "it cannot be evaluated"


def _spelled(part: str) -> str:
    """A token, an operator or a list of types as a person writes them."""
    if part.startswith("<EOF>"):
        return "the end"
    if part.lstrip("-").isdecimal():
        return part
    if part in _OPERATORS:
        return f"`{_OPERATORS[part]}`"
    types = re.sub(r"\b(int|uint)64\b", r"\1", part)
    return types.replace(", ", " and ") if types.islower() and "," in types else f"`{types}`"


def _article(kind: str) -> str:
    word = kind.lower()
    return "nothing" if word == "null_type" else f"{'an' if word[:1] in 'aeiou' else 'a'} {word}"
