"""A key's value stands in no log, page, file, argument or error of a collector, whatever goes wrong."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import urllib.parse
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from runtime.pipeline.collecting import spec_of
from ssmd_runtime import spec as specs
from ssmd_runtime.simulator.server import Simulator

CANARY = "canary-4f1d/9+b2c7"


def pair() -> tuple[str, bytes]:
    key = rsa.generate_private_key(65537, 2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, public


def spelled(value: str) -> set[bytes]:
    """A value as it could leak: raw, base64, URL-encoded, escaped in JSON."""
    raw = value.encode()
    return {
        raw,
        base64.b64encode(raw).rstrip(b"="),
        urllib.parse.quote(value, safe="").encode(),
        json.dumps(value)[1:-1].encode(),
    }


async def told(tmp_path: Path, secret: str, public: bytes, *, client: bool) -> tuple[bytes, int]:
    """All that a collector said and wrote while it ran with these keys, and its exit code."""
    keys = (
        specs.KeySpec(
            name="kalshi",
            type="api_key",
            required=True,
            fields={
                "api_key": specs.FieldSource(env="KALSHI_API_KEY"),
                "api_secret": specs.FieldSource(env="KALSHI_API_SECRET"),
            },
        ),
    )
    spec = spec_of("kalshi", auth=specs.Auth(method="api_key", key="kalshi"), keys=keys, on_disconnect="exit")
    (tmp_path / "spec.json").write_bytes(specs.encode(spec))
    seen = b""
    async with Simulator("kalshi", rate=0, public_key=public) as simulator:
        arguments = [
            "-X", "dev", "-m", "ssmd_runtime", "run", "--verbose", "--spec", str(tmp_path / "spec.json"),
            "--data-dir", str(tmp_path / "data"), "--endpoint", simulator.url,
            "--http-host", "127.0.0.1", "--http-port", "0",
        ]  # fmt: skip
        environment = os.environ | {"KALSHI_API_KEY": CANARY, "KALSHI_API_SECRET": secret}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        assert process.stdout is not None
        if client:
            while b'"listening"' not in seen:
                seen += await process.stdout.readline()
            port = json.loads(seen.splitlines()[-1])["port"]
            await asyncio.wait_for(simulator.subscribed(), 10)
            await simulator.emit(10)
            async with httpx.AsyncClient(trust_env=False) as http:
                for path in ("/health", "/ready", "/metrics", "/"):
                    seen += (await http.get(f"http://127.0.0.1:{port}{path}")).content
            seen += Path(f"/proc/{process.pid}/cmdline").read_bytes()
            simulator.cut()
        seen += (await asyncio.wait_for(process.communicate(), 20))[0]
    for path in (tmp_path / "data").rglob("*"):
        if path.is_file():
            seen += path.read_bytes()
    return seen, process.returncode or 0


@pytest.mark.parametrize("case", ["works, then is cut", "is refused", "is no key"])
def test_a_collector_tells_no_value(case, tmp_path):
    private, public = pair()
    _, other = pair()
    secret = CANARY * 20 if case == "is no key" else private
    wanted = other if case == "is refused" else public
    seen, code = asyncio.run(told(tmp_path, secret, wanted, client=case == "works, then is cut"))
    assert code == (2 if case == "is no key" else 1)
    assert b"api_secret" in seen or b'"event"' in seen
    parts = {CANARY, *(line for line in private.splitlines() if "-" not in line)}
    for part in parts:
        for spelling in spelled(part):
            assert spelling not in seen


def test_the_control_finds_a_value_that_is_told():
    assert any(spelling in b"api_key=" + urllib.parse.quote(CANARY, safe="").encode() for spelling in spelled(CANARY))


def test_a_secret_has_no_spelling_but_its_own():
    from ssmd_runtime.secret import Secret

    secret = Secret(CANARY)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>40}",
        "{}".format(secret),  # noqa: UP032 -- one more way to print it
        repr([secret]),
        repr({1: secret}),
    ]
    assert not any(CANARY in text for text in shown)
    for encode in (json.dumps, msgspec.json.encode, msgspec.msgpack.encode):
        with pytest.raises(TypeError):
            encode(secret)
