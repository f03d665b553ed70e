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
    approved_until: Date | None = None


class SchemaVersion(Model):
    """One version: its definition file, the hash of that file, and whether it may be used."""

    version: Identifier
    effective_from: Date
    status: Literal["draft", "active", "deprecated"] = "active"
    deprecated_at: Date | None = None
    hash: Sha256
    schema_file: Text | None = None
    compatible_with: tuple[Identifier, ...] = Field(default=(), max_length=MOST)
    breaking_changes: BreakingChanges | None = None


class Schema(Model):
    """A named record shape."""

    name: str
    format: Literal["capnp", "protobuf", "json_schema"]
    schema_file: Text | None = None
    versions: tuple[SchemaVersion, ...] = Field(min_length=1, max_length=MOST)

    def version(self, name: str) -> SchemaVersion | None:
        return next((version for version in self.versions if version.version == name), None)

    def file_of(self, version: SchemaVersion) -> str | None:
        """The definition file of `version`, relative to the document's folder."""
        return version.schema_file or self.schema_file
