"""The rules as documentation: what stands in docs/schemas.md between its two marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ssmd_compiler.compat.rule import Rule

__all__ = ["BEGIN", "END", "section"]

BEGIN: Final = "<!-- rules: written by `make docs` -->\n"
END: Final = "<!-- end of rules -->\n"

_TITLES = {"capnp": "Cap'n Proto", "protobuf": "Protocol Buffers", "json_schema": "JSON Schema"}
_TIERS = {"wire": "what was recorded cannot be read", "source": "code must change"}


def section(rules: Iterable[Rule]) -> str:
    """Every rule by format and tier, with its example."""
    known = list(rules)
    return "\n".join(line for name in _TITLES for line in _format(name, [one for one in known if one.format == name]))


def _format(name: str, rules: list[Rule]) -> Iterator[str]:
    for tier, means in _TIERS.items():
        yield f"### {_TITLES[name]}, {tier}: {means}\n"
        for rule in rules:
            if rule.tier == tier:
                yield f"**`{rule.name}`**: {rule.means}. To do: {rule.remedy}.\n"
                if rule.old:
                    yield f"    {rule.old}\n    {rule.new}\n"
