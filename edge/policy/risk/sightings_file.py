"""File of the cards seen at other doors: the sync process writes it, the process that decides reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from edge.audit.record import Pseudonym, SiteId, UnixMs
from edge.errors import InputError
from edge.formats.untrusted_text import UnreadableText, typed_json

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE: Final = "sightings.json"  # in the device's state folder
# 64 cards at 64 doors with the longest names; the hub sends at most a twentieth of that.
MAX_SIGHTINGS_BYTES: Final = 512 * 1024

_Doors = Annotated[dict[SiteId, UnixMs], Meta(max_length=64)]
_decoder = msgspec.json.Decoder(Annotated[dict[Pseudonym, _Doors], Meta(max_length=64)])


def encode(told: Mapping[str, Mapping[str, int]]) -> bytes:
    """The file as JSON: by the card's pseudonym and by door, milliseconds since 1970."""
    return msgspec.json.encode(told, order="sorted")


def decode(data: bytes) -> dict[str, dict[str, datetime]]:
    """The last time of each card at each door, aware UTC. Raises InputError."""
    try:
        told = typed_json(data, _decoder)
    except UnreadableText as error:
        raise InputError(
            f"{FILE}: not a list of sightings", hint="remove the file: the next sync writes it again"
        ) from error
    return {
        card: {door: datetime.fromtimestamp(ms / 1_000, UTC) for door, ms in doors.items()}
        for card, doors in told.items()
    }
