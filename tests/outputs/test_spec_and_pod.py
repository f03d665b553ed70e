"""A pod provides all that its spec asks for: the file itself, folders to write, keys to read, ports to reach."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from captures import DATE, MINIMAL, WORKSPACES, changed, sound
from ssmd_runtime import spec

from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.names import KEYS_FOLDER
from ssmd_compiler.source import DirectoryTree

REPOSITORY = Path(__file__).resolve().parents[2]
NATS = {"type": "nats", "url": "nats://nats.example:4222"}


def _without(*fields: str) -> dict[str, bytes]:
    document = yaml.load(WORKSPACES["minimal"][MINIMAL], yaml.BaseLoader)
    for field in fields:
        del document["spec"][field]
    return WORKSPACES["minimal"] | {MINIMAL: yaml.safe_dump(document).encode()}


TREES: dict[str, dict[str, bytes]] = {
    **WORKSPACES,
    "an archiver beside local files": changed({"middleware": {"transport": NATS}, "archiver": {}}),
    "a journal beside an object store": changed(
        {
            "middleware": {
                "transport": {"type": "memory"},
                "storage": {"type": "s3", "bucket": "raw"},
                "journal": {"type": "file", "path": "/var/lib/ssmd/spool/journal"},
            }
        },
        base=_without("middleware"),
    ),
    "a journal beside the files": changed(
        {"middleware": {"journal": {"type": "file", "path": "/var/lib/ssmd/storage/journal"}}}
    ),
    "MQTT over TLS": changed({"middleware": {"transport": {"type": "mqtt", "url": "mqtts://broker.example"}}}),
    "secure Redis": changed({"middleware": {"cache": {"type": "redis", "url": "rediss://redis.example"}}}),
}


def outputs(tree: str) -> dict[str, bytes]:
    if tree == "own":
        return dict(compile(DirectoryTree(REPOSITORY), Options(DATE)).outputs)
    return dict(sound(TREES[tree]).outputs)


@pytest.fixture(params=["own", *TREES])
def pods(request) -> list[tuple[dict[str, Any], spec.CollectorSpec, str, dict[str, bytes]]]:
    """Each Deployment with the spec that it is given, its environment's name, and all files."""
    files = outputs(request.param)
    found = []
    for path, content in files.items():
        document = yaml.safe_load(content) if "/deployment" in path else {}
        if document.get("kind") == "Deployment":
            environment = path.partition("/")[0]
            found.append((document, _spec_of(document, environment, files), environment, files))
    assert found
    return found


def _spec_of(deployment: dict[str, Any], environment: str, files: dict[str, bytes]) -> spec.CollectorSpec:
    """What the pod reads: the argument `--spec`, through its mount and volume, in the ConfigMap that is applied."""
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    verb, option, path = container["args"]
    assert option == "--spec"
    assert verb == {"connector": "run", "archiver": "archive", "gateway": "gateway"}[container["name"]]
    mount = next(mount for mount in container["volumeMounts"] if path.startswith(f"{mount['mountPath']}/"))
    volume = next(volume for volume in pod["volumes"] if volume["name"] == mount["name"])
    (item,) = volume["configMap"]["items"]
    assert path == f"{mount['mountPath']}/{item['path']}"
    configmap = yaml.safe_load(files[f"{environment}/configmap.yaml"])
    assert configmap["metadata"]["name"] == volume["configMap"]["name"]
    content = configmap["data"][item["key"]].encode()
    assert content == files[f"{environment}/{item['key']}"], (
        "the file in Git and the one in the cluster are the same bytes"
    )
    return spec.decode(content)


def test_a_spec_is_of_its_shard_and_environment(pods):
    for deployment, said, environment, _files in pods:
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert said.environment == environment == labels["app.kubernetes.io/instance"]
        assert said.shard == labels.get("ssmd.dev/shard")
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert [said.http.port] == [port["containerPort"] for port in container["ports"] if port["name"] == "http"]


def test_a_pod_can_write_where_its_spec_says(pods):
    for deployment, said, _environment, _files in pods:
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        writable = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
        needed = [said.storage.path] if said.storage.type != "memory" and container["name"] != "gateway" else []
        needed += [said.journal.path] if said.journal.path and container["name"] == "connector" else []
        for path in needed:
            assert any(PurePosixPath(path).is_relative_to(folder) for folder in writable), (
                f"{container['name']}: {path}"
            )


def test_a_connector_is_given_every_field_of_the_keys_that_it_names(pods):
    for deployment, said, _environment, _files in pods:
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        if container["name"] != "connector":
            continue
        layers = (said.transport.key, said.cache.key, said.journal.key)
        keys = {key.name: key for key in said.keys}
        variables = {variable["name"] for variable in container.get("env", ())}
        folders = [mount["mountPath"] for mount in container["volumeMounts"] if mount.get("readOnly")]
        for key in (keys[name] for name in {said.auth.key, *layers} - {None}):
            for field in key.fields.values():
                assert field.env is None or field.env in variables
                own = field.file is None or not field.file.startswith(KEYS_FOLDER)
                assert own or any(PurePosixPath(field.file).is_relative_to(folder) for folder in folders)


def test_a_pod_may_reach_every_url_of_its_spec(pods):
    for _deployment, said, environment, files in pods:
        policy = yaml.safe_load(files[f"{environment}/networkpolicy.yaml"])
        open_ports = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}
        urls = [said.endpoint, said.transport.url, said.storage.endpoint, said.cache.url, said.journal.url]
        for url in filter(None, urls):
            assert (urlsplit(url).port or DEFAULT_PORTS[urlsplit(url).scheme]) in open_ports, url


DEFAULT_PORTS = {
    "http": 80,
    "https": 443,
    "mqtt": 1883,
    "mqtts": 8883,
    "nats": 4222,
    "redis": 6379,
    "rediss": 6379,
    "tls": 4222,
    "ws": 80,
    "wss": 443,
}
"""As the schemes are registered, or as their programs take them."""


def test_the_older_secrets_are_still_mounted():
    """`secrets` names a sealed secret and no fields: all of it is there for who needs it."""
    files = sound(
        changed({"secrets": {"kalshi": "sealed-secret/kalshi-api"}}, base=_without("keys", "connector"))
    ).outputs
    pod = yaml.safe_load(files["dev/deployment.yaml"])["spec"]["template"]["spec"]
    mounted = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
    assert "kalshi-api" in mounted


@pytest.mark.parametrize(
    ("change", "rolls"),
    [
        ({"symbols": ["OTHER"]}, True),
        ({"connector": {"liveness": {"ping_seconds": "7"}}}, True),
        ({"description": "Other words"}, False),
        ({"alerts": {"DataGaps": {"enabled": "false"}}}, False),
        ({"schedule": {"day_start": "00:10", "day_end": "00:00", "auto_roll": "false"}}, True),
    ],
)
def test_pods_are_rolled_by_what_they_execute_and_by_nothing_else(change, rolls):
    before, after = (_checksum(sound(files).outputs) for files in (WORKSPACES["minimal"], changed(change)))
    assert (before != after) is rolls


def test_a_version_still_to_come_rolls_no_pods():
    """It moves the day on which the spec ends, and nothing that is executed."""
    feed = "exchanges/feeds/kalshi.yaml"
    versions = yaml.load(WORKSPACES["minimal"][feed], yaml.BaseLoader)["spec"]["versions"]
    later = versions[-1] | {"version": "v9", "effective_from": "2027-06-01"}
    before, after = (
        sound(files).outputs for files in (WORKSPACES["minimal"], changed({"versions": [*versions, later]}, path=feed))
    )
    assert [spec.decode(files["dev/spec.json"]).as_of_until for files in (before, after)] == [None, "2027-06-01"]
    assert _checksum(before) == _checksum(after)


def test_two_that_write_files_do_not_share_a_volume():
    """A claim of one node at a time would keep one of them from starting."""
    files = sound(TREES["an archiver beside local files"]).outputs
    claims = {
        component: volume["persistentVolumeClaim"]["claimName"]
        for component in ("connector", "archiver")
        for volume in _volumes(files, component)
        if "persistentVolumeClaim" in volume
    }
    assert len(set(claims.values())) == len({"connector", "archiver"})
    made = {yaml.safe_load(files[path])["metadata"]["name"] for path in files if path.startswith("dev/pvc")}
    assert made == set(claims.values())


def _volumes(files: Any, component: str) -> list[dict[str, Any]]:
    name = "deployment" if component == "connector" else f"deployment-{component}"
    volumes: list[dict[str, Any]] = yaml.safe_load(files[f"dev/{name}.yaml"])["spec"]["template"]["spec"]["volumes"]
    return volumes


def _checksum(files: Any) -> str:
    template = yaml.safe_load(files["dev/deployment.yaml"])["spec"]["template"]
    checksum: str = template["metadata"]["annotations"]["ssmd.dev/spec-sha256"]
    assert len(checksum) == hashlib.sha256().digest_size * 2
    return checksum
