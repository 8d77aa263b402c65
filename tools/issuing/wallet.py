"""The holder's side: a card, the key it was issued to, and a code that is new every 20 seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.card import attributes, cbor, cose, ecard, fields
from edge.card import numbers as n
from edge.card.encode import sign_presentation
from edge.errors import InputError, Refused
from edge.request.certificate import CertificateAuthority

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from edge.card.attributes import Attribute, Disclosure
    from edge.card.claims import Claims

ROTATION: Final = timedelta(
    seconds=20
)  # a code is good for 30 s: the last 10 are for walking up and for clocks
MAX_AUTHORITIES: Final = 8  # the issuer of the card, and a few more that certify venues
MAX_WALLET_BYTES: Final = (
    3_200  # a card that still makes a code, 11 attributes of 117 bytes, 8 names and keys
)
_VERSION: Final = 2


@dataclass(frozen=True, slots=True)
class Delivery:
    """What an issuer hands to a holder: a card, what it may disclose, and who certifies venues.

    It is personal, as the values in it are, but without the holder's key nobody can show it.
    """

    card: bytes = field(repr=False)
    disclosures: tuple[Disclosure, ...] = field(default=(), repr=False)
    authorities: tuple[CertificateAuthority, ...] = ()

    def to_bytes(self) -> bytes:
        """As a file: CBOR [version, card, disclosures, authorities]."""
        return cbor.encode([_VERSION, *_contents(self.card, self.disclosures, self.authorities)])

    @classmethod
    def from_bytes(cls, data: bytes) -> Delivery:
        """The delivery of `to_bytes`, or a card alone. Raises InputError."""
        try:
            value = cbor.decode(data, limit=MAX_WALLET_BYTES)
            if isinstance(value, list) and len(value) == 4 and value[0] == _VERSION:
                return cls(*_read(value[1:]))
        except Refused as refused:
            raise InputError(f"not a card: {refused.detail}", hint="ask its issuer for another") from refused
        return cls(data)


@dataclass(frozen=True, slots=True)
class Wallet:
    """A holder's key; and once an issuer has made it, the card with all that it may disclose.

    `authorities`: whose word about venues it takes.
    """

    holder_seed: bytes = field(repr=False)
    card: bytes = field(default=b"", repr=False)
    disclosures: tuple[Disclosure, ...] = field(default=(), repr=False)
    authorities: tuple[CertificateAuthority, ...] = field(default=(), repr=False)

    @property
    def holder_key(self) -> bytes:
        """The public key that an issuer binds the card to, 32 bytes."""
        return cose.public_key(self.holder_seed)

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """What it could disclose."""
        return tuple(disclosure.attribute for disclosure in self.disclosures)

    def claims(self) -> Claims:
        """What the card says; nobody has checked its signature. Raises InputError."""
        return _claims(self.card)

    def with_card(self, card: bytes) -> Wallet:
        """This wallet, holding `card`, which has no attributes. Raises InputError as `accept` does."""
        return self.accept(Delivery(card))

    def accept(self, delivery: Delivery) -> Wallet:
        """This wallet, holding what an issuer made.

        Raises InputError for a card that is another key's, and for attributes that are another card's.
        """
        claims = _claims(delivery.card)
        if claims.holder_key != self.holder_key:
            raise InputError("this card was issued to another key", hint="give the issuer this wallet's key")
        try:
            attributes.check_opened(delivery.disclosures, claims.redacted)
        except Refused as refused:
            raise InputError(
                f"these attributes are not the card's: {refused.detail}", hint="ask its issuer for another"
            ) from refused
        return Wallet(self.holder_seed, delivery.card, delivery.disclosures, delivery.authorities)

    def code(
        self,
        now: datetime,
        *,
        aud: str | None = None,
        cnonce: bytes | None = None,
        disclose: Collection[Attribute] = (),
    ) -> str:
        """The text of a code signed at `now`. Show it for ROTATION, then make the next. Raises InputError.

        `aud`: the one site it is for; `cnonce`: 8 to 16 bytes that the site's screen shows; `disclose`: what
        the holder agreed to tell there, and nothing where it is left out.
        """
        self.claims()
        told = [disclosure for disclosure in self.disclosures if disclosure.attribute in disclose]
        if len(told) < len(set(disclose)):
            raise InputError("this card holds no such attribute", hint="see: tools/wallet info")
        return sign_presentation(
            self.card, self.holder_seed, iat=now, aud=aud, cnonce=cnonce, disclosures=told
        )

    def to_bytes(self) -> bytes:
        """The wallet as a file: CBOR [version, seed, card, disclosures, authorities]. Secret as its key."""
        contents = _contents(self.card, self.disclosures, self.authorities)
        return cbor.encode([_VERSION, self.holder_seed, *contents])

    @classmethod
    def from_bytes(cls, data: bytes) -> Wallet:
        """The wallet of `to_bytes`. Raises InputError."""
        try:
            value = cbor.decode(data, limit=MAX_WALLET_BYTES)
            if isinstance(value, list) and len(value) == 5 and value[0] == _VERSION:
                seed = fields.octets(value[1], cose.SEED_BYTES, cose.SEED_BYTES, "seed")
                return cls(seed, *_read(value[2:]))
        except Refused as refused:
            raise InputError(
                f"not a wallet: {refused.detail}", hint="make one with tools/issuer enrol"
            ) from refused
        raise InputError("not a wallet of this version", hint="make one with tools/issuer enrol")


def _contents(
    card: bytes, disclosures: tuple[Disclosure, ...], authorities: tuple[CertificateAuthority, ...]
) -> list[object]:
    return [
        card,
        [ecard.disclosure_array(disclosure) for disclosure in disclosures],
        [[authority.name, authority.public_key] for authority in authorities],
    ]


def _read(value: list[object]) -> tuple[bytes, tuple[Disclosure, ...], tuple[CertificateAuthority, ...]]:
    """What `_contents` makes. Raises Refused(CARD_MALFORMED)."""
    card = fields.octets(value[0], 0, n.MAX_CODE_BYTES, "card")
    disclosures = map(ecard.read_disclosure, fields.array(value[1], 0, n.ATTRIBUTES, "disclosures"))
    authorities = map(_authority, fields.array(value[2], 0, MAX_AUTHORITIES, "authorities"))
    return card, tuple(disclosures), tuple(authorities)


def _authority(value: object) -> CertificateAuthority:
    name, key = fields.array(value, 2, 2, "authority")
    return CertificateAuthority(
        fields.word(name, n.MAX_ISS_CHARS, "authority"),
        fields.octets(key, n.PUBLIC_KEY_BYTES, n.PUBLIC_KEY_BYTES, "authority's key"),
    )


def _claims(card: bytes) -> Claims:
    if not card:
        raise InputError("there is no card in this wallet yet", hint="put one in: tools/wallet accept")
    try:
        return ecard.decode_card(cbor.decode(card, limit=n.MAX_CODE_BYTES))[1]
    except Refused as refused:
        raise InputError(f"not a card: {refused.detail}", hint="ask its issuer for another") from refused
