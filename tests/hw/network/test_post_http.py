"""Sending a body to a hub: the contract of every Post, and faults of a web server."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from peers.tls import make_certificate, server_context
from peers.web_server import Web, answers, breaking_off, dripping, reply, serve

from edge.errors import ConfigError, FetchError
from edge.ports import Answer as Said
from edge.ports import Post
from hw.network.post_http import ANSWER_BYTES, Credentials, HttpPost, PostTimeouts
from hw.sim.hub import SimHub

PATH = "v1/devices/lobby-1/records"
HEADERS = {"Content-Type": "application/x-test", "Doorward-Signature": "ed25519=AAAA"}
# For hubs that never end their answer; the others get the time that a busy machine needs.
SOON = PostTimeouts(connect_s=5, read_s=0.15, whole_s=0.2)


def posted(web: Web, body: bytes = b"body", *, timeouts: PostTimeouts | None = None) -> Said:
    return HttpPost(web.url, timeouts=timeouts).post(PATH, body, HEADERS)


# -- the contract ------------------------------------------------------------------------------------------

Ports = Callable[[Said | None], Post]


@pytest.fixture(params=["sim", "http"])
def port(request: pytest.FixtureRequest, web: Web) -> Ports:
    """A function that makes a Post to a hub with this answer, or without one."""

    def sim(said: Said | None) -> Post:
        return SimHub([said] if said else [])

    def http(said: Said | None) -> Post:
        web.answers[PATH] = (
            answers(said.status, said.body, Retry_After=str(int(said.after_s))) if said else breaking_off(b"")
        )
        return HttpPost(web.url, timeouts=SOON)

    return {"sim": sim, "http": http}[request.param]


@pytest.mark.parametrize("status", [200, 302, 401, 409, 413, 422, 500, 503])
def test_every_answer_is_returned_unchanged(port: Ports, status: int) -> None:
    said = Said(status, b'{"next":7}', after_s=30.0)
    assert port(said).post(PATH, b"body", HEADERS) == said


def test_no_answer_is_a_fetch_error(port: Ports) -> None:
    with pytest.raises(FetchError):
        port(None).post(PATH, b"body", HEADERS)


# -- the web -----------------------------------------------------------------------------------------------


def test_the_body_and_the_headers_arrive(web: Web) -> None:
    web.answers[PATH] = answers(200, b"{}")
    body = bytes(range(256)) * 3_900
    posted(web, body)
    (path, headers), (arrived,) = web.asked[0], web.bodies
    assert (path, arrived) == (PATH, body)
    assert headers.items() >= HEADERS.items()


def test_one_connection_serves_all_batches(web: Web) -> None:
    ports: set[int] = set()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        ports.add(handler.client_address[1])
        reply(handler, 200, b"{}")

    web.answers[PATH] = answer
    post = HttpPost(web.url)
    for _ in range(3):
        post.post(PATH, b"body", HEADERS)
    assert len(ports) == 1


def test_a_connection_that_the_hub_closed_is_opened_again(web: Web) -> None:
    closed = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        reply(handler, 200, b"{}")
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True
        closed.set()

    web.answers[PATH] = answer
    post = HttpPost(web.url)
    for _ in range(3):
        assert post.post(PATH, b"body", HEADERS).status == 200
        assert closed.wait(10)  # a body sent before that would reach a closing connection
        closed.clear()


def test_a_long_answer_is_cut(web: Web) -> None:
    web.answers[PATH] = answers(200, b"x" * 100_000)
    assert posted(web).body == b"x" * ANSWER_BYTES


def test_no_redirect_is_followed(web: Web) -> None:
    web.answers[PATH] = answers(307, Location="/elsewhere")
    web.answers["elsewhere"] = answers(200, b'{"next":7}')
    assert posted(web).status == 307
    assert web.names == [PATH]


RETRY = {"30": 30.0, "86400": 3_600.0, "soon": 0.0, "-1": 0.0}


@pytest.mark.parametrize("text", RETRY)
def test_the_retry_time_is_at_most_an_hour(web: Web, text: str) -> None:
    web.answers[PATH] = answers(503, Retry_After=text)
    assert posted(web).after_s == RETRY[text]


OK = b"HTTP/1.1 200 OK\r\n"
BAD = {
    "silence": (b"", b""),
    "headers that drip": (OK, b"a: b\r\n"),
    "a body that drips": (OK + b"Content-Length: 1000\r\n\r\n", b"x"),
    "a body without an end": (OK + b"Connection: close\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_slow_hub_is_given_up(web: Web, case: str) -> None:
    web.answers[PATH] = dripping(web, *BAD[case])
    with pytest.raises(FetchError, match=r"slow|failed") as caught:
        posted(web, timeouts=SOON)
    assert caught.value.hint


@pytest.mark.parametrize(
    "said", [b"", b"\0" * 100, b"HTTP/9.9 9999\r\n\r\n", OK + b"Content-Length: 9\r\n\r\nhalf"]
)
def test_an_invalid_answer_is_a_failure(web: Web, said: bytes) -> None:
    web.answers[PATH] = breaking_off(said)
    with pytest.raises(FetchError):
        posted(web)


def test_a_hub_that_does_not_read_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        post = HttpPost(f"http://127.0.0.1:{listener.getsockname()[1]}", timeouts=SOON)
        with pytest.raises(FetchError):
            post.post(PATH, bytes(20_000_000), HEADERS)


def test_an_unreachable_hub_is_a_failure_with_a_hint() -> None:
    with pytest.raises(FetchError) as caught:
        HttpPost("http://no-such-host.invalid/", timeouts=SOON).post(PATH, b"", HEADERS)
    assert "[hub] url" in caught.value.hint


# -- TLS ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """hub.pem and device.pem, each self-signed and with its key."""
    folder = tmp_path_factory.mktemp("tls")
    for name, subject in (("hub", "localhost"), ("device", "lobby-1"), ("stranger", "lobby-1")):
        make_certificate(folder, name, subject)
    return folder


@pytest.fixture
def mutual(certificates: Path) -> Iterator[Web]:
    """A hub that accepts the certificate device.pem."""
    context = server_context(certificates, "hub")
    context.load_verify_locations(certificates / "device.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with serve({}, tls=context) as web:
        web.answers[PATH] = answers(200, b"{}")
        yield web


def credentials(folder: Path, ca: str | None, cert: str | None) -> Credentials:
    return Credentials(
        ca=folder / f"{ca}.pem" if ca else None,
        cert=folder / f"{cert}.pem" if cert else None,
        key=folder / f"{cert}.key" if cert else None,
    )


def test_with_its_certificate_a_device_is_let_in(mutual: Web, certificates: Path) -> None:
    post = HttpPost(mutual.url, credentials(certificates, "hub", "device"))
    assert post.post(PATH, b"body", HEADERS).status == 200


STRANGERS = {
    "a hub without a trusted authority": (None, "device"),
    "a hub of another authority": ("stranger", "device"),
    "no certificate of the device": ("hub", None),
    "a certificate that the hub does not know": ("hub", "stranger"),
}


@pytest.mark.parametrize("case", STRANGERS)
def test_without_them_nothing_is_sent(mutual: Web, certificates: Path, case: str) -> None:
    post = HttpPost(mutual.url, credentials(certificates, *STRANGERS[case]), timeouts=SOON)
    with pytest.raises(FetchError):
        post.post(PATH, b"body", HEADERS)
    assert mutual.bodies == []


def test_a_file_without_a_certificate_is_an_error_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("no certificate")
    for wrong in (
        Credentials(ca=tmp_path / "x.pem"),
        Credentials(cert=tmp_path / "x.pem"),
        Credentials(ca=tmp_path),
    ):
        with pytest.raises(ConfigError):
            HttpPost("https://hub.example", wrong)


def test_an_error_of_a_webhook_has_nothing_of_its_path() -> None:
    post = HttpPost("http://localhost:1/services/T0123")
    with pytest.raises(FetchError, match=r"\Ahttp://localhost:1/\.\.\./: ") as caught:
        post.post("hunter2", b"{}", {})
    assert "hunter2" not in caught.value.message
    assert "T0123" not in caught.value.message
