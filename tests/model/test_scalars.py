"""Scalars take the type that a field asks for: the value that comes out, for what a person wrote."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from fields import FRAMES

from ssmd_compiler.model import bind
from ssmd_compiler.model.sizes import bytes_of
from ssmd_compiler.source import read_document

KINDS = {"exchanges": "Feed", "schemas": "Schema", "environments": "Environment"}


def value(frame: str, snippet: str, path: str) -> Any:
    """The value at `path` of the model that the document with `snippet` binds to."""
    document = FRAMES[frame].document(snippet + "\n")[0]
    file = FRAMES[frame].path
    bound = bind(read_document(file, document.encode()), KINDS[file.partition("/")[0]])
    assert bound.sound, bound.faults
    found = bound.value
    for step in path.split("."):
        if isinstance(found, tuple | list):
            found = found[int(step)]
        elif isinstance(found, dict):
            found = found[step]
        else:
            found = getattr(found, step)
    return found


AS_TEXT = ["1.10", "010", "no", "0x10", "1e3", "2026", "true"]


@pytest.mark.parametrize("written", AS_TEXT)
@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_a_version_is_text(written, quote):
    assert value("feed version", f"version: {quote}{written}{quote}", "versions.0.version") == written
    assert value("schema version", f"version: {quote}{written}{quote}", "versions.0.version") == written


@pytest.mark.parametrize(
    "written", [*AS_TEXT, "12:30:45", "2026-01-01", "yes", "off", "1_000", ".inf", "=", "0o17", "+1", "0.0"]
)
def test_a_text_is_text(written):
    assert (
        value("feed", f"capture_locations: [{{site: {written}, type: cloud}}]", "capture_locations.0.site") == written
    )
    assert value("environment", f"symbols: [{written}]", "symbols.0") == written
    assert (
        value("middleware", f"storage: {{type: s3, bucket: a, region: {written}}}", "middleware.storage.region")
        == written
    )


@pytest.mark.parametrize("written", ["'~'", '"null"', "'true'", '"1"'])
def test_what_stands_in_quotes_is_text(written):
    assert value("environment", f"symbols: [{written}]", "symbols.0") == written[1:-1]


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("|\n    a\n    b", "a\nb\n"),
        (">-\n    a\n    b", "a b"),
        ("a\n    b", "a b"),
        ('"a\\tb\\u00e9"', "a\tbé"),
        ("'it''s'", "it's"),
    ],
)
def test_a_text_may_be_written_in_every_style(style, text):
    assert value("environment", f"description: {style}", "description") == text


@pytest.mark.parametrize(("written", "number"), [("1", 1), ("2147483647", 2**31 - 1)])
def test_a_whole_number_is_one(written, number):
    found = value("feed version", f"rate_limit_per_second: {written}", "versions.0.rate_limit_per_second")
    assert (found, type(found)) == (number, int)


@pytest.mark.parametrize(("written", "number"), [("2", 2.0), ("0.1", 0.1), ("1e3", 1000.0), ("1.5E-3", 0.0015)])
def test_a_number_is_one(written, number):
    said = f"alerts: {{DataGaps: {{threshold: {written}}}}}"
    found = value("environment", said, "alerts.DataGaps.threshold")
    assert (found, type(found)) == (number, float)


@pytest.mark.parametrize(("written", "found"), [("true", True), ("false", False)])
def test_a_boolean_is_one(written, found):
    assert value("key", f"required: {written}", "keys.kalshi.required") is found


def test_booleans_of_a_feed_default_as_they_are_said_to():
    names = ("supports_orderbook", "supports_trades", "supports_historical")
    assert [value("feed version", "version: v1", f"versions.0.{name}") for name in names] == [False, True, False]


@pytest.mark.parametrize("written", ["2026-02-28", "'2026-02-28'", '"2026-02-28"'])
def test_a_date_is_one(written):
    assert value("feed version", f"effective_from: {written}", "versions.0.effective_from") == datetime.date(
        2026, 2, 28
    )


@pytest.mark.parametrize("written", ["09:30", "'09:30'"])
def test_a_time_of_day_is_text(written):
    assert value("feed", f"calendar: {{open_time: {written}}}", "calendar.open_time") == "09:30"


# A connector's own settings have no model: JSON's spelling of a value is that value, anything else is text.
FREE = {
    "10": 10,
    "-1": -1,
    "0": 0,
    "2.5": 2.5,
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
    "'10'": "10",
    '"true"': "true",
    "1.10": "1.10",
    "010": "010",
    "1e3": "1e3",
    "0x10": "0x10",
    "yes": "yes",
    "True": "True",
    "12:30:45": "12:30:45",
    "2026-01-01": "2026-01-01",
    ".inf": ".inf",
    "nan": "nan",
    "1e999": "1e999",
    "-0": "-0",
    "+1": "+1",
    "9007199254740993": 9007199254740993,
    "123456789012345678901234567890": "123456789012345678901234567890",
    "[1, '1', no]": [1, "1", "no"],
    "{a: 1, 2: b}": {"a": 1, "2": "b"},
}


@pytest.mark.parametrize("written", FREE)
def test_a_setting_without_a_model(written):
    found = value("feed version", f"parser_config: {{a: {written}}}", "versions.0.parser_config.a")
    assert found == FREE[written]
    assert type(found) is type(FREE[written])


SIZES = {
    "1": 1,
    "1024B": 1024,
    "1k": 1000,
    "1KB": 1000,
    "1Ki": 1024,
    "1KiB": 1024,
    "1M": 10**6,
    "1MB": 10**6,
    "1MiB": 2**20,
    "3G": 3 * 10**9,
    "3GB": 3 * 10**9,
    "3Gi": 3 * 2**30,
    "2T": 2 * 10**12,
    "2TB": 2 * 10**12,
    "2TiB": 2 * 2**40,
}


@pytest.mark.parametrize("written", SIZES)
def test_a_size_is_its_bytes(written):
    assert (
        bytes_of(
            value("connector", f"resources: {{limits: {{memory: {written}}}}}", "connector.resources.limits.memory")
        )
        == SIZES[written]
    )


BOUND = f"expected a whole number of at most {2**31 - 1}"
SPELLED_OTHERWISE = "expected a whole number such as 2, found a number in another form"
NO_WHOLE_NUMBERS = {
    "2147483648": BOUND,
    "99999999999999999999": BOUND,
    "9" * 5000: BOUND,
    "-" + "9" * 20: "expected a whole number of at least 1",
    **dict.fromkeys(
        ["+1", "01", "1_000", "1,000", "0x1F", "0o17", "0b1", "1.0", "1.5", "1e3", ".5"], SPELLED_OTHERWISE
    ),
    **dict.fromkeys(["two", "1s", "0x", "1-2", "1.2.3"], "expected a whole number, found text"),
    "'1'": "expected a whole number, found quoted text",
}


@pytest.mark.parametrize("written", NO_WHOLE_NUMBERS)
def test_what_is_no_whole_number_is_told_what_it_is_instead(written):
    assert refusal("feed version", f"rate_limit_per_second: {written}") == NO_WHOLE_NUMBERS[written]


NO_NUMBERS = {
    **dict.fromkeys(
        ["+0.5", "00.5", ".5", "1_0", "5."], "expected a number such as 0.5, found a number in another form"
    ),
    **dict.fromkeys(
        ["0." + "1" * 18, "1" * 19, "1e1000"],
        "expected a number of at most 18 digits before its point, 17 behind it and 3 in its exponent",
    ),
    "half": "expected a number, found text",
}


@pytest.mark.parametrize("written", NO_NUMBERS)
def test_what_is_no_number_is_told_what_it_is_instead(written):
    assert refusal("environment", f"connector: {{retry: {{jitter: {written}}}}}") == NO_NUMBERS[written]


def refusal(frame: str, snippet: str) -> str:
    document = FRAMES[frame].document(snippet + "\n")[0]
    file = FRAMES[frame].path
    (fault,) = bind(read_document(file, document.encode()), KINDS[file.partition("/")[0]]).faults
    return fault.detail
