"""What makes a generated line wrong: the value of the sources that it spells, and the line of the template.

A value that the wrong text spells is found by a few trials, so that a finding in each of a thousand environments costs
little. One that it does not spell takes hundreds, which are spent where the caller says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ssmd_compiler.origin.origins import Origins

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ssmd_compiler.emit import Templates
    from ssmd_compiler.origin.places import Place
    from ssmd_compiler.origin.rendering import TemplateLine
    from ssmd_compiler.origin.subject import Subject

__all__ = ["Cause", "Wrong", "causes", "is_plain"]

MOST_SEARCHED: Final = 20
"""Wrong lines of one environment whose values are looked for; of further ones only the template's line is told."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line of a generated file, from 1, and the text or the key of it that is wrong: empty when it is neither."""

    path: str
    line: int
    said: str


@dataclass(frozen=True, slots=True)
class Cause:
    """The value of the sources, and the line of a template, as far as they are known."""

    place: Place | None = None
    template: TemplateLine | None = None


def causes(subject: Subject, templates: Templates, wrong: Iterable[Wrong], *, thorough: bool) -> Iterator[Cause]:
    """The cause of each wrong line, in order. `thorough`: also of those that spell no value of the sources."""
    origins = Origins(subject, templates)
    for number, one in enumerate(wrong):
        template = origins.template_line(one.path, one.line)
        searched = number < MOST_SEARCHED and one.said and not is_plain(template, templates)
        yield Cause(_place(origins, one, thorough=thorough) if searched else None, template)


def is_plain(template: TemplateLine | None, templates: Templates) -> bool:
    """Whether a template of the workspace itself says what stands in the line: no value is printed there."""
    if template is None or template.line is None or not template.own:
        return False
    lines = templates.own[template.name].split("\n")
    return template.line <= len(lines) and "{" not in lines[template.line - 1]


def _place(origins: Origins, one: Wrong, *, thorough: bool) -> Place | None:
    found = origins.spelled(one.path, one.line, one.said)
    told = origins.of(one.path, [one.line]) if found is None and thorough else ()
    if isinstance(told, tuple) and told:
        found = next((origin for origin in told[0].origins if not origin.whole), None)
    return found.place if found is not None else None
