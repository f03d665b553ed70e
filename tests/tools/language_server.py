"""A client of yaml-language-server, over its standard streams: what it finds in a file, and what it offers at a place."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["Client", "running"]

# Nothing is fetched: no catalogue of schemas, no word to anybody about what is done.
SETTINGS = {
    "yaml": {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}},
    "http": {},
    "[yaml]": {},
    "redhat": {"telemetry": {"enabled": False}},
}


class Client:
    """One session."""

    def __init__(self, process: subprocess.Popen[bytes], root: Path) -> None:
        self.process, self.root = process, root
        self.last = 0
        self.found: dict[str, list[Any]] = {}
        self._ask("initialize", processId=None, rootUri=root.as_uri(), capabilities=CAPABILITIES)
        self._tell("initialized")
        self._tell("workspace/didChangeConfiguration", settings=SETTINGS)

    def findings(self, texts: Iterable[tuple[str, str]]) -> list[list[str]]:
        """`line: message` of everything that it finds in each text, as if that stood at the path beside it.

        All at once: it waits a fifth of a second after each change before it looks.
        """
        uris = [self._open(path, text) for path, text in texts]
        while not self.found.keys() >= {*uris}:
            self._next()
        return [[f"{one['range']['start']['line'] + 1}: {one['message']}" for one in self.found[uri]] for uri in uris]

    def offered(self, path: str, text: str, line: int, column: int) -> list[str]:
        """The names that it would complete at a place, counted from 1."""
        uri = self._open(path, text)
        position = {"line": line - 1, "character": column - 1}
        answer = self._ask("textDocument/completion", textDocument={"uri": uri}, position=position)
        return [one["label"] for one in answer["items"]]

    def told(self, path: str, text: str, line: int, column: int) -> str:
        """What it says about a place, counted from 1."""
        uri = self._open(path, text)
        position = {"line": line - 1, "character": column - 1}
        answer = self._ask("textDocument/hover", textDocument={"uri": uri}, position=position)
        return str(answer["contents"]["value"]) if answer else ""

    def _open(self, path: str, text: str) -> str:
        """Each text under a name of its own in the same folder, so that no answer is to an earlier one."""
        self.last += 1
        uri = (self.root / path).with_name(f"{self.last}.yaml").as_uri()
        self._tell("textDocument/didOpen", textDocument={"uri": uri, "languageId": "yaml", "version": 1, "text": text})
        return uri

    def _tell(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def _ask(self, method: str, **params: Any) -> Any:
        self.last += 1
        asked = self.last
        self._send({"id": asked, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == asked and "method" not in message:
                return message["result"]

    def _next(self) -> Any:
        message = self._receive()
        if message.get("method") == "textDocument/publishDiagnostics":
            self.found[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif message.get("method") == "workspace/configuration":
            asked = [item.get("section", "") for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": [SETTINGS.get(section) for section in asked]})
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": None})
        return message

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def _receive(self) -> Any:
        assert self.process.stdout
        size = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                size = int(line.partition(b":")[2])
        assert size, "the server is gone"
        return json.loads(self.process.stdout.read(size))


CAPABILITIES = {
    "textDocument": {"completion": {}, "hover": {"contentFormat": ["markdown"]}, "publishDiagnostics": {}},
    "workspace": {"configuration": True},
}


@contextmanager
def running(server: Path, root: Path) -> Iterator[Client]:
    """The server on a workspace, until the end of the block."""
    command = ["node", str(server), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            yield Client(process, root)
        finally:
            process.kill()
