"""Every scenario under scenarios/ goes as it is written, and the runner that says so can be trusted.

`UPDATE=1 pytest tests/test_scenarios.py` writes what happened into the scenarios; review it as a diff.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import capnp
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from scenario import (
    Bytes,
    ScenarioError,
    Seen,
    Step,
    _escaped,
    _played,
    _section,
    _spelled_entry,
    _step,
    _unescaped,
    parse,
    play,
)

from ssmd_compiler.cli import run
from ssmd_compiler.diagnostics.escape import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenario import Run

SCENARIOS = Path(__file__).parent / "scenarios"
BASES = SCENARIOS / "bases"
FILES = sorted(path for path in SCENARIOS.glob("*/*.txt") if path.parent != BASES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SCENARIOS).with_suffix("")))
def test_scenario(path: Path, tmp_path: Path) -> None:
    check(path, run, tmp_path, update=bool(os.environ.get("UPDATE")))


def check(path: Path, ssmd: Run, folder: Path, *, update: bool) -> None:
    text = path.read_bytes().decode()
    actual = play(text, ssmd, folder, BASES)
    if update and actual != text:
        path.write_bytes(actual.encode())
    elif actual != text:
        lines = difflib.unified_diff(text.splitlines(), actual.splitlines(), "as expected", "as it went", lineterm="")
        pytest.fail(f"{path.name}\n" + "\n".join(map(printable, lines)), pytrace=False)


# The runner, with a stand-in for ssmd


def raw(value: str) -> bytes:
    return value.encode().decode("unicode_escape").encode("latin-1")


def write(value: str) -> None:
    path, _, content = value.partition(":")
    Path(path).write_bytes(raw(content))


VERBS: dict[str, Callable[[str], object]] = {
    "out": lambda value: sys.stdout.write(raw(value).decode()),
    "bytes": lambda value: sys.stdout.buffer.write(raw(value)),
    "err": lambda value: sys.stderr.write(raw(value).decode()),
    "given": lambda _: sys.stdout.write(sys.stdin.read()),
    "show": lambda path: sys.stdout.write(Path(path).read_text(encoding="utf-8")),
    "list": lambda _: sys.stdout.writelines(f"{path}\n" for path in sorted(Path().rglob("*"))),
    "write": write,
    "remove": lambda path: Path(path).unlink(),
    "link": lambda path: Path(path).symlink_to("target"),
    "folder": lambda path: Path(path).mkdir(),
    "where": lambda _: sys.stdout.write(f"{Path.cwd()}\n"),
    "env": lambda name: sys.stdout.write(f"{os.environ.get(name)}\n"),
    "code": lambda _: None,
}


def stand_in(argv: list[str]) -> int:
    """Does what each argument says, and says those that tell it nothing."""
    for argument in argv:
        verb, _, value = argument.partition("=")
        VERBS.get(verb, lambda _, words=argument: sys.stdout.write(f"{words}\n"))(value)
    codes = [int(argument.removeprefix("code=")) for argument in argv if argument.startswith("code=")]
    return codes[-1] if codes else 0


OPENING = "What is shown.\n\n"

GOES_AS_WRITTEN = {
    "silence": "$ ssmd\n",
    "no input": "$ ssmd given\n",
    "input": "$ ssmd given < a\nx\n\n$ ssmd given\n\n$ ssmd given < a\nx\n-- a --\nx\n",
    "output": "$ ssmd one two\none\ntwo\n",
    "quoted arguments": "$ ssmd 'one two' \"\"\none two\n\\\n",
    "a blank line within": "$ ssmd 'out=a\\n\\nb\\n'\na\n\nb\n",
    "a blank line first": "$ ssmd 'out=\\na\\n'\n\na\n",
    "blank lines last": "$ ssmd 'out=a\\n\\n\\n'\na\n\n\\\n\n",
    "no newline": "$ ssmd out=a err=b\na\n\\ no newline\n! b\n! \\ no newline\n",
    "code": "$ ssmd code=2\n? 2\n",
    "code 0 spelled out": "$ ssmd\n? 0\n",
    "errors": "$ ssmd 'err=a\\n\\nb\\n' c\nc\n! a\n!\n! b\n",
    "errors anywhere": "$ ssmd 'err=a\\nb\\n' c d\n! a\nc\n! b\nd\n",
    "masked": r"""$ ssmd 'out=$ ssmd\n? 1\n! a\n!\n-- a --\n== a ==\n\\ no newline\n\\\n'
\$ ssmd
\? 1
\! a
\!
\-- a --
\== a ==
\\ no newline
\\
""",
    "not masked": "$ ssmd 'out=$a\\n?\\n!a\\n--- a\\n -- a --\\n==\\n'\n$a\n?\n!a\n--- a\n -- a --\n==\n",
    "carriage returns": "$ ssmd 'out=a\\r\\nb\\r\\n'\na\r\nb\r\n",
    "several commands": "$ ssmd write=a:x\n\n$ ssmd show=a code=1\n? 1\nx\n\\ no newline\n\n\n$ ssmd c\nc\n",
    "the folder": "$ ssmd where= $DIR/a\n$DIR\n$DIR/a\n",
    "variables": "$ ssmd env=NO_COLOR env=COLUMNS env=TZ env=LANG env=UPDATE\n1\n100\nUTC\nC.UTF-8\nNone\n",
    "files": "$ ssmd show=a/b\n\\$ no command\nx\n-- a/b --\n$ no command\nx\n",
    "no base": "$ ssmd list\na\na/b\n-- a/b --\n",
    "base": "$ ssmd show=a list\nbase\na\nb\nb/c\n-- base: small --\n",
    "overlay": "$ ssmd show=a list\nover\na\nb\nd\n-- base: small --\n-- b/c (absent) --\n-- d/ --\n-- a --\nover\n",
    "a file for a folder": "$ ssmd list\na\nb\n-- base: small --\n-- b --\n",
    "a folder for a file": "$ ssmd list\na\nb\nb/c\n-- base: small --\n-- a/ --\n",
    "link": "$ ssmd show=b\nx\n-- a --\nx\n-- b -> a --\n",
    "dangling link": "$ ssmd list\nb\n-- b -> ../../x --\n",
    "bytes": "$ ssmd show=a\nA\n\\\n-- a (bytes) --\n\\x41\n\\n\\n\n",
    "bytes out": "$ ssmd 'write=a:\\xff\\x00'\n== a (bytes) ==\n\\xff\n\\x00\n",
    "written": "$ ssmd 'write=a:x\\n'\n-- b --\n== a ==\nx\n== b ==\n== c (absent) ==\n",
    "rewritten": "$ ssmd 'write=a:y\\n'\n-- a --\nx\n== a ==\ny\n",
    "removed": "$ ssmd remove=a\n-- a --\n== a (absent) ==\n",
    "made": "$ ssmd folder=a link=b\n== a/ ==\n== b -> target ==\n",
}

FAILS = {
    "output missing": ("$ ssmd\na\n", "$ ssmd\n"),
    "output unexpected": ("$ ssmd a\n", "$ ssmd a\na\n"),
    "output differs": ("$ ssmd a\nb\n\n-- x --\n", "$ ssmd a\na\n\n-- x --\n"),
    "a line too many": ("$ ssmd a\na\nb\n", "$ ssmd a\na\n"),
    "blank line too many": ("$ ssmd a\na\n\\\n", "$ ssmd a\na\n"),
    "blank line missing": ("$ ssmd 'out=a\\n\\n'\na\n\n", "$ ssmd 'out=a\\n\\n'\na\n\\\n\n"),
    "newline missing": ("$ ssmd out=a\na\n", "$ ssmd out=a\na\n\\ no newline\n"),
    "trailing blanks": ("$ ssmd 'out=a \\n'\na\n", "$ ssmd 'out=a \\n'\na \n"),
    "code missing": ("$ ssmd code=1\n", "$ ssmd code=1\n? 1\n"),
    "code unexpected": ("$ ssmd\n? 1\n", "$ ssmd\n"),
    "code differs": ("$ ssmd code=2 a\n? 1\na\n", "$ ssmd code=2 a\n? 2\na\n"),
    "error missing": ("$ ssmd\n! a\n", "$ ssmd\n"),
    "error unexpected": ("$ ssmd 'err=a\\n'\n", "$ ssmd 'err=a\\n'\n! a\n"),
    "error is no output": ("$ ssmd 'err=a\\n'\na\n", "$ ssmd 'err=a\\n'\n! a\n"),
    "output is no error": ("$ ssmd a\n! a\n", "$ ssmd a\na\n"),
    "first of two": ("$ ssmd a\n\n$ ssmd b\nb\n", "$ ssmd a\na\n\n$ ssmd b\nb\n"),
    "second of two": ("$ ssmd a\na\n\n$ ssmd b\n", "$ ssmd a\na\n\n$ ssmd b\nb\n"),
    "file differs": (
        "$ ssmd 'write=a:x\\n'\n== a ==\ny\n== b (absent) ==\n",
        "$ ssmd 'write=a:x\\n'\n== a ==\nx\n== b (absent) ==\n",
    ),
    "file missing": ("$ ssmd\n== a ==\ny\n", "$ ssmd\n== a (absent) ==\n"),
    "file unexpected": ("$ ssmd 'write=a:x\\n'\n== a (absent) ==\n", "$ ssmd 'write=a:x\\n'\n== a ==\nx\n"),
    "file became a link": ("$ ssmd link=a\n== a ==\n", "$ ssmd link=a\n== a -> target ==\n"),
    "file became a folder": ("$ ssmd folder=a\n== a ==\n", "$ ssmd folder=a\n== a/ ==\n"),
    "file without newline": ("$ ssmd write=a:x\n== a ==\nx\n", "$ ssmd write=a:x\n== a (bytes) ==\nx\n"),
    "file that looks like a header": (
        "$ ssmd 'write=a:x\\n-- b --\\n-- c --'\n== a ==\nx\n",
        "$ ssmd 'write=a:x\\n-- b --\\n-- c --'\n== a (bytes) ==\nx\\n\n-- b --\\n\n\\x2d- c --\n",
    ),
    "file of bytes": ("$ ssmd 'write=a:\\xff\\n'\n== a ==\n", "$ ssmd 'write=a:\\xff\\n'\n== a (bytes) ==\n\\xff\\n\n"),
    "link differs": ("$ ssmd link=a\n== a -> b ==\n", "$ ssmd link=a\n== a -> target ==\n"),
}

NOT_A_SCENARIO = {
    "": "newline",
    "Words.\n\n$ ssmd": "newline",
    "$ ssmd\n": "line 1",
    "\n\n$ ssmd\n": "line 1",
    "Words.\n$ ssmd\n": "line 1",
    "Words.\n\n-- a --\n": "no command",
    OPENING + "$ rm -r /\n": "line 3: `rm`",
    OPENING + "$ ssmd 'a\n": "line 3: No closing quotation",
    OPENING + "$ ssmd\n\n\n$ rm\n": "line 6: `rm`",
    OPENING + "$ ssmd\n-- /a --\n": "line 4: `/a` leaves",
    OPENING + "$ ssmd\n-- a/../../b --\n": "line 4: `a/../../b` leaves",
    OPENING + "$ ssmd\n== ../a ==\n": "line 4: `../a` leaves",
    OPENING + "$ ssmd\n-- a --\n-- a/ --\n": "line 5: `a` is there twice",
    OPENING + "$ ssmd\n-- a --\n-- base: small --\n": "line 5: a base comes before",
    OPENING + "$ ssmd\n== base: small ==\n": "line 4: a base comes before",
    OPENING + "$ ssmd\n-- base: small --\nx\n": "line 4: `base: small` holds no content",
    OPENING + "$ ssmd\n-- a -> b --\nx\n": "line 4: `a -> b` holds no content",
    OPENING + "$ ssmd\n-- a (absent) --\nx\n": "line 4: `a (absent)` holds no content",
    OPENING + "$ ssmd\n-- a (bytes) --\n\\xg\n": "line 4:",
    OPENING + "$ ssmd\n-- a (bytes) --\n\\u2026\n": "line 4:",
    OPENING + "$ ssmd\n-- base: none --\n": "no base `none`",
    OPENING + "$ ssmd bytes=\\\\xff\n": "not UTF-8",
}


@pytest.fixture
def bases(tmp_path: Path) -> Path:
    small = tmp_path / "bases" / "small"
    (small / "b").mkdir(parents=True)
    (small / "a").write_text("base\n")
    (small / "b" / "c").write_text("base\n")
    return small.parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "play").mkdir()
    return tmp_path / "play"


@pytest.mark.parametrize("name", GOES_AS_WRITTEN)
def test_what_goes_as_written_is_left_as_it_is(name: str, folder: Path, bases: Path) -> None:
    text = OPENING + GOES_AS_WRITTEN[name]
    assert play(text, stand_in, folder, bases) == text


@pytest.mark.parametrize("name", FAILS)
def test_what_goes_otherwise_is_written_down(name: str, folder: Path, bases: Path) -> None:
    text, actual = (OPENING + part for part in FAILS[name])
    assert play(text, stand_in, folder, bases) == actual


@pytest.mark.parametrize("name", FAILS)
def test_what_was_written_down_then_goes_as_written(name: str, folder: Path, bases: Path) -> None:
    actual = OPENING + FAILS[name][1]
    assert play(actual, stand_in, folder, bases) == actual


@pytest.mark.parametrize("text", NOT_A_SCENARIO, ids=repr)
def test_what_is_no_scenario_is_refused(text: str, folder: Path, bases: Path) -> None:
    with pytest.raises(ScenarioError) as raised:
        play(text, stand_in, folder, bases)
    assert NOT_A_SCENARIO[text] in str(raised.value)


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.txt"
    path.write_bytes(b"What is shown.\r\nMore.\n\n$ ssmd good bad code=1\ngood\n\n\n-- a --\n$ \xc3\xa9\r\n")
    return path


def test_a_wrong_expectation_fails_with_a_diff(wrong: Path, folder: Path) -> None:
    before = wrong.read_bytes()
    with pytest.raises(pytest.fail.Exception) as raised:
        check(wrong, stand_in, folder, update=False)
    assert wrong.read_bytes() == before
    assert str(raised.value) == (
        "wrong.txt\n--- as expected\n+++ as it went\n"
        "@@ -2,7 +2,9 @@\n More.\n \n $ ssmd good bad code=1\n+? 1\n good\n+bad\n \n \n -- a --"
    )


def test_update_rewrites_the_expected_part_alone(wrong: Path, folder: Path) -> None:
    check(wrong, stand_in, folder, update=True)
    assert wrong.read_bytes() == (
        b"What is shown.\r\nMore.\n\n$ ssmd good bad code=1\n? 1\ngood\nbad\n\n\n-- a --\n$ \xc3\xa9\r\n"
    )


def test_update_leaves_a_scenario_that_holds_untouched(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "right.txt"
    path.write_text(OPENING + "$ ssmd a\na\n")
    path.chmod(0o400)
    stamp = path.stat().st_mtime_ns
    check(path, stand_in, folder, update=True)
    assert path.stat().st_mtime_ns == stamp


def test_the_world_is_put_back(folder: Path, bases: Path) -> None:
    def world() -> tuple[object, ...]:
        return (Path.cwd(), dict(os.environ), sys.stdin, sys.stdout, sys.stderr, time.tzname)

    def fail(_: list[str]) -> int:
        raise RuntimeError("as a bug would")

    before = world()
    with pytest.raises(RuntimeError, match="as a bug would"):
        play(OPENING + "$ ssmd\n", fail, folder, bases)
    assert world() == before


OUTPUTS = st.text(st.sampled_from("ab$?! -=\\\n\r\x1b") | st.characters(codec="utf-8")) | st.lists(
    st.sampled_from(["$ a", "? 1", "! a", "!", "-- a --", "== a ==", "\\", "\\ no newline", "", "a"])
).map("\n".join)


@given(st.integers(0, 255), OUTPUTS, OUTPUTS)
def test_any_output_reads_back_from_what_was_written_down(code: int, out: str, err: str) -> None:
    seen = Seen(code, out.encode(), err.encode())
    step = Step("$ ssmd\n\n", [], Seen(999, b"", b""))
    text = OPENING + _played(step, seen) + "-- a --\n"
    assert [step.expected for step in parse(text).steps] == [seen]
    assert _played(_step(_played(step, seen)), seen) == _played(step, seen)


@given(st.binary() | OUTPUTS.map(str.encode))
def test_any_file_reads_back_from_what_was_written_down(content: bytes) -> None:
    raw = _spelled_entry("a", Bytes(content))
    assert _section(raw).entry == Bytes(content)
    assert [section.raw for section in parse(OPENING + "$ ssmd\n" + raw + "-- b --\n").sections] == [raw, "-- b --\n"]
    assert _unescaped(_escaped(content)) == content


# The bases


def test_the_minimal_base_is_as_its_documents_say() -> None:
    minimal = BASES / "minimal"
    documents = {path.relative_to(minimal): yaml.safe_load(path.read_bytes()) for path in minimal.rglob("*.yaml")}
    for path, document in documents.items():
        assert list(document) == ["apiVersion", "kind", "metadata", "spec"]
        assert document["metadata"]["name"] == path.stem
    spec = documents[Path("schemas/trade.yaml")]["spec"]
    definition = (minimal / "schemas" / spec["schema_file"]).read_bytes()
    assert spec["versions"][0]["hash"] == f"sha256:{hashlib.sha256(definition).hexdigest()}"


def test_the_minimal_base_defines_a_trade() -> None:
    loaded = capnp.load(str(BASES / "minimal" / "schemas" / "trade.v1.capnp"))
    assert list(loaded.Trade.schema.fields) == ["timestamp", "ticker", "price", "size", "side", "tradeId"]
