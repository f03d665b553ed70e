"""Keys as a whole: which are needed, where each field is read, everything that is missing at once, and what is logged."""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import traceback

import msgspec
import pytest
from key_specs import CANARY, FORMS, key, lines, read, sources, with_keys
from ssmd_runtime import spec
from ssmd_runtime.keys import files
from ssmd_runtime.keys.problems import KeyProblem, Unavailable
from ssmd_runtime.keys.resolve import needed, resolve

# Environment


def test_a_variable_is_taken_as_it_stands():
    assert read(key(a="env:A"), environ={"A": " x\n"}) == {"kalshi": {"a": " x\n"}}


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "is not set"),
        ({"A": ""}, "is empty"),
        ({"A": "\udcff"}, "is not UTF-8 text"),
    ],
)
def test_a_variable_that_holds_nothing(environ, words):
    assert lines(key(a="env:A"), environ=environ) == (f"key kalshi: field a: environment variable A {words}",)


# Files


def written(path, content: bytes) -> str:
    path.write_bytes(content)
    return f"file:{path}"


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"x", "x"),
        (b"x\n", "x"),
        (b"x\r\n", "x"),
        (b"x\r", "x\r"),
        (b"x\n\n", "x\n"),
        (b" x ", " x "),
        (b"a\nb\n", "a\nb"),
        (b"-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n",) * 2,
    ],
)
def test_one_line_break_at_the_end_is_not_the_values_unless_it_is_pem(tmp_path, content, value):
    expected = value if isinstance(value, str) else value.decode()
    assert read(key(a=written(tmp_path / "a", content))) == {"kalshi": {"a": expected}}


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"\n", "is empty"), (b"\xff", "is not UTF-8 text"), (b"x" * (files.MOST_BYTES + 1), "bytes")],
)
def test_a_file_that_holds_no_value(tmp_path, content, words):
    (line,) = lines(key(a=written(tmp_path / "a", content)))
    assert line.startswith(f"key kalshi: field a: file {tmp_path}/a ")
    assert words in line


def test_a_file_of_the_greatest_size(tmp_path):
    assert len(read(key(a=written(tmp_path / "a", b"x" * files.MOST_BYTES)))["kalshi"]["a"]) == files.MOST_BYTES


def test_a_mounted_secret_is_read_through_its_links_and_anew(tmp_path):
    for day in ("..one", "..two"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "a").write_text(day)
    (tmp_path / "..data").symlink_to("..one")
    (tmp_path / "a").symlink_to("..data/a")
    assert read(key(a=f"file:{tmp_path}/a")) == {"kalshi": {"a": "..one"}}
    (tmp_path / "new").symlink_to("..two")
    (tmp_path / "new").replace(tmp_path / "..data")
    assert read(key(a=f"file:{tmp_path}/a")) == {"kalshi": {"a": "..two"}}


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    told = lines(
        key(
            a=f"file:{tmp_path}/none",
            b=f"file:{tmp_path}",
            c=f"file:{tmp_path}/fifo",
            d=f"file:{tmp_path}/loop",
            e="file:/x\0y",
            f="file:/dev/null",
            g=f"file:{tmp_path}/{'x' * 300}",
        )
    )
    words = (
        "does not exist",
        "is not a regular",
        "is not a regular",
        "symbolic",
        "cannot be",
        "is not a reg",
        "too long",
    )
    assert len(told) == len(words)
    assert [line for line, word in zip(told, words, strict=True) if word not in line] == []
    assert all(line.isprintable() for line in told)


def test_a_file_that_we_may_not_read(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.os, "open", refuse)
    assert lines(key(a="file:/a")) == ("key kalshi: field a: file /a may not be read by this user",)


def test_no_exception_is_kept_that_knows_the_value():
    """Python's own say which bytes could not be decoded, and hold them all."""
    with pytest.raises(Unavailable) as told:
        files.value_of(CANARY.encode() + b"\xff", "file /a")
    assert (told.value.__cause__, told.value.__context__) == (None, None)


# All together


def test_everything_that_is_missing_is_told_at_once(tmp_path):
    keys = (key(a="env:A", b="env:B"), key("nats", url=f"file:{tmp_path}/url"), key("odd", x=""))
    with pytest.raises(KeyProblem) as told:
        asyncio.run(resolve(with_keys(*keys), ["kalshi", "nats", "odd", "other"], sources(environ={"A": "x"})))
    assert str(told.value).split("\n") == [
        "key other: the spec does not declare it",
        "key kalshi: field b: environment variable B is not set",
        f"key nats: field url: file {tmp_path}/url does not exist",
        "key odd: field x: the spec does not say where it comes from",
    ]


def test_a_key_that_is_not_required_may_be_absent_as_a_whole(caplog):
    caplog.set_level(logging.INFO)
    optional = key(a="env:A", b="env:B", required=False)
    assert read(optional) == {}
    assert [(record.event, record.fields) for record in caplog.records] == [("key_absent", {"key": "kalshi"})]
    assert lines(optional, environ={"A": "x"}) == ("key kalshi: field b: environment variable B is not set",)


def test_a_key_that_is_not_required_is_not_absent_when_it_cannot_be_read(tmp_path):
    assert "regular file" in lines(key(a=f"file:{tmp_path}", required=False))[0]


def test_reading_is_logged_and_no_value_is(caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    one = key(a="env:A", b=written(tmp_path / "b", CANARY.encode()))
    read(one, environ={"A": CANARY})
    told = [(record.name, record.event, record.fields) for record in caplog.records if record.name.startswith("ssmd")]
    assert told == [
        ("ssmd.keys", "key_read", {"key": "kalshi", "field": "a", "source": "env:A"}),
        ("ssmd.keys", "key_read", {"key": "kalshi", "field": "b", "source": f"file:{tmp_path}/b"}),
    ]
    shown = "".join(str(vars(record)) for record in caplog.records)
    assert [form for form in FORMS if form in shown] == []


def test_a_value_is_found_in_nothing_that_is_shown(tmp_path):
    """Its own form, and those in which it travels: not in the result, the exception, its parts, or its traceback."""
    one = key(a="env:A", b="env:B", c=written(tmp_path / "c", CANARY.encode() + b"\xff"))
    world = sources(environ={"A": CANARY})
    with pytest.raises(KeyProblem) as told:
        asyncio.run(resolve(with_keys(one), ["kalshi"], world))
    found = asyncio.run(resolve(with_keys(key(a="env:A")), ["kalshi"], world))
    shown = [
        repr(world),
        f"{found} {found!r} {found['kalshi']['a']}",
        "".join(traceback.format_exception(told.value)),
        repr(told.value.args),
        str(pickle.dumps(told.value)),
    ]
    cause = told.value
    while cause is not None:
        shown.append(f"{cause!r} {vars(cause)}")
        cause = cause.__cause__ or cause.__context__
    assert [form for form in FORMS for text in shown if form in text] == []
    assert found["kalshi"]["a"].reveal() == CANARY
    for spoil in (pickle.dumps, msgspec.json.encode):
        with pytest.raises(TypeError):
            spoil(found["kalshi"]["a"])


# Which keys


NAMED = {
    "auth": spec.Auth(method="api_key", key="auth"),
    "transport": spec.Transport(type="nats", url="nats://x", key="transport"),
    "storage": msgspec.structs.replace(with_keys().storage, type="s3", key="storage"),
    "cache": spec.Cache(type="redis", url="redis://x", key="cache"),
    "journal": spec.Journal(type="nats", url="nats://x", key="journal"),
}
NOT_USED = {
    "auth": spec.Auth(method="none", key="auth"),
    "transport": spec.Transport(type="memory", key="transport"),
    "storage": msgspec.structs.replace(with_keys().storage, type="local", key="storage"),
    "cache": spec.Cache(type="memory", key="cache"),
    "journal": spec.Journal(type="memory", key="journal"),
}
DECLARED = (key("unused"), *(key(name) for name in sorted(NAMED)))


def test_what_the_spec_names_is_needed_and_nothing_else():
    assert needed(with_keys(*DECLARED, **NAMED)) == tuple(sorted(NAMED))
    assert needed(with_keys(*DECLARED, **NOT_USED)) == ()


@pytest.mark.parametrize("part", NAMED)
def test_each_of_them_alone(part):
    assert needed(with_keys(*DECLARED, **(NOT_USED | {part: NAMED[part]}))) == (part,)


def test_an_archiver_takes_the_files_to_the_store():
    archived = msgspec.structs.replace(with_keys().subjects, consumers={"archiver": "dev-archiver"})
    assert "storage" not in needed(with_keys(*DECLARED, **NAMED, subjects=archived))


def test_by_default_the_needed_keys_are_resolved():
    named = with_keys(key(a="env:A"), key("other", a="env:B"), auth=spec.Auth(method="api_key", key="kalshi"))
    assert asyncio.run(resolve(named, sources=sources(environ={"A": "x"}))).keys() == {"kalshi"}


def test_a_key_that_the_spec_names_and_does_not_declare():
    with pytest.raises(KeyProblem, match="key kalshi: the spec does not declare it"):
        asyncio.run(resolve(with_keys(auth=spec.Auth(method="api_key", key="kalshi")), sources=sources()))
