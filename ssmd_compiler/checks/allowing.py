"""Allowances applied: which findings they take away, and what is to be said of the allowances themselves.

A finding is covered where it stands. One in a file that holds no allowances (a definition, a template) is covered as
well where its related places are. One that stands for others which are not told stays, or they would be hidden too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ssmd_compiler.checks import (
    MORE,
    Allowing,
    Families,
    Manifests,
    Rules,
    Topology,
    Usage,
    allowable,
    can_be_allowed,
    codes_of,
    modules,
    run,
    stops,
)
from ssmd_compiler.record import Record

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ssmd_compiler.diagnostics import Diagnostic, Span
    from ssmd_compiler.source import Allowance

__all__ = ["Allowed", "allow"]

ACROSS: Final = (Families, Topology, Usage, Rules)
"""What is only known of a workspace without faults: these look at many documents at once."""


class Allowed(Record, frozen=True):
    """The findings that remain, and those that are allowed."""

    remaining: tuple[Diagnostic, ...]
    allowed: tuple[Diagnostic, ...] = ()


def allow(
    found: Sequence[Diagnostic],
    allowances: Iterable[Allowance],
    as_of: datetime.date,
    environments: Mapping[str, bool],
    *,
    proven: bool = True,
) -> Allowed:
    """`found` without what is allowed, with what is wrong with the allowances.

    `environments` says of each environment's file whether it was compiled to its end, `proven` whether manifests were
    looked at.
    """
    every = tuple(allowances)
    if not every:
        return Allowed(tuple(found))
    in_force = _in_force(every, as_of)
    remaining: list[Diagnostic] = []
    allowed: list[Diagnostic] = []
    used: set[tuple[Span, str]] = set()
    for one in dict.fromkeys(found):
        covering = [(place.span, one.code) for place in _covering(one, in_force)]
        used.update(covering)
        (allowed if covering else remaining).append(one)
    whole = all(environments.values()) and not stops(found)
    unjudged = codes_of(*(ACROSS if not whole else ()), *((Manifests,) if not proven else ()))
    unsettled = _unsettled(found, every, environments)
    codes = {module.CODE: can_be_allowed(module) for module in modules()}
    remaining += run(Allowing(every, codes, as_of, used, unsettled, unjudged))
    return Allowed(tuple(remaining), tuple(allowed))


def _in_force(allowances: Iterable[Allowance], as_of: datetime.date) -> dict[str, list[Allowance]]:
    """By path, those that say until when and why, and whose last day has not passed."""
    in_force: dict[str, list[Allowance]] = {}
    for one in allowances:
        if one.until is not None and one.until >= as_of and one.reason:
            in_force.setdefault(one.span.path, []).append(one)
    return in_force


def _covering(found: Diagnostic, in_force: Mapping[str, Sequence[Allowance]]) -> Iterator[Allowance]:
    if not allowable(found) or found.help.endswith(MORE):
        return
    elsewhere = not found.span.path.endswith(".yaml")
    places = (found.span, *(related.span for related in found.related if elsewhere))
    for place in places:
        for one in in_force.get(place.path, ()):
            if one.covers(place) and any(code == found.code for code, _ in one.codes):
                yield one


def _unsettled(
    found: Sequence[Diagnostic], allowances: Iterable[Allowance], environments: Mapping[str, bool]
) -> set[str]:
    """The files of which findings may be missing, because of an error in them or in what they share with others."""
    flawed = {one.span.path for one in found if stops((one,)) or one.help.endswith(MORE)}
    shared_is_flawed = any(path not in environments for path in flawed)
    paths = {one.span.path for one in allowances}
    return {path for path in paths if path in flawed or not environments.get(path, not shared_is_flawed)}
