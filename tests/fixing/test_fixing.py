"""Fixes in whole trees: the examples of the checks, mended with all their comments; and what keeps a fix from a file."""

from __future__ import annotations

import datetime
import inspect
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from examples import apply, base_files, write
from test_names import MENDED

from ssmd_compiler import fixing
from ssmd_compiler.checks import modules
from ssmd_compiler.checks.pages import page
from ssmd_compiler.cli import run
from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.fixing import fix
from ssmd_compiler.record import replace
from ssmd_compiler.source import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ssmd_compiler.checks.pages import Example
    from ssmd_compiler.compiler import Compilation
    from ssmd_compiler.diagnostics import Diagnostic

OPTIONS = Options(datetime.date(2026, 11, 21))
WITH_A_FIX = [module for module in modules() if re.search(r"\bfix=", inspect.getsource(module))]
EXAMPLES = {module.CODE: next(one for one in page(module).examples if one.verdict == "FAIL") for module in WITH_A_FIX}


def tree(example: Example, root: Path) -> dict[str, bytes]:
    """The example's workspace, with a comment above each line of its documents."""
    write(base_files(), root)
    for step in example.steps:
        apply(step, root)
    found = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return {path: commented(content) if path.endswith(".yaml") else content for path, content in found.items()}


def commented(content: bytes) -> bytes:
    lines = content.decode().splitlines()
    return "".join(f"# c{number}\n{line}\n" for number, line in enumerate(lines)).encode()


def comments(files: dict[str, bytes]) -> Counter[str]:
    return Counter(comment for content in files.values() for comment in re.findall(r"# c\d+\n", content.decode()))


def found_in(files: dict[str, bytes], code: str) -> list[Diagnostic]:
    return [one for one in compile(MemoryTree(files), OPTIONS).diagnostics if one.code == code]


def test_every_check_that_offers_a_fix_is_mended_in_a_test() -> None:
    assert {module.CODE for module in WITH_A_FIX} == {code for code, *_ in MENDED.values()}


@pytest.mark.parametrize("code", EXAMPLES)
def test_what_an_example_shows_is_gone_where_it_has_a_fix(code: str, tmp_path: Path) -> None:
    before = tree(EXAMPLES[code], tmp_path)
    found = found_in(before, code)
    fixed = fix(MemoryTree(before), OPTIONS, lambda _: True)
    after = before | {path: new for path, (_, new) in fixed.files.items()}
    assert fixed.count == sum(bool(one.fix) for one in found) - len(fixed.unfixed)
    assert [one.reason for one in fixed.unfixed] == UNFIXED.get(code, [])
    assert len(found_in(after, code)) == len(found) - fixed.count
    assert comments(after) == comments(before)


UNFIXED = {
    "SSMD102": ["it would bring SSMD010"],  # `conector` stands beside `connector`
}


def test_some_examples_have_a_fix() -> None:
    """The one above would hold of examples without any."""
    assert {"SSMD102", "SSMD201", "SSMD501"} <= EXAMPLES.keys()


KALSI = (base_files()["environments/dev.yaml"]).replace(b"feed: kalshi", b"feed: kalsi")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(base_files() | {"environments/dev.yaml": KALSI}, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_mode_is_kept(workspace: Path) -> None:
    file = workspace / "environments/dev.yaml"
    file.chmod(0o640)
    run(["validate", "--fix"])
    assert file.read_bytes() == KALSI.replace(b"kalsi\n", b"kalshi\n")
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("argv", [["validate", "--fix"], ["fmt"]])
@pytest.mark.parametrize(
    ("path", "mode", "reason"),
    [
        ("environments/dev.yaml", 0o444, "it is read-only"),
        ("environments", 0o555, "its folder is read-only"),
    ],
)
def test_what_may_not_be_written_is_told_and_nothing_changes(
    path: str, mode: int, reason: str, argv: list[str], workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both for somebody who may write everywhere: a person meant what the mode says."""
    file = workspace / "environments/dev.yaml"
    before = KALSI if argv != ["fmt"] else base_files()["environments/dev.yaml"]
    file.write_bytes(before)
    (workspace / path).chmod(mode)
    try:
        assert run(argv) == 2
    finally:
        (workspace / path).chmod(0o755)
    assert capsys.readouterr() == (
        "",
        f"Error: cannot write `environments/dev.yaml`: {reason}; no file was changed\n",
    )
    assert file.read_bytes() == before
    assert [one.name for one in file.parent.iterdir()] == ["dev.yaml"]


def hidden(one: Diagnostic) -> Diagnostic:
    return replace(one, hidden=True)


def in_generated(one: Diagnostic) -> Diagnostic:
    return replace(
        one, fix=tuple(replace(edit, span=replace(edit.span, path="generated/dev.yaml")) for edit in one.fix)
    )


@pytest.mark.parametrize(("change", "kept"), [(lambda one: one, True), (hidden, False), (in_generated, False)])
def test_neither_generated_nor_where_a_secret_may_stand_is_ever_mended(
    change: Callable[[Diagnostic], Diagnostic], monkeypatch: pytest.MonkeyPatch, *, kept: bool
) -> None:
    """No check offers that today. The first case is the control."""

    def changed(*arguments: Any) -> Compilation:
        compiled = compile(*arguments)
        return replace(compiled, diagnostics=tuple(map(change, compiled.diagnostics)))

    monkeypatch.setattr(fixing, "compile", changed)
    files = base_files() | {"environments/dev.yaml": KALSI, "generated/dev.yaml": KALSI}
    assert bool(fix(MemoryTree(files), OPTIONS, lambda _: True).files) == kept


def test_a_folder_of_sources_is_no_workspace_of_its_own(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`exchanges/` holds `feeds/`, as a workspace may; neither from inside of it nor by its path is it taken for one."""
    (workspace / "exchanges/feeds/kalshi.yaml").write_text("name: kalshi\nfed: 1\n")
    monkeypatch.chdir(workspace / "exchanges")
    run(["validate", "."])
    here = capsys.readouterr()
    monkeypatch.chdir("/")
    run(["validate", str(workspace / "exchanges")])
    assert capsys.readouterr() == here
    assert "--> exchanges/feeds/kalshi.yaml:2:1" in here.out
