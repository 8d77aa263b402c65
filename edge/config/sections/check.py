"""The table of a check without a door: its purpose, and the host that receives the results."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import FilePath, Table, Url
from edge.config.sections.desk import AttributeName  # noqa: TC001  read at run time

PurposeWord = Annotated[
    str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]*\Z", max_length=40, description="one word of a-z, 0-9 and -")
]


class CheckConfig(Table, frozen=True):
    """The purpose of the check and its host; for `[door] venue = "check"`."""

    purpose: PurposeWord = "counter"
    """Purpose of the check in one word, such as rail-security; every result holds it."""
    request: tuple[AttributeName, ...] = ()
    """Attributes that this purpose needs; the host receives these and no others."""
    via: Literal["none", "webhook", "mqtt", "serial"] = "none"
    """Way to the host. `none`: send nothing. `webhook`: HTTP POST. `mqtt`: over the broker of [mqtt].
    `serial`: over a serial port."""
    webhook: Url | None = None
    """Address that results are posted to; required with via = "webhook"."""
    ca: FilePath | None = None
    """File of CA certificates to trust for that address; left out: those of the operating system."""
    port: FilePath | None = None
    """Serial port of the host; required with via = "serial". For USB take a name from /dev/serial/by-id."""
    baud: Annotated[int, Meta(ge=9_600, le=1_000_000)] = 115_200
    """Speed of that port, in bits per second."""
    host_key: FilePath | None = None
    """The host's public key, to which attributes are sealed; required with `request`.
    The host makes the pair with `doorward desk key`."""
    sector_key: FilePath = "check.sector"
    """Key that makes the host's pseudonyms: 32 bytes, mode 0600; made at the first start. All devices of one
    host need the same key."""
    reason: bool = False
    """Tell the host why a card was refused. Leave it false if the host's staff do not need the reason."""
    folder: FilePath = "check"
    """Folder of the results that wait for the host."""
    queue_mb: Annotated[int, Meta(ge=1, le=4_096)] = 16
    """Maximum size of the waiting results, in MB; when it is reached, the oldest is deleted."""
    queue_h: Annotated[int, Meta(ge=1, le=24 * 90)] = 24
    """Hours after which a result that was not delivered is deleted."""
