"""Our tools are the pinned ones, tell right from wrong, and need no network for it."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from real import kubeconform, schemas, tool

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = REPOSITORY / "tools" / "build"

HOW_TO_ASK_ITS_VERSION = {
    "actionlint": "-version",
    "etcd": "--version",
    "kube-apiserver": "--version",
    "kube-score": "version",
    "kubeconform": "-v",
    "kubectl": "version --client",
    "kubeseal": "--version",
    "kustomize": "version",
    "promtool": "--version",
}

# A request that left this machine would go to the discard port, and fail.
OFFLINE = os.environ | dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: kalshi}
spec:
  selector: {matchLabels: {app: kalshi}}
  template:
    metadata: {labels: {app: kalshi}}
    spec:
      containers:
        - name: collector
          image: example.com/collector:1
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /ready, port: http}}
          resources: {requests: {cpu: 1, memory: 256Mi}}
"""

RULE = """\
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: kalshi, labels: {release: prometheus}}
spec:
  groups:
    - name: kalshi
      rules:
        - {alert: Silent, expr: up == 0, for: 5m, labels: {severity: page}}
"""

MONITOR = """\
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: kalshi}
spec:
  selector: {matchLabels: {app: kalshi}}
  podMetricsEndpoints: [{port: http, interval: 30s}]
"""

SEALED_SECRET = """\
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: kalshi, namespace: ssmd}
spec:
  encryptedData: {api-key: AgBy}
  template: {metadata: {name: kalshi, namespace: ssmd}, type: Opaque}
"""

APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: kalshi, namespace: argocd}
spec:
  project: ssmd
  source: {repoURL: "https://example.com/ssmd.git", path: generated/kalshi, targetRevision: main}
  destination: {server: "https://kubernetes.default.svc", namespace: ssmd}
"""

PROJECT = """\
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: ssmd, namespace: argocd}
spec:
  sourceRepos: ["https://example.com/ssmd.git"]
  destinations: [{server: "https://kubernetes.default.svc", namespace: ssmd}]
"""

# What a person could get wrong: the document, the text to replace, its replacement, and words of the complaint.
MISTAKES = {
    "unknown property": (DEPLOYMENT, "image:", "imgae:", "'imgae' not allowed"),
    "wrong type": (DEPLOYMENT, "containerPort: 8080", 'containerPort: "8080"', "want integer"),
    "null": (DEPLOYMENT, "path: /ready", "path: null", "got null, want string"),
    "label that is no string": (DEPLOYMENT, "labels: {app: kalshi}", "labels: {app: 1}", "want string"),
    "required property missing": (
        DEPLOYMENT,
        "- name: collector\n          image",
        "- image",
        "missing property 'name'",
    ),
    "property given twice": (
        DEPLOYMENT,
        "metadata: {name: kalshi}",
        "metadata: {name: a, name: b}",
        "already set in map",
    ),
    "version of no kind": (DEPLOYMENT, "apps/v1", "apps/v2", "could not find schema for Deployment"),
    "custom resource, unknown property": (RULE, "expr:", "query:", "missing property 'expr'"),
    "custom resource, wrong type": (RULE, "rules:\n        - ", "rules: ", "want array"),
    "custom resource, pattern": (RULE, "for: 5m", "for: 5 minutes", "does not match pattern"),
    "custom resource, metadata": (RULE, "labels: {release", "lables: {release", "'lables' not allowed"),
    "monitor": (MONITOR, "interval: 30s", "intervall: 30s", "'intervall' not allowed"),
    "sealed secret": (SEALED_SECRET, "encryptedData", "data", "missing property 'encryptedData'"),
    "application": (APPLICATION, "targetRevision", "revision", "'revision' not allowed"),
    "project": (PROJECT, 'sourceRepos: ["https://example.com/ssmd.git"]', "sourceRepos: all", "want array"),
}


@pytest.fixture(scope="session")
def pins() -> dict[str, str]:
    """Name and pinned version of everything that tools/build knows."""
    listed = subprocess.run([BUILD, "--list"], capture_output=True, text=True, check=True).stdout
    return dict(line.split()[:2] for line in listed.splitlines())


@pytest.mark.parametrize("name", HOW_TO_ASK_ITS_VERSION)
def test_it_starts_and_tells_the_pinned_version(name, pins):
    command = [tool(name), *HOW_TO_ASK_ITS_VERSION[name].split()]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert re.search(rf"(^|\s)v?{re.escape(pins[name][1:])}\b", answer.stdout), f"run `tools/build {name}`"


def test_none_is_forgotten_above(pins):
    assert {*HOW_TO_ASK_ITS_VERSION, "crds", "schemas", "yaml-language-server"} == set(pins)


def test_what_two_of_them_pin_they_pin_alike(pins):
    schemas_pins = _required("schemas")
    assert schemas_pins["github.com/bitnami-labs/sealed-secrets"] == pins["kubeseal"]
    assert _required("crds").items() <= schemas_pins.items()
    assert {pins[name] for name in ("kube-apiserver", "kubectl")} == {schemas_pins["k8s.io/kubernetes"]}
    assert _required("kube-apiserver")["go.etcd.io/etcd/client/v3"] == pins["etcd"]


def _required(name: str) -> dict[str, str]:
    pins = (REPOSITORY / "tools" / name / "go.mod").read_text()
    return dict(re.findall(r"^\s+(\S+) (v\S+)", pins, re.MULTILINE))


def test_what_kubernetes_replaces_is_of_its_own_version(pins):
    for name in ("kube-apiserver", "kubectl"):
        text = (REPOSITORY / "tools" / name / "go.mod").read_text()
        replaced = re.findall(r"^\t(k8s\.io/\S+) => (\S+) (v\S+)$", text, re.MULTILINE)
        assert len(replaced) > 20
        assert {version for *_, version in replaced} == {pins[name].replace("v1.", "v0.")}
        assert [old for old, *_ in replaced] == [new for _, new, _ in replaced]


@pytest.mark.parametrize("name", ["crds", "schemas"])
def test_every_source_of_documents_is_hashed(name):
    directory = REPOSITORY / "tools" / name
    required = re.findall(r"^\s+(\S+ v\S+)$", (directory / "go.mod").read_text(), re.MULTILINE)
    hashed = re.findall(r"^(\S+ v\S+) h1:", (directory / "go.sum").read_text(), re.MULTILINE)
    assert sorted(hashed) == sorted([*required, *(f"{module}/go.mod" for module in required)])


@pytest.mark.parametrize("kind", ["Stream", "Consumer"])
def test_nack_is_written_down_twice_alike(kind):
    """As a resource's definition for the server, and as a schema; both by hand, since nothing can pin it."""
    definitions = yaml.safe_load_all((REPOSITORY / "tools/crds/nack.yaml").read_text())
    (spec,) = [one["spec"] for one in definitions if one["spec"]["names"]["kind"] == kind]
    (version,) = spec["versions"]
    (folder,) = schemas().iterdir()
    path = folder / f"{kind}-{spec['group'].partition('.')[0]}-{version['name']}.json".lower()
    written = json.loads(path.read_text())["properties"]["spec"]
    defined = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert dict(_fields(written)) == dict(_fields(defined))


def _fields(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Each field with its type, the words that it may be, and the bounds of its value."""
    for name, field in schema.get("properties", {}).items():
        yield f"{path}.{name}", tuple(field.get(word) for word in ("type", "enum", "minimum"))
        yield from _fields(field, f"{path}.{name}")
        yield from _fields(field.get("items", {}), f"{path}.{name}[]")


def test_the_schemas_are_those_of_the_pinned_kubernetes(pins):
    assert [path.name for path in schemas().iterdir()] == [f"{pins['schemas']}-standalone-strict"]


@pytest.mark.parametrize("document", [DEPLOYMENT, RULE, MONITOR, SEALED_SECRET, APPLICATION, PROJECT])
def test_kubeconform_accepts_what_is_right(document):
    assert conform(document) == (0, "")


@pytest.mark.parametrize("mistake", MISTAKES)
def test_kubeconform_rejects_what_is_wrong(mistake):
    document, right, wrong, complaint = MISTAKES[mistake]
    assert document.count(right) == 1
    code, output = conform(document.replace(right, wrong))
    assert code == 1
    assert complaint in output


def test_promtool_parses_rules(tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text("groups: [{name: a, rules: [{alert: Silent, expr: up == 0}]}]")
    assert run("promtool", "check", "rules", rules).returncode == 0
    rules.write_text("groups: [{name: a, rules: [{alert: Silent, expr: up ==}]}]")
    assert run("promtool", "check", "rules", rules).returncode == 1


def test_kustomize_builds_a_directory(tmp_path):
    (tmp_path / "kustomization.yaml").write_text("namespace: ssmd\nresources: [deployment.yaml]\n")
    (tmp_path / "deployment.yaml").write_text(DEPLOYMENT)
    built = run("kustomize", "build", tmp_path)
    assert "namespace: ssmd" in built.stdout
    assert conform(built.stdout) == (0, "")


def test_kube_score_sees_what_a_deployment_lacks(tmp_path):
    (tmp_path / "deployment.yaml").write_text(DEPLOYMENT)
    scored = run("kube-score", "score", "--output-format", "ci", tmp_path / "deployment.yaml")
    assert scored.returncode == 1
    assert "[CRITICAL] kalshi apps/v1/Deployment" in scored.stdout


def conform(document: str) -> tuple[int, str]:
    """Exit code and output of kubeconform, which has no way out of this machine."""
    done = subprocess.run(kubeconform(), input=document, capture_output=True, text=True, check=False, env=OFFLINE)
    return done.returncode, done.stdout + done.stderr


def run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool(name), *arguments], capture_output=True, text=True, check=False, env=OFFLINE)
