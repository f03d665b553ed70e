"""Sources are never half written: a kill or an interrupt before any line of the code, and an error of any system call.

Each is tried on a writer that does it wrong as well: a test that would not notice proves nothing.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ssmd_compiler import rewrite as module
from ssmd_compiler.rewrite import RewriteError, rewrite
from ssmd_compiler.source import DirectoryTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Writer = Callable[[Path, Mapping[str, tuple[bytes, bytes]]], None]

FILES = {
    "environments/a.yaml": (b"old a\n" * 40, b"new a\n" * 50),
    "environments/b.yaml": (b"old b\n", b"new b\n" * 3),
    "exchanges/feeds/c.yaml": (b"old c\n" * 9, b""),
}


def in_place(root: Path, files: Mapping[str, tuple[bytes, bytes]]) -> None:
    """What anybody would write first."""
    for path, (_, after) in files.items():
        with (root / path).open("wb", buffering=0) as file:
            file.write(after[:5])
            file.write(after[5:])


def beside_and_unflushed(root: Path, files: Mapping[str, tuple[bytes, bytes]]) -> None:
    """Right until the power goes."""
    for path, (_, after) in files.items():
        beside = root / f"{path}.tmp"
        beside.write_bytes(after)
        os.rename(beside, root / path)  # noqa: PTH104 -- what is listened to


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return laid_out(tmp_path)


def laid_out(root: Path) -> Path:
    for path, (before, _) in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(before)
    return root


def torn(root: Path) -> list[str]:
    """The files that are neither what they were nor what they should become."""
    return [path for path, contents in FILES.items() if (root / path).read_bytes() not in contents]


def visible(root: Path) -> set[str]:
    """The files that a source could be."""
    tree = DirectoryTree(root)
    folders = ("environments", "exchanges/feeds")
    return {f"{folder}/{name}" for folder in folders for name in tree.names(folder) if name.endswith(".yaml")}


def lines_run(writer: Writer, root: Path, act: Callable[[int], object]) -> int:
    """Run the writer and `act` before each of its lines; how many these were."""
    codes = {str(Path(module.__file__).resolve()), __file__}
    count = 0

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename not in codes or frame.f_code.co_name in ("act", "lines_run"):
            return None
        if event == "line":
            count += 1
            act(count)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        writer(root, FILES)
    finally:
        sys.settrace(before)
    return count


def after_each_kill(writer: Writer, root: Path) -> Iterator[Path]:
    """The tree as a process leaves it that is killed before line 1, 2, 3 and so on."""
    number = 0
    while True:
        number += 1
        laid_out(root)
        child = os.fork()
        if not child:
            lines_run(writer, root, lambda line, last=number: line == last and os.kill(os.getpid(), signal.SIGKILL))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        yield root
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            return


def test_a_kill_before_any_line_leaves_each_file_whole(root: Path) -> None:
    kills = 0
    for left in after_each_kill(rewrite, root):
        kills += 1
        assert torn(left) == []
        assert visible(left) == set(FILES)
    assert kills > 50
    assert {path: (root / path).read_bytes() for path in FILES} == {path: new for path, (_, new) in FILES.items()}


def test_control_a_kill_tears_what_is_written_in_place(root: Path) -> None:
    assert any(torn(left) for left in after_each_kill(in_place, root))


# An interrupt right after a file is opened leaves it to the garbage collector, as the end of the process would.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_before_any_line_leaves_each_file_whole_and_next_to_nothing_else(root: Path) -> None:
    def interrupt(line: int) -> None:
        if line == number:
            raise KeyboardInterrupt

    number, littered, last = 0, 0, False
    while not last:
        number, last = number + 1, True
        laid_out(root)
        try:
            lines_run(rewrite, root, interrupt)
        except KeyboardInterrupt:
            last = False
        assert torn(root) == []
        assert visible(root) == set(FILES)
        litter = [path for path in root.rglob("*") if path.name.endswith(".tmp")]
        littered += bool(litter)
        for path in litter:
            path.unlink()
    assert number > 50
    # Between two lines of Python there is always one more; but cleaning up is the rule.
    assert littered < number / 5


CALLS = ("open", "fdopen", "fstat", "read", "access", "fchmod", "fsync", "rename", "stat", "urandom")


def failing(monkeypatch: pytest.MonkeyPatch, number: int) -> list[str]:
    """Let the system call of that number fail; those that were made, by name."""
    made: list[str] = []

    def replaced(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*args: Any, **named: Any) -> Any:
            made.append(name)
            if len(made) == number:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*args, **named)

        return call

    for name in CALLS:
        monkeypatch.setattr(os, name, replaced(name))
    return made


def test_an_error_of_any_call_leaves_each_file_whole_and_is_told(root: Path) -> None:
    number, last = 0, False
    while not last:
        number += 1
        laid_out(root)
        with pytest.MonkeyPatch.context() as patched:
            made = failing(patched, number)
            try:
                rewrite(root, FILES)
                last = len(made) < number
                assert last
            except RewriteError as problem:
                told = problem
        assert torn(root) == []
        changed = [path for path, (old, _) in FILES.items() if (root / path).read_bytes() != old]
        assert last or told.changed == bool(changed)
        assert {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} == set(FILES)
    assert number > 20


def unflushed(writer: Writer, root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that take their place before all of their bytes are on the disk, or whose new name never is."""
    flushed: dict[int, int] = {}
    wrong: list[str] = []
    pending: set[int] = set()
    fsync, rename = os.fsync, os.rename

    def flush(file: int) -> None:
        fsync(file)
        status = os.fstat(file)
        flushed[status.st_ino] = status.st_size
        pending.discard(status.st_ino)

    def move(source: Any, target: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:
        status = os.stat(source, dir_fd=src_dir_fd)
        if flushed.get(status.st_ino) != status.st_size:
            wrong.append(str(target))
        rename(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        pending.add(os.fstat(dst_dir_fd).st_ino if dst_dir_fd is not None else Path(target).parent.stat().st_ino)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "rename", move)
    writer(root, FILES)
    return wrong + ["a folder"] * len(pending)


def test_bytes_are_on_the_disk_before_they_take_their_place(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert unflushed(rewrite, root, monkeypatch) == []


def test_control_bytes_that_are_not_flushed_are_noticed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert unflushed(beside_and_unflushed, root, monkeypatch) != []


def edited(root: Path) -> None:
    (root / "environments/b.yaml").write_bytes(FILES["environments/b.yaml"][0].upper())  # as long as before


def linked(root: Path) -> None:
    (root / "b.yaml").write_bytes(FILES["environments/b.yaml"][0])
    (root / "environments/b.yaml").unlink()
    (root / "environments/b.yaml").symlink_to("../b.yaml")


def folder_linked(root: Path) -> None:
    (root / "environments").rename(root / "elsewhere")
    (root / "environments").symlink_to("elsewhere")


def piped(root: Path) -> None:
    (root / "environments/b.yaml").unlink()
    os.mkfifo(root / "environments/b.yaml")


REFUSED = {
    "edited in the meantime": (edited, "it was changed in the meantime"),
    "gone in the meantime": (lambda root: (root / "environments/b.yaml").unlink(), "it is gone"),
    "a symbolic link": (linked, "it is a symbolic link, or behind one"),
    "behind a symbolic link": (folder_linked, "it is a symbolic link, or behind one"),
    "a pipe": (piped, "it is not a regular file"),
    "read-only": (lambda root: (root / "environments/b.yaml").chmod(0o444), "it is read-only"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_keeps_all_of_them_as_they_are(name: str, root: Path) -> None:
    change, reason = REFUSED[name]
    change(root)
    with pytest.raises(RewriteError) as raised:
        rewrite(root, FILES)
    assert raised.value.reason == reason
    assert not raised.value.changed
    assert (root / "exchanges/feeds/c.yaml").read_bytes() == FILES["exchanges/feeds/c.yaml"][0]
    assert (root / "environments/a.yaml").read_bytes() == FILES["environments/a.yaml"][0]
    assert not [path for path in root.rglob("*") if path.name.endswith(".tmp")]


def test_what_is_edited_while_others_are_staged_is_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edited_one, urandom = root / "environments/a.yaml", os.urandom

    def edit(count: int) -> bytes:
        """Asked for a name beside each file in turn."""
        if len(list(root.rglob("*.tmp"))) == len(FILES) - 1:
            edited_one.write_bytes(b"edited\n")
        return urandom(count)

    monkeypatch.setattr(os, "urandom", edit)
    with pytest.raises(RewriteError, match="changed in the meantime"):
        rewrite(root, FILES)
    assert edited_one.read_bytes() == b"edited\n"
    assert not list(root.rglob("*.tmp"))


def test_a_hard_link_keeps_the_old_bytes(root: Path) -> None:
    os.link(root / "environments/b.yaml", root / "kept")
    rewrite(root, FILES)
    assert (root / "kept").read_bytes() == FILES["environments/b.yaml"][0]
