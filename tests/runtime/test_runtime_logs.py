"""One line of JSON an event, whatever is in it."""

from __future__ import annotations

import io
import json
import logging

import pytest
from ssmd_runtime.logs import Log, set_up


@pytest.fixture
def told():
    """What is logged, line by line; the root logger is put back as it was."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.raiseExceptions, logging.getLogger("ssmd").level
    stream = io.StringIO()
    set_up(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], level, logging.raiseExceptions, ours = before[0], before[1], before[2], before[3]
    root.setLevel(level)
    logging.getLogger("ssmd").setLevel(ours)


def test_an_event_has_its_fields_and_those_of_its_log(told):
    Log("ssmd.test", feed="kraken", shard=None).warning("refused", channel="trade", why="no such\nsymbol \x1b[31m")
    (line,) = told()
    assert line.pop("ts").endswith("Z")
    assert line == {
        "level": "warning",
        "event": "refused",
        "feed": "kraken",
        "channel": "trade",
        "why": "no such\nsymbol \x1b[31m",
    }


def test_long_texts_are_cut(told):
    Log("ssmd.test").info("long", text="x" * 10_000)
    assert len(told()[0]["text"]) == 500


def test_a_field_cannot_take_the_place_of_the_event(told):
    logging.getLogger("ssmd.test").info("", extra={"event": "real", "fields": {"event": "forged", "level": "error"}})
    assert (told()[0]["event"], told()[0]["level"]) == ("real", "info")


def test_libraries_are_heard_from_warnings_on(told):
    logging.getLogger("httpx").info("GET https://host/?key=canary")
    logging.getLogger("picows.client").warning("odd %s", "thing")
    (line,) = told()
    assert (line["event"], line["logger"], line["message"]) == ("log", "picows.client", "odd thing")


def test_an_exception_is_named_and_its_words_are_not_shown(told):
    try:
        int("canary")
    except ValueError:
        logging.getLogger("ssmd.test").exception("", extra={"event": "bug"})
    assert told()[0]["exception"] == "ValueError"
    assert "canary" not in json.dumps(told())


def test_details_only_when_asked(told):
    logging.getLogger("ssmd.test").debug("", extra={"event": "detail"})
    assert told() == []
