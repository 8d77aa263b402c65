"""A check without a door: what it is for, and which host is told."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import FilePath, Table, Url
from edge.config.sections.desk import AttributeName  # noqa: TC001  read at run time


class CheckConfig(Table, frozen=True):
    """What is checked for, and who is told; for `[door] venue = "check"`."""

    purpose: Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]*\Z", max_length=40)] = "counter"
    """What for, in one word, such as rail-security; it stands in every result."""
    request: tuple[AttributeName, ...] = ()
    """The attributes that this purpose needs; the host is told these and no others."""
    via: Literal["none", "webhook", "mqtt", "serial"] = "none"
    """How the host is told: `none` not at all, `mqtt` over the broker of [mqtt]."""
    webhook: Url | None = None
    """Where results are posted, for `webhook`."""
    ca: FilePath | None = None
    """Certificates to believe for that address in place of the system's."""
    port: FilePath | None = None
    """Serial port of the host, for `serial`; over USB best a name from /dev/serial/by-id."""
    baud: Annotated[int, Meta(ge=9_600, le=1_000_000)] = 115_200
    """Speed of that port."""
    host_key: FilePath | None = None
    """The host's public key, to which attributes are sealed: doorward desk key. Must be said with request."""
    sector_key: FilePath = "check.sector"
    """32 bytes, mode 0600, that make the host's pseudonyms; shared by its devices, made where missing."""
    reason: bool = False
    """Tell the host why a card was refused; its staff need that rarely, and its database never."""
    folder: FilePath = "check"
    """Where results wait for the host."""
    queue_mb: Annotated[int, Meta(ge=1, le=4_096)] = 16
    """How much may wait; beyond it the oldest is given up."""
    queue_h: Annotated[int, Meta(ge=1, le=24 * 90)] = 24
    """For how many hours a result is worth telling."""
