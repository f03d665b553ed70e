"""One environment's facts, side by side: what every part of lowering is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssmd_compiler.model.component import Component
from ssmd_compiler.record import Record, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ssmd_runtime.spec import KeySpec

    from ssmd_compiler.link import LinkedEnvironment
    from ssmd_compiler.model import Environment, Feed
    from ssmd_compiler.model.environment import Middleware
    from ssmd_compiler.model.feed import FeedVersion
    from ssmd_compiler.names import Names

__all__ = ["Facts"]


class Facts(Record, frozen=True):
    """A linked environment with its feed's version in force, its names and its keys."""

    linked: LinkedEnvironment
    feed: Feed
    version: FeedVersion
    names: Names
    keys: Mapping[str, KeySpec]
    inputs_sha256: str
    compiler: str
    _components: dict[str, Component] = field(default_factory=dict)

    @property
    def environment(self) -> Environment:
        return self.linked.environment

    @property
    def middleware(self) -> Middleware:
        return self.linked.environment.middleware

    def component(self, name: str) -> Component:
        """The environment's words on a component over the feed's defaults, field by field."""
        if name not in self._components:
            own: Component = getattr(self.environment, name) or Component.unsaid()
            default: Component = getattr(self.feed.defaults, name)
            said = {field: getattr(own, field) for field in own.model_fields_set}
            self._components[name] = default.model_copy(update=said)
        return self._components[name]
