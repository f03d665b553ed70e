"""Model: what a person may write, as pydantic models, and the way from documents to them."""

from ssmd_compiler.model.bind import Bound, ShapeFault, ShapeKind, bind, bind_settings, outline
from ssmd_compiler.model.environment import Environment
from ssmd_compiler.model.feed import Feed
from ssmd_compiler.model.schema import Schema
from ssmd_compiler.model.settings import Settings

__all__ = [
    "Bound",
    "Environment",
    "Feed",
    "Schema",
    "Settings",
    "ShapeFault",
    "ShapeKind",
    "bind",
    "bind_settings",
    "outline",
]
