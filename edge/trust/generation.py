"""`generation.json` of a trust folder: the times at which this trust was fetched and signed.

edge/sync/REPOSITORY.md section 3 says where it is. Sync writes it after it has verified all other files of
the folder; a folder filled by hand has none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from edge.card import numbers as n
from edge.errors import TrustFault
from edge.untrusted_text import typed_json

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_GENERATION_BYTES: Final = 16_384  # 64 roles with long names are 4 kB
NETWORK: Final = ("https://", "http://")

_HINT: Final = "remove this file, and run: doorward sync"
_Instant = Annotated[datetime, Meta(tz=True)]
_Role = Annotated[str, Meta(max_length=80)]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    synced_at: _Instant
    signed_at: _Instant | None = None
    source: Annotated[str, Meta(max_length=1_000)] = ""
    versions: Annotated[dict[_Role, Annotated[int, Meta(ge=0)]], Meta(max_length=64)] = {}


_decoder = msgspec.json.Decoder(_File)


@dataclass(frozen=True, slots=True)
class Generation:
    """Source and times of the trust in a folder. Times are aware UTC.

    `synced_at`: the device's own clock at its last successful sync; `signed_at`: the signed time of the
    publication, from `revocation/time.json`; `source`: the address, or the folder of a USB stick.
    """

    synced_at: datetime
    signed_at: datetime | None = None
    source: str = ""
    versions: Mapping[str, int] = field(default_factory=dict)

    @property
    def network_at(self) -> datetime | None:
        """The time of the last sync over a network, which sets clocks; None after a sync from a stick."""
        return self.synced_at if self.source.startswith(NETWORK) else None


def parse(data: bytes) -> Generation:
    """The generation in a file. Raises TrustFault."""
    if len(data) > MAX_GENERATION_BYTES:
        raise TrustFault(
            f"generation.json: {len(data)} bytes, at most {MAX_GENERATION_BYTES} are allowed", hint=_HINT
        )
    try:
        file = typed_json(data, _decoder)
        signed_at = _utc(file.signed_at) if file.signed_at else None
        return Generation(_utc(file.synced_at), signed_at, file.source, file.versions)
    except (ValueError, OverflowError) as error:  # UnreadableText is a ValueError
        raise TrustFault(f"generation.json: {str(error).replace('`', '')}", hint=_HINT) from error


def encode(generation: Generation) -> bytes:
    """The file that `parse` reads."""
    content = _File(generation.synced_at, generation.signed_at, generation.source, dict(generation.versions))
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _utc(instant: datetime) -> datetime:
    moment = instant.astimezone(UTC)
    if not 0 <= moment.timestamp() <= n.MAX_TIME:
        raise ValueError("a time is not from 1970 to 2100")
    return moment
