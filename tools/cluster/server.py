"""A real API server on loopback: etcd and kube-apiserver, with nobody else; whoever asks first waits a few seconds.

No controller and no node: documents are defaulted, validated, admitted and stored as in production, and then nothing
happens. Data stand in a temporary folder. Both programs end with the block that started them, by their own process ids.
"""

from __future__ import annotations

import base64
import json
import secrets
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cluster.programs import Finding, built

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Server", "serving"]

ATTEMPTS = 5
PATIENCE_SECONDS = 120
LOOPBACK = "127.0.0.1"
# An elliptic-curve key (P-256) in DER is these bytes around 32 random ones.
KEY_BEFORE, KEY_AFTER = bytes.fromhex("30310201010420"), bytes.fromhex("a00a06082a8648ce3d030107")


class _PortTakenError(Exception):
    """Somebody took a port between our choice and its use."""


@dataclass(frozen=True)
class Server:
    """Where it is, and the file with which kubectl may do everything there."""

    url: str
    kubeconfig: Path
    processes: tuple[subprocess.Popen[bytes], ...]


@contextmanager
def serving() -> Iterator[Server]:
    """A server that is ready. Raises `Finding` with its last words if it will not be."""
    etcd, apiserver = built("etcd"), built("kube-apiserver")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ssmd-cluster-")))
        for attempt in range(ATTEMPTS):
            place = folder / str(attempt)
            place.mkdir()
            with ExitStack() as running:
                try:
                    server = _start(etcd, apiserver, place, running)
                except _PortTakenError:
                    continue
                stack.push(running.pop_all())
                break
        else:
            raise Finding(f"no free port in {ATTEMPTS} attempts")
        yield server


def _start(etcd: Path, apiserver: Path, folder: Path, running: ExitStack) -> Server:
    client, peer, secure = _free_ports(3)
    token = secrets.token_hex(16)
    (folder / "tokens.csv").write_text(f"{token},admin,1,system:masters\n", encoding="ascii")
    (folder / "key.pem").write_text(_private_key(), encoding="ascii")
    store = f"http://{LOOPBACK}:{client}"
    processes = (
        running.enter_context(_running(_etcd(etcd, folder, store, peer), folder / "etcd.log")),
        running.enter_context(_running(_apiserver(apiserver, folder, store, secure), folder / "kube-apiserver.log")),
    )
    url = f"https://{LOOPBACK}:{secure}"
    _wait_until_ready(url, token, folder, processes)
    return Server(url, _kubeconfig(folder, url, token), processes)


def _etcd(program: Path, folder: Path, url: str, peer: int) -> list[str | Path]:
    urls = ["--listen-client-urls", url, "--advertise-client-urls", url]
    urls += ["--listen-peer-urls", f"http://{LOOPBACK}:{peer}"]
    return [program, "--data-dir", folder / "data", *urls, "--unsafe-no-fsync", "--log-level", "error"]


def _apiserver(program: Path, folder: Path, store: str, port: int) -> list[str | Path]:
    return [
        program,
        f"--etcd-servers={store}",
        f"--bind-address={LOOPBACK}",
        f"--advertise-address={LOOPBACK}",
        f"--secure-port={port}",
        f"--cert-dir={folder}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        f"--service-account-key-file={folder / 'key.pem'}",
        f"--service-account-signing-key-file={folder / 'key.pem'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.0.0.0/16",
        "--authorization-mode=RBAC",
        # It would wait for tokens that a controller makes.
        "--disable-admission-plugins=ServiceAccount",
    ]


@contextmanager
def _running(command: list[str | Path], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """In a session of its own: Ctrl-C reaches us alone, and we end it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
        try:
            yield process
        finally:
            process.kill()  # there is nothing that it would have to bring to an end
            process.wait()


def _wait_until_ready(url: str, token: str, folder: Path, processes: tuple[subprocess.Popen[bytes], ...]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _ready(url, token, folder / "apiserver.crt"):
        ended = any(process.poll() is not None for process in processes)
        if ended or time.monotonic() > deadline:
            said = "".join(log.read_text(errors="replace")[-2000:] for log in sorted(folder.glob("*.log")))
            raise _PortTakenError if "address already in use" in said else Finding(f"the server is not ready:\n{said}")
        time.sleep(0.1)


def _ready(url: str, token: str, certificate: Path) -> bool:
    if not certificate.exists():
        return False
    request = urllib.request.Request(f"{url}/readyz", headers={"Authorization": f"Bearer {token}"})
    try:
        context = ssl.create_default_context(cafile=str(certificate))
        secure, no_proxy = urllib.request.HTTPSHandler(context=context), urllib.request.ProxyHandler({})
        opener = urllib.request.build_opener(secure, no_proxy)
        with opener.open(request, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _kubeconfig(folder: Path, url: str, token: str) -> Path:
    """JSON is YAML too."""
    cluster = {"server": url, "certificate-authority": str(folder / "apiserver.crt")}
    own = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "own", "cluster": cluster}],
        "users": [{"name": "own", "user": {"token": token}}],
        "contexts": [{"name": "own", "context": {"cluster": "own", "user": "own"}}],
        "current-context": "own",
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(own), encoding="utf-8")
    return path


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in taken]


def _private_key() -> str:
    """What signs the tokens of service accounts, of which there are none."""
    number = bytes([secrets.randbelow(127) + 1]) + secrets.token_bytes(31)
    text = base64.encodebytes(KEY_BEFORE + number + KEY_AFTER).decode("ascii")
    return f"-----BEGIN EC PRIVATE KEY-----\n{text}-----END EC PRIVATE KEY-----\n"
