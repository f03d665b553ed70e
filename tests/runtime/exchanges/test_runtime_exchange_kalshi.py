"""Kalshi: the handshake's signature, keys that cannot be read, what is subscribed to, what is answered."""

from __future__ import annotations

import base64
import traceback

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from exchange_specs import only, sessions, spec_of, tell
from ssmd_runtime.exchanges.protocol import Refusal, Share
from ssmd_runtime.secret import Secret
from ssmd_runtime.spec import Auth, Discovery, SpecError

AUTH = Auth(method="api_key", key="kalshi")
A, B = "KXBTCD-26MAR1217-T69999.99", "KXBTCD-26MAR1217-T79999.99"
LISTED = ("trade", "ticker", "orderbook_delta")


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key, layout=serialization.PrivateFormat.PKCS8, protection=None):
    return key.private_bytes(serialization.Encoding.PEM, layout, protection or serialization.NoEncryption()).decode()


def credentials(secret, name="a952bcbe-ec3b-4b5b-b8f9-11dae589608c"):
    return {"api_key": Secret(name), "api_secret": Secret(secret)}


@pytest.mark.parametrize(
    "layout",
    [serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8],
    ids=["pkcs1", "pkcs8"],
)
def test_every_handshake_is_signed_for_its_time_and_path(key, layout):
    endpoint = "wss://api.elections.kalshi.com/trade-api/ws/v2?x=1"
    session = only(spec_of("kalshi", (A,), auth=AUTH, endpoint=endpoint), credentials(pem(key, layout) + "\n"))
    for now_ms in (1703123456789, 1703123456790):
        opened = session.connect(now_ms)
        assert opened.url == endpoint
        assert opened.headers["KALSHI-ACCESS-KEY"] == "a952bcbe-ec3b-4b5b-b8f9-11dae589608c"
        assert opened.headers["KALSHI-ACCESS-TIMESTAMP"] == str(now_ms)
        signature = base64.b64decode(opened.headers["KALSHI-ACCESS-SIGNATURE"], validate=True)
        scheme = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        key.public_key().verify(signature, f"{now_ms}GET/trade-api/ws/v2".encode(), scheme, hashes.SHA256())
        with pytest.raises(InvalidSignature):
            key.public_key().verify(signature, f"{now_ms}GET/trade-api/ws/v2?x=1".encode(), scheme, hashes.SHA256())


def test_without_authentication_nothing_is_signed():
    assert dict(only(spec_of("kalshi", (A,))).connect(1).headers) == {}


def unreadable(key):
    good = pem(key)
    body = good.splitlines()[3]
    yield "truncated", good[: len(good) // 2], body
    yield "of another kind", pem(ec.generate_private_key(ec.SECP256R1())), "BEGIN"
    yield "encrypted", pem(key, protection=serialization.BestAvailableEncryption(b"hush")), "BEGIN"
    yield "no PEM", "hush-hush", "hush"
    yield "empty", "", "BEGIN"
    yield "no text", "\udcff", "\udcff"
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    yield "public", public.decode(), public.decode().splitlines()[2]


def test_a_key_that_cannot_be_read_is_refused_without_a_byte_of_it(key):
    for name, secret, part in unreadable(key):
        with pytest.raises(SpecError) as refused:
            only(spec_of("kalshi", (A,), auth=AUTH), credentials(secret))
        assert (
            str(refused.value)
            == "kalshi: api_secret is no RSA private key in PEM (PKCS#1 or PKCS#8, without a passphrase)"
        ), name
        assert part not in "".join(traceback.format_exception(refused.value)), name


def test_a_key_id_that_would_break_out_of_its_header_is_refused(key):
    with pytest.raises(SpecError) as refused:
        only(spec_of("kalshi", (A,), auth=AUTH), credentials(pem(key), name="hush\r\nX-Other:1"))
    assert str(refused.value) == "kalshi: api_key is no key id: it holds characters that no header may hold"


@pytest.mark.parametrize("field", ["api_key", "api_secret"])
def test_a_field_that_is_missing_is_named(key, field):
    given = credentials(pem(key))
    del given[field]
    with pytest.raises(SpecError, match=rf"^kalshi: its key has no field {field}$"):
        only(spec_of("kalshi", (A,), auth=AUTH), given)


def test_each_channel_is_subscribed_to_apart_and_the_lifecycle_without_tickers():
    assert only(spec_of("kalshi", (A, B))).opened(0.0) == [
        f'{{"id":1,"cmd":"subscribe","params":{{"channels":["trade"],"market_tickers":["{A}","{B}"]}}}}'.encode(),
        f'{{"id":2,"cmd":"subscribe","params":{{"channels":["ticker"],"market_tickers":["{A}","{B}"]}}}}'.encode(),
        f'{{"id":3,"cmd":"subscribe","params":{{"channels":["orderbook_delta"],"market_tickers":["{A}","{B}"]}}}}'.encode(),
        b'{"id":4,"cmd":"subscribe","params":{"channels":["market_lifecycle_v2"]}}',
    ]


@pytest.mark.parametrize(
    ("most", "sizes"), [(None, [256, 256, 88]), (1000, [256, 256, 88]), (300, [256, 256, 88]), (200, [200] * 3)]
)
def test_at_most_256_markets_go_over_a_connection(most, sizes):
    markets = tuple(f"M{number}" for number in range(600))
    parts = sessions(spec_of("kalshi", markets, most=most))
    assert [len(part.share.instruments) for part in parts] == sizes
    assert sum((part.share.instruments for part in parts), ()) == markets
    assert [part.share.number for part in parts] == [1, 2, 3]
    assert [part.share.channels for part in parts] == [(*LISTED, "market_lifecycle_v2"), LISTED, LISTED]
    assert [len(part.opened(0.0)) for part in parts] == [4, 3, 3]


def test_without_markets_everything_is_asked_for_where_that_can_be():
    session = only(spec_of("kalshi", channels=("trade", "ticker", "market_lifecycle_v2")))
    assert session.opened(0.0) == [
        b'{"id":1,"cmd":"subscribe","params":{"channels":["trade"]}}',
        b'{"id":2,"cmd":"subscribe","params":{"channels":["ticker"]}}',
        b'{"id":3,"cmd":"subscribe","params":{"channels":["market_lifecycle_v2"]}}',
    ]
    assert session.update((A,), ()) == ()
    assert session.due(1.0) == []


def test_order_books_of_everything_cannot_be_had():
    with pytest.raises(
        SpecError, match=r"^kalshi: channel orderbook_delta takes instruments, and this spec names none"
    ):
        sessions(spec_of("kalshi"))


def test_markets_that_are_yet_to_be_found_are_not_everything():
    session = only(spec_of("kalshi", discovery=Discovery(categories=("crypto",))))
    assert session.share == Share(1, (*LISTED, "market_lifecycle_v2"), ())
    assert session.opened(0.0) == [b'{"id":1,"cmd":"subscribe","params":{"channels":["market_lifecycle_v2"]}}']


def test_a_subscription_is_there_when_every_command_is_answered():
    session = only(spec_of("kalshi", (A,), channels=("trade", "ticker")))
    session.opened(0.0)
    tell(session, {"type": "subscribed", "id": 1, "msg": {"channel": "trade", "sid": 1}})
    assert not session.subscribed
    tell(session, {"type": "subscribed", "id": 7, "msg": {"channel": "ticker", "sid": 2}})
    assert not session.subscribed
    tell(session, {"type": "subscribed", "id": 2, "msg": {"channel": "ticker", "sid": 2}})
    assert session.subscribed


def test_a_refused_channel_is_refused_for_each_of_its_markets():
    session = only(spec_of("kalshi", (A, B), channels=("trade", "market_lifecycle_v2")))
    session.opened(0.0)
    assert tell(session, {"type": "error", "id": 1, "msg": {"code": 9, "msg": "Authentication required"}}).refused == (
        Refusal("trade", A, "Authentication required (code 9)"),
        Refusal("trade", B, "Authentication required (code 9)"),
    )
    assert tell(session, {"type": "error", "id": 2, "msg": {"code": 8, "msg": "Unknown\x1b[2J"}}).refused == (
        Refusal("market_lifecycle_v2", None, "Unknown\\u001b[2J (code 8)"),
    )
    assert session.subscribed


def test_already_subscribed_is_subscribed():
    session = only(spec_of("kalshi", (A,), channels=("trade",)))
    session.opened(0.0)
    assert tell(session, {"type": "error", "id": 1, "msg": {"code": 6, "msg": "Already subscribed"}}).refused == ()
    assert session.subscribed


def test_an_error_that_answers_nothing_tells_what_it_can():
    session = only(spec_of("kalshi", (A,), channels=("trade",)))
    session.opened(0.0)
    tell(session, {"type": "subscribed", "id": 1, "msg": {"channel": "trade", "sid": 5}})
    overflow = {"type": "error", "sid": 5, "msg": {"code": 25, "msg": "Subscription buffer overflow"}}
    assert tell(session, overflow).refused == (Refusal("trade", None, "Subscription buffer overflow (code 25)"),)
    assert tell(session, {"type": "error"}).refused == (Refusal(None, None, "refused without a reason"),)
    long = tell(session, {"type": "error", "msg": {"code": 1, "msg": "x" * 500}}).refused[0].reason
    assert len(long) == 200
    assert long.endswith("... (code 1)")


def test_an_answer_that_comes_before_its_command_does_no_harm():
    session = only(spec_of("kalshi", (A,), channels=("trade", "ticker"), rate=1))
    session.opened(0.0)
    tell(session, {"type": "subscribed", "id": 2, "msg": {"channel": "ticker", "sid": 1}})
    assert len(session.due(1.0)) == 1
    assert [(late.channel, late.instrument) for late in session.overdue(40.0)] == [("trade", A), (None, None)]


def test_a_number_without_an_end_is_left_out():
    session = only(spec_of("kalshi", (A,)))
    assert tell(session, {"type": "error", "msg": {"code": 10**300, "msg": "Odd"}}).refused == (
        Refusal(None, None, "Odd"),
    )


def test_late_answers_are_told_by_market():
    session = only(spec_of("kalshi", (A, B), channels=("trade", "market_lifecycle_v2")))
    session.opened(0.0)
    assert [(late.channel, late.instrument) for late in session.overdue(31.0)] == [
        ("trade", A),
        ("trade", B),
        ("market_lifecycle_v2", None),
    ]
