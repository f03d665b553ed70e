"""Formatting: any spelling becomes the canonical one, keeps its comments, and means the same to everything behind it."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import spellings
import yaml
from budget import tries
from examples import base_files
from hypothesis import given
from hypothesis import strategies as st

import ssmd_compiler.formatting
from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.formatting import Formatted, NotProven
from ssmd_compiler.formatting.documents import documents
from ssmd_compiler.formatting.respelling import _REWRITES
from ssmd_compiler.model.spelling import ENVELOPE, Form, spell
from ssmd_compiler.source import DirectoryTree, MemoryTree, read_document
from ssmd_compiler.starter import starter

ROOT = Path(__file__).parent.parent.parent
DATE = datetime.date(2026, 11, 21)
PATHS = {kind: path for kind, (_, path) in spellings.KINDS.items()}
RANDOMS = st.randoms(use_true_random=False)


def plain(tree: Any) -> Any:
    """What a generator knows, as `yaml.BaseLoader` would read it."""
    if isinstance(tree, dict):
        return {key: plain(value) for key, value in tree.items()}
    return [plain(item) for item in tree] if isinstance(tree, list) else str(tree or "")


def formatted(path: str, content: bytes, kind: str) -> Formatted:
    return ssmd_compiler.formatting.formatted(read_document(path, content), content, kind)


def ids(text: str) -> Counter[str]:
    return Counter(re.findall(r"# c\d+", text))


@pytest.mark.parametrize("kind", spellings.KINDS)
@tries(100)
@given(random=RANDOMS)
def test_any_spelling_becomes_the_canonical_one(kind, random):
    written = spellings.write(kind, random)
    found = formatted(PATHS[kind], written.text.encode(), kind)
    assert not found.faulty, (found.document.faults, found.bound.faults)
    assert found.left == ""
    text = found.content.decode()
    document = yaml.load(text, yaml.CBaseLoader)
    assert list(document) == list(ENVELOPE)
    assert document["spec"] == plain(written.spec)
    assert ids(text) == ids(written.text)
    assert spell(read_document(PATHS[kind], found.content), kind).older == ()
    assert text.endswith("\n")
    assert formatted(PATHS[kind], found.content, kind).content == found.content


@pytest.mark.parametrize("kind", spellings.KINDS)
@tries(80)
@given(random=RANDOMS)
def test_anchors_are_kept_or_the_document_is_left(kind, random):
    written = spellings.write(kind, random, anchors=True)
    found = formatted(PATHS[kind], written.text.encode(), kind)
    assert not found.faulty
    if found.left:
        assert "anchor" in found.left
        assert found.content == written.text.encode()
    else:
        assert yaml.load(found.content, yaml.CBaseLoader)["spec"] == plain(written.spec)
        anchors = re.compile(r"&a\d+")
        assert sorted(anchors.findall(found.content.decode())) == sorted(anchors.findall(written.text))


@tries(12)
@given(random=RANDOMS)
def test_what_is_compiled_is_the_same_before_and_after(random):
    """All but the digests of the inputs: in the lock, and in the provenance of specs."""
    written = spellings.write("Environment", random)
    path = PATHS["Environment"]
    before = base_files() | {path: written.text.encode()}
    after = before | {path: formatted(path, before[path], "Environment").content}
    assert outputs(before) == outputs(after)
    assert len(outputs(before)) > 5


def outputs(files: dict[str, bytes]) -> dict[str, bytes]:
    compiled = compile(MemoryTree(files), Options(DATE))
    assert not compiled.failed, compiled.diagnostics
    return {
        path: re.sub(rb"inputs_sha256\W+[0-9a-f]{64}", b"inputs", content)
        for path, content in compiled.outputs.items()
        if not path.endswith("lock.json")
    }


def test_every_form_that_spelling_knows_is_rewritten_and_drawn_by_the_generator():
    assert set(_REWRITES) == set(Form)
    drawn: set[Form] = set()
    for seed in range(40):
        for kind, path in PATHS.items():
            text = spellings.write(kind, spellings.Random(seed)).text
            drawn |= {older.form for older in spell(read_document(path, text.encode()), kind).older}
    assert drawn == set(Form)


@pytest.mark.parametrize("name", ["ours", "starter"])
def test_sources_of_our_own_are_canonical(name):
    tree = DirectoryTree(ROOT) if name == "ours" else MemoryTree(starter())
    found = documents(tree)
    assert found
    for path, kind in found.items():
        content = tree.read(path)
        assert formatted(path, content, kind).content.decode() == content.decode(), path


ENVIRONMENT = "apiVersion: ssmd/v1\nkind: Environment\nmetadata: {{name: dev}}\nspec:\n  feed: kalshi\n  middleware: {{transport: {{type: memory}}, storage: {{type: memory}}}}\n{}"

LAYOUTS = {
    "blanks at the ends of lines": ("  description: a  \n\n   \n  # c \t\n", "  description: a\n\n\n  # c\n"),
    "values that others would retype": (
        "  symbols: [1.10, no, 12:30:45, 010, 0x1, ~x]\n",
        "  symbols: [1.10, no, 12:30:45, 010, 0x1, ~x]\n",
    ),
    "long lines": (f"  description: {'word ' * 60}end\n", f"  description: {'word ' * 60}end\n"),
    "deep indentation": (
        "  connector:\n        retry:\n             jitter: 0.5\n",
        "  connector:\n    retry:\n      jitter: 0.5\n",
    ),
    "a list beside its key": ("  symbols:\n  - a\n  -   b\n", "  symbols:\n  - a\n  - b\n"),
    "a list below its key": ("  symbols:\n      -  a\n      - b\n", "  symbols:\n    - a\n    - b\n"),
    "lists of mappings": (
        "  symbols:\n    sync: true\n    filters:\n    -   category: a\n    -\n         category: b\n",
        "  symbols:\n    sync: true\n    filters:\n    - category: a\n    -\n      category: b\n",
    ),
    "a block keeps its own indentation": (
        "  connector:\n      image: |-\n         a/b\n  description: >\n     x\n       y\n\n     z\n",
        "  connector:\n    image: |-\n       a/b\n  description: >\n     x\n       y\n\n     z\n",
    ),
    "a block that says its indentation": (
        "  connector:\n      image: |2-\n        a/b\n",
        "  connector:\n    image: |2-\n      a/b\n",
    ),
    "a block that keeps its end": ("  description: |+\n    x\n\n\n", "  description: |+\n    x\n\n\n"),
    "blanks that are text": ("  description: |\n    x  \n     \n    y\n", "  description: |\n    x  \n     \n    y\n"),
    "a block without a line break": ("  description: |\n    x", "  description: |-\n    x\n"),
    "a folded one, kept": ("  description: >+ # c\n    x", "  description: >- # c\n    x\n"),
    "quotes over lines": (
        '  description: "a \\\n      b  \n\n   c"\n',
        '  description: "a \\\n      b  \n\n   c"\n',
    ),
    "brackets over lines": (
        "  symbols: [  # why\n      a,\n    # c\n  b,\n  ]\n",
        "  symbols: [  # why\n      a,\n    # c\n  b,\n  ]\n",
    ),
    "a value on its own line": ("  description:\n          a\n", "  description:\n    a\n"),
    "comments go with what they stand at": (
        "  connector:\n      # a\n      version: x\n      # b\n    # c\n  # d\n# e\n",
        "  connector:\n    # a\n    version: x\n    # b\n  # c\n  # d\n# e\n",
    ),
    "no line break at the end": ("  description: a", "  description: a\n"),
    "many at the end": ("  description: a\n\n\n", "  description: a\n"),
}


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_layout(name, ending):
    before, after = (ENVIRONMENT.format(part).replace("\n", ending).encode() for part in LAYOUTS[name])
    found = formatted("environments/dev.yaml", before, "Environment")
    assert not found.faulty, (found.document.faults, found.bound.faults)
    assert found.content.decode() == after.decode()
    assert formatted("environments/dev.yaml", after, "Environment").content == after


LEFT = {
    "keys with a question mark": ("? description\n  : a\n  ? namespace\n  : x\n", "`? key`"),
    "an anchor that more would be put into": (
        "keys: &k {a: {type: tls, fields: [x]}}\n  secrets: {b: vault:c}\n",
        "anchor",
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_needs_a_person_is_left_with_the_reason(name):
    snippet, reason = LEFT[name]
    content = ENVIRONMENT.format(f"  {snippet}").encode()
    found = formatted("environments/dev.yaml", content, "Environment")
    assert not found.faulty, (found.document.faults, found.bound.faults)
    assert found.content == content
    assert reason in found.left


def test_an_alias_that_would_come_to_stand_before_its_anchor_is_left():
    text = "name: dev\nfeed: kalshi\ntransport: {type: memory}\ndescription: &d x\nstorage: {type: local, path: *d}\n"
    moved = formatted("environments/dev.yaml", text.encode(), "Environment")
    assert moved.left == "it uses aliases for what would have to move: write them out first"
    assert moved.content == text.encode()


@pytest.mark.parametrize("text", ["name: dev\nfeeed: x\n", "a: b: c\n", "", "name: dev\nname: dev\n"])
def test_a_faulty_document_is_not_touched(text):
    found = formatted("environments/dev.yaml", text.encode(), "Environment")
    assert found.faulty
    assert found.content == text.encode()


def test_an_allowance_stays_with_the_entry_that_it_speaks_of():
    text = "# about the file\n# ssmd: allow SSMD310 until 2027-01-01 -- moving\nfeed: kalshi\nname: dev\nmiddleware: {transport: {type: memory}, storage: {type: memory}}\n"
    found = formatted("environments/dev.yaml", text.encode(), "Environment").content.decode()
    lines = found.splitlines()
    assert lines[0] == "# about the file"
    assert lines[lines.index("  feed: kalshi") - 1] == "  # ssmd: allow SSMD310 until 2027-01-01 -- moving"


ALLOWED = "# ssmd: allow SSMD511 until 2027-01-01 -- later"
MERGED = {
    "behind braces": (f"secrets: {{nats: sealed-secret/x}} {ALLOWED}\n", ["nats"]),
    "behind one of several in braces": (
        f"secrets: {{\n  nats: sealed-secret/x,  {ALLOWED}\n  # c\n  creds: sealed-secret/y }} # d\n",
        ["nats"],
    ),
    "above braces": (f"{ALLOWED}\nsecrets: {{nats: sealed-secret/x}} # c\n", ["nats"]),
    "behind the name of them all": (f"secrets:\n  {ALLOWED}\n\n  nats: sealed-secret/x # c\n# d\n", ["nats"]),
    "behind a line": (
        f"secrets: # c\n  nats: sealed-secret/x\n  creds: sealed-secret/y {ALLOWED}\n# d\n",
        ["creds"],
    ),
    "above a line, out of line": (
        f"secrets:\n  nats: sealed-secret/x\n # c\n   {ALLOWED}\n  creds: sealed-secret/y\n",
        ["creds"],
    ),
}


@pytest.mark.parametrize("name", MERGED)
@pytest.mark.parametrize("braces", [False, True])
def test_an_allowance_goes_with_the_secret_that_it_speaks_of_into_the_keys(name, braces):
    secrets, covered = MERGED[name]
    other = "{zz: {type: api_key, fields: [a]}}" if braces else "\n  zz: {type: api_key, fields: [a]}  # z"
    text = f"name: dev\nfeed: kalshi\n{secrets}transport: {{type: memory}}\nstorage: {{type: memory}}\nkeys: {other}\n"
    found = formatted("environments/dev.yaml", text.encode(), "Environment")
    assert found.left == ""
    document = read_document("environments/dev.yaml", found.content)
    (allowance,) = document.allowances
    keys = document.data["spec"]["keys"].key_at
    assert [key for key, at in keys.items() if allowance.first <= at[0] + 1 <= allowance.last] == covered
    assert found.content.count(b"# ") == text.count("# ")


FLAT = "name: dev\nfeed: kalshi\ntransport: {type: memory}\nstorage: {type: memory}\n"
SPEAKS_OF_MORE = {
    "of two keys on one line": f"{FLAT}secrets: {{nats: sealed-secret/x, creds: sealed-secret/y}} {ALLOWED}\nkeys:\n  zz: {{type: tls}}\n",
    "of all keys": f"{FLAT}secrets: {{nats: sealed-secret/x}}\n{ALLOWED}\nkeys:\n  zz: {{type: tls}}\n",
    "of a line in brackets": f"{{name: dev, feed: kalshi, middleware: {{storage: {{type: memory}}}},\n transport: {{type: memory}} {ALLOWED}\n}}\n",
}


@pytest.mark.parametrize("name", SPEAKS_OF_MORE)
def test_a_document_is_left_where_an_allowance_would_come_to_speak_of_something_else(name):
    text = SPEAKS_OF_MORE[name]
    found = formatted("environments/dev.yaml", text.encode(), "Environment")
    line = text[: text.index("# ssmd")].count("\n") + 1
    assert found.left == f"the allowance on line {line} would come to speak of something else: respell it by hand"
    assert found.content == text.encode()


BROKEN = {
    "another meaning": (lambda text: text.replace("kalshi", "kraken"), "model"),
    "a comment lost": (lambda text: text.replace("# why", ""), "comments"),
    "another order of keys": (lambda text: text.replace("{x: 1, y: 2}", "{y: 2, x: 1}"), "model"),
    "no document": (lambda _: "a: [", "model"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_control_what_does_not_mean_the_same_is_never_returned(name, monkeypatch):
    change, reason = BROKEN[name]
    text = ENVIRONMENT.format("  # why\n  alerts: {x: 1, y: 2}\n").replace(
        "alerts: {x: 1, y: 2}", "shards: {x: {selector: {prefix: a}}, y: {selector: {prefix: b}}}"
    )
    if name == "another order of keys":
        x, y = "x: {selector: {prefix: a}}", "y: {selector: {prefix: b}}"

        def change(said: str) -> str:
            return said.replace(f"{{{x}, {y}}}", f"{{{y}, {x}}}")

    laid_out = ssmd_compiler.formatting.laid_out
    monkeypatch.setattr(ssmd_compiler.formatting, "laid_out", lambda syntax: change(laid_out(syntax)))
    with pytest.raises((NotProven, yaml.YAMLError)) as raised:
        formatted("environments/dev.yaml", text.encode(), "Environment")
    if name != "no document":
        assert reason in str(raised.value)
