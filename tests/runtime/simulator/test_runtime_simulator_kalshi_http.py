"""Kalshi's handshakes are checked, and its events can be listed."""

from __future__ import annotations

import base64
import json

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from simulating import client, run
from ssmd_runtime.simulator.server import Simulator
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

NOW_MS = 1_790_000_000_000
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, kind)


def headers(
    stamp: int = NOW_MS, path: str = "/trade-api/ws/v2", key: rsa.RSAPrivateKey = KEY, salt: int = 32
) -> dict[str, str]:
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt)
    signature = key.sign(f"{stamp}GET{path}".encode(), pss, hashes.SHA256())
    return {
        "KALSHI-ACCESS-KEY": "key-id",
        "KALSHI-ACCESS-TIMESTAMP": str(stamp),
        "KALSHI-ACCESS-SIGNATURE": base64.b64encode(signature).decode(),
    }


def signed() -> Simulator:
    return Simulator("kalshi", rate=0, public_key=pem(KEY), clock=lambda: NOW_MS * 1_000_000)


@pytest.mark.parametrize("stamp", [NOW_MS, NOW_MS - 30_000, NOW_MS + 30_000])
def test_a_signed_handshake_is_accepted(stamp: int) -> None:
    async def conversation() -> None:
        async with signed() as simulator, connect(simulator.url, additional_headers=headers(stamp)):
            pass

    run(conversation)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({}, "missing"),
        (headers(NOW_MS - 30_001), "timestamp"),
        (headers(NOW_MS + 30_001), "timestamp"),
        (headers() | {"KALSHI-ACCESS-TIMESTAMP": str(NOW_MS + 1)}, "signature"),
        (headers() | {"KALSHI-ACCESS-TIMESTAMP": "soon"}, "timestamp"),
        (headers(path="/trade-api/ws/v3"), "signature"),
        (headers(key=OTHER), "signature"),
        (headers(salt=20), "signature"),
        (headers() | {"KALSHI-ACCESS-SIGNATURE": "%%"}, "signature"),
        (headers() | {"KALSHI-ACCESS-KEY": ""}, "missing"),
    ],
)
def test_others_get_401(wrong: dict[str, str], why: str) -> None:
    async def conversation() -> None:
        async with signed() as simulator:
            with pytest.raises(InvalidStatus) as refused:
                await connect(simulator.url, additional_headers=wrong)
            assert refused.value.response.status_code == 401
            assert why.encode() in bytes(refused.value.response.body)

    run(conversation)


def test_without_a_public_key_nobody_has_to_sign() -> None:
    async def conversation() -> None:
        async with Simulator("kalshi", rate=0) as simulator, client(simulator):
            pass

    run(conversation)


def test_what_is_no_rsa_key_is_refused() -> None:
    for wrong in (b"nonsense", pem(ec.generate_private_key(ec.SECP256R1()))):
        with pytest.raises(ValueError, match="public key"):
            Simulator("kalshi", public_key=wrong)
    with pytest.raises(ValueError, match="signs nothing"):
        Simulator("kraken", public_key=pem(KEY))


def test_events_page_by_page() -> None:
    async def conversation() -> None:
        markets = [f"KXBTCD-E{event}-M{market}" for event in range(5) for market in range(2)]
        async with Simulator("kalshi", rate=0, instruments=markets) as simulator, httpx.AsyncClient() as web:
            found, cursor, pages = [], "", 0
            while pages == 0 or cursor:
                query = {"limit": "2", "status": "open", "with_nested_markets": "true", "cursor": cursor}
                answer = await web.get(f"{simulator.http_url}/trade-api/v2/events", params=query)
                assert answer.status_code == 200
                page = answer.json()
                cursor, pages = page["cursor"], pages + 1
                found += page["events"]
            assert pages == 3
            assert [market["ticker"] for event in found for market in event["markets"]] == markets
            assert {event["category"] for event in found} == {"Crypto"}
            assert found[0]["markets"][0]["close_time"].endswith("Z")
            assert simulator.counters.accepted == 0

    run(conversation)


def test_closed_events_and_wrong_questions() -> None:
    hours = 3_600_000_000_000
    times = iter([0, *[2 * hours] * 100])

    async def conversation() -> None:
        async with Simulator("kalshi", rate=0, clock=lambda: next(times)) as simulator, httpx.AsyncClient() as web:
            place = f"{simulator.http_url}/trade-api/v2/events"
            every = (await web.get(place)).json()["events"]
            still = (await web.get(f"{place}?status=open")).json()["events"]
            assert len(still) == len(every) - 1  # the first closes after an hour
            assert "markets" not in every[0]
            assert [
                event["series_ticker"] for event in (await web.get(f"{place}?series_ticker=KXNFLGAME")).json()["events"]
            ]
            for wrong in ("limit=0", "limit=x", "cursor=x", "cursor=%ff"):
                answer = await web.get(f"{place}?{wrong}")
                assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_parameter")
            assert (await web.get(f"{simulator.http_url}/elsewhere")).status_code == 404

    run(conversation)


def test_a_wrong_signature_of_a_request_is_refused() -> None:
    async def conversation() -> None:
        async with signed() as simulator, httpx.AsyncClient() as web:
            place = f"{simulator.http_url}/trade-api/v2/events?limit=1"
            right = headers(path="/trade-api/v2/events")
            assert (await web.get(place)).status_code == 200
            assert (await web.get(place, headers=right)).status_code == 200
            answer = await web.get(place, headers=right | {"KALSHI-ACCESS-TIMESTAMP": str(NOW_MS + 1)})
            assert answer.status_code == 401
            assert json.loads(answer.content)["error"]["message"] == "incorrect signature"

    run(conversation)
