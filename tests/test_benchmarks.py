"""The benchmarks, tiny: rows that need no installation run, and the judges of outputs tell right from wrong."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tools.real import tool

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def modules(monkeypatch):
    """The benchmarks' own modules, for this test alone."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def run(tmp_path, *only, size=2):
    arguments = ["--sizes", str(size), "--runs", "1", "--scratch", tmp_path, "--json", tmp_path / "figures.json"]
    command = [sys.executable, ROOT / "benchmarks/compile.py", *arguments, "--only", ";".join(only)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (figures,) = json.loads((tmp_path / "figures.json").read_text())["sizes"]
    return done.stdout, {one["name"]: one for one in figures["contestants"]}


def test_rows_of_ssmd_and_the_floor(tmp_path):
    shown, rows = run(tmp_path, "compile", "compile, environment deleted", "validate - --stdin-path", "floor")
    assert all(row["problem"] is None and len(row["runs"]) == 1 for row in rows.values())
    assert rows["compile"]["produced"]["contents"] == rows["floor"]["produced"]["contents"]
    assert 0 < rows["compile, environment deleted"]["produced"]["objects"] < rows["compile"]["produced"]["objects"]
    assert "python benchmarks/compile.py --sizes 2 --runs 1" in shown
    assert re.search(r"(?m)^\| `floor` +\| +\d+\.\d\d / \d+\.\d\d \| all but", shown)


def test_what_is_watched_follows_a_change_as_a_compile_does(tmp_path):
    command = [sys.executable, ROOT / "benchmarks/watching.py", "--sizes", "2", "--runs", "2", "--scratch", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"(?m)^\| 2 \| \d+\.\d\d s, \d+\.\d\d s \| \d+\.\d\d s, \d+\.\d\d s \| \d+\.\d\d \|$", done.stdout)


def test_kustomize_writes_what_is_due(tmp_path):
    tool("kustomize")
    _, rows = run(tmp_path, "kustomize", size=4)
    ((name, row),) = rows.items()
    assert name.startswith("kustomize 5")
    assert row["problem"] is None
    assert row["produced"]["objects"] > 4 * 15


@pytest.fixture
def workspace(tmp_path):
    import trees

    trees.write(tmp_path / "tree", trees.tree(2))
    return tmp_path / "tree"


@pytest.mark.parametrize(
    ("change", "gone", "new", "touched"),
    [
        ("one environment changed", 0, 0, 1),
        ("one feed changed", 0, 0, 1),
        ("environment deleted", 1, 0, 0),
        ("environment renamed", 1, 1, 0),
    ],
)
def test_a_change_changes_that_and_never_the_same_way_twice(workspace, change, gone, new, touched):
    from workspaces import CHANGES

    def files():
        return {path: path.read_text() for path in workspace.rglob("*") if path.is_file()}

    before = files()
    CHANGES[change](workspace, 0)
    after = files()
    assert len(before.keys() - after.keys()) == gone
    assert len(after.keys() - before.keys()) == new
    assert sum(before[path] != after[path] for path in before.keys() & after.keys()) == touched
    CHANGES[change](workspace, 1)
    assert files() not in (before, after)


def produced(tmp_path, documents):
    from produced import inspect

    (tmp_path / "out").mkdir(exist_ok=True)
    (tmp_path / "out/all.yaml").write_text(yaml.safe_dump_all(documents))
    return inspect(tmp_path / "out")


def document(kind, namespace="a"):
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x", "namespace": namespace}}


def test_wrong_kinds_and_numbers_are_told(tmp_path):
    from produced import wrong

    right = [document("Role"), document("Service"), document("Service", "b")]
    due = {"a": {"Role": 1, "Service": 1}, "b": {"Service": 1}}
    assert wrong(produced(tmp_path, right), due, ()) is None
    assert wrong(produced(tmp_path, right[:2]), due, ()) == "wrote 0 Service of b where 1 were due"
    assert wrong(produced(tmp_path, [*right, document("Role")]), due, ()) == "wrote 2 Role of a where 1 were due"
    moved = [document("Role"), document("Service", "b"), document("Service", "b")]
    assert wrong(produced(tmp_path, moved), due, ()) == "wrote 0 Service of a where 1 were due"
    assert wrong(produced(tmp_path, right[1:]), due, ()) == "wrote 0 Role of a where 1 were due"
    assert wrong(produced(tmp_path, right[1:]), due, {"Role"}) is None
    assert wrong(produced(tmp_path, right), due, {"Role"}) == "wrote 1 Role of a where 0 were due"


def test_peers_that_disagree_are_told(tmp_path, monkeypatch):
    import rounds
    from contestant import Case, Contestant

    def result(name, labels, **more):
        role = document("Role")
        role["metadata"]["labels"] = labels
        one = Contestant(name, "", setup=print, command=print, peer=True, **more)
        return rounds.Result(one, produced=produced(tmp_path, [role]))

    monkeypatch.setattr(rounds, "expected", lambda _tree: {"a": {"Role": 1}})
    results = [
        result("one", {"x": '{"a": 1, "b": 2}', "checksum/y": "1"}),
        result("same", {"x": '{"b": 2, "a": 1}', "checksum/y": "2"}),
        result("other", {"x": '{"a": 1, "b": 3}'}),
        result("own", {"x": "y"}, own_names=True),
        result("lacking", {}, lacks=frozenset({"Role"})),
    ]
    rounds.judge_peers(Case(1, 1, tmp_path, 60), results)
    assert [one.problem for one in results] == [
        None,
        None,
        "wrote other documents of kind Role than one",
        None,
        "wrote 1 Role of a where 0 were due",
    ]


def test_ratios_are_paired_where_both_ran_in_every_round():
    from measure import Cost, ratio

    base = [Cost(1, 1, 0), Cost(10, 10, 0), Cost(2, 2, 0)]
    assert ratio([Cost(2, 3, 0), Cost(20, 30, 0), Cost(40, 60, 0)], base) == (2, 3)
    assert ratio([Cost(4, 4, 0)], base) == (2, 2)


def test_a_peer_beyond_the_limit_is_left_out_of_larger_sizes_and_ssmd_is_not():
    from contestant import Contestant
    from measure import Cost
    from rounds import Result

    def slow(*, peer):
        return Result(Contestant("slow", "", setup=print, command=print, peer=peer), runs=[Cost(61.2, 1, 0)])

    assert slow(peer=True).beyond(60) == "took 61 s"
    assert slow(peer=True).beyond(62) is None
    assert slow(peer=False).beyond(60) is None
