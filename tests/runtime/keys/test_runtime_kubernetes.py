"""A key from a Kubernetes Secret: asked of a real API server, as a service account that may read that one alone."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster import server
from cluster.api import Cluster
from key_specs import CANARY, FORMS, key, lines, read
from real import needed
from ssmd_runtime.keys import kubernetes
from ssmd_runtime.keys.problems import Unavailable
from ssmd_runtime.secret import Secret

ONE = key(secret="dev-kalshi", api_key="", api_secret="")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    needed(["etcd", "kube-apiserver", "kubectl"])
    with server.serving() as running:
        yield Cluster(running)


def secret(name: str, **fields: bytes) -> dict[str, Any]:
    data = {field: base64.b64encode(value).decode() for field, value in fields.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "ssmd"}, "data": data}


@pytest.fixture(scope="module")
def account(cluster, tmp_path_factory) -> Path:
    """The folder that Kubernetes mounts for a pod, and a cluster with a few Secrets of which it may read some."""
    where = {"namespace": "ssmd"}
    rule = {
        "apiGroups": [""],
        "resources": ["secrets"],
        "verbs": ["get"],
        "resourceNames": ["dev-kalshi", "gone", "odd"],
    }
    rbac = "rbac.authorization.k8s.io"
    made = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ssmd"}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "dev", **where}},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": {"name": "dev", **where}, "rules": [rule]},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "dev", **where},
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "dev"},
            "subjects": [{"kind": "ServiceAccount", "name": "dev", **where}],
        },
        secret("dev-kalshi", api_key=b"id", api_secret=CANARY.encode() + b"\n"),
        secret("other", api_key=CANARY.encode()),
        secret("odd", api_key=b"\xff", api_secret=b""),
    ]
    cluster.kubectl("apply", "--server-side", "--filename", "-", content="\n---\n".join(map(json.dumps, made)))
    folder = tmp_path_factory.mktemp("serviceaccount")
    token = cluster.kubectl("create", "token", "dev", "--namespace", "ssmd").strip()
    own = json.loads(cluster.server.kubeconfig.read_text())["clusters"][0]["cluster"]
    (folder / "ca.crt").write_text(Path(own["certificate-authority"]).read_text())
    (folder / "namespace").write_text("ssmd")
    (folder / "token").write_text(token)
    return folder


@pytest.fixture
def world(cluster, account) -> dict[str, Any]:
    host, _, port = cluster.server.url.removeprefix("https://").partition(":")
    environ = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
    return {"environ": environ, "service_account": str(account)}


def test_a_pod_reads_its_own_secret(world, caplog):
    caplog.set_level(logging.DEBUG)
    assert read(ONE, **world) == {"kalshi": {"api_key": "id", "api_secret": CANARY}}
    told = [record.fields["source"] for record in caplog.records if record.name == "ssmd.keys"]
    assert told == ["secret:dev-kalshi"] * 2
    shown = "".join(str(vars(record)) for record in caplog.records)
    assert [form for form in (*FORMS, Path(world["service_account"], "token").read_text()) if form in shown] == []


def test_it_may_read_no_other(world):
    told = lines(key(secret="other", api_key=""), **world)
    assert told == (
        "key kalshi: field api_key: secret other: the service account of this pod may not read it in namespace ssmd",
    )


def test_a_secret_that_is_not_there(world):
    assert lines(key(secret="gone", a=""), **world) == (
        "key kalshi: field a: secret gone does not exist in namespace ssmd",
    )
    assert read(key(secret="gone", a="", required=False), **world) == {}


def test_fields_that_are_no_values(world):
    assert lines(key(secret="odd", api_key="", api_secret="", more=""), **world) == (
        "key kalshi: field api_key: secret odd, field api_key, is not UTF-8 text",
        "key kalshi: field api_secret: secret odd, field api_secret, is empty",
        "key kalshi: field more: secret odd has no field more",
    )


def test_a_token_that_the_server_does_not_know(world, tmp_path):
    for name in ("ca.crt", "namespace"):
        (tmp_path / name).write_text((Path(world["service_account"]) / name).read_text())
    (tmp_path / "token").write_text(CANARY)
    (line,) = lines(key(secret="dev-kalshi", a=""), **(world | {"service_account": str(tmp_path)}))
    assert "may not read it" in line
    (tmp_path / "token").write_text(f"{CANARY}\nX: y")
    (line,) = lines(key(secret="dev-kalshi", a=""), **(world | {"service_account": str(tmp_path)}))
    assert "the namespace or the token" in line
    assert CANARY not in line


# Without a cluster


def test_an_answer_that_is_no_secret():
    found = kubernetes._read(b'{"data": {"a": "e!A==", "b": "eA=="}}', "secret x")
    assert str(found["a"]) == "secret x, field a, is not base64"
    assert found["b"] == Secret("x")
    for body in (b"<html>", b"[]", b'{"data": []}', b"\xff"):
        with pytest.raises(Unavailable, match="something else than a Secret"):
            kubernetes._read(body, "secret x")


def test_no_cluster_and_no_account(tmp_path):
    one = key(secret="dev-kalshi", a="")
    (line,) = lines(one, service_account=str(tmp_path))
    assert line == f"key kalshi: field a: file {tmp_path}/namespace does not exist"
    for name in ("namespace", "token"):
        (tmp_path / name).write_text("x")
    (line,) = lines(one, service_account=str(tmp_path))
    assert "KUBERNETES_SERVICE_HOST is not set" in line


@pytest.mark.parametrize("name", ["../x", "a/b", "A", "a b", "a?b"])
def test_a_name_that_no_secret_has(name):
    (line,) = lines(key(secret=name, a=""))
    assert line.endswith("no Secret can have this name")
