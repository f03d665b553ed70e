"""A few small files into one folder: what is right stays, what is wrong is replaced as a whole, and no link is followed."""

from __future__ import annotations

import os

import pytest

from ssmd_compiler.publish.beside import differing, put

FILES = {"a": b"first", "b": b"second"}


def test_what_differs_is_written_and_nothing_else(tmp_path):
    assert differing(tmp_path, "f", FILES) == ("a", "b")
    assert put(tmp_path, "f", FILES) == ("a", "b")
    (tmp_path / "f" / "b").write_bytes(b"second and more")
    (tmp_path / "f" / "own").write_bytes(b"mine")
    before = (tmp_path / "f" / "a").stat()
    assert differing(tmp_path, "f", FILES) == ("b",)
    assert put(tmp_path, "f", FILES) == ("b",)
    assert put(tmp_path, "f", FILES) == ()
    assert (tmp_path / "f" / "a").stat() == before
    assert {path.name: path.read_bytes() for path in (tmp_path / "f").iterdir()} == FILES | {"own": b"mine"}


def test_what_a_crash_left_behind_is_in_nobodys_way(tmp_path):
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "a.new").write_bytes(b"half")
    put(tmp_path, "f", FILES)
    assert {path.name: path.read_bytes() for path in (tmp_path / "f").iterdir()} == FILES


@pytest.mark.parametrize("act", [put, differing])
def test_a_folder_that_is_a_link_is_refused(tmp_path, act):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "f").symlink_to("elsewhere")
    with pytest.raises(OSError, match="'f'"):
        act(tmp_path, "f", FILES)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("act", [put, differing])
def test_a_file_that_is_a_link_is_refused(tmp_path, act):
    (tmp_path / "f").mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "f" / "a").symlink_to("../secret")
    with pytest.raises(OSError, match="'f/a'"):
        act(tmp_path, "f", FILES)
    assert (tmp_path / "secret").read_bytes() == b"secret"


def test_a_link_where_it_writes_is_not_followed(tmp_path):
    (tmp_path / "f").mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "f" / "a.new").symlink_to("../secret")
    put(tmp_path, "f", FILES)
    assert (tmp_path / "secret").read_bytes() == b"secret"
    assert (tmp_path / "f" / "a").read_bytes() == b"first"


def test_what_is_no_file_is_refused(tmp_path):
    (tmp_path / "f" / "a").mkdir(parents=True)
    with pytest.raises(OSError, match="'f/a'"):
        put(tmp_path, "f", FILES)
    (tmp_path / "f" / "a").rmdir()
    os.mkfifo(tmp_path / "f" / "a")
    with pytest.raises(OSError, match="no regular file"):
        put(tmp_path, "f", FILES)
