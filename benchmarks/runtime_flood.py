"""An exchange that floods: WebSocket frames made beforehand, sent as fast as they are read. Standard library alone.

    python benchmarks/runtime_flood.py --frames 1000000

Prints its port, then serves one connection after another until it is ended. What is sent stands in the path:

    /flood              all the frames, numbered 1, 2, ...
    /paced/RATE/COUNT   COUNT frames at RATE a second, its `ts` the time at which it was sent (Unix, nanoseconds)

A frame is a Kalshi trade of 220 bytes. Whoever connects need not subscribe; what it sends is not read.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import socket
import time

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_CLOSE = b"\x88\x02\x03\xe8"
_CHUNK = 1 << 20
_TICK = 0.0005
SIZE = 220
_TRADE = (
    b'{"type":"trade","sid":2,"seq":%d,"msg":{"trade_id":"%s","market_ticker":"%s",'
    b'"yes_price_dollars":"0.%02d00","no_price_dollars":"0.%02d00","count_fp":"3.00","taker_side":"yes","ts":%d}}'
)
_TICKER = b"HIGHNY-22DEC23-B53.5"


def trade(number: int, ts: int) -> bytes:
    """A frame as it goes over the wire, header and all; every one of the same size, by the length of its ticker.

    Its identity and its price are others than its neighbours', so that compression meets what it would meet.
    """
    identity = hashlib.md5(b"%d" % number).hexdigest()[:18].encode()
    price = 1 + number * 7919 % 98
    room = SIZE - len(_TRADE % (number, identity, b"", price, 99 - price, ts))
    text = _TRADE % (number, identity, (_TICKER * 2)[:room], price, 99 - price, ts)
    return b"\x81\x7e" + SIZE.to_bytes(2, "big") + text


def flood(connection: socket.socket, frames: memoryview) -> None:
    for start in range(0, len(frames), _CHUNK):
        connection.sendall(frames[start : start + _CHUNK])


def paced(connection: socket.socket, rate: int, count: int) -> None:
    """Every frame that is due, then a short sleep: at high rates tens of frames together, at low ones each alone."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sent, start = 0, time.perf_counter()
    while sent < count:
        due = min(count, int((time.perf_counter() - start) * rate))
        if due > sent:
            now = time.time_ns()
            connection.sendall(b"".join(trade(number, now) for number in range(sent + 1, due + 1)))
            sent = due
        time.sleep(max(_TICK, start + (sent + 1) / rate - time.perf_counter()))


def greeted(connection: socket.socket) -> list[str]:
    """The handshake; the path that was asked for, in parts."""
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        request += connection.recv(4096)
    first, *lines = request.decode().split("\r\n")
    names = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    accept = base64.b64encode(hashlib.sha1(names["sec-websocket-key"].encode() + _GUID).digest())
    answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    connection.sendall(answer + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    return first.split()[1].strip("/").split("/")


def serve(connection: socket.socket, frames: memoryview) -> None:
    what, *numbers = greeted(connection)
    if what == "paced":
        paced(connection, *map(int, numbers))
    else:
        flood(connection, frames)
    connection.sendall(_CLOSE)
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(30)
    while connection.recv(_CHUNK):
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--frames", type=int, default=1_000_000)
    options = parser.parse_args()
    frames = b"".join(trade(number, 1_773_331_880) for number in range(1, options.frames + 1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            with connection:
                try:
                    serve(connection, memoryview(frames))
                except (OSError, KeyError, IndexError) as problem:  # whoever went away tells why itself
                    print(f"a connection ended: {problem!r}", flush=True)


if __name__ == "__main__":
    main()
