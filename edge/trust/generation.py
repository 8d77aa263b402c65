"""`generation.json` of a trust folder: when this trust was fetched, and when it was signed.

Its place is in edge/sync/REPOSITORY.md section 3. Sync writes it after it has verified everything beside it;
a folder filled by hand has none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct

from edge.card import numbers as n
from edge.errors import TrustFault

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


@dataclass(frozen=True, slots=True)
class Generation:
    """Where the trust beside it came from. Times are aware UTC.

    `synced_at`: the device's own clock at its last successful sync; `signed_at`: the signed time of the
    publication, from `revocation/time.json`; `source`: the address, or the folder it was carried in.
    """

    synced_at: datetime
    signed_at: datetime | None = None
    source: str = ""
    versions: Mapping[str, int] = field(default_factory=dict)

    @property
    def network_at(self) -> datetime | None:
        """When a network was last there, which sets clocks; a stick does not."""
        return self.synced_at if self.source.startswith(NETWORK) else None


def parse(data: bytes) -> Generation:
    """The generation in a file. Raises TrustFault."""
    if len(data) > MAX_GENERATION_BYTES:
        raise TrustFault(f"generation.json: more than {MAX_GENERATION_BYTES} bytes", hint=_HINT)
    try:
        file = msgspec.json.decode(data, type=_File)
        signed_at = _utc(file.signed_at) if file.signed_at else None
        return Generation(_utc(file.synced_at), signed_at, file.source, file.versions)
    except (ValueError, RecursionError, OverflowError) as error:  # msgspec's errors are ValueErrors
        raise TrustFault(f"generation.json: {str(error).replace('`', '')}", hint=_HINT) from error


def encode(generation: Generation) -> bytes:
    """What `parse` reads."""
    content = _File(generation.synced_at, generation.signed_at, generation.source, dict(generation.versions))
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _utc(instant: datetime) -> datetime:
    moment = instant.astimezone(UTC)
    if not 0 <= moment.timestamp() <= n.MAX_TIME:
        raise ValueError("a time outside 1970 to 2100")
    return moment
