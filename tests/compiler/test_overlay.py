"""A tree with one file replaced is the tree that it would be with that file on disk, limits included."""

from __future__ import annotations

import datetime
import io

import pytest
from examples import base_files

from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.source import FaultKind, MemoryTree, OverlayTree, Refused, read_bounded
from ssmd_compiler.source.limits import MAX_FILE_BYTES

OPTIONS = Options(datetime.date(2026, 11, 21))
FILES = base_files()
CONTENTS = [b"", b"name: dev\nfeed: kalsi\n", b"\xff\x00", b"struct X {", FILES["environments/dev.yaml"]]
PATHS = [
    "environments/dev.yaml",
    "environments/new.yaml",
    "environments/deeper/new.yaml",
    "exchanges/feeds/kalshi.yaml",
    "feeds/kalshi.yaml",
    "schemas/trade.v1.capnp",
    "templates/service.yaml.j2",
    "ssmd.yaml",
    "README.md",
]


@pytest.mark.parametrize("content", CONTENTS, ids=range(len(CONTENTS)))
@pytest.mark.parametrize("path", PATHS)
def test_it_compiles_as_the_tree_with_that_file(path: str, content: bytes) -> None:
    there = compile(MemoryTree({**FILES, path: content}), OPTIONS)
    over = compile(OverlayTree(MemoryTree(FILES), path, content), OPTIONS)
    assert (over.diagnostics, over.lock, over.outputs) == (there.diagnostics, there.lock, there.outputs)


def test_a_file_below_is_as_it_was() -> None:
    tree = OverlayTree(MemoryTree(FILES), "ssmd.yaml", b"x")
    assert tree.read("environments/dev.yaml") == FILES["environments/dev.yaml"]
    assert tree.read_unlinked("environments/dev.yaml") == FILES["environments/dev.yaml"]
    assert tree.digest("environments/dev.yaml") == MemoryTree(FILES).digest("environments/dev.yaml")
    with pytest.raises(FileNotFoundError):
        tree.read("environments/gone.yaml")


@pytest.mark.parametrize("size", [MAX_FILE_BYTES, MAX_FILE_BYTES + 1])
def test_the_limit_of_a_file_holds(size: int) -> None:
    tree = OverlayTree(MemoryTree(FILES), "ssmd.yaml", b"#" * size)
    if size <= MAX_FILE_BYTES:
        assert len(tree.read("ssmd.yaml")) == size
        return
    with pytest.raises(Refused) as refused:
        tree.read("ssmd.yaml")
    assert refused.value.kind is FaultKind.TOO_LARGE


class Endless(io.RawIOBase):
    """Gives what it is asked for, in pieces, and counts it."""

    given = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "all of it was asked for"
        piece = b"x" * min(size, 1000)
        self.given += len(piece)
        return piece


def test_of_a_stream_no_more_is_read_than_tells_that_it_is_too_large() -> None:
    stream = Endless()
    assert len(read_bounded(stream)) == MAX_FILE_BYTES + 1
    assert stream.given == MAX_FILE_BYTES + 1


@pytest.mark.parametrize("size", [0, 1, 999, 1001, MAX_FILE_BYTES])
def test_of_a_smaller_stream_all_is_read(size: int) -> None:
    assert read_bounded(io.BytesIO(b"y" * size)) == b"y" * size
