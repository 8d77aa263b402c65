"""`generation.json` of a trust folder: the times at which this trust was fetched and signed.

edge/sync/REPOSITORY.md section 3 says where it is. Sync writes it after it has verified all other files of
the folder; a folder filled by hand has none.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from edge.card import numbers as n
from edge.errors import TrustFault
from edge.formats.untrusted_text import typed_json

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_GENERATION_BYTES: Final = 16_384  # 64 roles with long names are 4 kB
NETWORK: Final = ("https://", "http://")

_HINT: Final = "remove this file, and run: doorward sync"
_Instant = Annotated[datetime, Meta(tz=True)]
_Role = Annotated[str, Meta(max_length=80)]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    synced_at: _Instant
    network_at: _Instant | None = None
    signed_at: _Instant | None = None
    source: Annotated[str, Meta(max_length=1_000)] = ""
    versions: Annotated[dict[_Role, Annotated[int, Meta(ge=0)]], Meta(max_length=64)] = {}


_decoder = msgspec.json.Decoder(_File)


@dataclass(frozen=True, slots=True)
class Generation:
    """Source and times of the trust in a folder. Times are aware UTC.

    `synced_at`: the device's own clock at its last successful sync; `signed_at`: the signed time of the
    publication, from `revocation/time.json`; `source`: the address, or the folder of a USB stick.
    `network_at`: the device's own clock when a network last brought a newer signed time; None after a stick.
    """

    synced_at: datetime
    signed_at: datetime | None = None
    source: str = ""
    versions: Mapping[str, int] = field(default_factory=dict)
    network_at: datetime | None = None

    def followed_by(self, later: Generation) -> Generation:
        """`later`, once what it says of the network is known.

        A network that brings no newer signed time proves nothing: a mirror that froze says the same, and any
        copy of it does.
        """
        if self.signed_at is not None and later.signed_at is not None and later.signed_at <= self.signed_at:
            return replace(later, network_at=self.network_at)
        return later.as_first()

    def as_first(self) -> Generation:
        """This generation on a device that had no trust before it."""
        by_network = self.source.startswith(NETWORK)
        return replace(self, network_at=self.synced_at if by_network else None)


def parse(data: bytes) -> Generation:
    """The generation in a file. Raises TrustFault."""
    if len(data) > MAX_GENERATION_BYTES:
        raise TrustFault(
            f"generation.json: {len(data)} bytes, at most {MAX_GENERATION_BYTES} are allowed", hint=_HINT
        )
    try:
        file = typed_json(data, _decoder)
        signed_at = _utc(file.signed_at) if file.signed_at else None
        network_at = _utc(file.network_at) if file.network_at else None
        return Generation(_utc(file.synced_at), signed_at, file.source, file.versions, network_at)
    except (ValueError, OverflowError) as error:  # UnreadableText is a ValueError
        raise TrustFault(f"generation.json: {str(error).replace('`', '')}", hint=_HINT) from error


def encode(generation: Generation) -> bytes:
    """The file that `parse` reads."""
    content = _File(
        generation.synced_at,
        generation.network_at,
        generation.signed_at,
        generation.source,
        dict(generation.versions),
    )
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _utc(instant: datetime) -> datetime:
    moment = instant.astimezone(UTC)
    if not 0 <= moment.timestamp() <= n.MAX_TIME:
        raise ValueError("a time is not from 1970 to 2100")
    return moment
