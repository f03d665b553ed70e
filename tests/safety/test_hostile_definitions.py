"""No definition ends, hangs or grows ssmd, and none reads a file that was not given."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hostile import CANARY, SCHEMA, make, plant, run, starter_tree
from jail import GIB

if TYPE_CHECKING:
    from pathlib import Path

    from jail import Jail

FLAWED = "SSMD403"
HEAD = "@0xabcdef1234567890;\n"

CAPNP: dict[str, str | bytes] = {
    # Each of these aborts the process that loads it with pycapnp 2.1 to 2.2.4.
    "unknown type": HEAD + "struct A { a @0 :Nothing; }\n",
    "not capnp": "struct {",
    "no id": "struct A { a @0 :Text; }\n",
    "a number twice": HEAD + "struct A { a @0 :Text; b @0 :Text; }\n",
    "a number left out": HEAD + "struct A { a @0 :Text; b @2 :Text; }\n",
    "a name twice": HEAD + "struct A { a @0 :Text; a @1 :Text; }\n",
    "an import of nothing": HEAD + 'using B = import "nothing.capnp";\n',
    "an import from outside": HEAD + 'using B = import "../../outside/s.capnp";\nstruct A { a @0 :B.C; }\n',
    "an absolute import": HEAD + 'using B = import "/etc/passwd";\nstruct A { a @0 :B.C; }\n',
    "embedded": HEAD + 'const a :Text = embed "../../outside/s.capnp";\n',
    "itself, imported": HEAD + 'using B = import "trade.v1.capnp";\nstruct A { a @0 :B.Missing; }\n',
    "endless": HEAD + "struct A { a @0 :List(" * 20_000,
    "nested": HEAD + "struct A {" * 50_000,
    "parentheses": HEAD + "const a :Int32 = " + "(" * 100_000,
    "a struct of itself": HEAD + "using A = A;\nstruct B { a @0 :A; }\n",
    "bytes": b"\x80\xff" * 1000,
    "NUL": HEAD.encode() + b"struct A { a @0 :Te\0xt; }\n",
    "UTF-16": HEAD.encode("utf-16"),
    "an ordinal too large": HEAD + "struct A { a @99999999999999999999 :Text; }\n",
    "many fields": HEAD + "struct A {\n" + "".join(f"a{index} @{index} :Nothing;\n" for index in range(20_000)) + "}\n",
}
PROTOBUF: dict[str, str | bytes] = {
    "no proto": "message A {",
    "a file from outside": 'syntax = "proto3";\nimport "/etc/passwd";\n',
    "a file from above": 'syntax = "proto3";\nimport "../../outside/s.capnp";\n',
    "nested": 'syntax = "proto3";\n' + "message A {" * 50_000,
    "bytes": b"\xff\xfe\x00",
}
JSON_SCHEMA: dict[str, str | bytes] = {
    "no JSON": "{",
    "nested": "[" * 500_000,
    "nested and closed": '{"not":' * 100_000 + "{}" + "}" * 100_000,
    "a file from outside": '{"$ref": "file:///etc/passwd"}',
    "the web": '{"$ref": "http://127.0.0.1:9/x.json"}',
    "an expression that never ends": '{"type": "object", "patternProperties": {"(a+)+$": 7}}',
    "an integer of a million digits": '{"minLength": ' + "9" * 1_000_000 + "}",
    "infinity": '{"minimum": 1e999, "minLength": NaN}',
    "bytes": b"\xff\xfe\x00",
}
DEFINITIONS = {
    f"{kind}: {name}": (kind, text)
    for kind, group in {"capnp": CAPNP, "protobuf": PROTOBUF, "json_schema": JSON_SCHEMA}.items()
    for name, text in group.items()
}
ENDINGS = {"capnp": "capnp", "protobuf": "proto", "json_schema": "json"}


def define(root: Path, kind: str, content: bytes) -> str:
    path = f"trade.v1.{ENDINGS[kind]}"
    plant(root, f"schemas/{path}", content)
    digest = hashlib.sha256(content).hexdigest()
    version = f"{{version: v1, effective_from: 2024-01-01, schema_file: {path}, hash: 'sha256:{digest}'}}"
    plant(root, SCHEMA, f"name: trade\nformat: {kind}\nversions:\n  - {version}\n")
    return f"schemas/{path}"


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_hostile_definition_is_a_finding(name: str, jail: Jail, tmp_path: Path, outside: Path) -> None:
    kind, text = DEFINITIONS[name]
    root = make(tmp_path / "ws", starter_tree())
    content = text.encode() if isinstance(text, str) else text
    path = define(root, kind, content[: 1 << 20])
    ran = run(jail, root, memory=3 * GIB, cpu=30)
    assert ran.outcome.code == 1, ran.outcome.err or "it was ended"
    assert ran.outcome.err == ""
    found = ran.about(FLAWED)
    assert found
    for finding in found:
        assert finding["path"] == path
        assert 1 <= finding["line"] <= content.count(b"\n") + 1
    assert ran.after == ran.before
    assert CANARY not in ran.outcome.said
    assert outside.exists()
    assert not list((tmp_path / "scratch").iterdir()), "something was left in the temporary folder"


def test_control_in_this_process_the_parser_ends_everything(jail: Jail, tmp_path: Path) -> None:
    """Or raises, where pycapnp is one that does."""
    root = make(tmp_path / "ws", starter_tree())
    define(root, "capnp", CAPNP["unknown type"].encode())  # type: ignore[union-attr]
    ran = run(jail, root, changed=("no_isolation",))
    assert ran.outcome.code < 0 or ran.outcome.code == 3
