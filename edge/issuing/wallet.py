"""The holder's side: a card, the key it was issued to, and a code that is new every 20 seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.card import cbor, cose, ecard
from edge.card import numbers as n
from edge.card.encode import sign_presentation
from edge.errors import InputError, Refused

if TYPE_CHECKING:
    from datetime import datetime

    from edge.card.claims import Claims

ROTATION: Final = timedelta(
    seconds=20
)  # a code is good for 30 s: the last 10 are for walking up and for clocks
MAX_WALLET_BYTES: Final = n.MAX_CODE_BYTES + 64  # a card that still makes a code, and a key
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Wallet:
    """A holder's key, and the card once an issuer has made it."""

    holder_seed: bytes = field(repr=False)
    card: bytes = field(default=b"", repr=False)

    @property
    def holder_key(self) -> bytes:
        """The public key that an issuer binds the card to, 32 bytes."""
        return cose.public_key(self.holder_seed)

    def claims(self) -> Claims:
        """What the card says; nobody has checked its signature. Raises InputError."""
        return _claims(self.card)

    def with_card(self, card: bytes) -> Wallet:
        """This wallet, holding `card`. Raises InputError where the card was issued to another key."""
        if _claims(card).holder_key != self.holder_key:
            raise InputError("this card was issued to another key", hint="give the issuer this wallet's key")
        return Wallet(self.holder_seed, card)

    def code(self, now: datetime, *, aud: str | None = None, cnonce: bytes | None = None) -> str:
        """The text of a code signed at `now`. Show it for ROTATION, then make the next. Raises InputError.

        `aud`: the one site it is for; `cnonce`: 8 to 16 bytes that the site's screen shows.
        """
        self.claims()
        return sign_presentation(self.card, self.holder_seed, iat=now, aud=aud, cnonce=cnonce)

    def to_bytes(self) -> bytes:
        """The wallet as a file: CBOR [version, seed, card]. It is as secret as the key in it."""
        return cbor.encode([_VERSION, self.holder_seed, self.card])

    @classmethod
    def from_bytes(cls, data: bytes) -> Wallet:
        """The wallet of `to_bytes`. Raises InputError."""
        try:
            value = cbor.decode(data, limit=MAX_WALLET_BYTES)
        except Refused as refused:
            raise InputError("not a wallet", hint="make one with tools/issuer.py enrol") from refused
        match value:
            case [version, bytes(seed), bytes(card)] if version == _VERSION and len(seed) == cose.SEED_BYTES:
                return cls(seed, card)
        raise InputError("not a wallet of this version", hint="make one with tools/issuer.py enrol")


def _claims(card: bytes) -> Claims:
    if not card:
        raise InputError("there is no card in this wallet yet", hint="put one in: tools/wallet.py accept")
    try:
        return ecard.decode_card(cbor.decode(card, limit=n.MAX_CODE_BYTES))[1]
    except Refused as refused:
        raise InputError(f"not a card: {refused.detail}", hint="ask its issuer for another") from refused
