"""A repository on a web server, over HTTP with urllib3.

Signatures, not this module, decide what is trusted. This module only prevents that a server delays the
device, fills its disk, or redirects it to other hosts of the building's network.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
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
# Object stores answer 403 for a missing file to clients that may not list; TUF's own client does so too.
_ABSENT: Final = frozenset({403, 404, 410})
_WAIT: Final = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Limits of time and size for one file from a server."""

    connect_s: float = 10.0
    read_s: float = 30.0  # the longest silence; a radio link may lose ten seconds
    answer_s: float = 60.0  # from the request to the end of the headers, also if they come byte by byte
    whole_s: float = 900.0  # the next sync resumes a download that is not over by then
    slowest: int = 512  # bytes a second, on average: a tenth of the worst GPRS
    grace_s: float = 20.0  # before the average counts
    max_bytes: int = 4 << 30  # the signed length is the real limit; this one ends an endless stream


LIMITS: Final = FetchLimits()


class HttpSource:
    """The files below one address. Implements Source.

    A redirect is followed on the same host only, and never from https to http: a repository has one address,
    and no attacker on the way may send devices to other hosts of the building's network.
    """

    def __init__(self, base: str, *, limits: FetchLimits = LIMITS) -> None:
        """`base`: the address of `metadata/` and `targets/`; a missing slash at its end is added."""
        self._web = Web(base)
        self._limits = limits

    def fetch(self, name: str, *, offset: int = 0) -> Iterator[bytes]:
        parts_of(name)
        with self._web.errors(name, setting="[sync] url"), ExitStack() as opened:
            # Within the deadline: headers that it cuts off look complete, and their response has a socket.
            with self._web.at_most(self._limits.answer_s):
                response = opened.enter_context(closing(self._answer(name, offset)))
            with self._web.at_most(self._limits.whole_s):
                yield from self._body(name, response, offset)

    def _answer(self, name: str, offset: int) -> BaseHTTPResponse:
        """The response whose body is the file, after redirects. Raises FetchError for any other status."""
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
            raise FetchError(
                f"{name}: the server redirects more than {MAX_REDIRECTS} times", hint="check [sync] url"
            )
        try:
            _check_answer(name, response, offset)
        except FetchError:
            response.close()
            raise
        return response

    def _body(self, name: str, response: BaseHTTPResponse, offset: int) -> Iterator[bytes]:
        """The file from `offset` on; a server without ranges sends it from 0, and the start is dropped."""
        if response.status == 416:  # the file ends at the offset
            return
        unwanted = offset if response.status == 200 else 0
        began, got = time.monotonic(), 0
        # read1 returns the bytes that have come; read would wait for a whole chunk of a slow server.
        while chunk := response.read1(CHUNK_BYTES, decode_content=False):
            got += len(chunk)
            if got > self._limits.max_bytes:
                raise FetchError(f"{name}: the server sends more than {self._limits.max_bytes} bytes")
            spent = time.monotonic() - began
            if spent > self._limits.grace_s and got < spent * self._limits.slowest:
                raise FetchError(f"{name}: too slow, {got} bytes in {spent:.0f} s", hint="check the network")
            skip = min(unwanted, len(chunk))
            unwanted -= skip
            if skip < len(chunk):
                yield chunk[skip:]


def _check_answer(name: str, response: BaseHTTPResponse, offset: int) -> None:
    """Raise FetchError unless the body is the file, from its start or from `offset`."""
    status = response.status
    if status in _ABSENT:
        raise NotThere(f"{name}: the server has no such file ({status})")
    if status in _WAIT:
        raise FetchError(
            f"{name}: the server is busy and asks for a later retry ({status})",
            hint="wait for the next sync, which retries",
            after_s=retry_after(response.headers.get("Retry-After", "")),
        )
    if status == 416 and offset:
        return
    if status == 206 and offset:
        start = response.headers.get("Content-Range", "").partition("-")[0].strip()
        if start != f"bytes {offset}":
            raise FetchError(f"{name}: the server sends another part of the file than was requested")
    elif status != 200:
        raise FetchError(f"{name}: the server answers {status}", hint="see the log of the server")
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding != "identity":
        raise FetchError(
            f"{name}: the server sends it with the encoding {encoding[:20]}",
            hint="switch compression off for the repository in the server's configuration",
        )


def _moved(name: str, url: str, location: str) -> str:
    """The address that a redirect names. Raises FetchError for one that is not allowed."""
    target = urljoin(url, location)
    before, after = urlsplit(url), urlsplit(target)
    if not location or after.hostname != before.hostname or after.scheme not in {before.scheme, "https"}:
        raise FetchError(
            f"{name}: the server redirects to another host, or away from https",
            hint="set [sync] url to the repository's address",
        )
    return target
