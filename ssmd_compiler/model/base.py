"""What all models share: frozen, and closed against unknown fields."""

from functools import cache
from typing import Final, Self

from pydantic import BaseModel, ConfigDict

__all__ = ["MOST", "SECOND_FORM", "Model"]

MOST: Final = 128
"""Keys, shards, versions, message types: of each, more than anybody needs, and few enough to take a product of two."""

SECOND_FORM: Final = "\0"
"""Ends a field's name where the model keeps its second form; no source can say it."""


class Model(BaseModel):
    """A mapping with known fields. An unknown one is an error, reported with the nearest known name."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False, defer_build=True)

    @classmethod
    @cache
    def unsaid(cls) -> Self:
        """What stands where nothing was said. A call would build its validator, in a millisecond."""
        return cls.model_construct()
