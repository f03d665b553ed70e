"""JSON Schema: whether every document that the old version accepted is accepted by the new one.

The proof is sound and not complete: what it cannot show is told as `cannot-be-proven`, or as the keyword in its way.
Formats count as asserted. What is accepted as before and yet reads otherwise is told in the source tier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ssmd_compiler.compat.json_notices import notices
from ssmd_compiler.compat.json_proof import Finding, Proof
from ssmd_compiler.compat.json_rules import RULES
from ssmd_compiler.compat.json_side import Side, Sub
from ssmd_compiler.compat.rule import Break
from ssmd_compiler.definitions.places import place

if TYPE_CHECKING:
    from ssmd_compiler.definitions import Parsed
    from ssmd_compiler.definitions.declared import Documents
    from ssmd_compiler.diagnostics import Span

__all__ = ["compare"]

_RULES = {rule.name: rule for rule in RULES}
_OLDEST = 0
_NOTES = {"title", "description", "$comment", "examples", "$id", "id"}


def compare(old: tuple[Parsed, Documents], new: tuple[Parsed, Documents]) -> tuple[Break, ...]:
    before, after = Side(old[1]), Side(new[1])
    found = _found(before, after)
    told = (
        Break(_RULES[one.rule], _subject(one.where), one.said, _place(old[0], one.old), _place(new[0], one.new))
        for one in found
    )
    return tuple(dict.fromkeys(told))


def _found(old: Side, new: Side) -> list[Finding]:
    if old.alone and new.alone and _bare(old.root.schema) == _bare(new.root.schema):
        return []
    if old.dialect != new.dialect or old.mixed or new.mixed:
        return [Finding("cannot-be-proven", (), old.root, new.root, "the versions are in different dialects")]
    if old.age < _OLDEST:
        return [Finding("cannot-be-proven", (), old.root, new.root, "draft 3 is not compared")]
    broken = Proof(old, new).findings()
    told = {one.where for one in broken}  # what is noticed at the same part of a document only follows
    return broken + [one for one in notices(old, new) if one.where not in told]


def _bare(schema: Any) -> Any:
    """A document without the notes that no reference can lead to, fit to be compared."""
    if isinstance(schema, dict):
        return {key: repr(value) for key, value in schema.items() if key not in _NOTES}
    return repr(schema)


def _subject(where: tuple[str, ...]) -> str:
    return ".".join(where).replace(".[", "[") or "the document"


def _place(parsed: Parsed, sub: Sub) -> Span | None:
    definition = parsed.files.get(sub.document)
    steps = tuple(step for step in sub.pointer if not (step.startswith("(") and step.endswith(")")))
    return place(definition, steps) if definition is not None else None
