"""Allowances: which comments are one, which lines they cover, which findings they take away, and what is said of them."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from budget import tries
from examples import base_files
from hypothesis import given
from hypothesis import strategies as st
from test_checks import findings, workspace

from ssmd_compiler.checks import MORE, allowable, can_be_allowed, modules
from ssmd_compiler.checks.allowing import allow
from ssmd_compiler.checks.pages import page
from ssmd_compiler.compiler import Compilation, Options, compile
from ssmd_compiler.diagnostics import Diagnostic, Related, Severity, Span, error, warning
from ssmd_compiler.source import MemoryTree, read_document
from ssmd_compiler.source.allowances import MOST, Allowance, allowances

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = datetime.date(2026, 11, 21)
SAID = "# ssmd: allow SSMD306 until 2026-12-31 -- why"
ENV = "environments/dev.yaml"


def read(text: str) -> list[Allowance]:
    return list(allowances("a.yaml", text.encode()))


def covered(text: str) -> list[tuple[int, int]]:
    return [(one.first, one.last) for one in read(text)]


# Which comments, and which lines

PLACES = {
    "behind a value": (f"a: 1  {SAID}\nb: 2\n", [(1, 1)]),
    "behind a key with more below": (f"a:  {SAID}\n  b: 2\n", [(1, 1)]),
    "above a value": (f"{SAID}\na: 1\nb: 2\n", [(1, 2)]),
    "above a mapping": (f"a: 1\n{SAID}\nb:\n  c: 1\n\n  d: {{e: 1,\n    f: 2}}\n# end\ng: 3\n", [(2, 7)]),
    "above a list at its key's column": (f"{SAID}\na:\n- 1\n- b: 1\n  c: 2\nd: 3\n", [(1, 5)]),
    "above an item": (f"a:\n{SAID}\n- b: 1\n  c: 2\n- d: 3\n", [(2, 4)]),
    "above a dash alone": (f"a:\n{SAID}\n-\n  b: 1\n  c: 2\n- d: 3\n", [(2, 5)]),
    "above an item of a list in brackets": (f"a: [\n  1,\n  {SAID}\n  2,\n  3]\n", [(3, 4)]),
    "above a closing bracket": (f"a: [\n  1,\n  {SAID}\n  ]\nb: 1\n", [(3, 4)]),
    "above a block of text": (f"{SAID}\na: |\n  x\n\n  y\nb: 1\n", [(1, 5)]),
    "above a text in quotes": (f'{SAID}\na: "x\n  y"\nb: 1\n', [(1, 3)]),
    "above an empty value": (f"{SAID}\na:\nb: 1\n", [(1, 2)]),
    "above an alias": (f"a: &x\n  b: 1\n{SAID}\nc: *x\nd: 1\n", [(3, 4)]),
    "past comments and blank lines": (f"{SAID}\n\n# x\n   # y\n\na:\n  b: 1\n", [(1, 7)]),
    "after everything": (f"a: 1\n{SAID}\n", [(2, 2)]),
    "after everything, no line end": (f"a: 1\n  {SAID}", [(2, 2)]),
    "two in a row": (f"{SAID}\n{SAID}\na: 1\n", [(1, 3), (2, 3)]),
    "behind the sign of a block": (f"a: |  {SAID}\n  x\n", [(1, 1)]),
    "behind a text that holds one": (f'a: "x {SAID}" {SAID}\n', [(1, 1)]),
    "line ends of Windows": (f"a: 1\r\n{SAID}\r\nb:\r\n  c: 1\r\nd: 1\r\n", [(2, 4)]),
    "without blanks": ("a: 1 #ssmd:allow SSMD306 until 2026-12-31 -- why\n", [(1, 1)]),
    "in a block of text": (f"a: |\n  {SAID}\n\n  {SAID}\nb: 1\n", []),
    "in a folded text": (f"- >-\n  x\n  {SAID}\n", []),
    "in double quotes": (f'a: "x\n  {SAID}"\n', []),
    "in single quotes": (f"a: ['{SAID}']\n", []),
    "in a plain text": ("a: x#ssmd:allow SSMD306 until 2026-12-31 -- why\n", []),
    "in a key": (f'"{SAID}": 1\n', []),
    "within another comment": (f"a: 1 # write {SAID}\n", []),
    "about ssmd": ("# ssmd: reads this file\na: 1\n", []),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_comment_covers(name: str) -> None:
    text, expected = PLACES[name]
    assert covered(text) == expected
    assert not read_document("a.yaml", text.encode()).faults


FORMS = {
    "allow SSMD306 until 2026-12-31 -- why": "",
    "allow SSMD306,SSMD310 , SSMD506 until 2026-12-31 -- why -- really": "",
    "allow SSMD306 until 2026-12-31 -- until tomorrow": "",
    "allow SSMD306": "it has no date, it gives no reason",
    "allow SSMD306 until 2026-12-31": "it gives no reason",
    "allow SSMD306 until 2026-12-31 --": "it gives no reason",
    "allow SSMD306 until 2026-12-31 because": "`2026-12-31 because` is not a date such as 2026-01-31, it gives no reason",
    "allow SSMD306 until -- why": "`` is not a date such as 2026-01-31",
    "allow SSMD306 -- why": "it has no date",
    "allow until 2026-12-31 -- why": "it names no code",
    "allow -- why": "it names no code, it has no date",
    "allow": "it names no code, it has no date, it gives no reason",
    "allow SSMD306 SSMD310 until 2026-12-31 -- why": "its codes are not separated by commas",
    "allow SSMD306,, SSMD310 until 2026-12-31 -- why": "its codes are not separated by commas",
    "allow SSMD306, until 2026-12-31 -- why": "its codes are not separated by commas",
    "Allow SSMD306 until 2026-12-31 -- why": "there is no instruction `Allow`",
    "alow SSMD306 until 2026-12-31 -- why": "there is no instruction `alow`",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_read(form: str) -> None:
    (one,) = read(f"a: 1  # ssmd: {form}\n")
    assert (one.flaw.reason if one.flaw else "") == FORMS[form]
    assert one.span == Span("a.yaml", 1, 7, 1, 7 + len(f"# ssmd: {form}"))


def test_codes_know_their_places() -> None:
    (one,) = read("a: 1  # ssmd: allow SSMD306, SSMD310 until 2026-12-31 -- why\n")
    assert one.codes == (("SSMD306", Span("a.yaml", 1, 21, 1, 28)), ("SSMD310", Span("a.yaml", 1, 30, 1, 37)))
    assert (one.until, one.reason) == (datetime.date(2026, 12, 31), "why")


def test_a_document_holds_so_many_and_says_when_there_are_more() -> None:
    found = read("".join(f"k{number}: 1  {SAID}\n" for number in range(MOST + 1)))
    assert len(found) == MOST
    assert [one.flaw is None for one in found] == [True] * (MOST - 1) + [False]


def test_a_document_with_a_fault_has_none() -> None:
    assert read_document("a.yaml", f"a: 1  {SAID}\n".encode()).allowances
    assert not read_document("a.yaml", f"a: 1  {SAID}\na: 2\n".encode()).allowances


DATA = st.recursive(
    st.sampled_from(["x", "SSMD306", "two words", "a # b"]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.sampled_from("abcd"), inner, min_size=1, max_size=3)
    ),
    max_leaves=12,
)


@tries(60)
@given(st.dictionaries(st.sampled_from("abcd"), DATA, min_size=1, max_size=4), st.data())
def test_a_comment_above_a_line_covers_what_is_indented_below_it(data: dict[str, Any], drawn: st.DataObject) -> None:
    """In block style an entry's lines are those indented deeper, told here without a parser."""
    lines = yaml.safe_dump(data, default_flow_style=False, sort_keys=False, width=10_000).splitlines()
    number = drawn.draw(st.integers(0, len(lines) - 1))
    text = "\n".join([*lines[:number], SAID, *lines[number:]]) + "\n"
    last = number + 1
    while last < len(lines) and _below(lines[last], lines[number]):
        last += 1
    assert covered(text) == [(number + 1, last + 1)]
    assert read_document("a.yaml", text.encode()).data == data


def _below(line: str, head: str) -> bool:
    indent, own = (len(one) - len(one.lstrip()) for one in (line, head))
    return indent > own or (indent == own and line.lstrip().startswith("- ") and not head.lstrip().startswith("- "))


@tries(60)
@given(
    st.lists(st.sampled_from(["x", SAID, f"y {SAID}", f"{SAID}\n{SAID}"]), min_size=1),
    st.sampled_from([None, "'", '"', "|", ">"]),
)
def test_text_is_never_a_comment(values: list[str], style: str | None) -> None:
    dumped = yaml.safe_dump({f"k{n}": value for n, value in enumerate(values)}, default_style=style, width=10_000)
    assert read(dumped) == []


# What they take away


def finding(line: int = 1, path: str = "a.yaml", code: str = "SSMD306", **more: Any) -> Diagnostic:
    return warning(code, "x", at=Span(path, line), **more)


def told(found: list[Diagnostic], text: str, *, as_of: datetime.date = DAY, complete: bool = True) -> list[str]:
    """The codes that remain; the allowances are those of an environment `a.yaml`."""
    return [one.code for one in allow(found, read(text), as_of, {"a.yaml": complete}).remaining]


def test_what_is_covered_is_taken_away() -> None:
    result = allow([finding(1), finding(2)], read(f"a: 1  {SAID}\nb: 1\n"), DAY, {"a.yaml": True})
    assert result.remaining == (finding(2),)
    assert result.allowed == (finding(1),)


def test_without_allowances_nothing_changes() -> None:
    found = [finding(), finding()]
    assert allow(found, (), DAY, {}).remaining == tuple(found)


@pytest.mark.parametrize(
    "other",
    [finding(2), finding(path="b.yaml"), finding(code="SSMD310"), error("SSMD201", "x", at=Span("a.yaml", 1))],
    ids=["line", "file", "code", "error"],
)
def test_anything_else_stays(other: Diagnostic) -> None:
    assert other in allow([other, finding()], read(f"a: 1  {SAID}\n"), DAY, {"a.yaml": True}).remaining


def test_the_last_day_is_a_day_on_which_it_is_allowed() -> None:
    text = f"a: 1  {SAID}\n"
    assert told([finding()], text, as_of=datetime.date(2026, 12, 31)) == []
    assert told([finding()], text, as_of=datetime.date(2027, 1, 1)) == ["SSMD306", "SSMD019"]


def test_an_unused_one_is_told_code_by_code() -> None:
    assert told([], f"a: 1  {SAID}\n") == ["SSMD020"]
    assert told([finding()], f"a: 1  {SAID.replace('306', '306, SSMD310')}\n") == ["SSMD020"]


@pytest.mark.parametrize("as_of", [DAY, datetime.date(2027, 1, 1)])
def test_nobody_says_what_one_would_allow_in_a_file_that_is_not_known_to_its_end(as_of: datetime.date) -> None:
    text = f"a: 1  {SAID}\n"
    assert told([], text, as_of=as_of, complete=False) == []
    flawed = error("SSMD201", "x", at=Span("a.yaml", 3))
    assert told([flawed], text, as_of=as_of) == ["SSMD201"]
    assert told([error("SSMD201", "x", at=Span("b.yaml", 3))], text) == ["SSMD201", "SSMD020"]


def test_what_is_known_of_a_whole_workspace_alone_is_not_missed_in_another() -> None:
    text = f"a: 1  {SAID.replace('306', '707')}\n"
    assert told([], text) == ["SSMD020"]
    assert told([error("SSMD201", "x", at=Span("b.yaml"))], text) == ["SSMD201"]
    result = allow([], read(text), DAY, {"a.yaml": True, "b.yaml": False})
    assert result.remaining == ()


def test_what_nobody_looked_at_is_not_missed() -> None:
    text = f"a: 1  {SAID.replace('306', '811')}\n"
    unproven = allow([], read(text), DAY, {"a.yaml": True}, proven=False)
    assert (unproven.remaining, told([], text)) == ((), ["SSMD020"])


def test_an_error_in_what_is_shared_may_hide_findings_of_all_that_is_shared() -> None:
    found = [error("SSMD403", "x", at=Span("trade.capnp"))]
    assert [one.code for one in allow(found, read(f"a: 1  {SAID}\n"), DAY, {}).remaining] == ["SSMD403"]


def test_a_code_that_cannot_be_allowed_is_told_once() -> None:
    assert told([error("SSMD201", "x", at=Span("a.yaml", 2))], f"a: 1  {SAID.replace('306', '201')}\n") == [
        "SSMD201",
        "SSMD018",
    ]
    assert told([], f"a: 1  {SAID.replace('306', '020')}\n") == ["SSMD018"]
    assert told([], f"a: 1  {SAID.replace('306', '999')}\n") == ["SSMD018"]


def test_one_that_stands_for_others_stays() -> None:
    stands = finding(help=f"x; {MORE}")
    assert told([stands, finding()], f"a: 1  {SAID}\n") == ["SSMD306"]


def test_a_finding_in_a_definition_is_covered_where_the_document_names_it() -> None:
    near = (Related(Span("a.yaml", 1), "named here"),)
    text = f"a: 1  {SAID}\n"
    assert told([finding(9, "trade.capnp", related=near)], text) == []
    assert told([finding(9, "b.yaml", related=near)], text) == ["SSMD306", "SSMD020"]


@tries(60)
@given(
    st.lists(
        st.builds(
            Diagnostic,
            st.sampled_from([module.CODE for module in modules()]),
            st.sampled_from(Severity),
            st.just("x"),
            st.builds(Span, st.sampled_from(["a.yaml", "b.yaml"]), st.integers(1, 4)),
        )
    ),
    st.lists(st.sampled_from([module.CODE for module in modules()]), min_size=1, max_size=3),
)
def test_nothing_is_lost_or_allowed_that_may_not_be(found: list[Diagnostic], codes: list[str]) -> None:
    text = f"{SAID.replace('SSMD306', ', '.join(codes))}\na:\n  b: 1\n"
    result = allow(found, read(text), DAY, {"a.yaml": True})
    own = {"SSMD018", "SSMD019", "SSMD020"}
    assert set(found) <= {*result.remaining, *result.allowed}
    assert {one.code for one in {*result.remaining, *result.allowed} - set(found)} <= own
    for one in result.allowed:
        assert allowable(one)
        assert one.code in codes
        assert one.span.path == "a.yaml"
        assert one.span.line <= 3


# Which codes


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.CODE)
def test_what_an_example_finds_may_be_allowed_when_its_page_says_so(module: Any, tmp_path: Path) -> None:
    """Only the pages that say so: that no other example is allowed, the default of `ALLOWABLE` sees to."""
    if not can_be_allowed(module):
        assert not allowable(error(module.CODE, "x", at=Span("")))
        return
    found = findings(workspace(tmp_path, page(module).examples[0]))
    assert all(allowable(one) for one in found if one.code == module.CODE)
    assert "It can be allowed for a while" in page(module).markdown()


def test_errors_that_may_be_allowed_are_these_families() -> None:
    errors = {module.CODE for module in modules() if getattr(module, "ALLOWABLE", False)}
    assert {"SSMD901", "SSMD902"} <= errors
    families = ("SSMD4", "SSMD81", "SSMD9")
    assert all(code.startswith(families) for code in errors), "of others, something unsound would be published"


# In the pipeline


def compiled(env: str, **known: Any) -> Compilation:
    return compile(MemoryTree({**base_files(), ENV: env.encode()}), Options(DAY, **known))


def environments() -> Iterator[str]:
    head = "name: dev\nfeed: kalshi\nschemas: [trade:v1]\nsecrets: {kalshi: sealed-secret/kalshi-creds}\n"
    head += "transport: {type: memory}\nstorage: {type: local, path: /data}\n"
    yield f"{head}# ssmd: allow SSMD902 until 2026-12-31 -- why\nconnector:\n  resources: {{requests: {{cpu: 2}}, limits: {{cpu: 1}}}}\n"
    yield f"{head}# ssmd: allow SSMD306 until 2026-12-31 -- why\nnamespace: other\n"


@pytest.mark.parametrize("env", list(environments()), ids=["used", "unused"])
def test_what_is_remembered_is_allowed_as_before(env: str) -> None:
    first = compiled(env)
    again = compiled(env, known=first.traces)
    assert (again.diagnostics, again.allowed) == (first.diagnostics, first.allowed)
    assert first.diagnostics or first.allowed


def test_an_error_that_is_allowed_stops_nothing_and_one_that_is_not_fails() -> None:
    env = next(environments())
    allowed, without = compiled(env), compiled(env.replace("ssmd: allow", "remark: allow"))
    assert (allowed.failed, without.failed) == (False, True)
    assert [one.code for one in without.diagnostics] == ["SSMD902"]
    assert allowed.outputs.keys() == without.outputs.keys()
    assert len(allowed.outputs) > 5


@pytest.mark.parametrize("path", ["exchanges/feeds/kalshi.yaml", "schemas/trade.yaml", "ssmd.yaml"])
def test_every_kind_of_document_is_read_for_them(path: str) -> None:
    files = base_files()
    files[path] = files.get(path, b"namespace: x\n") + f"# {SAID[2:]}\n".encode()
    found = compile(MemoryTree(files), Options(DAY)).diagnostics
    assert [(one.code, one.span.path) for one in found] == [("SSMD020", path)]
