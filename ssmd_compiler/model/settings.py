"""Settings: the optional `ssmd.yaml` of a workspace; every field has a default."""

from __future__ import annotations

from pydantic import Field

from ssmd_compiler.model.base import MOST, Model
from ssmd_compiler.model.scalars import Identifier, ImageName, Name, Text, Url

__all__ = ["Image", "Paths", "Repository", "Settings"]


class Image(Model):
    """The container image of the runtime, unless a feed or an environment names another."""

    name: ImageName = "ghcr.io/ssmd/ssmd-runtime"
    version: Identifier = "0.1.0"


class Repository(Model):
    """Where Argo CD reads the generated tree. Without it no Argo CD documents are written."""

    url: Url
    revision: Text = "main"
    path: Text = "generated"


class Paths(Model):
    """Further folders that hold `feeds/`, `schemas/` or `environments/`."""

    sources: tuple[Text, ...] = Field(default=(), max_length=MOST)


class Settings(Model):
    """Rules of the whole workspace."""

    namespace: Name = "ssmd"
    image: Image = Field(default_factory=Image)
    repository: Repository | None = None
    paths: Paths = Field(default_factory=Paths)
