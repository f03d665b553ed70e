"""Manifests are read as Kubernetes reads them: held against kubeconform, and the quick reading against the precise one."""

from __future__ import annotations

import json
import math
import re
import subprocess
from pathlib import Path

import pytest
from budget import tries
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from real import kubeconform

from ssmd_compiler.emit import Output
from ssmd_compiler.manifests import Vocabulary, findings
from ssmd_compiler.manifests.proving import _flaws
from ssmd_compiler.manifests.reading import precisely, quickly
from ssmd_compiler.manifests.rules import OF_OURS
from ssmd_compiler.manifests.scalars import AMBIGUOUS, Unspeakable, key_text, resolve

RIGHT = {path.stem: path.read_text() for path in sorted((Path(__file__).parent / "right").glob("*.yaml"))}

SCALARS = """\
yes Yes YES yEs y Y n N no No NO nO on On ON oN off Off OFF oFF true True TRUE tRUE false False FALSE fALSE
null Null NULL nULL ~ "" "yes" 'no' "010" '~'
0 00 -0 +0 1 +1 -1 08 010 -010 +010 0o10 -0o7 +0o7 0O7 0o8 0x1F 0X1f -0x1f 0x 0xG 0b11 0B11 -0b11 +0b11 0b2 0b
1_000 1__0 1_ _1 -1_0 0x_1F 0_10 0b_1 1_0.5 .5_0 1,000
1.0 1.5 .5 5. +.5 -.5 . -. 1.2.3 1e3 1E3 1e+3 1e-3 1.e3 .1e3 1e 1e400 -1e400 0e0
9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616 +9223372036854775808
-9223372036854775808 -9223372036854775809 99999999999999999999999
.inf .Inf .INF -.inf +.INF .nan .NaN .NAN .iNF inf nan NaN Infinity
12:30 1:2:3 190:20:30 2024-01-01 2024-01-01T00:00:00Z 10.0.0.0/8 5m 100Mi 0.1.0 1-2 a-b a.b a/b
""".split()  # noqa: SIM905 -- a table of words

FIELDS = {
    "text": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: VALUE\n",
    "boolean": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nimmutable: VALUE\n",
    "whole": "apiVersion: jetstream.nats.io/v1beta2\nkind: Consumer\nmetadata: {name: a}\nspec:\n  rateLimitBps: VALUE\n",
    "number": "apiVersion: jetstream.nats.io/v1beta2\nkind: Stream\nmetadata: {name: a}\nspec:\n  firstSequence: VALUE\n",
}
"""A document for each type that Kubernetes' parser can give a scalar."""


def valid(text: str) -> bool:
    return not list(findings([Output("a/a.yaml", text.encode())]))


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory) -> dict[tuple[str, str], bool]:
    """What kubeconform says of every scalar in every field, in one run."""
    folder = tmp_path_factory.mktemp("scalars")
    for number, scalar in enumerate(SCALARS):
        for field, document in FIELDS.items():
            (folder / f"{field}-{number}.yaml").write_text(document.replace("VALUE", scalar))
    command = [*kubeconform(), "-output", "json", "-verbose", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = {}
    for one in json.loads(done.stdout)["resources"]:
        field, _, number = Path(one["filename"]).stem.partition("-")
        found[SCALARS[int(number)], field] = one["status"] == "statusValid"
    return found


@pytest.mark.parametrize("field", FIELDS)
def test_a_scalar_is_what_kubernetes_takes_it_for(verdicts, field):
    ours = {scalar: valid(FIELDS[field].replace("VALUE", scalar)) for scalar in SCALARS}
    assert ours == {scalar: verdicts[scalar, field] for scalar in SCALARS}


def test_control_the_scalars_are_of_every_type(verdicts):
    for field in FIELDS:
        assert {verdicts[scalar, field] for scalar in SCALARS} == {True, False}


# The quick reading

plain = st.one_of(
    st.from_regex(r"[-+]?[0-9._]{0,6}[xXoObBeE]?[-+]?[0-9a-fA-F_]{0,5}", fullmatch=True),
    st.from_regex(r"(?i)(y|n|yes|no|on|off|true|false|null|~|nan|inf|\.nan|[-+]?\.inf)", fullmatch=True),
    st.text(alphabet="yesnoYESNOtruefalsTRUEFALS0123456789_.+-xXobBeE:/~", min_size=1, max_size=8),
)


@given(plain)
@settings(derandomize=True, max_examples=3000, deadline=None)
@example("0_1")
@example("-0b1_1")
@example("1e400")
def test_what_the_quick_reader_takes_for_text_is_text_or_ambiguous(text):
    """So the quick schemas, which refuse what is ambiguous, never let a boolean or a number pass for a text."""
    assume(not re.search(r"^[-.:?]*$|: |^[-?:] |:$", text))
    quick = quickly(f"a: {text}\n".encode())
    assume(quick is not None)
    read = quick[0]["a"]
    try:
        meant = resolve(text)
    except Unspeakable:
        pytest.fail(f"`{text}` is refused by Kubernetes, and was read quickly as {read!r}")
    if isinstance(read, str):
        assert isinstance(meant, str) or re.search(AMBIGUOUS, read), (text, read, meant)
    elif isinstance(read, bool) or read is None:
        assert meant is read
    else:
        assert not isinstance(meant, bool)
        assert isinstance(meant, int | float), (text, read, meant)
        assert float(read).is_integer() == float(meant).is_integer() or math.isinf(read)


@given(plain)
@settings(derandomize=True, max_examples=500, deadline=None)
def test_a_key_is_text_or_refused(text):
    try:
        assert isinstance(key_text(text), str)
    except Unspeakable:
        assert resolve(text) is None


def test_keys_are_told_apart_as_kubernetes_tells_them_apart():
    document = b'"on": a\nyes: b\n010: c\n"011": d\n1.5: e\n.inf: f\n'
    (one,) = precisely(Output("a/a.yaml", document))
    assert one.value == {"on": "a", "true": "b", "8": "c", "011": "d", "1.5": "e", ".inf": "f"}
    (both,) = precisely(Output("a/a.yaml", b"yes: a\non: b\n"))
    assert both.problem is not None


scalars = st.one_of(plain, st.sampled_from(SCALARS), st.text(max_size=6).map(json.dumps))


@given(st.sampled_from(sorted(RIGHT)), st.integers(0, 10_000), scalars)
@example("cronjob", 286, "Y")
@tries(600)
def test_whatever_is_read_quickly_and_found_clean_is_clean(name, where, scalar):
    """A right manifest with any one value replaced: both ways of reading come to the same."""
    lines = RIGHT[name].split("\n")
    places = [number for number, line in enumerate(lines) if re.search(r": [^|>]+$", line)]
    number = places[where % len(places)]
    lines[number] = re.sub(r": .*$", lambda _: f": {scalar}", lines[number])
    output = Output("a/a.yaml", "\n".join(lines).encode())
    assert list(findings([output])) == list(_flaws(output, Vocabulary(), OF_OURS))


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_a_word_is_no_quantity_and_no_port(name):
    """Wherever a number or a text may stand, a boolean may not: to Kubernetes `y` is one."""
    lines = RIGHT[name].split("\n")
    for number in [index for index, line in enumerate(lines) if re.search(r"^ *(cpu|memory|port|targetPort): ", line)]:
        wrong = [*lines[:number], re.sub(r": .*$", ": y", lines[number]), *lines[number + 1 :]]
        assert list(findings([Output("a/a.yaml", "\n".join(wrong).encode())])), lines[number]


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="replace")))
@settings(derandomize=True, max_examples=1000, deadline=None)
def test_no_bytes_raise(content):
    list(findings([Output("a/a.yaml", content)]))


@given(st.sampled_from(sorted(RIGHT)), st.integers(0, 100_000), st.binary(max_size=4), st.integers(0, 8))
@settings(derandomize=True, max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_damage_raises(name, where, new, length):
    content = RIGHT[name].encode()
    at = where % len(content)
    list(findings([Output("a/a.yaml", content[:at] + new + content[at + length :])]))


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        "a: " + "{b: " * 5_000,
        "- " * 50_000,
        BOMB,
        "a: &a [*a]",
        "apiVersion: v1\nkind: ConfigMap\ndata: " + "{a: " * 100 + "1" + "}" * 100,
        "? [a]\n: b\n",
        "1: a\n",
        "!!binary a: b",
        "--- a\n--- b\n",
        "%YAML 1.1\n---\na: b\n",
        "apiVersion: 1\nkind: 2\n",
        "apiVersion: v1\nkind: \ud83d\n".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
    ids=range(13),
)
def test_hostile_content_is_a_flaw(content):
    assert list(findings([Output("a/a.yaml", content.encode())]))


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ("", 0),
        ("---\n", 0),
        ("# nothing\n", 0),
        (f"{RIGHT['nats']}\n---\n", 0),
        (f"{RIGHT['secret']}---\nkind: a\n", 1),
    ],
)
def test_a_document_of_nothing_is_passed_over(content, count):
    assert len(list(findings([Output("a/a.yaml", content.encode())]))) == count


@pytest.mark.parametrize(
    "content",
    [
        "a: {<<: {b: c}}",
        "a: !own b",
        "!own\na: b",
        "a: [!own b]",
        "a: .inf",
        "a: [-.Inf]",
        "a: .NaN",
        "a: 1\na: 2",
        "a: [",
        "- " * 500 + "a",
        "a: \x07",
        BOMB,
    ],
)
def test_what_the_quick_reader_takes_in_its_own_way_it_declines(content):
    assert quickly(content.encode()) is None


def test_control_the_quick_reader_does_not_decline_what_is_right():
    assert all(quickly(text.encode()) is not None for text in RIGHT.values())


def test_only_manifests_are_looked_at():
    assert not list(findings([Output("a/spec.json", b"{")]))
