"""What a sealed file holds, in a small JSON file beside it: the sign that the file is finished.

Written last, whole or not at all. A sealed file without one was interrupted on its way and is finished at the next
start.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec

from ssmd_runtime.storage.files import StorageError, replace, storage_error
from ssmd_runtime.storage.inspection import Damage

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Manifest", "read", "sha256_of", "write"]

API_VERSION: Final = "ssmd.manifest/v1"
MOST_GAPS: Final = 1000
_CHUNK: Final = 1 << 20


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One sealed file. `bytes` and `sha256` are those of the file as it stands, compressed or not.

    `sequences` is the next number of every counter when the file was sealed, `gaps` the gap records of its time (at
    most 1,000, `gap_count` of them in all), `damage` places that are no records.
    """

    api_version: str = msgspec.field(name="apiVersion", default=API_VERSION)
    environment: str
    feed: str
    shard: str | None
    day: str
    file: str
    compression: str
    records: int
    bytes: int
    first_ts: str | None
    last_ts: str | None
    sequences: dict[str, int]
    gap_count: int
    gaps: list[dict[str, Any]]
    damage: list[Damage]
    sha256: str


def sha256_of(path: Path) -> tuple[str, int]:
    """The digest and the length of a file."""
    digest = hashlib.sha256()
    length = 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                length += len(chunk)
    except OSError as problem:
        raise storage_error("read", path, problem) from None
    return digest.hexdigest(), length


def write(path: Path, manifest: Manifest) -> None:
    """The manifest, durable."""
    replace(path, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def read(path: Path) -> Manifest:
    """The manifest at `path`. Raises `StorageError` where it cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as problem:
        raise storage_error("read", path, problem) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise StorageError(f"{path} is no manifest: {problem}") from None
