"""No content ends, hangs or grows the process, and no guard is believed: each is shown to hold against a parser that
misbehaves on purpose, standing where the real one would."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

import pytest

from ssmd_compiler.definitions import Definition, Parsing, capnp, isolation, parse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOUND = b"@0xabcdef1234567890;\nstruct Trade { ticker @0 :Text; }\n"
INVALID = b"@0xabcdef1234567890;\nstruct Trade { ticker @0 :Txt; }\n"
ENDLESS = b"@0xabcdef1234567890;\n" + b"".join(b"using A%d = A%d;\n" % (n, n + 1) for n in range(20_000))


def definition(content: bytes, name: str = "schemas/trade.capnp") -> Definition:
    return Definition(name, "capnp", content)


@pytest.fixture
def parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where to write a `capnp` package that the child takes for pycapnp."""
    monkeypatch.syspath_prepend(str(tmp_path))
    package = tmp_path / "capnp" / "__init__.py"
    package.parent.mkdir()
    return package


def misbehave(package: Path, body: str) -> None:
    """A parser that does `body` to every file that holds the word Bad, and finds no records in any other."""
    indented = "\n".join(f"            {line}" for line in body.splitlines())
    package.write_text(f"""
import os, signal, sys, time
class SchemaParser:
    def load(self, name, imports):
        if "Bad" in open(name).read():
{indented}
        return self
""")


GOOD = definition(b"@0xabcdef1234567890; struct Good {}", "schemas/good.capnp")
BAD = definition(b"@0xabcdef1234567890; struct Bad {}", "schemas/bad.capnp")


def test_control_pycapnp_still_aborts_its_process(tmp_path: Path) -> None:
    """When this fails, pycapnp raises again: the child is then no longer needed against aborts, only against the rest."""
    schema = tmp_path / "invalid.capnp"
    schema.write_bytes(INVALID)
    command = [sys.executable, "-c", "import sys, capnp; capnp.load(sys.argv[1])", str(schema)]
    assert subprocess.run(command, check=False, stderr=subprocess.PIPE).returncode == -signal.SIGABRT


def test_a_crash_of_the_real_parser_is_told_and_hides_nothing() -> None:
    crash, invalid, sound = parse([definition(ENDLESS, "a.capnp"), definition(INVALID, "b.capnp"), definition(SOUND)])
    assert [f.message for f in crash.flaws] == ["no verdict from the Cap'n Proto compiler: was ended by SIGSEGV"]
    assert (crash.flaws[0].line, crash.flaws[0].column) == (1, 1)
    assert [f.line for f in invalid.flaws] == [2]
    assert sound.records == ("Trade",)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("os.abort()", "was ended by SIGABRT"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "was ended by SIGKILL"),
        ("os._exit(3)", "gave no reason"),
        ("time.sleep(60)", "took too long"),
        ("while True: pass", "took too long"),
        ("bytearray(1 << 31)", "MemoryError"),
        ("open('more', 'w').write('x' * 99999)", "File too large"),
        ("sys.stdin.buffer.read(1) or sys.exit('nothing to read')", "SystemExit: nothing to read"),
        ("raise ValueError(chr(27) + '[31m' + chr(0x202e))", "ValueError: \\x1b[31m\\u202e"),
        ("while True: os.write(1, b'x' * 65536)", "was ended by SIGKILL"),
    ],
)
def test_whatever_a_parser_does_to_itself(body: str, said: str, parser: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "SECONDS_FOR_ONE", 1)
    misbehave(parser, body)
    before, bad, after = parse([GOOD, BAD, GOOD])
    assert before.flaws == after.flaws == ()
    assert len(bad.flaws) == 1
    assert said in bad.flaws[0].message


def test_a_parser_that_never_answers_is_given_up_at_the_deadline(parser: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "SECONDS", 1)
    parser.write_text("import time\ntime.sleep(60)\n")
    began = time.monotonic()
    assert all("took too long" in parsed.flaws[0].message for parsed in parse([GOOD, BAD]))
    assert time.monotonic() - began < 5


def test_a_parser_that_cannot_be_loaded(parser: Path) -> None:
    parser.write_text("raise ImportError('wrong version')\n")
    assert "did not answer" in parse([GOOD])[0].flaws[0].message


def test_the_child_sees_nothing_of_ours(parser: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the environment, nor the working directory and the modules in it, nor a directory that others can open."""
    monkeypatch.setenv("SSMD_CANARY", "canary")
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "capnp").mkdir()
    for module in ("json.py", "capnp/__init__.py"):
        (workspace / module).write_text("import os\nos.abort()\n")
    monkeypatch.chdir(workspace)
    monkeypatch.setattr(sys, "path", ["", str(workspace), *sys.path])
    misbehave(parser, "raise ValueError(sorted(os.environ), oct(os.stat('.').st_mode), os.listdir('.'))")
    [bad] = parse([BAD])
    assert "canary" not in bad.flaws[0].message.lower()
    assert oct(stat.S_IFDIR | 0o700) in bad.flaws[0].message
    assert "['f0.capnp']" in bad.flaws[0].message


def test_no_file_is_opened_that_was_not_given(parser: Path, tmp_path: Path) -> None:
    """The parser is shown all that it could follow: names of copies, never a name that the workspace wrote."""
    (tmp_path / "secret.capnp").write_text("canary")
    misbehave(parser, "raise ValueError(repr(open(name).read()))")
    content = b'@0xabcdef1234567890; # import "../secret.capnp"\n struct Bad {} using G = import "good.capnp".Good;'
    bad, _ = parse([definition(content, "schemas/bad.capnp"), GOOD])
    assert 'import "f1.capnp"' in bad.flaws[0].message
    assert "secret" not in bad.flaws[0].message


def test_a_name_that_leads_out_is_never_shown_however_many_flaws_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(isolation.Reader, "lay", lambda _, __, content: shown.append(content))
    members = "\n".join(f"a{n} @{n} :Text" for n in range(100))
    content = f'@0xabcdef1234567890;\nstruct A {{ {members} }}\nusing B = import "../../etc/passwd";\n'.encode()
    parse([definition(content), definition(SOUND, "b.capnp")])
    assert len(shown) == 1
    assert "passwd" not in shown[0]


def test_a_file_cannot_put_words_in_the_mouth_of_another() -> None:
    content = b'@0xabcdef1234567890;\nstruct A { a @0 :Text = ("f1.capnp:1: failed: f7.capnp:1: failed: x", b = 1); }\n'
    spoof, sound = parse([definition(content), definition(SOUND, "b.capnp")])
    assert spoof.flaws
    assert sound.flaws == ()


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    parse([definition(SOUND), definition(INVALID), definition(ENDLESS)])
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_behind_even_by_a_parent_that_is_killed(parser: Path, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    misbehave(parser, "time.sleep(1)")
    code = (
        "from ssmd_compiler.definitions import Definition, parse\n"
        "parse([Definition('bad.capnp', 'capnp', b'@0xabcdef1234567890; struct Bad {}')])\n"
    )
    environment = {**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", code], env=environment)
    wait_until(lambda: any(scratch.glob("*/f0.capnp")))
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(scratch.iterdir()))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_work_is_done_in_the_background(parser: Path) -> None:
    misbehave(parser, "time.sleep(1)")
    began = time.monotonic()
    parsing = Parsing.start([BAD])
    assert time.monotonic() - began < 0.9
    assert parsing.result()[0].definition is BAD
    assert time.monotonic() - began >= 1


def test_a_bug_of_ours_is_raised_where_the_result_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capnp, "parse", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        parse([GOOD])


def test_no_room_for_a_process_is_a_flaw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert [f.message for f in parse([GOOD])[0].flaws] == ["cannot be checked: No such file or directory"]


def test_protoc_absent_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(isolation._PACKAGES, "protobuf", "no_such_package")
    [parsed] = parse([Definition("trade.proto", "protobuf", b'syntax = "proto3";\n')])
    assert "pip install 'ssmd[protobuf]'" in parsed.flaws[0].message


def test_nothing_to_do() -> None:
    assert parse([]) == ()
    assert parse([definition(b"")])[0].flaws == ()
