"""What all models share: frozen, and closed against unknown fields."""

from pydantic import BaseModel, ConfigDict

__all__ = ["Model"]


class Model(BaseModel):
    """A mapping with known fields. An unknown one is an error, reported with the nearest known name."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=False)
