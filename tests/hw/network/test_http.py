"""Faults and attacks of a web server."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from email.utils import formatdate
from pathlib import Path

import pytest
from peers.tls import server_context
from peers.web_server import Answer, Web, answers, breaking_off, dripping, serve

from edge.errors import FetchError, NotThere
from hw.network.http import LIMITS, MAX_REDIRECTS, FetchLimits, HttpSource
from hw.network.web import MAX_RETRY_AFTER_S

# For servers that never end their answer; the others get the time that a busy machine needs.
SOON = FetchLimits(connect_s=5, read_s=0.1, answer_s=0.15, whole_s=0.2)


@pytest.fixture
def web() -> Iterator[Web]:
    with serve({"file": b"content", "there/file": b"moved"}) as web:
        yield web


def fetched(web: Web, name: str = "file", *, offset: int = 0, limits: FetchLimits = LIMITS) -> bytes:
    return b"".join(HttpSource(web.url, limits=limits).fetch(name, offset=offset))


@pytest.mark.parametrize("status", [403, 404, 410])
def test_each_status_for_a_missing_file_is_absent(web: Web, status: int) -> None:
    web.answers["file"] = answers(status)
    with pytest.raises(NotThere):
        fetched(web)


@pytest.mark.parametrize("status", [204, 206, 300, 304, 400, 401, 416, 418, 500, 502, 504])
def test_every_other_status_is_a_failure_that_names_it(web: Web, status: int) -> None:
    web.answers["file"] = answers(status)
    with pytest.raises(FetchError, match=str(status)) as caught:
        fetched(web)
    assert not isinstance(caught.value, NotThere)


RETRY = {
    "seconds": ("120", 120.0, 120.0),
    "too long": ("999999", MAX_RETRY_AFTER_S, MAX_RETRY_AFTER_S),
    "a date": (formatdate(4_102_444_800, usegmt=True), MAX_RETRY_AFTER_S, MAX_RETRY_AFTER_S),
    "a date in the past": (formatdate(0, usegmt=True), 0.0, 0.0),
    "nonsense": ("soon", 0.0, 0.0),
    "a digit that is not ASCII": ("\u00b2", 0.0, 0.0),
    "below zero": ("-5", 0.0, 0.0),
}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("case", RETRY)
def test_a_busy_server_sets_the_retry_time(web: Web, status: int, case: str) -> None:
    text, least, most = RETRY[case]
    web.answers["file"] = answers(status, Retry_After=text)
    with pytest.raises(FetchError, match="later") as caught:
        fetched(web)
    assert least <= caught.value.after_s <= most


def test_files_are_requested_and_accepted_without_an_encoding(web: Web) -> None:
    web.answers["file"] = answers(200, gzip.compress(b"content"), Content_Encoding="gzip")
    with pytest.raises(FetchError, match="gzip"):
        fetched(web)
    assert web.asked[0][1]["Accept-Encoding"] == "identity"


def test_another_part_than_the_requested_one_is_refused(web: Web) -> None:
    web.answers["file"] = answers(206, b"content", Content_Range="bytes 0-6/7")
    with pytest.raises(FetchError, match="another part"):
        fetched(web, offset=3)


# -- redirects ---------------------------------------------------------------------------------------------


def test_a_redirect_on_the_same_host_is_followed(web: Web) -> None:
    web.answers["file"] = answers(302, Location="there/file")
    assert fetched(web) == b"moved"


ELSEWHERE = {
    "another host": "http://127.0.0.2/file",
    "another scheme": "ftp://localhost/file",
    "a file": "file:///etc/passwd",
    "nowhere": "",
    "not an address": "http://[/",
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_no_redirect_leaves_the_host(web: Web, where: str) -> None:
    web.answers["file"] = answers(301, Location=ELSEWHERE[where])
    with pytest.raises(FetchError):
        fetched(web)
    assert web.names == ["file"]


def test_a_loop_of_redirects_ends(web: Web) -> None:
    web.answers["file"] = answers(307, Location="/file")
    with pytest.raises(FetchError, match="redirects"):
        fetched(web)
    assert len(web.asked) == MAX_REDIRECTS + 1


# -- time and bytes ----------------------------------------------------------------------------------------


def silent(web: Web) -> Answer:
    return lambda _: web.over.wait(20) and None


HEADERS = b"HTTP/1.1 200 OK\r\n"
SLOW = {
    "headers that never end": (HEADERS, b"a: b\r\n"),
    "one header that never ends": (HEADERS + b"a: ", b"b"),
    "a body with a length": (HEADERS + b"Content-Length: 1000000\r\n\r\n", b"x"),
    "a body without a length": (HEADERS + b"Connection: close\r\n\r\n", b"x"),
    "a chunk that never begins": (HEADERS + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
}


@pytest.mark.parametrize("case", SLOW)
def test_a_server_that_sends_too_slowly_is_given_up(web: Web, case: str) -> None:
    web.answers["file"] = dripping(web, *SLOW[case])
    with pytest.raises(FetchError, match=r"slow|failed"):
        fetched(web, limits=SOON)


@pytest.mark.parametrize("case", ["headers that never end", "one header that never ends"])
def test_headers_that_the_deadline_cuts_off_leave_no_socket_open(web: Web, case: str) -> None:
    web.answers["file"] = dripping(web, *SLOW[case])
    source = HttpSource(web.url, limits=SOON)
    with pytest.raises(FetchError) as caught:
        list(source.fetch("file"))
    assert [line for line in source._web._lines if line.fileno() >= 0] == [], caught.value


def test_a_silent_server_is_given_up(web: Web) -> None:
    web.answers["file"] = silent(web)
    with pytest.raises(FetchError, match="slow"):
        fetched(web, limits=SOON)


def test_too_few_bytes_a_second_are_too_slow(web: Web) -> None:
    web.answers["file"] = dripping(web, HEADERS + b"Content-Length: 1000000\r\n\r\n", b"x")
    with pytest.raises(FetchError, match="bytes in"):
        fetched(web, limits=FetchLimits(grace_s=0.2, slowest=1_000))


def test_an_endless_body_ends_at_the_limit(web: Web) -> None:
    web.answers["file"] = dripping(web, HEADERS + b"Connection: close\r\n\r\n", bytes(60_000))
    with pytest.raises(FetchError, match="more than 200000 bytes"):
        fetched(web, limits=FetchLimits(max_bytes=200_000))


@pytest.mark.parametrize("offset", [0, 3])
def test_a_body_that_breaks_off_is_a_failure(web: Web, offset: int) -> None:
    web.answers["file"] = breaking_off(HEADERS + b"Content-Length: 100\r\n\r\nhalf")
    with pytest.raises(FetchError, match="failed"):
        fetched(web, offset=offset)


GARBAGE = [b"", b"\0" * 100, b"HTTP/9.9 9999\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a" * 70_000 + b"\r\n\r\n"]


@pytest.mark.parametrize("said", GARBAGE, ids=range(len(GARBAGE)))
def test_an_invalid_answer_is_a_failure(web: Web, said: bytes) -> None:
    web.answers["file"] = breaking_off(said)
    with pytest.raises(FetchError):
        fetched(web)


UNREACHABLE = {
    "http://localhost:1/": "cannot be reached",
    "http://no-such-host.invalid/": "name is not known",
    "http://localhost:99999/": "failed",
}


@pytest.mark.parametrize("url", UNREACHABLE)
def test_an_unreachable_server_is_a_failure_with_a_hint(url: str) -> None:
    with pytest.raises(FetchError, match=UNREACHABLE[url]) as caught:
        list(HttpSource(url, limits=SOON).fetch("file"))
    assert caught.value.hint


# -- TLS and proxies ---------------------------------------------------------------------------------------


@pytest.fixture
def secure(certificate: Path) -> Iterator[Web]:
    with serve({"file": b"content"}, tls=server_context(certificate)) as web:
        yield web


def test_a_certificate_of_an_unknown_authority_is_refused(secure: Web) -> None:
    with pytest.raises(FetchError, match="no TLS connection") as caught:
        fetched(secure)
    assert "clock" in caught.value.hint
    assert secure.asked == []


def test_a_certificate_that_the_system_trusts_is_accepted(
    secure: Web, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    assert fetched(secure) == b"content"


def test_a_redirect_never_leads_from_https_to_http(
    secure: Web, web: Web, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    secure.answers["file"] = answers(301, Location=f"{web.url}file")
    with pytest.raises(FetchError, match="another host"):
        fetched(secure)
    assert web.asked == []


def environment(monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str]) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_the_proxy_of_the_environment_is_used(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, {"http_proxy": web.url})
    source = HttpSource("http://repository.example/", limits=SOON)
    assert b"".join(source.fetch("file")) == b"content"
    assert web.asked[0][1]["Host"] == "repository.example"


def test_a_host_of_no_proxy_is_reached_directly(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch, {"http_proxy": "http://localhost:1/", "no_proxy": "localhost"})
    assert fetched(web) == b"content"


SECRET_ADDRESSES = {
    "http://ana:hunter2@localhost:1/": "http://localhost:1/file: ",
    "http://localhost:1/tenant/hunter2/": "http://localhost:1/.../file: ",
    "http://localhost:1": "http://localhost:1/file: ",
    "http://[::1]:1/hunter2": r"http://\[::1\]:1/.../file: ",
}


@pytest.mark.parametrize("url", SECRET_ADDRESSES)
def test_an_error_names_the_server_and_no_secret_of_its_address(url: str) -> None:
    with pytest.raises(FetchError, match=rf"\A{SECRET_ADDRESSES[url]}") as caught:
        list(HttpSource(url, limits=SOON).fetch("file"))
    assert "hunter2" not in caught.value.message + caught.value.hint
