"""Every input that was ever found to fail is tried in every run; and what finds them is tried itself."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from fuzzing import TARGETS, decoded, encoded, kept
from hypothesis import given
from hypothesis import strategies as st
from invariants import Sandbox, check_output, check_tree
from mutations import SOURCES

for module in sorted(Path(__file__).parent.glob("test_fuzz_*.py")):
    importlib.import_module(module.stem)


@pytest.mark.parametrize("path", kept(), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_failed_once_fails_no_more(path: Path) -> None:
    TARGETS[path.parent.name].check(decoded(path.read_text(encoding="ascii")))


LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.binary()
PLAIN = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("ab"), inner))


@given(PLAIN)
def test_an_input_survives_the_corpus(made: object) -> None:
    assert decoded(encoded(made)) == made


# Controls: each invariant fails where it should


@pytest.mark.parametrize("text", ["\x1b[31m", "\u202e", "a\rb", " ::error file=x::y", "::add-mask::x", "Traceback (x"])
def test_control_output_that_nobody_should_be_shown(text: str) -> None:
    with pytest.raises(AssertionError):
        check_output(text)


def test_control_a_place_outside_of_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"environments/dev.yaml": b"name: dev\n"}
    check_tree(files)
    monkeypatch.setattr("invariants.misplaced", lambda found, _: [found.span])
    with pytest.raises(AssertionError):
        check_tree(files)


def test_control_a_crash_and_a_file_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(_: object) -> int:
        raise RuntimeError

    def write(folder: Path) -> int:
        (folder.parent / "beside" / "y").touch()
        return 0

    with Sandbox.opened({"ssmd.yaml": SOURCES["ssmd.yaml"]}) as sandbox:
        sandbox.run("validate")
        for command in (crash, lambda _: write(sandbox.root)):
            monkeypatch.setattr("ssmd_compiler.cli.validate_command.find_workspace", command)
            with pytest.raises(AssertionError):
                sandbox.run("validate")
            monkeypatch.undo()
