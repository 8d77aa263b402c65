"""The server of the metrics answers while clients hold connections, and takes few descriptors of the door."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from edge.app.loop.metrics_server import HEAD_BYTES, MOST, WHOLE_S, MetricsServer

LONG_S = 30.0  # a loaded machine is slow; no test waits for this time to pass
GET = b"GET /metrics HTTP/1.1\r\nHost: door\r\n\r\n"


@pytest.fixture
def made() -> list[int]:
    return []


@pytest.fixture
def server(made: list[int]) -> Iterator[MetricsServer]:
    def page() -> bytes:
        made.append(1)
        return b"door 1\n" * 100_000

    serving = MetricsServer(0, page)
    yield serving
    serving.close()


def connect(server: MetricsServer, said: bytes = b"") -> socket.socket:
    line = socket.create_connection(("127.0.0.1", server.port), timeout=LONG_S)
    with suppress(ConnectionError):
        line.sendall(said)
    return line


def scrape(server: MetricsServer) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=LONG_S) as answer:
        return answer.read()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


HOLDERS = {"nothing": b"", "half of a head": b"GET /metrics HTTP/1.1\r\nX: ", "no reading": GET}


@pytest.mark.parametrize("case", HOLDERS)
def test_connections_that_wait_keep_no_scrape_out(server: MetricsServer, case: str) -> None:
    before, count = descriptors(), 200
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(connect(server, HOLDERS[case]))
        assert scrape(server).endswith(b"door 1\n")
        assert descriptors() - before - count <= MOST + 1  # `count` are the test's own ends


def test_a_flood_of_scrapes_makes_few_pages(server: MetricsServer, made: list[int]) -> None:
    for _ in range(50):
        scrape(server)
    assert len(made) < 25


ENDED = {
    "a head without an end": b"a" * HEAD_BYTES,
    "another method": b"POST /metrics HTTP/1.1\r\n\r\n",
    "nonsense": b"\x16\x03\x01\r\n\r\n",
}


@pytest.mark.parametrize("case", ENDED)
def test_other_requests_get_no_page(server: MetricsServer, case: str) -> None:
    with connect(server, ENDED[case]) as line:
        with suppress(ConnectionResetError):
            assert b"door" not in line.recv(1_000)
        assert scrape(server)


def test_a_connection_has_one_deadline(server: MetricsServer) -> None:
    assert WHOLE_S < LONG_S
    with connect(server, b"GET /") as line:
        assert line.recv(1) == b""


def test_closing_ends_all_connections_and_is_safe_twice(server: MetricsServer) -> None:
    with connect(server, b"GET /") as line:
        server.close()
        server.close()
        with suppress(ConnectionResetError):
            assert line.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        connect(server)
