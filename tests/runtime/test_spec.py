"""The contract between compiler and runtime: what a runtime accepts, what it refuses in one line, and what it lacks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from examples import base_files
from ssmd_runtime import spec

RUNTIME = Path(spec.__file__).resolve().parents[1]
COMPILER = RUNTIME.parent / "ssmd_compiler"

MINIMAL = spec.CollectorSpec(
    environment="dev",
    shard=None,
    feed=spec.FeedRef(name="kalshi", display_name="Kalshi", type="websocket", version="v2", exchange="kalshi"),
    as_of="2025-01-01",
    as_of_until=None,
    endpoint="wss://exchange.example",
    protocol=spec.Protocol(transport="wss", message="json"),
    auth=spec.Auth(method="api_key", key="kalshi"),
    keys=(
        spec.KeySpec(
            name="kalshi", type="api_key", required=True, fields={"api_key": spec.FieldSource(env="KALSHI_API_KEY")}
        ),
    ),
    subscriptions=spec.Subscriptions(channels=("trade",), instruments=("A",), discovery=None, limits=spec.Limits()),
    message_types={},
    schemas={"trade": "v1"},
    transport=spec.Transport(type="memory"),
    subjects=spec.Subjects(stream=None, stream_subjects=(), raw={}, dead_letter="dev.dlq.connector"),
    storage=spec.Storage(
        type="local", path="/data", sync="interval", sync_interval_ms=200, compression="none", file_stem="kalshi"
    ),
    cache=spec.Cache(type="none"),
    journal=spec.Journal(type="memory"),
    liveness=spec.Liveness(ping_seconds=30, stale_seconds=90, watchdog_seconds=120),
    on_disconnect="exit",
    retry=spec.Retry(max_attempts=5, initial_delay_ms=100, max_delay_ms=30_000, multiplier=2.0, jitter=0.1),
    circuit_breaker=spec.CircuitBreaker(failure_threshold=5, success_threshold=2, timeout_seconds=30),
    buffer=spec.Buffer(max_bytes=1 << 26),
    rotation=spec.Rotation(max_bytes=1 << 28, timezone="UTC"),
    http=spec.Http(port=8080),
    parser_config={"depth": 10, "book": {"levels": [1, 2.5, True, None, "a"]}},
    provenance=spec.Provenance(compiler="0.1.0", inputs_sha256="0" * 64),
)
ENCODED = spec.encode(MINIMAL)
RAW: dict[str, Any] = json.loads(ENCODED)


def changed(path: str, value: Any) -> bytes:
    """The minimal spec with the field at `path` replaced; `...` removes it."""
    raw = json.loads(ENCODED)
    *way, last = path.split(".")
    node = raw
    for step in way:
        node = node[step]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return json.dumps(raw).encode()


# What is refused, and in which words


NOT_A_SPEC = "this is not a collector spec"
MALFORMED = "this collector spec is malformed"
REFUSED = {
    "a newer major version": (
        changed("apiVersion", "ssmd.collector/v2"),
        "this spec is v2, newer than this runtime reads (v1): update ssmd-runtime",
    ),
    "a much newer one": (changed("apiVersion", "ssmd.collector/v999999"), "this spec is v999999, newer than"),
    "a newer one of another shape": (b'{"apiVersion": "ssmd.collector/v2", "collector": []}', "this spec is v2, newer"),
    "an older one than any": (changed("apiVersion", "ssmd.collector/v0"), "this spec is v0, which no runtime reads"),
    "another kind": (changed("apiVersion", "ssmd/v1"), f"{NOT_A_SPEC}: apiVersion is not ssmd.collector/v1"),
    "a version with a minor": (changed("apiVersion", "ssmd.collector/v1.1"), NOT_A_SPEC),
    "a version of other digits": (changed("apiVersion", "ssmd.collector/v\u0661"), NOT_A_SPEC),
    "a version and a line": (changed("apiVersion", "ssmd.collector/v1\n"), NOT_A_SPEC),
    "no version": (changed("apiVersion", ...), NOT_A_SPEC),
    "a version that is no text": (changed("apiVersion", 1), NOT_A_SPEC),
    "nothing": (b"", NOT_A_SPEC),
    "a line": (b"\n", NOT_A_SPEC),
    "YAML": (b"apiVersion: ssmd.collector/v1\n", NOT_A_SPEC),
    "a list": (b"[]", NOT_A_SPEC),
    "a number": (b"1", NOT_A_SPEC),
    "bytes": (b"\xff\xfe\x00", NOT_A_SPEC),
    "a byte order mark": (b"\xef\xbb\xbf" + ENCODED, NOT_A_SPEC),
    "half a spec": (ENCODED[: len(ENCODED) // 2], NOT_A_SPEC),
    "a spec and more": (ENCODED + ENCODED, NOT_A_SPEC),
    "bad UTF-8 inside": (ENCODED.replace(b"Kalshi", b"Kal\xffhi"), ""),
    "a surrogate": (ENCODED.replace(b"Kalshi", b"\\ud800"), ""),
    "a field of another type": (
        changed("http.port", "8080"),
        f"{MALFORMED}: Expected `int`, got `str` - at `$.http.port`",
    ),
    "a field that is null": (changed("http", None), f"{MALFORMED}: Expected `object`, got `null` - at `$.http`"),
    "a number that is none": (changed("retry.jitter", None), f"{MALFORMED}: Expected `float`, got `null`"),
    "a word that is not known": (changed("on_disconnect", "retry"), f"{MALFORMED}: Invalid enum value 'retry'"),
    "nesting without end": (b'{"apiVersion": "ssmd.collector/v1", "a": ' + b"[" * 100_000, ""),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_spec_is_refused_in_one_clear_line(what):
    content, message = REFUSED[what]
    with pytest.raises(spec.SpecError) as refused:
        spec.decode(content)
    assert str(refused.value).startswith(message)
    assert len(str(refused.value).splitlines()) == 1


NEEDED = [
    field for struct in (spec.CollectorSpec,) for field in struct.__struct_encode_fields__ if field != "apiVersion"
]


@pytest.mark.parametrize("field", NEEDED)
def test_a_missing_field_is_named(field):
    with pytest.raises(spec.SpecError, match=f"missing required field `{field}`"):
        spec.decode(changed(field, ...))


@pytest.mark.parametrize("path", ["unheard_of", "feed.unheard_of", "storage.unheard_of", "provenance.unheard_of"])
@pytest.mark.parametrize("value", [None, 1, "a", [], {"deep": [{}]}])
def test_a_field_of_a_newer_minor_version_is_ignored(path, value):
    assert spec.decode(changed(path, value)) == MINIMAL


def test_a_field_that_has_a_default_may_be_absent():
    """What a later version adds has a default, so that an older spec still runs."""
    for path in ("provenance.git_commit", "storage.endpoint", "rotation.day_start", "auth.key", "transport.settings"):
        spec.decode(changed(path, ...))


# What is written


def test_equal_specs_are_equal_bytes():
    assert spec.decode(ENCODED) == MINIMAL
    assert spec.encode(spec.decode(ENCODED)) == ENCODED
    assert spec.encode(msgspec.structs.replace(MINIMAL)) == ENCODED


def test_it_is_json_for_people():
    text = ENCODED.decode()
    assert text == json.dumps(RAW, indent=2, ensure_ascii=False) + "\n"
    assert text.startswith('{\n  "apiVersion": "ssmd.collector/v1",\n  "environment": "dev",\n')


def test_every_field_is_always_written():
    """A field left out at its default would make two specs differ where they mean the same."""
    assert RAW["shard"] is None
    assert RAW["cache"] == {"type": "none", "url": None, "max_connections": None, "max_bytes": None, "key": None}


def test_a_spec_cannot_be_changed():
    with pytest.raises(AttributeError):
        MINIMAL.endpoint = "wss://elsewhere.example"  # type: ignore[misc]


LISTED = {
    "environment": ["environment"],
    "shard": ["shard"],
    "feed and version in force": ["feed.name", "feed.version"],
    "as_of": ["as_of"],
    "endpoint": ["endpoint"],
    "auth": ["auth.method", "auth.key", "keys"],
    "subscriptions": [
        "subscriptions.channels",
        "subscriptions.instruments",
        "subscriptions.discovery",
        "subscriptions.limits",
    ],
    "message types": ["message_types"],
    "transport": ["transport.type"],
    "storage": ["storage.type"],
    "cache": ["cache.type"],
    "journal": ["journal.type"],
    "subjects and stream names": [
        "subjects.stream",
        "subjects.stream_subjects",
        "subjects.raw",
        "subjects.dead_letter",
    ],
    "liveness clocks": ["liveness.ping_seconds", "liveness.stale_seconds", "liveness.watchdog_seconds"],
    "retry": ["retry.max_attempts"],
    "circuit breaker": ["circuit_breaker.failure_threshold"],
    "buffer limits": ["buffer.max_bytes"],
    "rotation": ["rotation.max_bytes"],
    "HTTP port": ["http.port"],
    "provenance": ["provenance.git_commit", "provenance.inputs_sha256", "provenance.compiler"],
}


@pytest.mark.parametrize("what", LISTED)
def test_a_spec_holds_everything_that_a_collector_needs(what):
    for path in LISTED[what]:
        node = RAW
        for step in path.split("."):
            assert step in node, path
            node = node[step]


def test_a_key_says_where_its_fields_are_and_when_it_expires():
    (key,) = RAW["keys"]
    assert key.keys() == {"name", "type", "required", "fields", "secret", "rotation_days", "expires"}
    assert key["fields"] == {"api_key": {"env": "KALSHI_API_KEY", "file": None, "vault": None}}


# What it stands on

ALONE = """\
import sys
sys.path = [sys.argv[1], *sys.argv[3:], *(path for path in sys.path if "python3" in path and "packages" not in path)]

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "ssmd_compiler":
            raise ImportError("the runtime imports the compiler")

sys.meta_path.insert(0, Refuse())
import pkgutil, importlib, ssmd_runtime
modules = ["ssmd_runtime", *(found.name for found in pkgutil.walk_packages(ssmd_runtime.__path__, "ssmd_runtime."))]
for name in modules if sys.argv[2] == "all" else ["ssmd_runtime.spec", "ssmd_runtime.metrics"]:
    importlib.import_module(name)
from ssmd_runtime import spec
print(spec.decode(sys.stdin.buffer.read()).environment)
assert not [name for name in sys.modules if name.startswith("ssmd_compiler")]
"""


def alone(which: str, *folders: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", "-c", ALONE, str(RUNTIME), which, *map(str, folders)]
    return subprocess.run(command, input=ENCODED, capture_output=True, check=False)


def test_the_contract_needs_nothing_but_msgspec(tmp_path):
    """Imported where nothing else can be: the runtime's own folder, and msgspec."""
    (tmp_path / "msgspec").symlink_to(Path(msgspec.__file__).parent, target_is_directory=True)
    done = alone("contract", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"dev\n", b"")


def test_no_module_of_the_runtime_imports_the_compiler():
    done = alone("all", Path(msgspec.__file__).parents[1])
    assert (done.returncode, done.stdout) == (0, b"dev\n"), done.stderr.decode()


def test_control_the_runner_sees_an_import_of_the_compiler(tmp_path):
    package = tmp_path / "ssmd_runtime"
    package.mkdir()
    (package / "__init__.py").write_text("import ssmd_compiler\n")
    command = [
        sys.executable,
        "-I",
        "-c",
        ALONE,
        str(tmp_path),
        "all",
        str(Path(msgspec.__file__).parents[1]),
        str(RUNTIME.parent),
    ]
    done = subprocess.run(command, input=ENCODED, capture_output=True, check=False)
    assert b"the runtime imports the compiler" in done.stderr


def test_the_minimal_workspace_compiles_to_what_this_runtime_reads():
    import datetime

    from ssmd_compiler.compiler import Options, compile
    from ssmd_compiler.source import MemoryTree

    outputs = compile(MemoryTree(base_files()), Options(datetime.date(2026, 11, 21))).outputs
    said = spec.decode(outputs["dev/spec.json"])
    assert (said.environment, said.feed.name, said.auth.key) == ("dev", "kalshi", "kalshi")
