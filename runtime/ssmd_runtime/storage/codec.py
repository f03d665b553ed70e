"""How blocks of lines stand in a file: as they are, or each as a Zstandard frame of its own.

Independent frames with a checksum (RFC 8878), never one stream: a kill tears the last frame and no other, any frame can
be read without the ones before it, and the ordinary tools read the file from end to end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from ssmd_runtime.spec import Storage

__all__ = ["BLOCK_BYTES", "Codec", "Plain", "Zstandard", "codec_of"]

BLOCK_BYTES: Final = 128 * 1024
_LEVEL: Final = 1


class Codec(Protocol):
    """`gather`: whether small blocks are collected up to `BLOCK_BYTES` before they are encoded."""

    compressed: bool
    gather: bool

    def encode(self, block: bytes) -> bytes: ...


class Plain:
    """Lines as they are."""

    compressed = False
    gather = False

    def encode(self, block: bytes) -> bytes:
        return block


class Zstandard:
    """A frame a block."""

    compressed = True
    gather = True

    def __init__(self) -> None:
        import zstandard

        self._compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True, write_content_size=True)

    def encode(self, block: bytes) -> bytes:
        return self._compressor.compress(block)


def codec_of(storage: Storage) -> Codec:
    """The codec that a spec asks for."""
    return Zstandard() if storage.compression == "zstd" else Plain()
