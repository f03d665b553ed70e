"""The bytes of a generated file -> its documents, as Kubernetes reads them: quickly, or precisely with every place.

`quickly` is right whenever it answers and may decline; it exists because a workspace has twenty documents for each
environment (docs/decisions/0012-manifests.md has the numbers). `precisely` costs ten times as much, and is asked when
something seems to be wrong. What one of them would read differently from the other, `quickly` must decline.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from ryaml import loads, loads_all  # type: ignore[attr-defined]  # its stub forgets to export them

from ssmd_compiler.manifests.flaws import FlawKind, Path, Problem
from ssmd_compiler.manifests.scalars import Unspeakable, key_text, resolve
from ssmd_compiler.source import Fault, FaultKind, Map, Quoted, Seq, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.emit import Output
    from ssmd_compiler.source import Document

__all__ = ["Precise", "precisely", "quickly"]


def quickly(content: bytes) -> list[Any] | None:
    """Every document's value; None when a closer look is needed."""
    if _suspicious(content):
        return None
    try:
        text = content.decode()
        return loads_all(text) or [] if b"\n---" in content else [loads(text)]
    except ValueError:  # not UTF-8, not YAML, a key twice, too deep, too many aliases
        return None


_TAG: Final = re.compile(rb"(?:^|[\s\[{,])!")
_INFINITE: Final = re.compile(rb"\.(?:inf|Inf|INF|nan|NaN|NAN)\b")


def _suspicious(content: bytes) -> bool:
    """Whether there may be merge keys, tags or infinities, which the quick reader takes in its own way.

    Words and numbers that it takes in its own way are not looked for here: the quick schemas refuse them.
    """
    return (
        b"<<" in content
        or (b"!" in content and _TAG.search(content) is not None)
        or _INFINITE.search(content) is not None
    )


@dataclass(frozen=True, slots=True)
class Precise:
    """One document with its places; without a value there is a problem."""

    document: Document
    value: Any
    problem: Problem | None = None


def precisely(output: Output) -> Iterator[Precise]:
    """Every document of a file; one that holds nothing is left out, as Kubernetes does."""
    for content in output.documents:
        document = read_document(output.path, content)
        fault = next(filter(partial(_matters, document), document.faults), None)
        if fault is not None:
            if fault.kind is not FaultKind.EMPTY:
                yield Precise(document, None, _unreadable(fault))
            continue
        try:
            yield Precise(document, _plain(document.data))
        except Unspeakable as problem:
            words = f"cannot be read by Kubernetes: {problem.reason}"
            yield Precise(document, None, Problem(FlawKind.UNREADABLE, problem.path, words))


def _matters(document: Document, fault: Fault) -> bool:
    """Kubernetes takes an escaped control character in a text; what no text may hold leaves no data."""
    return fault.kind is not FaultKind.CONTROL_CHARACTER or document.data is None


def _unreadable(fault: Fault) -> Problem:
    kind = fault.kind.replace("-", " ")
    return Problem(FlawKind.UNREADABLE, (), f"cannot be read: {kind}" + (f": {fault.detail}" if fault.detail else ""))


def _plain(node: Any, path: Path = ()) -> Any:
    if type(node) is Map:
        mapping = {_key(node, key, path): _plain(value, (*path, key)) for key, value in node.items()}
        if len(mapping) < len(node):
            raise Unspeakable("two keys that differ here are the same to it", path)
        return mapping
    if type(node) is Seq:
        return [_plain(item, (*path, index)) for index, item in enumerate(node)]
    if node is None or type(node) is Quoted:
        return node if node is None else str(node)
    try:
        return resolve(node)
    except Unspeakable as problem:
        raise Unspeakable(problem.reason, path) from None


def _key(node: Map, key: str, path: Path) -> str:
    try:
        return key if _in_quotes(node, key) else key_text(key)
    except Unspeakable as problem:
        raise Unspeakable(problem.reason, (*path, key)) from None


def _in_quotes(node: Map, key: str) -> bool:
    """Whether a key was written in quotes: it then takes more place than it has characters."""
    line, column, end_line, end_column = node.key_at[key]
    return line != end_line or end_column - column != len(key)
