"""The schemas that travel with ssmd are those of the pinned modules, and the same that kubeconform is given."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from real import schemas as schema_directory

from ssmd_compiler.manifests import schemas

ROOT = Path(__file__).resolve().parents[2]
WRITE = ROOT / "tools" / "schemas" / "write.py"
PACKAGED = ROOT / "ssmd_compiler" / "manifests" / "schemas.json"

WRITTEN = """\
v1 ConfigMap, v1 Service, v1 ServiceAccount, v1 PersistentVolumeClaim, v1 Secret, apps/v1 Deployment, batch/v1 CronJob,
networking.k8s.io/v1 NetworkPolicy, policy/v1 PodDisruptionBudget, rbac.authorization.k8s.io/v1 Role,
rbac.authorization.k8s.io/v1 RoleBinding, monitoring.coreos.com/v1 PodMonitor, monitoring.coreos.com/v1 PrometheusRule,
bitnami.com/v1alpha1 SealedSecret, argoproj.io/v1alpha1 Application, argoproj.io/v1alpha1 AppProject,
jetstream.nats.io/v1beta2 Stream, jetstream.nats.io/v1beta2 Consumer"""
KINDS = re.split(r",\s", WRITTEN)


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_a_schema_of_everything_that_ssmd_writes(kind):
    assert kind in schemas.kinds()


@pytest.mark.parametrize("kind", sorted(schemas.kinds()))
def test_every_schema_compiles_and_asks_for_its_own_kind(kind):
    version, _, name = kind.rpartition(" ")
    for validator in (schemas.exact(kind), schemas.quick(kind)):
        assert not validator.is_valid({"apiVersion": version, "kind": "Other"})
        told = {error.kind.name for error in validator.iter_errors({"apiVersion": version, "kind": name})}
        assert told <= {"required"}


def pins() -> dict[str, str]:
    """What go.mod pins: the one place."""
    text = (WRITE.parent / "go.mod").read_text()
    return dict(re.findall(r"^\s+(\S+) (v\S+)$", text, re.MULTILINE))


def test_they_are_of_the_versions_that_are_pinned():
    assert schemas.origin() == pins(), "run `make schemas`"
    assert schemas.kubernetes() == pins()["k8s.io/kubernetes"]


def test_kubeconform_is_given_the_same():
    """Each file of .tools/schemas is one kind of the package, with what it refers to."""
    (directory,) = schema_directory().iterdir()
    packaged = json.loads(PACKAGED.read_text())
    given = dict(map(standalone, sorted(directory.glob("*.json"))))
    assert {name: without_definitions(schema) for name, schema in given.items()} == packaged["kinds"], HOW
    for schema in given.values():
        for name, definition in schema["definitions"].items():
            assert packaged["definitions"][name] == definition, HOW


HOW = "run `make schemas` and `tools/build schemas`"


def standalone(path: Path) -> tuple[str, dict[str, Any]]:
    schema = json.loads(path.read_text())
    (version,), (kind,) = (schema["properties"][name]["enum"] for name in ("apiVersion", "kind"))
    return f"{version} {kind}", schema


def without_definitions(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name not in ("$schema", "definitions")}


def test_the_package_can_be_reviewed_line_by_line():
    lines = PACKAGED.read_text().splitlines()
    named = [line for line in lines if line.startswith('"')]
    assert len(named) > 700
    kinds = [
        line.partition('": ')[0] for line in lines[lines.index('"kinds": {') + 1 : lines.index('"definitions": {') - 1]
    ]
    assert kinds == sorted(kinds)


def test_nack_is_taken_down_with_its_origin():
    said = (WRITE.parent / "nack.yaml").read_text()
    assert re.search(r"github\.com/nats-io/nack \(Apache-2\.0\), deploy/crds\.yml at commit [0-9a-f]{40}", said)


def test_a_command_that_cannot_know_what_to_write_says_so(tmp_path):
    done = subprocess.run([sys.executable, WRITE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "DIRECTORY --package is required" in done.stderr


@pytest.mark.parametrize(
    ("kind", "path", "some"),
    [
        ("apps/v1 Deployment", (), {"apiVersion", "kind", "metadata", "spec"}),
        ("apps/v1 Deployment", ("spec", "template", "spec", "containers", 0), {"name", "image", "ports"}),
        ("v1 ConfigMap", ("data",), set()),
        ("v1 ConfigMap", ("no", "such", 0), set()),
        ("batch/v1 CronJob", ("spec", "jobTemplate", "spec"), {"template", "backoffLimit"}),
    ],
)
def test_the_fields_of_a_place_are_known(kind, path, some):
    found = set(schemas.field_names(kind, path))
    assert found >= some
    assert bool(found) == bool(some)
