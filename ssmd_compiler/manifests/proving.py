"""Outputs -> flaws: every file read once, quickly; one in which something seems wrong once more, with places.

The second reading is Kubernetes' own, as far as it goes, and decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.diagnostics.secrets import masked
from ssmd_compiler.manifests import proof, reading, rules
from ssmd_compiler.manifests.flaws import Flaw, Problem, Vocabulary, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ssmd_compiler.emit import Output
    from ssmd_compiler.source import Document

__all__ = ["prove"]


def prove(outputs: Iterable[Output], vocabulary: Vocabulary) -> Iterator[Flaw]:
    """Every flaw of the manifests among `outputs`."""
    manifests = list(outputs)
    values = {output.path: reading.quickly(output.content) for output in manifests}
    targets = _targets(value for found in values.values() for value in found or ())
    for output in manifests:
        found = values[output.path]
        if found is None or not all(_clean(value, vocabulary, targets) for value in found):
            yield from _flaws(output, vocabulary, targets)


def _targets(values: Iterable[Any]) -> rules.Labels:
    monitors = [value for value in values if proof.kind_of(value) == rules.MONITOR and proof.valid(value)]
    return rules.target_labels(monitors) if monitors else rules.OF_OURS


def _clean(value: Any, vocabulary: Vocabulary, targets: rules.Labels) -> bool:
    """Whether there is certainly nothing to say about a document."""
    if value is None or proof.kind_of(value) in proof.NOT_OF_THE_CLUSTER:
        return True
    return proof.valid(value) and (
        proof.kind_of(value) != rules.RULE or not any(rules.problems(value, vocabulary, targets))
    )


def _flaws(output: Output, vocabulary: Vocabulary, targets: rules.Labels) -> Iterator[Flaw]:
    for one in reading.precisely(output):
        found = [one.problem] if one.problem is not None else list(proof.problems(one.value))
        if not found and proof.kind_of(one.value) == rules.RULE:
            found = list(rules.problems(one.value, vocabulary, targets))
        flaws = [_placed(problem, one.document) for problem in found]
        yield from sorted(flaws, key=lambda flaw: (flaw.at, flaw.where, flaw.words))


def _placed(problem: Problem, document: Document) -> Flaw:
    at = document.faults[0].span if document.faults else document.span(problem.path, key=problem.key)
    where, words = masked(printable(written(problem.path))), masked(problem.words)
    return Flaw(problem.kind, at, where, words, problem.help, _said(problem, document.data))


def _said(problem: Problem, node: Any) -> str:
    """The key or the text that is wrong, if it is one and is there."""
    steps = problem.path[:-1] if problem.key else problem.path
    try:
        for step in steps:
            node = node[step]
        said = problem.path[-1] if problem.key else node
    except (LookupError, TypeError):
        return ""
    return said if isinstance(said, str) else ""
