"""The cache never lies: whatever happened to a workspace, a compile with it ends as one without it.

The real command on a real file system; its cold twin runs on a copy, which by its inode has no cache.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ssmd_compiler.cache import stamps, store
from ssmd_compiler.cli import proving, publishing, run

HERE = Path(__file__).parents[3]
DAY = "2026-11-21"
ENVIRONMENTS = ("binance", "kalshi-dev", "kalshi-prod", "kraken-futures", "kraken-prod", "polymarket")


def sources(folder: Path) -> Path:
    """This repository's own sources, as a workspace of their own."""
    for name in ("exchanges", "environments", "schemas"):
        shutil.copytree(HERE / name, folder / name)
    shutil.copy(HERE / "ssmd.yaml", folder)
    return folder


@pytest.fixture(autouse=True)
def _one_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever edits the compiler while its tests run has another compiler; that is a test of its own."""
    monkeypatch.setattr(store, "identity", lambda: "this one")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return sources(tmp_path / "workspace")


def ssmd(folder: Path, *arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        code = run([*arguments, "--config-dir", str(folder)])
    return code, out.getvalue()


def generated(folder: Path) -> dict[str, object]:
    root = folder / "generated"
    return {
        str(path.relative_to(root)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def settle() -> None:
    """Let the file system's clock move on, so that what is on the disk has stamps."""
    time.sleep(2.5 * stamps._TICK / 1e9)


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The environments that are compiled, as they are."""
    seen: list[str] = []

    def each(work, paths):
        for path in paths:
            seen.append(path.rpartition("/")[2].removesuffix(".yaml"))
            yield work(path)

    monkeypatch.setattr(publishing, "each", each)
    monkeypatch.setattr(proving, "each", each)
    return seen


def compile_settled(folder: Path) -> None:
    """Compile twice, so that every source had been at rest and all is remembered."""
    ssmd(folder, "compile")
    settle()
    assert ssmd(folder, "compile", "--no-cache") == (0, "")
    touch = folder / "environments" / "binance.yaml"
    touch.write_bytes(touch.read_bytes() + b"# seen\n")
    settle()
    assert ssmd(folder, "compile") == (0, "")


# What is worked out again


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_nothing_changed(workspace, worked):
    compile_settled(workspace)
    worked.clear()
    assert ssmd(workspace, "compile", "-v")[1].startswith("compiled 6 environments into generated/: 0 files written")
    assert worked == []


def test_an_environment_is_alone(workspace, worked):
    compile_settled(workspace)
    worked.clear()
    replace(workspace / "environments/kraken-prod.yaml", "kind: Environment", "kind: Environment  # the same")
    ssmd(workspace, "compile")
    assert worked == ["kraken-prod"]


def test_a_feed_takes_its_environments_with_it(workspace, worked):
    compile_settled(workspace)
    worked.clear()
    replace(workspace / "exchanges/feeds/kalshi.yaml", "kind: Feed", "kind: Feed  # the same")
    ssmd(workspace, "compile")
    assert worked == ["kalshi-dev", "kalshi-prod"]


def test_a_definition_takes_those_that_name_its_schema(workspace, worked):
    compile_settled(workspace)
    worked.clear()
    document = workspace / "schemas/market_status.yaml"
    document.write_bytes(document.read_bytes() + b"# the same\n")
    ssmd(workspace, "compile")
    named = [name for name in ENVIRONMENTS if "market_status" in (workspace / f"environments/{name}.yaml").read_text()]
    assert worked == named
    assert named


def test_the_settings_and_a_template_take_all(workspace, worked):
    compile_settled(workspace)
    worked.clear()
    (workspace / "ssmd.yaml").write_bytes((workspace / "ssmd.yaml").read_bytes() + b"# the same\n")
    ssmd(workspace, "compile")
    assert worked == [*ENVIRONMENTS]
    worked.clear()
    (workspace / "templates").mkdir()
    text = (HERE / "templates/service.yaml.j2").read_text()
    (workspace / "templates/service.yaml.j2").write_text(text + "{# ours #}\n")
    ssmd(workspace, "compile")
    assert worked == [*ENVIRONMENTS]


def test_a_deletion_and_a_new_name_take_no_other(workspace, worked):
    compile_settled(workspace)
    worked.clear()
    (workspace / "environments/binance.yaml").unlink()
    assert ssmd(workspace, "compile")[0] == 0
    assert worked == []
    assert not (workspace / "generated/binance").exists()
    old, new = workspace / "environments/kraken-futures.yaml", workspace / "environments/futures.yaml"
    new.write_text(old.read_text().replace("name: kraken-futures", "name: futures"))
    old.unlink()
    assert ssmd(workspace, "compile")[0] == 0
    assert worked == ["futures"]
    assert not (workspace / "generated/kraken-futures").exists()


def test_what_somebody_did_to_an_output_is_put_right(workspace, worked):
    compile_settled(workspace)
    worked.clear()
    before = generated(workspace)
    (workspace / "generated/kalshi-dev/service.yaml").write_text("kind: Nonsense\n")
    (workspace / "generated/binance/spec.json").unlink()
    ssmd(workspace, "compile")
    assert worked == ["binance", "kalshi-dev"]
    assert generated(workspace) == before


# What is not believed


def same_length_and_times(path: Path, text: str) -> None:
    """Rewrite a file so that its length and its time of writing stay."""
    status = path.stat()
    assert len(text.encode()) == status.st_size
    path.write_text(text)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def forge(workspace: Path) -> bool:
    """Whether a forged time is seen through."""
    compile_settled(workspace)
    path = workspace / "environments/kraken-prod.yaml"
    same_length_and_times(path, path.read_text().replace("BTC", "BTX"))
    before = generated(workspace)
    ssmd(workspace, "compile")
    return generated(workspace) != before


def test_a_forged_time_is_seen_through(workspace):
    assert forge(workspace)


def test_control_a_stamp_without_the_time_of_change_is_fooled(workspace, monkeypatch):
    monkeypatch.setattr(stamps, "stamp", lambda status: f"{status.st_size} {status.st_mtime_ns}".encode())
    assert not forge(workspace)


def race(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether a second write is seen that leaves no trace in the stamp, as when both fall into one tick."""
    path = workspace / "environments/kraken-prod.yaml"
    monkeypatch.setattr(stamps, "stamp", lambda status: f"{status.st_ino} {status.st_size}".encode())
    ssmd(workspace, "compile")
    path.write_text(path.read_text().replace("BTC", "BTX"))
    ssmd(workspace, "compile")  # at once
    before = generated(workspace)
    with path.open("r+b") as file:  # in place: the same file, and as long as before
        content = file.read().replace(b"BTX", b"BTY")
        file.seek(0)
        file.write(content)
    ssmd(workspace, "compile")
    return generated(workspace) != before


def test_two_writes_in_one_tick_are_told_apart(workspace, monkeypatch):
    assert race(workspace, monkeypatch)


def test_control_without_rest_the_second_write_is_missed(workspace, monkeypatch):
    monkeypatch.setattr(stamps, "at_rest", lambda _status, _now: True)
    assert not race(workspace, monkeypatch)


def test_a_copied_workspace_has_no_cache(workspace, tmp_path, worked):
    compile_settled(workspace)
    shutil.copytree(workspace, tmp_path / "copy", copy_function=shutil.copy2)
    worked.clear()
    ssmd(tmp_path / "copy", "compile")
    assert worked == [*ENVIRONMENTS]


# Proofs


def test_what_is_proven_is_not_proven_again(workspace, worked):
    compile_settled(workspace)
    worked.clear()
    assert ssmd(workspace, "validate") == (0, "")
    assert set(worked) == set(ENVIRONMENTS), "compiling alone proves no manifest"
    worked.clear()
    assert ssmd(workspace, "validate") == (0, "")
    assert worked == []
    replace(workspace / "environments/kraken-prod.yaml", "BTC/USD", "LTC/USD")
    settle()
    assert ssmd(workspace, "compile")[0] == 0
    assert worked == ["kraken-prod"]
    worked.clear()
    assert ssmd(workspace, "validate") == (0, "")
    assert worked == ["kraken-prod"]


def test_a_warning_is_told_again_and_where_it_is_allowed_counted(workspace, worked):
    shutil.copy(workspace / "schemas/trade.yaml", workspace / "schemas/spare.yaml")
    replace(workspace / "schemas/spare.yaml", "name: trade", "name: spare")
    ssmd(workspace, "compile")
    settle()
    (workspace / "ssmd.yaml").write_bytes((workspace / "ssmd.yaml").read_bytes() + b"# seen\n")
    settle()
    ssmd(workspace, "compile")
    first = ssmd(workspace, "validate", "-v")
    assert "SSMD" in first[1]
    worked.clear()
    assert ssmd(workspace, "validate", "-v") == first
    assert worked == []


def test_what_is_edited_after_the_proof_is_found(workspace):
    compile_settled(workspace)
    assert [ssmd(workspace, "validate")[0] for _ in range(2)] == [0, 0]
    replace(workspace / "generated/kraken-prod/service.yaml", "kind: Service", "kind: Services")
    code, said = ssmd(workspace, "validate")
    assert code == 1
    assert "SSMD801" in said
    replace(workspace / "generated/kraken-prod/service.yaml", "kind: Services", "kind: Service")
    assert ssmd(workspace, "validate") == (0, "")


def test_what_was_found_in_an_edit_that_is_taken_back_is_not_remembered(workspace, monkeypatch):
    compile_settled(workspace)
    path, prove = workspace / "environments/kraken-prod.yaml", proving.compile
    text = path.read_text()

    def meanwhile(*arguments):
        path.write_text(text.replace("feed: kraken", "feed: kraker"))
        return prove(*arguments)

    monkeypatch.setattr(proving, "compile", meanwhile)
    assert "SSMD201" in ssmd(workspace, "validate")[1]
    monkeypatch.setattr(proving, "compile", prove)
    path.write_text(text)
    assert ssmd(workspace, "validate") == (0, "")


def test_what_the_first_compilation_adds_is_no_change(workspace, worked):
    settle()
    assert ssmd(workspace, "compile") == (0, "")
    ssmd(workspace, "validate")
    worked.clear()
    assert ssmd(workspace, "validate") == (0, "")
    assert worked == []


def test_an_unsaved_file_is_proven_beside_what_is_known(workspace, worked, monkeypatch):
    compile_settled(workspace)
    ssmd(workspace, "validate")
    before = {path.name: path.read_bytes() for path in (workspace / ".ssmd/cache").iterdir()}
    worked.clear()
    path = "environments/kraken-prod.yaml"
    text = (workspace / path).read_text().replace("feed: kraken", "feed: kraker")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    code, said = ssmd(workspace, "validate", "-", "--stdin-path", str(workspace / path))
    assert (code, worked) == (1, ["kraken-prod"])
    assert "did you mean `kraken`" in said
    assert {path.name: path.read_bytes() for path in (workspace / ".ssmd/cache").iterdir()} == before


@pytest.mark.parametrize("name", ["index", "traces"])
@pytest.mark.parametrize(
    "harm",
    [lambda held: held[: len(held) // 2], lambda held: b"", lambda held: held[:100] + b"\xff" + held[101:]],
    ids=["cut", "empty", "flipped"],
)
def test_a_damaged_cache_is_as_good_as_none(workspace, worked, name, harm):
    compile_settled(workspace)
    file = workspace / ".ssmd/cache" / name
    file.write_bytes(harm(file.read_bytes()))
    path = workspace / "environments/kraken-prod.yaml"
    path.write_text(path.read_text() + "# changed\n")
    worked.clear()
    assert ssmd(workspace, "compile") == (0, "")
    assert worked == [*ENVIRONMENTS]


def _leads_out(path: Path) -> None:
    path.rename(path.parents[2] / "outside")
    path.symlink_to("../../outside")


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    "harm",
    [
        _leads_out,
        _fifo,
        lambda path: path.write_bytes(b"#" * (1 << 21)),
        lambda path: path.rename(path.with_name("elsewhere")),
    ],
    ids=["leads-out", "fifo", "too-large", "gone"],
)
@pytest.mark.parametrize("source", ["environments/kalshi-dev.yaml", "schemas/inner/trade.v1.capnp"])
def test_a_source_that_cannot_be_read_any_more_is_told(workspace, source, harm):
    (workspace / "schemas/inner").mkdir()
    (workspace / "schemas/trade.v1.capnp").rename(workspace / "schemas/inner/trade.v1.capnp")
    replace(workspace / "schemas/trade.yaml", "trade.v1.capnp", "inner/trade.v1.capnp")
    compile_settled(workspace)
    for command in ("validate", "compile"):
        assert ssmd(workspace, command) == (0, "")
    harm(workspace / source)
    for command in ("validate", "compile"):
        cold = ssmd(workspace, command, "--no-cache")
        assert cold[0] in (0, 1)
        assert ssmd(workspace, command) == cold


def test_another_compiler_begins_anew(workspace, worked, monkeypatch):
    compile_settled(workspace)
    worked.clear()
    monkeypatch.setattr(store, "identity", lambda: "another")
    ssmd(workspace, "compile")
    assert worked == [*ENVIRONMENTS]


def test_a_link_in_its_place_is_not_followed(workspace, tmp_path, worked):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (workspace / ".ssmd").symlink_to(elsewhere)
    assert ssmd(workspace, "compile") == (0, "")
    assert list(elsewhere.iterdir()) == []
    ssmd(workspace, "compile")
    assert worked == [*ENVIRONMENTS, *ENVIRONMENTS]


def test_where_it_cannot_be_written_nothing_else_changes(workspace, worked):
    (workspace / ".ssmd").write_text("a file\n")
    assert ssmd(workspace, "compile") == (0, "")
    assert ssmd(workspace, "compile") == (0, "")
    assert worked == [*ENVIRONMENTS, *ENVIRONMENTS]


def test_no_cache_reads_and_writes_none(workspace, worked):
    ssmd(workspace, "compile", "--no-cache")
    assert not (workspace / ".ssmd").exists()
    compile_settled(workspace)
    worked.clear()
    ssmd(workspace, "compile", "--no-cache")
    assert worked == [*ENVIRONMENTS]


def test_it_holds_no_value_that_may_be_a_secret(workspace):
    canary = "sk-live-4eC39HqLyjWDarjtT1zdp7dc"
    path = workspace / "environments/kalshi-dev.yaml"
    path.write_text(path.read_text() + f"  # {canary}\n")
    ssmd(workspace, "compile")
    settle()
    path.write_text(path.read_text().replace("spec:", f"spec:\n  description: {canary}", 1))
    ssmd(workspace, "compile")
    held = b"".join(file.read_bytes() for file in (workspace / ".ssmd/cache").iterdir())
    assert canary.encode() not in held
    assert all(file.stat().st_mode & 0o077 == 0 for file in (workspace / ".ssmd/cache").iterdir())


def test_what_is_allowed_is_held_by_its_file_alone(workspace, worked):
    """An allowed error could quote a value."""
    replace(workspace / "schemas/market_status.yaml", "status: active", "status: deprecated")
    for path in (workspace / "environments").iterdir():
        replace(path, "\nspec:", "\n# ssmd: allow SSMD306 until 2999-12-31 -- later\nspec:")
    settle()
    ssmd(workspace, "compile")
    code, said = ssmd(workspace, "validate")
    assert (code, "is deprecated" in said) == (0, False)
    worked.clear()
    assert ssmd(workspace, "validate")[1] == said
    assert worked == [], "it is remembered"
    assert b"is deprecated" not in (workspace / ".ssmd/cache/index").read_bytes()


# Whatever happens


def _edit(path: str, old: str, new: str):
    def act(folder: Path) -> None:
        file = folder / path
        if file.is_file():
            file.write_text(file.read_text().replace(old, new))

    return act


def _gone(path: str):
    return lambda folder: (folder / path).unlink(missing_ok=True)


def _put(path: str, text: str):
    def act(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if not (folder / path).is_dir():
            (folder / path).unlink(missing_ok=True)
            (folder / path).write_text(text)

    return act


def _linked(path: str, target: str):
    def act(folder: Path) -> None:
        (folder / path).unlink(missing_ok=True)
        (folder / path).symlink_to(target)

    return act


def _read(path: str) -> str:
    return (HERE / path).read_text()


ACTS = {
    "an environment changes": _edit("environments/kraken-prod.yaml", "BTC", "ETH"),
    "and back": _edit("environments/kraken-prod.yaml", "ETH", "BTC"),
    "an environment breaks": _edit("environments/kalshi-dev.yaml", "feed: kalshi", "feed: kalsi"),
    "and is mended": _edit("environments/kalshi-dev.yaml", "feed: kalsi\n", "feed: kalshi\n"),
    "an environment goes": _gone("environments/binance.yaml"),
    "an environment comes": _put("environments/binance.yaml", _read("environments/binance.yaml")),
    "one of another name": _put(
        "environments/other.yaml",
        _read("environments/kalshi-dev.yaml").replace("name: kalshi-dev", "name: other").replace("9.6", "9.7"),
    ),
    "which goes": _gone("environments/other.yaml"),
    "a feed changes": _edit("exchanges/feeds/kraken.yaml", "display_name: Kraken", "display_name: Kraken Spot"),
    "a feed goes": _gone("exchanges/feeds/kraken.yaml"),
    "a feed comes": _put("exchanges/feeds/kraken.yaml", _read("exchanges/feeds/kraken.yaml")),
    "a feed breaks": _edit("exchanges/feeds/kalshi.yaml", "type: websocket", "type: wobsocket"),
    "the feed is mended": _edit("exchanges/feeds/kalshi.yaml", "type: wobsocket", "type: websocket"),
    "a definition changes": _edit("schemas/orderbook.capnp", "struct", "# new\nstruct"),
    "a definition goes": _gone("schemas/trade.v2.capnp"),
    "a definition comes": _put("schemas/trade.v2.capnp", _read("schemas/trade.v2.capnp")),
    "a schema is deprecated": _edit("schemas/market_status.yaml", "status: active", "status: deprecated"),
    "a schema is active": _edit("schemas/market_status.yaml", "status: deprecated", "status: active"),
    "the namespace changes": _edit("ssmd.yaml", "namespace: ", "namespace: x"),
    "the settings go": _gone("ssmd.yaml"),
    "the settings come": _put("ssmd.yaml", _read("ssmd.yaml")),
    "a template of our own": _put("templates/service.yaml.j2", _read("templates/service.yaml.j2") + "# ours\n"),
    "which breaks": _edit("templates/service.yaml.j2", "kind: Service", "kind: {{ nothing }}"),
    "which goes again": _gone("templates/service.yaml.j2"),
    "a stranger among the sources": _put("environments/other.yml", "x: y\n"),
    "the stranger goes": _gone("environments/other.yml"),
    "a linked environment": _linked("environments/linked.yaml", "../elsewhere.yaml"),
    "what it leads to": _put("elsewhere.yaml", _read("environments/kalshi-dev.yaml").replace("kalshi-dev", "linked")),
    "the link goes": _gone("environments/linked.yaml"),
    "an output is edited": _put("generated/kraken-prod/service.yaml", "kind: Nonsense\n"),
    "an output is lost": _gone("generated/kalshi-prod/spec.json"),
    "an output is a link": _linked("generated/kalshi-dev/spec.json", "../../ssmd.yaml"),
    "a stranger among the outputs": _put("generated/kalshi-dev/mine.yaml", "kind: Mine\n"),
    "the seal is lost": _gone("generated/ssmd.lock.json"),
    "the seal is torn": _put("generated/ssmd.lock.json", "{"),
    "an output folder goes": lambda folder: shutil.rmtree(folder / "generated/polymarket", ignore_errors=True),
    "all outputs go": lambda folder: shutil.rmtree(folder / "generated", ignore_errors=True),
    "time passes": lambda _: settle(),
}
COMMANDS = (
    ("compile",),
    ("compile", "-v"),
    ("compile", "--check"),
    ("compile", "--as-of", DAY),
    ("compile", "--as-of", "2023-01-01"),
    ("compile", "kraken-prod", "kalshi-dev"),
    ("validate",),
)
STEP = st.one_of(st.sampled_from(sorted(ACTS)), st.sampled_from(COMMANDS))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(STEP, min_size=2, max_size=9))
def test_it_never_lies(tmp_path_factory, steps):
    folder = sources(tmp_path_factory.mktemp("warm"))
    ssmd(folder, "compile")
    settle()
    for step in (*steps, ("compile",)):
        if isinstance(step, str):
            ACTS[step](folder)
            continue
        cold = tmp_path_factory.mktemp("cold") / "copy"
        shutil.copytree(folder, cold, symlinks=True, ignore=shutil.ignore_patterns(".ssmd"))
        assert ssmd(folder, *step) == ssmd(cold, *step)
        assert generated(folder) == generated(cold)
        shutil.rmtree(cold)
    shutil.rmtree(folder)
