"""Vault, by the shapes that its API documents (KV version 2 and 1, Kubernetes authentication), served on loopback."""

from __future__ import annotations

import contextlib
import json
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from key_specs import CANARY, FORMS, key, lines, read

TOKEN = "hvs.CAESIJ-own"
INVALID = "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use."


def versioned(**fields: Any) -> dict[str, Any]:
    """What a version 2 engine answers."""
    metadata = {"created_time": "2026-01-01T00:00:00Z", "deletion_time": "", "destroyed": False, "version": 3}
    return {"request_id": "r", "lease_id": "", "renewable": False, "data": {"data": fields, "metadata": metadata}}


Answer = tuple[int, Any] | Callable[[BaseHTTPRequestHandler], tuple[int, Any]]


class Fake:
    """Answers by method and path; each answer of a list once, the last one for ever."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                content = self.rfile.read(int(self.headers.get("content-length", 0)))
                asked = f"{self.command} {self.path}"
                outer.asked.append((asked, {name.lower(): value for name, value in self.headers.items()}, content))
                left = outer.answers.get(asked, [(404, {"errors": []})])
                answer = left.pop(0) if len(left) > 1 else left[0]
                status, body = answer(self) if callable(answer) else answer
                sent = body if isinstance(body, bytes) else json.dumps(body).encode()
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                    self.send_header("Content-Length", str(len(sent)))
                    self.end_headers()
                    self.wfile.write(sent)

            do_POST = do_GET  # noqa: N815 -- http.server's name

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # a client that left early
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def says(self, path: str, *answers: Answer, method: str = "GET") -> None:
        self.answers[f"{method} /v1/{path}"] = list(answers)


@pytest.fixture
def vault() -> Iterator[Fake]:
    fake = Fake()
    thread = threading.Thread(target=fake.server.serve_forever, args=(0.01,))
    thread.start()
    yield fake
    fake.server.shutdown()
    thread.join()
    fake.server.server_close()


def world(vault: Fake, **variables: str) -> dict[str, Any]:
    return {"environ": {"VAULT_ADDR": vault.url, "VAULT_TOKEN": TOKEN, **variables}}


ONE = key(a="vault:secret/data/kalshi#a")


def test_a_versioned_engine(vault):
    vault.says("secret/data/kalshi", (200, versioned(a="x", n=1.50, other="y")))
    assert read(key(a="vault:secret/data/kalshi#a", b="vault:secret/data/kalshi#n"), **world(vault)) == {
        "kalshi": {"a": "x", "b": "1.5"}
    }
    ((_, headers, _),) = vault.asked
    assert headers["x-vault-token"] == TOKEN
    assert headers["x-vault-request"] == "true"
    assert "x-vault-namespace" not in headers


def test_an_engine_of_version_1(vault):
    vault.says("kv/kalshi", (200, {"data": {"a": "x"}, "lease_duration": 2764800}))
    assert read(key(a="vault:kv/kalshi#a"), **world(vault)) == {"kalshi": {"a": "x"}}


def test_a_path_as_vaults_own_client_takes_it(vault):
    """What `source: vault:secret/kalshi` compiles to, where the engine is versioned."""
    vault.says("team/secret/kalshi", (404, {"data": None, "warnings": [INVALID]}))
    mount = {"path": "team/secret/", "type": "kv", "options": {"version": "2"}}
    vault.says("sys/internal/ui/mounts/team/secret/kalshi", (200, {"data": mount}))
    vault.says("team/secret/data/kalshi", (200, versioned(a="x")))
    assert read(key(a="vault:team/secret/kalshi#a"), **world(vault)) == {"kalshi": {"a": "x"}}


def test_a_mount_that_we_may_not_ask_for(vault):
    vault.says("secret/kalshi", (404, {"warnings": [INVALID]}))
    (line,) = lines(key(a="vault:secret/kalshi#a"), **world(vault))
    assert line.endswith("vault path secret/kalshi: its engine is versioned: write `data` after the engine's mount")


def test_one_read_for_all_fields_of_a_path(vault):
    vault.says("secret/data/kalshi", (200, versioned(a="x", b="y")))
    two = key(a="vault:secret/data/kalshi#a", b="vault:secret/data/kalshi#b")
    assert read(two, key("other", c="vault:secret/data/kalshi#a"), **world(vault))["other"] == {"c": "x"}
    assert len(vault.asked) == 1


def test_a_namespace_and_a_token_in_a_file(vault, tmp_path):
    (tmp_path / "token").write_text("from-file\n")
    vault.says("secret/data/kalshi", (200, versioned(a="x")))
    more = {"VAULT_TOKEN": "", "VAULT_TOKEN_FILE": str(tmp_path / "token"), "VAULT_NAMESPACE": "team/a"}
    read(ONE, **world(vault, **more))
    ((_, headers, _),) = vault.asked
    assert (headers["x-vault-token"], headers["x-vault-namespace"]) == ("from-file", "team/a")


def test_the_service_account_of_a_pod_logs_in(vault, tmp_path):
    (tmp_path / "token").write_text("jwt")
    vault.says("auth/kubernetes/login", (503, {}), (200, {"auth": {"client_token": "hvs.granted"}}), method="POST")
    vault.says("secret/data/kalshi", (200, versioned(a="x")))
    vault.says("secret/data/other", (200, versioned(a="x")))
    made = world(vault, VAULT_ROLE="ssmd") | {"service_account": str(tmp_path)}
    read(ONE, key("other", a="vault:secret/data/other#a"), **made)
    logins = [content for asked, _, content in vault.asked if asked.startswith("POST")]
    assert [json.loads(one) for one in logins] == [{"role": "ssmd", "jwt": "jwt"}] * 2
    assert [headers["x-vault-token"] for asked, headers, _ in vault.asked if asked.startswith("GET")] == [
        "hvs.granted"
    ] * 2


@pytest.mark.parametrize("answer", [(400, {"errors": ["invalid role name"]}), (200, {}), (200, b"<html>")])
def test_a_role_that_is_not_granted(vault, tmp_path, answer):
    (tmp_path / "token").write_text("jwt")
    vault.says("auth/kubernetes/login", answer, method="POST")
    (line,) = lines(ONE, **(world(vault, VAULT_ROLE="ssmd") | {"service_account": str(tmp_path)}))
    assert "Vault does not take this pod's service account for role ssmd" in line


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_it_is_asked_again_while_that_may_help(vault, status):
    vault.says("secret/data/kalshi", (status, {"errors": []}), (200, versioned(a="x")))
    slept: list[float] = []
    assert read(ONE, **world(vault), slept=slept) == {"kalshi": {"a": "x"}}
    assert slept == [0.1]


def test_a_vault_that_stays_away_is_asked_as_often_as_the_policy_says(vault):
    vault.says("secret/data/kalshi", (503, {"errors": ["Vault is sealed"]}))
    told = lines(ONE, key("other", a="vault:secret/data/other#a"), **world(vault))
    assert told == tuple(
        f"key {name}: field a: Vault answers 503: not ready, or sealed" for name in ("kalshi", "other")
    )
    assert len(vault.asked) == 3


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((403, {"errors": ["permission denied"]}), "vault path secret/data/kalshi: Vault denies it to this token"),
        ((404, {"errors": []}), "vault path secret/data/kalshi holds nothing"),
        ((404, {"data": {"data": None, "metadata": {"deletion_time": "2026"}}}), "holds nothing"),
        ((404, b"<html>"), "Vault answers 404 with something else than JSON of its own"),
        ((200, b"<html>"), "Vault answers 200 with something else than JSON of its own"),
        ((200, {"data": None}), "vault path secret/data/kalshi has no field a"),
        ((200, versioned(b="x")), "vault path secret/data/kalshi has no field a"),
        ((200, versioned(a="")), "vault path secret/data/kalshi, field a, is empty"),
        ((200, versioned(a=True)), "vault path secret/data/kalshi, field a, is neither text nor a number"),
        ((200, versioned(a={"b": "x"})), "is neither text nor a number"),
        ((307, {}), "Vault answers with a redirect, which is not followed"),
        ((418, {}), "vault path secret/data/kalshi: Vault answers 418"),
        ((200, b"x" * (3 << 20)), "Vault answers with more than"),
    ],
)
def test_what_is_told(vault, answer, words):
    vault.says("secret/data/kalshi", answer)
    (line,) = lines(ONE, **world(vault))
    assert line.startswith("key kalshi: field a: ")
    assert words in line
    assert len(vault.asked) == 1


def test_an_answer_that_does_not_come(vault):
    done = threading.Event()
    vault.says("secret/data/kalshi", lambda _: (done.wait(30), (200, {}))[1])
    (line,) = lines(ONE, **world(vault), seconds=0.05)
    done.set()
    assert line == "key kalshi: field a: Vault does not answer within 0.05 s"


def test_an_answer_that_does_not_end(vault):
    """Never silent for long, and never done."""

    def trickle(handler: BaseHTTPRequestHandler) -> tuple[int, Any]:
        with contextlib.suppress(OSError):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n")
            for _ in range(60):
                handler.wfile.write(b" ")
                time.sleep(0.01)
        handler.close_connection = True
        return 200, {}

    vault.says("secret/data/kalshi", trickle)
    (line,) = lines(ONE, **world(vault), seconds=0.1)
    assert line == "key kalshi: field a: Vault does not answer within 0.1 s"


def test_no_proxy_of_the_environment_is_used(vault, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    vault.says("secret/data/kalshi", (200, versioned(a="x")))
    assert read(ONE, **world(vault)) == {"kalshi": {"a": "x"}}


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"VAULT_ADDR": ""}, "VAULT_ADDR is not set"),
        ({"VAULT_ADDR": "vault:8200"}, "Vault: its address is not a URL such as https://host:8200"),
        ({"VAULT_ADDR": "http://host:x"}, "Vault: its address is not a URL"),
        ({"VAULT_ADDR": f"http://user:{CANARY}@host"}, "Vault: its address "),
        ({"VAULT_ADDR": "http://user:x@127.0.0.1:1"}, "Vault: its address may hold no user"),
        ({"VAULT_ADDR": "http://127.0.0.1:1"}, "Vault cannot be reached: "),
        ({"VAULT_TOKEN": ""}, "none of VAULT_ROLE, VAULT_TOKEN and VAULT_TOKEN_FILE is set"),
        ({"VAULT_TOKEN": f"{CANARY}\n"}, "the Vault token holds what no token can"),
        ({"VAULT_NAMESPACE": "a\r\nX: y"}, "VAULT_NAMESPACE is not a namespace"),
        (
            {"VAULT_ADDR": "https://127.0.0.1:1", "VAULT_CACERT": "/none.pem"},
            "no certificates can be read from /none.pem",
        ),
        ({"VAULT_TOKEN": "", "VAULT_TOKEN_FILE": "/none"}, "file /none does not exist"),
    ],
)
def test_a_vault_that_is_named_wrong(vault, variables, words):
    (line,) = lines(ONE, **world(vault, **variables))
    assert words in line
    assert CANARY not in line
    assert not vault.asked


@pytest.mark.parametrize("path", ["", "..", "a/../b", "a//b", "a?b", "a\nb", "a%2fb"])
def test_a_path_that_is_none(vault, path):
    (line,) = lines(key(a=f"vault:{path}#a"), **world(vault))
    assert "is not one" in line
    assert line.isprintable()
    assert not vault.asked


def test_a_certificate_is_proven_against_the_authority_that_is_named(vault, tmp_path):
    cryptography = pytest.importorskip("cryptography")
    assert cryptography
    own, other = (_certificate(tmp_path / name) for name in ("own", "other"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own[0], own[1])
    vault.server.socket = context.wrap_socket(vault.server.socket, server_side=True)
    vault.says("secret/data/kalshi", (200, versioned(a="x")))
    address = vault.url.replace("http:", "https:")
    assert read(ONE, **world(vault, VAULT_ADDR=address, VAULT_CACERT=str(own[0])))
    (line,) = lines(ONE, **world(vault, VAULT_ADDR=address, VAULT_CACERT=str(other[0])))
    assert "its certificate is refused: " in line
    (line,) = lines(ONE, **world(vault, VAULT_ADDR=address))
    assert "its certificate is refused: " in line


def _certificate(folder):
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder.mkdir()
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vault")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), 1, begin, begin.replace(year=2120))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    encoded = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private.private_bytes(*encoded))
    return folder / "certificate.pem", folder / "key.pem"


@pytest.mark.parametrize(
    "answer",
    [
        (200, versioned(b=CANARY)),
        (200, versioned(a=[CANARY])),
        (200, json.dumps(versioned(a=CANARY)).encode()[:-3]),
        (403, {"errors": [CANARY]}),
        (503, CANARY.encode()),
    ],
)
def test_no_part_of_an_answer_or_of_the_token_is_told(vault, caplog, answer):
    caplog.set_level(logging.DEBUG)
    vault.says("secret/data/kalshi", answer)
    told = lines(ONE, **world(vault, VAULT_TOKEN=CANARY))
    shown = "\n".join([*told, *(str(vars(record)) for record in caplog.records)])
    assert [form for form in FORMS if form in shown] == []
    assert vault.asked[0][1]["x-vault-token"] == CANARY
