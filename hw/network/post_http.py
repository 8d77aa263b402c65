"""A hub on a web server, over HTTP with urllib3, with mutual TLS where the hub wants it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import urllib3

from edge.errors import ConfigError
from edge.ports import Answer
from hw.network.certificates import trust
from hw.network.web import Web, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from urllib3 import BaseHTTPResponse

ANSWER_BYTES: Final = 4_096  # the port's own limit; a good answer has 26, a longer one is a proxy's page


@dataclass(frozen=True, slots=True)
class PostTimeouts:
    """Timeouts for one batch."""

    connect_s: float = 10.0
    read_s: float = 30.0  # the longest silence: a hub waits up to 10 s for its database
    whole_s: float = 120.0  # 1 MB up at 16 kB/s, and the answer, also if it comes byte by byte


@dataclass(frozen=True, slots=True)
class Credentials:
    """PEM files for TLS: `ca` to trust (None: the system's), `cert` and `key` of this device."""

    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


class HttpPost:
    """Requests to one address; the connection is kept from batch to batch. Implements Post.

    No redirect is followed: records go to the configured address only.
    """

    def __init__(
        self, base: str, credentials: Credentials | None = None, *, timeouts: PostTimeouts | None = None
    ) -> None:
        """`base`: the hub's address; a missing slash at its end is added. Raises ConfigError."""
        self._web = Web(base, trust=_context(credentials or Credentials()))
        self._timeouts = timeouts or PostTimeouts()

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        timeouts = self._timeouts
        with self._web.errors("", setting="[hub] url"), self._web.at_most(timeouts.whole_s):
            response = self._web.manager.request(
                "POST",
                self._web.base + path,
                body=body,
                headers={**headers, "Accept-Encoding": "identity"},
                timeout=urllib3.Timeout(connect=timeouts.connect_s, read=timeouts.read_s),
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            try:
                said = _beginning(response)
            finally:
                response.close()  # a connection whose answer was read to its end is in the pool by now
            after_s = retry_after(response.headers.get("Retry-After", ""))
            return Answer(response.status, said, after_s)


def _beginning(response: BaseHTTPResponse) -> bytes:
    """The first ANSWER_BYTES of the body; a body shorter than its declared length raises in the last read."""
    said = b""
    while len(said) < ANSWER_BYTES and (more := response.read(ANSWER_BYTES, decode_content=False)):
        said += more
    return said[:ANSWER_BYTES]


def _context(credentials: Credentials) -> ssl.SSLContext:
    context = trust(credentials.ca, "[hub] ca")
    if credentials.cert:
        try:
            context.load_cert_chain(credentials.cert, credentials.key)
        except (OSError, ssl.SSLError) as err:
            raise ConfigError(
                f"[hub] cert: {credentials.cert} and cert_key are no certificate with its key",
                hint="set cert and cert_key to PEM files, the key without a password",
            ) from err
    return context
