"""Follows the numbers that exchanges count with: every jump is told, whatever caused it.

Scopes are those of docs/feeds.md. `per_subscription` counts over all kinds that a subscription brings, `per_product`
for each kind and product, `per_connection` over everything. Where an exchange's numbers go on over connections (the
session class says so: `continues`), a jump after a reconnect is exactly what was missed; elsewhere an interruption
forgets.

A number that was seen before is no gap; a number that starts again at 0 or 1 is told as a reset. A snapshot that
repeats what we have and goes on where we stopped closes the hole by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ssmd_runtime.spec import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ssmd_runtime.exchanges.protocol import Session
    from ssmd_runtime.spec import CollectorSpec

__all__ = ["Jump", "SequenceTracker"]

MOST_GROUPS: Final = 100_000
MOST_NUMBER: Final = 1 << 63
_SHARED: Final = ""


class Jump(NamedTuple):
    """What was expected and what came instead. `group` is the product or the subscription's id."""

    kind: str
    group: Any
    expected: int
    got: int
    reset: bool
    overflow: bool = False


@dataclass(frozen=True, slots=True)
class _Rule:
    number: Callable[[Any], Any]
    group: Callable[[Any], Any]
    records: Callable[[Any], Sequence[Any]] | None
    table: str


def _everything(record: Any) -> None:
    del record


class SequenceTracker:
    """The next number of every counter, and what did not match it."""

    def __init__(self, spec: CollectorSpec, session: type[Session]) -> None:
        self._continues = session.continues
        self._rules = _rules(spec, session)
        self._tables: dict[tuple[int, str], dict[Any, int]] = {}
        self._highest: dict[tuple[int, str, Any], int] = {}
        self.repeats = 0
        self.unnumbered = 0

    def observe(
        self, connection: int, counts: Mapping[str, int], kinds: list[str], headers: Sequence[Any]
    ) -> list[Jump]:
        """The jumps in one batch of one connection; `counts` are the kinds, counted."""
        if len(counts) == 1:
            rule = self._rules.get(kinds[0])
            if rule is None:
                return []
            if rule.records is None:
                return self._follow(connection, kinds[0], rule, headers)
        return self._observe_mixed(connection, kinds, headers)

    def _observe_mixed(self, connection: int, kinds: list[str], headers: Sequence[Any]) -> list[Jump]:
        """One frame after another: kinds may share a counter."""
        jumps: list[Jump] = []
        tables, owner = self._tables, 0 if self._continues else connection
        for kind, header in zip(kinds, headers, strict=True):
            rule = self._rules.get(kind)
            if rule is None:
                continue
            if rule.records is not None:
                jumps += self._follow(connection, kind, rule, rule.records(header))
                continue
            table, group, number = tables.get((owner, rule.table)), rule.group(header), rule.number(header)
            if table is not None and number is not None and table.get(group) == number:
                table[group] = number + 1  # nothing missing: nearly every frame, and no call for it (decision 0020)
            else:
                jumps += self._follow(connection, kind, rule, (header,))
        return jumps

    def interrupted(self, connection: int) -> None:
        """A connection ended: forget its numbers, unless the exchange goes on counting."""
        if not self._continues:
            for key in [key for key in self._tables if key[0] == connection]:
                del self._tables[key]
            for counter in [counter for counter in self._highest if counter[0] == connection]:
                del self._highest[counter]

    def expected(self) -> dict[str, int]:
        """The next number of every counter, by a printable name: for manifests."""
        return {
            ":".join([f"connection-{connection}"] * bool(connection) + [str(p) for p in (table, group) if p]): number
            for (connection, table), groups in self._tables.items()
            for group, number in groups.items()
        }

    def _follow(self, connection: int, kind: str, rule: _Rule, records: Sequence[Any]) -> list[Jump]:
        place = (0 if self._continues else connection, rule.table)
        table = self._tables.get(place)
        if table is None:
            table = self._tables[place] = {}
        groups = list(map(rule.group, records))
        numbers = list(map(rule.number, records))
        if not groups:
            return []
        known = table.get
        first = known(groups[0])
        if first is not None and groups.count(groups[0]) == len(groups):
            after = first + len(groups)
            if numbers == list(range(first, after)):  # one counter, and nothing missing: the common case, in C
                table[groups[0]] = after
                return []
        jumps: list[Jump] = []
        for group, number in zip(groups, numbers, strict=True):
            if number is not None and known(group) == number:
                table[group] = number + 1
            elif (jump := self._surprise(place, table, kind, group, number)) is not None:
                jumps.append(jump)
        return jumps

    def _surprise(
        self, place: tuple[int, str], table: dict[Any, int], kind: str, group: Any, number: int | None
    ) -> Jump | None:
        if number is None or not -MOST_NUMBER <= number < MOST_NUMBER:
            self.unnumbered += 1
            return None
        expected = table.get(group)
        table[group] = number + 1
        if expected is None:
            return self._overflow(place, table, kind, group, number)
        highest = self._highest.pop((*place, group), None)
        if number < expected:
            self.repeats += 1
            if number <= 1:
                return Jump(kind, group, expected, number, reset=True)
            self._highest[(*place, group)] = max(expected, highest or 0)
            return None
        if highest is not None and number == highest >= expected:
            return None
        return Jump(kind, group, expected, number, reset=False)

    def _overflow(
        self, place: tuple[int, str], table: dict[Any, int], kind: str, group: Any, number: int
    ) -> Jump | None:
        if len(table) <= MOST_GROUPS:
            return None
        table.clear()
        for counter in [counter for counter in self._highest if counter[:2] == place]:
            del self._highest[counter]
        table[group] = number + 1
        return Jump(kind, group, number, number, reset=True, overflow=True)


def _rules(spec: CollectorSpec, session: type[Session]) -> dict[str, _Rule]:
    rules: dict[str, _Rule] = {}
    for kind, message in spec.message_types.items():
        if not message.sequenced:
            continue
        if message.sequence_field is None:
            raise SpecError(f"message type {kind}: sequenced, and no sequence_field says where the number is")
        group = _everything if message.sequence_group_by is None else attrgetter(message.sequence_group_by)
        records = session.records.get(kind) if message.fanout else None
        table = kind if message.sequence_scope == "per_product" else _SHARED
        rules[kind] = _Rule(attrgetter(message.sequence_field), group, records, table)
        if message.sequence_scope == "per_subscription":
            rules |= {control: _Rule(rules[kind].number, group, None, _SHARED) for control in session.counted}
    return rules
