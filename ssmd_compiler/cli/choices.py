"""One of a few words on the command line; a near miss is told which one was meant."""

from __future__ import annotations

import click

from ssmd_compiler.diagnostics.nearest import did_you_mean

__all__ = ["Choice"]


class Choice(click.Choice):  # type: ignore[type-arg]  # it takes no argument before click 8.2
    """The words that may be given; `noun` is what a word names."""

    def __init__(self, words: tuple[str, ...], noun: str) -> None:
        super().__init__(words)
        self.noun = noun

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self.choices:
            known = ", ".join(self.choices)
            meant = did_you_mean(value, self.choices) or f"there are {known}"
            self.fail(f"no {self.noun} `{value}`: {meant}", param, ctx)
        return str(super().convert(value, param, ctx))
