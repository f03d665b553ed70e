"""Schema: the shape of normalized records, versioned, each version pinned by the hash of its definition."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ssmd_compiler.model.base import MOST, Model
from ssmd_compiler.model.scalars import Date, Identifier, Sha256, Text

__all__ = ["BreakingChanges", "Schema", "SchemaVersion"]


class BreakingChanges(Model):
    """Why a version does not read the ones before it; `approved_until` silences the error up to that date."""

    reason: Text
    """Why."""
    approved_until: Date | None = None
    """The last day on which incompatibility is no error."""


class SchemaVersion(Model):
    """One version: its definition file, the hash of that file, and whether it may be used."""

    version: Identifier
    """Its name, unique in the schema."""
    effective_from: Date
    """The first day on which it may be used."""
    status: Literal["draft", "active", "deprecated"] = "active"
    """Whether it may be used: a `draft` may not, `deprecated` warns."""
    deprecated_at: Date | None = None
    """The day on which it was deprecated."""
    hash: Sha256
    """The SHA-256 of its definition file: a version that is in use does not change."""
    schema_file: Text | None = None
    """Its own definition file, relative to this document's folder."""
    compatible_with: tuple[Identifier, ...] = Field(default=(), max_length=MOST)
    """Older versions that this one can read."""
    breaking_changes: BreakingChanges | None = None
    """Why it does not read the ones before it; the reason alone is short for it."""


class Schema(Model):
    """A named record shape."""

    name: str
    format: Literal["capnp", "protobuf", "json_schema"]
    """The language of its definitions."""
    schema_file: Text | None = None
    """The definition file of versions that name none, relative to this document's folder."""
    versions: tuple[SchemaVersion, ...] = Field(min_length=1, max_length=MOST)
    """Every version, each pinned by the hash of its definition."""

    def version(self, name: str) -> SchemaVersion | None:
        return next((version for version in self.versions if version.version == name), None)

    def file_of(self, version: SchemaVersion) -> str | None:
        """The definition file of `version`, relative to the document's folder."""
        return version.schema_file or self.schema_file
