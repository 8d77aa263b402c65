"""A repository on a web server, over HTTP with urllib3.

Signatures say what is believed. Here it is only seen to that no server can hold us up, fill our disk or send
us about in the building's network.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

import urllib3

from edge.errors import FetchError, NotThere
from hw.network.source import CHUNK_BYTES, parts_of
from hw.network.web import Web, retry_after

if TYPE_CHECKING:
    from collections.abc import Iterator

    from urllib3 import BaseHTTPResponse

MAX_REDIRECTS: Final = 3  # a server that adds a slash, or moves to https, needs one
_MOVED: Final = frozenset({301, 302, 303, 307, 308})
# Object stores answer 403 for what is not there to readers who may not list; TUF's own client says the same.
_ABSENT: Final = frozenset({403, 404, 410})
_WAIT: Final = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What a server may take of our time and our disk for one file."""

    connect_s: float = 10.0
    read_s: float = 30.0  # the longest silence; a radio link may lose ten seconds
    answer_s: float = 60.0  # from the request to the end of the headers, however they drip
    whole_s: float = 900.0  # what is not over by then is resumed at the next sync
    slowest: int = 512  # bytes a second, on average: a tenth of the worst GPRS
    grace_s: float = 20.0  # before the average counts
    max_bytes: int = 4 << 30  # the signed length is the limit; this one is for an endless stream of nothing


LIMITS: Final = FetchLimits()


class HttpSource:
    """The files below one address. Implements Source.

    A redirect is followed on the same host only, and never from https to http: a repository has one address,
    and nobody on the way may have devices knock at other doors of the building's network.
    """

    def __init__(self, base: str, *, limits: FetchLimits = LIMITS) -> None:
        """`base`: where `metadata/` and `targets/` are; a missing slash at its end is added."""
        self._web = Web(base)
        self._limits = limits

    def fetch(self, name: str, *, offset: int = 0) -> Iterator[bytes]:
        parts_of(name)
        with self._web.errors(name, setting="[sync] url"):
            with self._web.at_most(self._limits.answer_s):
                response = self._answer(name, offset)
            try:
                with self._web.at_most(self._limits.whole_s):
                    yield from self._body(name, response, offset)
            finally:
                response.close()

    def _answer(self, name: str, offset: int) -> BaseHTTPResponse:
        """The response whose body is the file, redirects followed. Raises FetchError for any other status."""
        url = self._web.base + name
        headers = {"Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
        timeout = urllib3.Timeout(connect=self._limits.connect_s, read=self._limits.read_s)
        for _ in range(MAX_REDIRECTS + 1):
            response = self._web.manager.request(
                "GET",
                url,
                headers=headers,
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            if response.status not in _MOVED:
                break
            response.close()
            url = _moved(name, url, response.headers.get("Location", ""))
        else:
            raise FetchError(f"{name}: more than {MAX_REDIRECTS} redirects", hint="check [sync] url")
        try:
            _check_answer(name, response, offset)
        except FetchError:
            response.close()
            raise
        return response

    def _body(self, name: str, response: BaseHTTPResponse, offset: int) -> Iterator[bytes]:
        """The file from `offset` on; what a server without ranges sends before it is dropped."""
        if response.status == 416:  # nothing behind the offset
            return
        unwanted = offset if response.status == 200 else 0
        began, got = time.monotonic(), 0
        # read1 hands over what is there; read would wait for the whole chunk, however slowly it drips.
        while chunk := response.read1(CHUNK_BYTES, decode_content=False):
            got += len(chunk)
            if got > self._limits.max_bytes:
                raise FetchError(f"{name}: the server sends more than {self._limits.max_bytes} bytes")
            spent = time.monotonic() - began
            if spent > self._limits.grace_s and got < spent * self._limits.slowest:
                raise FetchError(
                    f"{name}: {got} bytes in {spent:.0f} s are too slow", hint="check the network"
                )
            skip = min(unwanted, len(chunk))
            unwanted -= skip
            if skip < len(chunk):
                yield chunk[skip:]


def _check_answer(name: str, response: BaseHTTPResponse, offset: int) -> None:
    """Raises FetchError unless the body is the file, from its start or from `offset`."""
    status = response.status
    if status in _ABSENT:
        raise NotThere(f"{name}: the server has no such file ({status})")
    if status in _WAIT:
        raise FetchError(
            f"{name}: the server asks to come back later ({status})",
            hint="it is asked again at the next sync",
            after_s=retry_after(response.headers.get("Retry-After", "")),
        )
    if status == 416 and offset:
        return
    if status == 206 and offset:
        start = response.headers.get("Content-Range", "").partition("-")[0].strip()
        if start != f"bytes {offset}":
            raise FetchError(f"{name}: the server sends another part than was asked for")
    elif status != 200:
        raise FetchError(f"{name}: the server answers {status}", hint="see the log of the server")
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding != "identity":
        raise FetchError(f"{name}: sent as {encoding[:20]}", hint="have the server send files as they are")


def _moved(name: str, url: str, location: str) -> str:
    """Where a redirect leads. Raises FetchError where it may not lead."""
    target = urljoin(url, location)
    before, after = urlsplit(url), urlsplit(target)
    if not location or after.hostname != before.hostname or after.scheme not in {before.scheme, "https"}:
        raise FetchError(
            f"{name}: the server points to another place", hint="set [sync] url to the repository's address"
        )
    return target
