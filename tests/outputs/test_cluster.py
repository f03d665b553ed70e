"""`make cluster` in short: one server a session, a few trees applied twice; and what is wrong with a tree is found."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from captures import DATE, WORKSPACES, generate
from cluster import api, checks, programs, server
from cluster.__main__ import NEEDED, main
from cluster.api import Cluster, drifts
from cluster.programs import Finding
from cluster.trees import Tree
from examples import write
from real import needed

from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.source import DirectoryTree

REPOSITORY = Path(__file__).resolve().parents[2]
OWN = "kalshi-prod"


@pytest.fixture(scope="session", autouse=True)
def _built() -> None:
    needed(NEEDED)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A server that knows our kinds."""
    with server.serving() as running:
        found = Cluster(running)
        found.install()
        yield found


@pytest.fixture(scope="module")
def trees(tmp_path_factory) -> dict[str, Tree]:
    """One environment of ours, with what Argo CD is given; and the synthetic workspaces."""
    root = tmp_path_factory.mktemp("trees")
    own = compile(DirectoryTree(REPOSITORY), Options(DATE)).outputs
    write({path: text for path, text in own.items() if path.split("/")[0] in (OWN, "argocd")}, root / "own")
    made = {name: Tree(generate(files, root / name)) for name, files in WORKSPACES.items()}
    return {"own": Tree(root / "own"), **made}


# What we write


@pytest.mark.parametrize("tree", ["own", *WORKSPACES])
@pytest.mark.parametrize("check", checks.CHECKS)
def test_a_tool_finds_nothing(trees, tree, check):
    assert checks.CHECKS[check](trees[tree])


@pytest.mark.parametrize("tree", ["own", *WORKSPACES])
def test_the_server_takes_a_tree_twice_and_keeps_it_as_it_is(cluster, trees, tree):
    said = {name: step(trees[tree]) for name, step in cluster.steps.items()}
    assert said["diff"] == "nothing to show"
    assert said["apply again"] == f"{len(trees[tree].written)} objects, none changed"


def test_every_explanation_is_of_something(trees):
    """Of kube-score's findings: what is mended needs no explanation any more."""
    said = "\n".join(
        programs.run("kube-score", "score", "--output-format", "json", *tree.files, accept=(0, 1))
        for tree in trees.values()
    )
    assert [words for words in checks.EXPLAINED if f'"{words}"' not in said] == []


# Controls: each mistake, and who finds it

Look = Callable[[Cluster, Tree], object]


def tool(name: str) -> Look:
    return lambda _cluster, tree: checks.CHECKS[name](tree)


def dry_run(cluster: Cluster, tree: Tree) -> None:
    cluster.namespaces(tree)
    cluster.dry_run(tree)


def apply(cluster: Cluster, tree: Tree) -> None:
    cluster.namespaces(tree)
    cluster.apply(tree)


def drift(cluster: Cluster, tree: Tree) -> None:
    apply(cluster, tree)
    cluster.drift(tree)


DEPLOYMENT, SERVICE, CRONJOB = "rich/deployment-crypto.yaml", "rich/service.yaml", "rich/cronjob-day-start.yaml"
# What is replaced in which file; who finds it, and in which words.
MISTAKES: dict[str, tuple[str, str, str, Look, str]] = {
    "an unknown field": (DEPLOYMENT, "imagePullPolicy", "imagePullPolice", tool("kubeconform"), "imagePullPolice"),
    "an unknown field, at the server": (DEPLOYMENT, "imagePullPolicy", "imagePullPolice", dry_run, "field not declared"),
    "PromQL": ("rich/prometheusrule.yaml", " > 0", " > > 0", tool("promtool"), "parse error"),
    "an annotation's template": (
        "rich/prometheusrule.yaml",
        "$labels.environment }}",
        "$label.environment }}",
        tool("promtool"),
        "undefined variable",
    ),
    "a privileged container": (DEPLOYMENT, "privileged: false", "privileged: true", tool("kube-score"), "privileged"),
    "a file that is not listed": ("rich/kustomization.yaml", "- configmap", "# - configmap", tool("kustomize"), "rich-spec"),
    "a file that is not there": ("rich/kustomization.yaml", "service.yaml", "servise.yaml", tool("kustomize"), "servise"),
    "a bad name": (SERVICE, "name: rich-connector", "name: Rich_Connector", dry_run, 'Invalid value: "Rich_Connector"'),
    "a service port's name": (SERVICE, "- name: http", f"- name: {'a' * 64}", dry_run, "no more than 63"),
    "a container port's name": (DEPLOYMENT, "- name: http", "- name: a-name-of-a-port", dry_run, "no more than 15"),
    "a minute of the day": (CRONJOB, "25 9 * * *", "61 9 * * *", dry_run, "61"),
    "a time zone": (CRONJOB, "America/New_York", "America/Nowhere", dry_run, "unknown time zone"),
    "a selector of other pods": (
        DEPLOYMENT,
        "matchLabels:\n      app.kubernetes.io/name: ssmd",
        "matchLabels:\n      app.kubernetes.io/name: other",
        dry_run,
        "`selector` does not match template `labels`",
    ),
    "a request above its limit": (DEPLOYMENT, 'cpu: "250m"', "cpu: 9", dry_run, "must be less than or equal to cpu"),
    "a pod that runs as root": (DEPLOYMENT, "runAsNonRoot: true", "runAsNonRoot: false", dry_run, "violate PodSecurity"),
    "a word that the resource's definition does not know": (
        "rich/nats.yaml",
        "retention: limits",
        "retention: forever",
        dry_run,
        'Unsupported value: "forever"',
    ),
    "a quantity that the server spells otherwise": (
        DEPLOYMENT,
        'memory: "128Mi"',
        "memory: 131072Ki",
        drift,
        'declared "131072Ki", and the server has "128Mi"',
    ),
    "a default inside of a list": (
        "rich/podmonitor.yaml",
        "- action: replace\n          targetLabel",
        "- targetLabel",
        drift,
        '"action": "replace"',
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_control_a_mistake_is_found(cluster, tmp_path, mistake):
    file, right, wrong, look, words = MISTAKES[mistake]
    folder = generate(WORKSPACES["everything"], tmp_path)
    text = (folder / file).read_text()
    assert right in text
    (folder / file).write_text(text.replace(right, wrong, 1))
    with pytest.raises(Finding) as found:
        look(cluster, Tree(folder))
    assert words in str(found.value)


@pytest.mark.parametrize("mistake", [name for name in MISTAKES if MISTAKES[name][3] is dry_run])
def test_control_what_only_the_server_sees_is_unseen_by_schemas(tmp_path, mistake):
    """Or it would be no reason to start one. A schema may know of fields and words, and of nothing else here."""
    file, right, wrong, *_ = MISTAKES[mistake]
    folder = generate(WORKSPACES["everything"], tmp_path)
    (folder / file).write_text((folder / file).read_text().replace(right, wrong, 1))
    if mistake.startswith(("an unknown field", "a word")):
        with pytest.raises(Finding):
            checks.kubeconform(Tree(folder))
    else:
        checks.kubeconform(Tree(folder))


def test_control_a_second_apply_that_changes_something_is_found(cluster, tmp_path, monkeypatch):
    """Claims, of which the server stores a default with its second write, where nothing was before."""
    monkeypatch.setattr(api, "SETTLING", frozenset())
    elsewhere = WORKSPACES["everything"] | {"ssmd.yaml": b"namespace: elsewhere\n"}
    tree = Tree(generate(elsewhere, tmp_path))
    apply(cluster, tree)
    with pytest.raises(Finding, match=r"PersistentVolumeClaim \S+ changed when it was applied again"):
        cluster.apply_again(tree)


def test_control_what_differs_is_shown(cluster, trees, tmp_path):
    apply(cluster, trees["minimal"])
    folder = generate(WORKSPACES["minimal"], tmp_path)
    path = folder / "dev/deployment.yaml"
    path.write_text(path.read_text().replace("replicas: 1", "replicas: 2"))
    with pytest.raises(Finding, match=r"\+  replicas: 2"):
        cluster.diff(Tree(folder))


@pytest.mark.parametrize(
    ("declared", "live", "exact", "expected"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}, True, []),
        ({"a": 1}, {}, False, [".a: declared 1, and the server has null"]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]}, False, []),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]}, True, ['.a: declared [{"b": 1}], and the server has [{"b": 1, "c": 2}]']),
        ({"a": [1]}, {"a": [1, 2]}, False, [".a: declared [1], and the server has [1, 2]"]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, False, [".a[0].b: declared 1, and the server has 2"]),
        ({"a": 1}, None, False, [': declared {"a": 1}, and the server has null']),
    ],
)  # fmt: skip
def test_drift_is_what_is_declared_and_is_not_there(declared, live, exact, expected):
    assert list(drifts(declared, live, exact=exact)) == expected


# The command


def test_it_says_what_is_missing_in_one_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(programs, "BUILT", tmp_path)
    assert main([str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "promtool is not built: run `tools/build promtool` (with Go" in said.err


def test_it_stops_where_something_is_wrong(tmp_path, capsys):
    folder = generate(WORKSPACES["minimal"], tmp_path)
    (folder / "dev/service.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: a, nmae: b}\n")
    assert main([str(folder)]) == 1
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.splitlines()[2].startswith("  kubeconform  failed")
    assert "'nmae' not allowed" in said.out.splitlines()[3]


def test_its_programs_end_with_it_and_a_port_that_is_taken_is_no_end(monkeypatch):
    free = server._free_ports
    with socket.create_server(("127.0.0.1", 0)) as taken:
        answers = iter([[taken.getsockname()[1], *free(2)]])
        monkeypatch.setattr(server, "_free_ports", lambda count: next(answers, None) or free(count))
        with pytest.raises(KeyboardInterrupt), server.serving() as running:  # noqa: PT012 -- ended while it serves
            assert [process.poll() for process in running.processes] == [None, None]
            raise KeyboardInterrupt
    assert next(answers, None) is None
    assert None not in [process.poll() for process in running.processes]
    assert not running.kubeconfig.exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="children are looked up in /proc")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_its_programs_end_when_it_is_told_to(tmp_path, sent, code):
    folder = generate(WORKSPACES["minimal"], tmp_path)
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "tools")}
    command = [sys.executable, "-m", "cluster", folder]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout
        for line in running.stdout:
            if line.startswith("  start"):
                break
        started = children(running.pid)
        running.send_signal(sent)
        running.stdout.read()
    assert running.returncode == code
    assert len(started) >= 2
    for pid in started:
        wait_for_end_of(pid)


def wait_for_end_of(pid: str) -> None:
    """It was killed; whoever inherits it may be a moment late in noticing."""
    for _ in range(500):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state in "ZX":
            return
        time.sleep(0.02)
    pytest.fail(f"{pid} runs on")


def children(parent: int) -> list[str]:
    stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]
    return [stat.split()[0] for stat in stats if stat.rpartition(")")[2].split()[1] == str(parent)]
