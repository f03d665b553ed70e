"""What is traced is so: each value of real sources is edited as YAML, compiled with `compile`, and the files compared.

The oracle knows nothing of how tracing works: PyYAML reads and writes the documents, lines are counted.
"""

from __future__ import annotations

import copy
import datetime
import difflib
import functools
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from budget import CAMPAIGN
from examples import _Plain

from ssmd_compiler.compiler import Compilation, Options, compile
from ssmd_compiler.origin import LineOrigins, Origins, Subject
from ssmd_compiler.sound import Sound, Workspace
from ssmd_compiler.source import MemoryTree
from ssmd_compiler.source.workspace import load as load_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
AS_OF = datetime.date(2026, 11, 1)
Steps = tuple[str | int, ...]

ENVIRONMENTS = {"kalshi-prod": "kalshi", "binance": "binance"}
EVERY = 1 if CAMPAIGN else 6
"""Of the values, each so many-th is edited: all of them in a campaign."""


@functools.cache
def sources(environment: str) -> dict[str, bytes]:
    """One environment, its feed, the settings, and every schema."""
    paths = [f"environments/{environment}.yaml", f"exchanges/feeds/{ENVIRONMENTS[environment]}.yaml", "ssmd.yaml"]
    paths += [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "schemas").iterdir())]
    return {path: (ROOT / path).read_bytes() for path in paths}


def edited(environment: str) -> list[str]:
    return [path for path in sources(environment) if path.endswith(".yaml") and not path.startswith("schemas/")]


def load(content: bytes) -> Any:
    return yaml.load(content, yaml.BaseLoader)


def dumped(data: Any) -> bytes:
    return yaml.dump(data, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=10_000).encode()


@functools.cache
def base(environment: str) -> tuple[Mapping[str, bytes], Compilation]:
    """The sources as PyYAML writes them, and what they compile to."""
    files = {
        path: dumped(load(content)) if path in edited(environment) else content
        for path, content in sources(environment).items()
    }
    compiled = compile(MemoryTree(files), Options(AS_OF))
    assert not compiled.failed, compiled.diagnostics
    return files, compiled


def leaves(data: Any, steps: Steps = ()) -> Iterator[tuple[Steps, str]]:
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in entries:
        if isinstance(value, str):
            yield (*steps, step), value
        else:
            yield from leaves(value, (*steps, step))


OTHERS = {
    "wss": "ws",
    "json": "fix",
    "websocket": "rest",
    "api_key": "webhook",
    "none": "interval",
    "interval": "batch",
    "exit": "reconnect",
    "unix_seconds": "iso8601",
    "epoch_millis": "iso8601",
    "iso8601": "pipeline",
    "pipeline": "iso8601",
    "warning": "info",
    "UTC": "Europe/Paris",
    "true": "false",
    "false": "true",
}


def others(text: str) -> Iterator[str]:
    """What a person might write instead; what does not compile is not counted."""
    if text in OTHERS:
        yield OTHERS[text]
    if text.replace(".", "", 1).isdigit():
        yield str(float(text) * 2) if "." in text else str(int(text) * 2)
    if "://" in text:
        head, _, rest = text.partition("://")
        yield f"{head}://other-{rest}"
        yield f"{head}://{rest.partition('/')[0].rpartition(':')[0] or rest.partition('/')[0]}:4999"
    if text[:1].isdigit() and not text.isdigit():
        yield f"{int(text[0]) % 9 + 1}{text[1:]}"
    if len(text) == 10 and text[4] == text[7] == "-":
        yield f"{text[:8]}{1 + int(text[8:]) % 27:02}"
    yield f"{text}-2"
    yield f"{text}2"


def put(data: Any, steps: Steps, value: str | None) -> Any:
    """A copy with another value there, or (None) without the entry."""
    changed = copy.deepcopy(data)
    parent = functools.reduce(lambda node, step: node[step], steps[:-1], changed)
    if value is None:
        del parent[steps[-1]]
    else:
        parent[steps[-1]] = value
    return changed


def compiled_with(environment: str, path: str, data: Any) -> Mapping[str, bytes] | None:
    files, before = base(environment)
    after = compile(MemoryTree({**files, path: dumped(data)}), Options(AS_OF, known=before.traces))
    every = {**before.outputs, **after.outputs}
    return None if after.failed else {file: every[file] for file in after.lock.outputs}


def lines(content: bytes) -> list[str]:
    """Without the digest of the sources, which every edit changes, and the commas, which belong to what comes next."""
    return ["" if '"inputs_sha256"' in line else line.rstrip(",") for line in content.decode().splitlines()]


def lost(before: bytes, after: bytes) -> set[str]:
    """The texts of lines of which fewer are there than before: which of several alike went, nobody can say."""
    return set((Counter(lines(before)) - Counter(lines(after))).keys())


def moved(before: bytes, after: bytes) -> set[str]:
    """The texts of lines that may count as altered: not all are where they were, or not between the same two lines."""
    old, new = lines(before), lines(after)
    contexts = set(zip(["", *new], new, [*new[1:], ""], strict=False))
    moved = {
        text
        for context in zip(["", *old], old, [*old[1:], ""], strict=False)
        for text in context[1:2]
        if context not in contexts
    }
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    return moved | {line for tag, at, end, _, _ in matcher.get_opcodes() if tag != "equal" for line in old[at:end]}


@dataclass
class Effect:
    """What edits of one value do: for each file, the texts that each makes fewer, and those that any of them moves.

    `valued`: one of the edits was another value, so that more is known than what the entry's absence does.
    """

    files: dict[str, list[set[str]]] = field(default_factory=dict)
    moved: dict[str, set[str]] = field(default_factory=dict)
    valued: bool = False


@functools.cache
def effects(environment: str) -> dict[tuple[str, str], Effect]:
    """For each value that an edit, which compiles, makes any difference to."""
    _, before = base(environment)
    found: dict[tuple[str, str], Effect] = {}
    for path in edited(environment):
        data = load(sources(environment)[path])
        for steps, text in list(leaves(data))[::EVERY]:
            effect = Effect()
            for other in (*dict.fromkeys(others(text)), None):
                after = compiled_with(environment, path, put(data, steps, other))
                effect.valued |= after is not None and other is not None
                for file in judged(environment) if after is not None else ():
                    edit = before.outputs[file], after.get(file, b"")
                    effect.moved.setdefault(file, set()).update(moved(*edit) if edit[0] != edit[1] else ())
                    if gone := lost(*edit):
                        effect.files.setdefault(file, []).append(gone)
            if effect.files:
                found[path, dotted(steps)] = effect
    return found


def judged(environment: str) -> list[str]:
    """The files of the environment itself."""
    return [file for file in base(environment)[1].outputs if file.startswith(f"{environment}/")]


@functools.cache
def traced(environment: str) -> dict[str, list[LineOrigins]]:
    tree = MemoryTree(sources(environment))
    workspace = Workspace(tree, AS_OF)
    found = workspace.environment(environment)
    assert isinstance(found, Sound), found
    subject = Subject(found.linked, load_document(tree, "ssmd.yaml")[0])
    told = Origins(subject, workspace.common.templates).of_all(dict.fromkeys(judged(environment)))
    assert all(isinstance(one, tuple) for one in told.values())
    return {file: list(one) for file, one in told.items() if isinstance(one, tuple)}


def dotted(steps: Steps) -> str:
    said = steps[1:] if steps[0] == "spec" else steps
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in said).lstrip(".")


def named(environment: str, file: str) -> dict[str, set[tuple[str, str]]]:
    """For each text of a line, the places that are named for any line of that text."""
    found: dict[str, set[tuple[str, str]]] = {}
    for text, told in zip(lines(base(environment)[1].outputs[file]), traced(environment)[file], strict=True):
        found.setdefault(text, set()).update((origin.span.path, origin.field) for origin in told.origins)
    return found


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_line_that_an_edit_alters_names_what_was_edited(environment: str) -> None:
    missing = []
    for place, effect in effects(environment).items():
        for file, edits in effect.files.items():
            there = named(environment, file)
            missing += [(place, file, text) for text in min(edits, key=len) if place not in there[text]]
    assert missing == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_is_named_alters_the_line_when_it_is_edited(environment: str) -> None:
    wrong = []
    for file, told in traced(environment).items():
        for text, one in zip(lines(base(environment)[1].outputs[file]), told, strict=True):
            for origin in one.origins:
                effect = effects(environment).get((origin.span.path, origin.field))
                if effect is None or not effect.valued or origin.joint:
                    continue
                if text not in effect.moved.get(file, ()):
                    wrong.append((file, one.line, text, origin.span.path, origin.field))
    assert wrong == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_oracle_reaches_most_values(environment: str) -> None:
    tried = sum(len(list(leaves(load(sources(environment)[path])))[::EVERY]) for path in edited(environment))
    assert len(effects(environment)) > tried / 2
