"""The HostLine port: in memory, over TCP and over TLS."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from peers.tls import server_context

from edge.errors import ConfigError, HostFault
from edge.ports import HostLine
from hw.network.certificates import trust
from hw.network.sip2_line import SocketLine, open_line
from hw.sim.line import line_pair

LONG_S = 30.0  # for a busy machine
CHUNK_BYTES = 4_096


@dataclass
class Line:
    """The end of the device, and the actions of the other end."""

    ours: HostLine
    say: Callable[[bytes], None]
    heard: Callable[[int], bytes]
    hang_up: Callable[[], None]


@pytest.fixture(params=["memory", "tcp", "tls"])
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    if request.param == "memory":
        ours, theirs = line_pair()
        yield Line(ours, theirs.send, lambda n: exactly(theirs, n), theirs.close)
        return
    ours_socket, their_socket = socket.socketpair()
    if request.param == "tls":
        folder: Path = request.getfixturevalue("certificate")
        ours_socket, their_socket = handshake(ours_socket, their_socket, folder)
    their_socket.settimeout(LONG_S)
    ours = SocketLine(ours_socket, "library:6001")
    their_line = SocketLine(their_socket, "gate")
    yield Line(ours, their_socket.sendall, lambda n: exactly(their_line, n), lambda: shut(their_socket))
    for end in (ours_socket, their_socket):
        end.close()


def handshake(
    ours: socket.socket, theirs: socket.socket, folder: Path
) -> tuple[socket.socket, socket.socket]:
    """Run TLS on both ends, in turns in one thread."""
    context = server_context(folder)
    believed = trust(folder / "cert.pem", "[library] ca")
    ends = []
    for end in (ours, theirs):
        end.setblocking(False)
    ends = [
        believed.wrap_socket(ours, server_hostname="localhost", do_handshake_on_connect=False),
        context.wrap_socket(theirs, server_side=True, do_handshake_on_connect=False),
    ]
    for _ in range(8):  # a handshake takes three flights
        for end in ends:
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
    return ends[0], ends[1]


def shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


def exactly(line: HostLine, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = line.receive(LONG_S)
        assert more
        data += more
    return data


def test_what_is_sent_arrives(line: Line) -> None:
    line.ours.send(b"9900402.00\r")
    assert line.heard(11) == b"9900402.00\r"


def test_bytes_are_received_in_order_and_in_pieces_of_4_kb(line: Line) -> None:
    sent = bytes(range(256)) * 40
    line.say(sent)
    data = b""
    while len(data) < len(sent):
        part = line.ours.receive(LONG_S)
        assert 0 < len(part) <= CHUNK_BYTES
        data += part
    assert data == sent


def test_a_read_without_waiting_returns_nothing(line: Line) -> None:
    assert line.ours.receive(0.0) == b""


def test_bytes_sent_before_the_other_end_closed_are_received_before_the_fault(line: Line) -> None:
    line.say(b"941\r")
    line.hang_up()
    assert exactly(line.ours, 4) == b"941\r"
    with pytest.raises(HostFault):
        line.ours.receive(LONG_S)


def test_a_closed_line_is_a_fault_and_can_be_closed_again(line: Line) -> None:
    line.ours.close()
    line.ours.close()
    with pytest.raises(HostFault):
        line.ours.send(b"x")
    with pytest.raises(HostFault):
        line.ours.receive(0.0)


def test_a_refused_connection_is_a_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(HostFault, match="the connection was refused"):
        open_line("127.0.0.1", port, tls=None, timeout_s=LONG_S)


def test_an_unknown_name_is_a_fault() -> None:
    with pytest.raises(HostFault, match="its name is not known"):
        open_line("a" * 64 + ".invalid", 6001, tls=None, timeout_s=LONG_S)


def test_a_file_without_a_certificate_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ConfigError, match="holds no certificate"):
        trust(tmp_path / "ca.pem", "[library] ca")
