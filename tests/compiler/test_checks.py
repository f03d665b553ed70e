"""Every code has a module, a page, an example that fails and one that passes; and the examples hold."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from examples import apply, base_files, write

from ssmd_compiler import checks
from ssmd_compiler.checks import module_of, modules
from ssmd_compiler.checks.pages import Example, page
from ssmd_compiler.checks.table import TABLE, code_of
from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.diagnostics import Diagnostic, Severity
from ssmd_compiler.generated import FOLDER, look
from ssmd_compiler.lock import FILE
from ssmd_compiler.source import DirectoryTree

if TYPE_CHECKING:
    from types import ModuleType

DATE = datetime.date(2026, 11, 21)
ROOT = Path(__file__).parent.parent.parent
PAGES = {module.CODE: page(module) for module in modules()}


def findings(root: Path) -> list[Diagnostic]:
    """What `ssmd validate` would find; `generated/` is looked at where there is one."""
    tree = DirectoryTree(root)
    compiled = compile(tree, Options(DATE))
    if compiled.failed or not (root / FOLDER).exists():
        return list(compiled.diagnostics)
    return [*compiled.diagnostics, *checks.run(look(tree, compiled.lock))]


def workspace(root: Path, example: Example) -> Path:
    """The minimal workspace with the example's steps; published first, when the example is about `generated/`."""
    write(base_files(), root)
    if PAGES_OF_GENERATED.intersection([example]) or any(step.path.startswith(FOLDER) for step in example.steps):
        publish(root)
    for step in example.steps:
        apply(step, root)
    return root


def publish(root: Path) -> None:
    compiled = compile(DirectoryTree(root), Options(DATE))
    assert not compiled.diagnostics, compiled.diagnostics
    write({f"{FOLDER}/{path}": content for path, content in compiled.outputs.items()}, root)
    (root / FOLDER / FILE).write_bytes(compiled.lock.encode())


PAGES_OF_GENERATED = {
    example for code, found in PAGES.items() if "SSMD801" <= code <= "SSMD805" for example in found.examples
}
EXAMPLES = [
    pytest.param(code, example, id=f"{code}-{example.verdict}-{index}")
    for code, found in PAGES.items()
    for index, example in enumerate(found.examples)
]


@pytest.mark.parametrize(("code", "example"), EXAMPLES)
def test_an_example_holds(code: str, example: Example, tmp_path: Path) -> None:
    found = findings(workspace(tmp_path, example))
    if example.verdict == "FAIL":
        assert code in {one.code for one in found}, found
    else:
        assert code not in {one.code for one in found}, found
        errors = [one for one in found if one.severity is Severity.ERROR]
        assert not errors


@pytest.mark.parametrize(("code", "example"), [one for one in EXAMPLES if one.values[1].verdict == "FAIL"])
def test_a_failing_example_raises_no_cascade(code: str, example: Example, tmp_path: Path) -> None:
    found = findings(workspace(tmp_path, example))
    others = {one.code for one in found if one.severity is Severity.ERROR} - {code} - ACCOMPANIED.get(code, set())
    assert not others, found


ACCOMPANIED: dict[str, set[str]] = {
    # A changed definition is also not the one whose hash is stated: both must be mended.
    "SSMD403": {"SSMD405"},
    "SSMD404": {"SSMD405"},
}


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.CODE)
def test_a_code_has_a_module_a_page_and_two_examples(module: ModuleType) -> None:
    found = PAGES[module.CODE]
    name = (module.__name__ or "").rpartition(".")[2]
    assert found.code == module.CODE
    assert name.startswith(module.CODE.lower() + "_")
    assert found.title.endswith(".")
    assert [example.verdict for example in found.examples] == ["FAIL", "PASS"]
    assert found.examples[0].steps, "an example that fails changes something"
    written = ROOT / "docs" / "diagnostics" / f"{module.CODE}.md"
    assert written.read_text() == found.markdown(), "run `make docs`"


def test_the_table_lists_every_module_and_no_two_share_a_code() -> None:
    folder = Path(checks.__file__).parent
    files = {file.stem for file in folder.glob("ssmd[0-9]*.py")}
    listed = {name for group in TABLE.values() for name in group}
    assert files == listed
    assert len({module.CODE for module in modules()}) == len(files)
    assert {name for name in listed if module_of(code_of(name)) is None} == set()


def test_every_code_that_the_compiler_can_raise_has_a_module() -> None:
    known = {module.CODE for module in modules()}
    for file in sorted((ROOT / "ssmd_compiler").rglob("*.py")):
        for code in re.findall(r"SSMD\d{3}", file.read_text()):
            assert code in known, f"{code} in {file.name}"


def test_every_page_is_of_a_code() -> None:
    pages = {file.stem for file in (ROOT / "docs" / "diagnostics").glob("SSMD*.md")}
    assert pages == {module.CODE for module in modules()}


def test_control_a_check_that_finds_nothing_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner of examples itself: without the check, its failing example must not hold."""
    module = next(module for module in modules() if module.CODE == "SSMD201")
    monkeypatch.setattr(module, "check", lambda _linked: iter(()))
    found = findings(workspace(tmp_path, PAGES["SSMD201"].examples[0]))
    assert "SSMD201" not in {one.code for one in found}


@pytest.mark.parametrize(("code", "example"), EXAMPLES)
def test_every_span_lies_inside_its_file(code: str, example: Example, tmp_path: Path) -> None:
    root = workspace(tmp_path, example)
    for one in findings(root):
        for span in (one.span, *(related.span for related in one.related)):
            file = root / span.path
            if not file.is_file() or file.is_symlink() or "bytes" in [step.way for step in example.steps]:
                continue
            lines = file.read_bytes().decode(errors="replace").splitlines() or [""]
            assert 1 <= span.line <= span.end_line <= len(lines) + 1, (code, span)
            text = lines[span.line - 1] if span.line <= len(lines) else ""
            assert 1 <= span.column <= len(text) + 2, (code, span, text)
