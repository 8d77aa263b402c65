"""A hub in its own process answers devices, pages and health while many peers hold connections to it."""

from __future__ import annotations

import itertools
import socket
import stat
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from peers.tls import make_certificate
from worlds.fleet import DEVICE, KEY, History, Hub, running_hub, tool

from edge.upload.protocol import CONTENT_TYPE, records_path
from hw.network.post_http import Credentials, HttpPost
from tools.hub import cli
from tools.hub.connections.budget import MOST_OPEN

MANY = 220  # more than a hub has places


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hub")


@pytest.fixture(scope="module")
def hub(folder: Path) -> Iterator[Hub]:
    db = str(folder / "hub.db")
    assert cli.main(["device", "add", DEVICE, "--key", bytes(KEY.verify_key).hex(), "--db", db]) == 0
    with running_hub(db, folder) as running:
        yield running


def port_of(hub: Hub) -> int:
    return int(hub.url.rpartition(":")[2])


@contextmanager
def held(
    hub: Hub, said: bytes, *, count: int = MANY, source: str = "127.0.0.1"
) -> Iterator[list[socket.socket]]:
    """So many connections that said this and wait."""
    with ExitStack() as stack:
        lines = []
        for _ in range(count):
            line = stack.enter_context(
                socket.create_connection(("127.0.0.1", port_of(hub)), timeout=20, source_address=(source, 0))
            )
            with_said(line, said)
            lines.append(line)
        yield lines


def with_said(line: socket.socket, said: bytes) -> None:
    with suppress(ConnectionError):  # it made room already
        line.sendall(said)


def assert_served(hub: Hub) -> None:
    """Each client has a connection of its own: an idle one may make room."""
    own = {"Connection": "close"}
    assert hub.call("GET", "healthz", headers=own).status == 200
    assert hub.call("GET", "readyz", headers=own).status == 200
    assert hub.give(History(3).batch(0, 3), headers=own).status == 200
    assert "Devices" in hub.page("", **own)


def descriptors(hub: Hub) -> int:
    assert hub.process
    return len(list(Path(f"/proc/{hub.process.pid}/fd").iterdir()))


POST = f"POST /{records_path(DEVICE)} HTTP/1.1\r\nHost: hub\r\nContent-Type: {CONTENT_TYPE}\r\n"
SAID = {
    "nothing": b"",
    "half of a head": b"GET /healthz HTTP/1.1\r\nHost: hub\r\nX: ",
    "a head without its body": f"{POST}Content-Length: 1000000\r\n\r\nabc".encode(),
    "a body in endless chunks": f"{POST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n".encode(),
    "a request, and then half of the next": b"GET /healthz HTTP/1.1\r\nHost: hub\r\n\r\nGET /",
}


@pytest.mark.parametrize("case", SAID)
@pytest.mark.parametrize("source", ["127.0.0.1", pytest.param("127.0.0.2", marks=pytest.mark.slow)])
def test_peers_that_wait_starve_no_client(hub: Hub, case: str, source: str) -> None:
    with held(hub, SAID[case], source=source):
        assert_served(hub)
        assert descriptors(hub) < MOST_OPEN


@pytest.mark.slow
def test_a_slow_reader_of_a_large_answer_starves_no_client(hub: Hub) -> None:
    question = b"GET /openapi.json HTTP/1.1\r\nHost: hub\r\n\r\n" * 20
    with held(hub, question):
        assert_served(hub)


def test_connections_that_come_and_go_leave_nothing_behind(hub: Hub) -> None:
    before = descriptors(hub)
    for _ in range(300):
        socket.create_connection(("127.0.0.1", port_of(hub)), timeout=20).close()
    assert_served(hub)
    assert descriptors(hub) <= before + 20


HEADS = {
    "a long line": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: hub\r\n\r\n",
    "a long header": b"GET / HTTP/1.1\r\nHost: hub\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: hub\r\n" + b"X: a\r\n" * 4_000 + b"\r\n",
    "no end": b"a" * 20_000,
}


@pytest.mark.parametrize("case", HEADS)
def test_a_head_is_bounded(hub: Hub, case: str) -> None:
    with held(hub, HEADS[case], count=1) as (line,):
        assert line.recv(12) == b"HTTP/1.1 400"


def test_handshakes_that_never_end_starve_no_device(tmp_path: Path) -> None:
    make_certificate(tmp_path, "localhost", subject="localhost")
    pem = tmp_path / "localhost.pem"
    with running_hub(
        str(tmp_path / "hub.db"), tmp_path, "--cert", pem, "--cert-key", pem.with_suffix(".key")
    ) as hub:
        url = hub.url.replace("http://127.0.0.1", "https://localhost")
        with held(hub, b"\x16\x03\x01"):
            answer = HttpPost(url, Credentials(pem)).post(
                records_path(DEVICE), b"", {"Content-Type": CONTENT_TYPE}
            )
            assert answer.status == 403
            assert descriptors(hub) < MOST_OPEN


@pytest.mark.slow
def test_a_silent_connection_ends_at_its_deadline(hub: Hub) -> None:
    with held(hub, b"GET /", count=1) as (line,):
        assert line.recv(1) == b""


def test_the_database_and_its_log_are_for_their_owner_only(hub: Hub, folder: Path) -> None:
    hub.give(History(3).batch(0, 3))
    files = sorted(folder.glob("hub.db*"))
    assert [file.name for file in files] == ["hub.db", "hub.db-shm", "hub.db-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_database_that_others_can_read_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = tmp_path / "hub.db"
    tool("device", "list", db=str(db))
    db.chmod(0o640)
    assert cli.main(["device", "list", "--db", str(db)]) == 0
    assert f"warning: {db}: other users" in capsys.readouterr().err


@pytest.mark.slow
def test_a_flood_from_other_addresses_keeps_no_client_out(hub: Hub) -> None:
    """Thousands of connections in ten seconds, each held as long as the hub and 300 descriptors allow."""
    until_s, rounds = time.monotonic() + 10, 0

    def flood(source: str, said: bytes) -> int:
        lines: deque[socket.socket] = deque()
        made = 0
        while time.monotonic() < until_s:
            with suppress(OSError):
                line = socket.create_connection(
                    ("127.0.0.1", port_of(hub)), timeout=5, source_address=(source, 0)
                )
                lines.append(line)
                made += 1
                with_said(line, said)
            if len(lines) > 300:
                lines.popleft().close()
        for line in lines:
            line.close()
        return made

    sources = itertools.cycle(["127.0.0.2", "127.0.0.3"])
    with ThreadPoolExecutor(len(SAID)) as pool:
        made = pool.map(flood, sources, SAID.values())
        while time.monotonic() < until_s:
            assert_served(hub)
            rounds += 1
    assert rounds > 3
    assert sum(made) > 1_000
