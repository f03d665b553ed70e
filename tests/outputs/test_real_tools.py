"""What ssmd writes, held against the programs that will read it: schemas, kustomize, kube-score, Prometheus."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from captures import DATE, WORKSPACES, generate
from real import kubeconform, tool

from ssmd_compiler.alerts import ALERTS
from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.source import DirectoryTree

REPOSITORY = Path(__file__).resolve().parents[2]
TREES = ["own", *WORKSPACES]


@pytest.fixture(scope="module")
def trees(tmp_path_factory) -> dict[str, Path]:
    """`generated/` of the repository's own workspace and of the synthetic ones."""
    root = tmp_path_factory.mktemp("generated")
    own = compile(DirectoryTree(REPOSITORY), Options(DATE))
    assert not own.failed, own.diagnostics
    for path, content in own.outputs.items():
        (root / "own" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "own" / path).write_bytes(content)
    return {"own": root / "own"} | {name: generate(files, root / name) for name, files in WORKSPACES.items()}


def run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool(name), *arguments], capture_output=True, text=True, check=False)


def documents(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.yaml") if path.name != "kustomization.yaml")


# Schemas


@pytest.mark.parametrize("tree", TREES)
def test_every_document_passes_its_schema(trees, tree):
    command = [
        *kubeconform(),
        "-summary",
        "-output",
        "json",
        "-skip",
        "Kustomization",
        "-ignore-filename-pattern",
        r"\.json$",
    ]
    done = subprocess.run([*command, trees[tree]], capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    folders = len(list(trees[tree].rglob("kustomization.yaml")))
    written = sum(len(list(yaml.safe_load_all(path.read_text()))) for path in documents(trees[tree]))
    expected = {"valid": written, "invalid": 0, "errors": 0, "skipped": folders}
    assert (found["resources"], found["summary"]) == ([], expected)


@pytest.mark.parametrize("tree", TREES)
def test_kustomize_builds_every_folder_whole(trees, tree):
    folders = sorted(path.parent for path in trees[tree].rglob("kustomization.yaml"))
    assert folders
    for folder in folders:
        listed = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
        assert sorted(listed) == [path.name for path in documents(folder)], "each file is listed once"
        built = run("kustomize", "build", folder)
        assert (built.returncode, built.stderr) == (0, "")
        made = list(yaml.safe_load_all(built.stdout))
        written = [one for name in listed for one in yaml.safe_load_all((folder / name).read_text())]
        assert _by_identity(made) == _by_identity(written), "kustomize reads what was written"


def _by_identity(found: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    named = {(one["kind"], one["metadata"]["name"]): one for one in found}
    assert len(named) == len(found)
    return named


# kube-score

EXPLAINED: dict[str, str] = yaml.safe_load((REPOSITORY / "tools/cluster/explained.yaml").read_text())
"""What kube-score says and stays, and why."""


@pytest.mark.parametrize("tree", TREES)
def test_kube_score_finds_nothing_that_is_not_explained(trees, tree):
    done = run("kube-score", "score", "--output-format", "json", *documents(trees[tree]))
    assert set(criticals(done.stdout)) <= EXPLAINED.keys()


def criticals(scored: str) -> list[str]:
    """What kube-score calls critical; a check that it skipped has that grade too, and says nothing."""
    checks = [check for one in json.loads(scored) for check in one["checks"] if not check["skipped"]]
    return [
        comment["summary"] for check in checks if check["grade"] == CRITICAL for comment in check["comments"] or ("?",)
    ]


CRITICAL = 1


# Prometheus


@pytest.mark.parametrize("tree", TREES)
def test_promtool_accepts_every_rule(trees, tree, tmp_path):
    found = sorted(trees[tree].rglob("prometheusrule.yaml"))
    assert found
    for path in found:
        checked = run("promtool", "check", "rules", "--lint-fatal", extracted(path, tmp_path / "rules.yaml"))
        assert checked.returncode == 0, checked.stderr
        count = sum(len(group["rules"]) for group in yaml.safe_load(path.read_text())["spec"]["groups"])
        assert f"SUCCESS: {count} rules found" in checked.stdout


def extracted(path: Path, target: Path) -> Path:
    """The rules of a PrometheusRule as Prometheus itself reads them."""
    target.write_text(yaml.safe_dump({"groups": yaml.safe_load(path.read_text())["spec"]["groups"]}))
    return target


def test_an_environment_says_what_its_alerts_are(trees):
    """`rich` re-thresholds one alert and switches another off; `local` takes them as they come."""
    rich, local = (_rules(trees["everything"] / name) for name in ("rich", "local"))
    assert set(local) == {rule.name for rule in ALERTS}
    assert set(local) - set(rich) == {"HighErrorRate"}
    assert {
        (rules["ConnectorHighLag"]["for"], rules["ConnectorHighLag"]["labels"]["severity"]) for rules in (rich, local)
    } == {
        ("5m", "critical"),
        ("1m", "warning"),
    }


def _rules(folder: Path) -> dict[str, Any]:
    document = yaml.safe_load((folder / "prometheusrule.yaml").read_text())
    return {rule["alert"]: rule for group in document["spec"]["groups"] for rule in group["rules"]}
