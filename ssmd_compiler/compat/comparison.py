"""The comparison of two definitions of one format, and the rules of all formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ssmd_compiler.compat import capnp, capnp_rules, json_rules, json_schema, protobuf, protobuf_rules
from ssmd_compiler.compat.rule import Break
from ssmd_compiler.definitions.declared import Declared, Documents
from ssmd_compiler.definitions.places import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.compat.rule import Rule
    from ssmd_compiler.definitions import Parsed

__all__ = ["RULES", "compare"]

RULES: Final[tuple[Rule, ...]] = (*capnp_rules.RULES, *protobuf_rules.RULES, *json_rules.RULES)


def compare(old: Parsed, new: Parsed) -> tuple[Break, ...]:
    """Every rule that `new` breaks as a reader of what was written by `old`, in the order of the old file.

    Both are sound: a flawed definition declares nothing, and nothing can be said of it.
    """
    if old.definition == new.definition:
        return ()
    match old.declared, new.declared:
        case Declared() as before, Declared() as after:
            rules = capnp if old.definition.format == "capnp" else protobuf
            found = rules.compare((old, before), (new, after))
        case Documents() as before, Documents() as after:
            found = json_schema.compare((old, before), (new, after))
        case _:
            found = tuple(_untold(old, new))
    return tuple(sorted(found, key=lambda one: (one.old or place(old.definition, ()), one.rule.tier != "wire")))


def _untold(old: Parsed, new: Parsed) -> Iterator[Break]:
    """What is sound and could not be looked into; what is flawed or empty is told elsewhere."""
    rule = next(one for one in RULES if (one.name, one.format) == ("cannot-be-proven", old.definition.format))
    for parsed in (old, new):
        if parsed.undeclared:
            at = (place(old.definition, ()), place(new.definition, ()))
            yield Break(rule, parsed.definition.path, f"cannot be compared: {parsed.undeclared}", *at)
            return
