"""What looks like a secret is masked in every line that is shown, and what does not is left readable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssmd_compiler.diagnostics import Span, error
from ssmd_compiler.diagnostics.printers import Report, printer
from ssmd_compiler.diagnostics.secrets import appearance, masked

CANARY = "hunter2-C4n4ry"

SECRET_LINES = [
    f"    password: {CANARY}",
    f'    password: "{CANARY}',
    f"credentials: {CANARY}",
    f"  db_password:   {CANARY}  # not for you",
    f"nats: {{url: nats://nats:4222, token: {CANARY}, other: 1}}",
    f"  url: nats://user:{CANARY}@nats:4222",
    f"  url: nats://{CANARY}@nats:4222",
    f"  endpoint: wss://host/path?token={CANARY}&x=1",
    f"  source: {CANARY}",
    f"  api_secret: ['{CANARY}']",
    f'{{"private_key": "{CANARY}"}}',
    f"key: '-----BEGIN PRIVATE KEY-----{CANARY}'",
    "    " + CANARY.replace("-", "") * 5,
]
LETTERS = "hunter2c4n4ry" * 8
ISSUED = [
    *(f"gh{kind}_{LETTERS[:36]}" for kind in "opsur"),
    f"github_pat_{LETTERS[:22]}_{LETTERS[:59]}",
    f"glpat-{LETTERS[:20]}",
    "AKIA" + "HUNTER2CANARY2AB",
    "ASIA" + "HUNTER2CANARY2AB",
    f"AIza{LETTERS[:35]}",
    f"xoxb-{LETTERS[:24]}",
    f"sk_live_{LETTERS[:24]}",
    f"rk_test_{LETTERS[:24]}",
    f"npm_{LETTERS[:36]}",
    f"pypi-{LETTERS[:60]}",
    f"hf_{LETTERS[:34]}",
    f"hvs.{LETTERS[:24]}",
    f"dop_v1_{'0123456789abcdef' * 4}",
]
"""Made up; put together here, so that no scanner takes them for real ones."""
HARMLESS_LINES = [
    "  feed: kalshi",
    "    fields: [api_key, api_secret]",
    "  credentials: $key:kalshi",
    "  source: env:KALSHI_API_KEY,KALSHI_API_SECRET",
    "  source: sealed-secret/kalshi-creds",
    "  auth_method: api_key",
    "      hash: sha256:2942dcc1d57d136661405d0c5b2a0f16bff5fa4111213ae45ef2b65d71972174",
    "  endpoint: wss://api.elections.kalshi.com/trade-api/ws/v2",
    "  max_symbols_per_connection: 256",
    "  secrets: {kalshi: sealed-secret/kalshi-creds}",
    "  symbols: [KXBTCD-25DEC31-B4000, ASIAPACIFICINDEXFUTURE, AKIA, npm_BTC-USD, hf_index]",
]


@pytest.mark.parametrize("line", SECRET_LINES)
def test_a_secret_is_masked_in_place(line: str) -> None:
    assert CANARY not in masked(line)
    assert CANARY.replace("-", "") not in masked(line)
    assert len(masked(line)) == len(line)


@pytest.mark.parametrize("line", HARMLESS_LINES)
def test_what_is_no_secret_stays_readable(line: str) -> None:
    assert masked(line) == line


@pytest.mark.parametrize("line", SECRET_LINES)
def test_the_text_printer_masks_and_a_control_shows_that_it_does(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [error("SSMD005", "not YAML", at=Span("a.yaml", 1, 1, 1, 2))]
    report = Report(found, lambda _path: line, 1, "0")
    needle = CANARY if CANARY in line else CANARY.replace("-", "")
    assert needle not in printer("text")(report)
    monkeypatch.setattr("ssmd_compiler.diagnostics.printers.text.masked_near", lambda text, _start: (text, 0))
    assert needle in printer("text")(report)


@pytest.mark.parametrize("token", ISSUED)
def test_a_token_that_its_issuer_marks_is_seen_under_any_name(token: str) -> None:
    line = f"  description: see {token}, or not"
    assert appearance("description", f"see {token}, or not") == "a password or token"
    assert masked(line) == line.replace(token, "*" * len(token))


@given(st.text(max_size=200))
def test_masking_keeps_every_place(line: str) -> None:
    assert len(masked(line)) == len(line)


def test_masking_takes_a_long_line_in_its_stride() -> None:
    """Each of these would take minutes if a pattern went over the line once for every character."""
    for unit in ("a", "a_", "a:", "a://", "@", "token=", "password:", "'", "-----BEGIN "):
        assert len(masked(unit * 200_000)) == len(unit) * 200_000


def test_appearance_names_the_field_and_never_the_value() -> None:
    for name, value in (("password", CANARY), ("url", f"nats://u:{CANARY}@h"), ("x", f"-----BEGIN {CANARY}")):
        said = appearance(name, value)
        assert said is not None
        assert CANARY not in said
