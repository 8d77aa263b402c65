"""Issuer and card holders of the demo, with keys that exist in this process only.

The issuer of a real site is a tool with a register on a disk. Here an index of the status list is a running
number, and the state of a card is its bit in one of two sets.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.card import cose
from edge.card import numbers as n
from edge.card.claims import Claims, StatusPointer, TemplateReference
from edge.card.encode import sign_card, sign_presentation
from edge.trust.folder import sealed_file, status_file
from edge.trust.issuer_file import issuer_file
from edge.trust.scope import ANYWHERE, IssuerKey, Scope
from edge.trust.sealed_template import seal
from edge.trust.status.status import StatusList, bitmap_bytes

if TYPE_CHECKING:
    from datetime import datetime

    from edge.card.claims import FaceReference

LIST_URI: Final = "https://s.example/7"
CARDS: Final = 1024
KEY_LIFE: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class DemoHolder:
    """A card, its index in the status list, and the key that it was issued to."""

    card: bytes = field(repr=False)
    index: int
    seed: bytes = field(repr=False)

    def code(self, now: datetime, *, aud: str | None = None) -> str:
        """The text of a code signed at `now`, for the site `aud` only, if it is given.

        Phones sign a new code every 20 s (edge/card/FORMAT.md); a scene of the demo is shorter.
        """
        return sign_presentation(self.card, self.seed, iat=now, aud=aud)


@dataclass
class DemoIssuer:
    """One issuer: its key, its status list of `capacity` cards, its sealed templates.

    `begins`: the index of the first card. When `capacity` is used up, the oldest index is given again: a
    simulation that runs for days shows only its latest cards.
    """

    name: str
    since: datetime
    seed: bytes = field(default_factory=lambda: secrets.token_bytes(cose.SEED_BYTES), repr=False)
    capacity: int = CARDS
    begins: int = 0

    def __post_init__(self) -> None:
        self._enrolled = self.begins
        self._revoked = bytearray(bitmap_bytes(self.capacity))
        self._suspended = bytearray(bitmap_bytes(self.capacity))
        self._boxes: dict[int, bytes] = {}

    def enrol(
        self,
        *,
        issued_at: datetime,
        not_before: datetime,
        expires: datetime,
        face: TemplateReference | None,
        sealed: bool,
        scope: tuple[str, ...],
    ) -> DemoHolder:
        """A card for a new key. `sealed`: the template stays at the site, its key is in the card.

        Times are in whole seconds, as in all signed data.
        """
        index = self._enrolled % self.capacity
        self._enrolled += 1
        # An index is cleared half a list before its next card: the device gets many lists until then.
        self._put((index + self.capacity // 2) % self.capacity, revoked=False, suspended=False)
        holder_seed = secrets.token_bytes(cose.SEED_BYTES)
        reference: FaceReference | None = face
        if face is not None and sealed:
            reference, self._boxes[index] = seal(face, secrets.token_bytes(n.SEAL_BYTES))
        claims = Claims(
            issuer=self.name,
            issued_at=issued_at,
            not_before=not_before,
            expires=expires,
            card_id=secrets.token_bytes(n.CTI_BYTES),
            holder_key=cose.public_key(holder_seed),
            status=StatusPointer(LIST_URI, index),
            face=reference,
            scope=scope,
            assurance=2,
        )
        return DemoHolder(sign_card(claims, self.seed), index, holder_seed)

    def revoke(self, holder: DemoHolder) -> None:
        """Refuses the card from the next list on."""
        self._put(holder.index, revoked=True, suspended=False)

    def suspend(self, holder: DemoHolder) -> None:
        """Refuses the card from the next list on, for a while."""
        self._put(holder.index, revoked=False, suspended=True)

    def publish(self, now: datetime, *, life: timedelta) -> dict[str, bytes]:
        """The files of a trust folder: key, status list signed at `now`, sealed templates."""
        public = cose.public_key(self.seed)
        everywhere = Scope((ANYWHERE,), (ANYWHERE,), (ANYWHERE,))
        until = self.since + KEY_LIFE
        key = IssuerKey(cose.kid_of(public), self.name, public, everywhere, self.since, until, self.since)
        bits = StatusList(self.capacity, bytes(self._revoked), bytes(self._suspended), now, now + life)
        status = status_file(bits, issuer=key, uri=LIST_URI, issuer_seed=self.seed)
        return dict([issuer_file(key), status, *map(sealed_file, self._boxes.values())])

    def _put(self, index: int, *, revoked: bool, suspended: bool) -> None:
        """Sets the state of a card. The sealed template of an old or a revoked card is removed."""
        byte, bit = index // 8, 1 << index % 8
        for bits, raised in ((self._revoked, revoked), (self._suspended, suspended)):
            bits[byte] = bits[byte] | bit if raised else bits[byte] & ~bit
        if not suspended:
            self._boxes.pop(index, None)
