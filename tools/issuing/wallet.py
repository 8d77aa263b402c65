"""The wallet of a holder: a card, the key that it was issued to, and codes that change every 20 seconds."""

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
)  # a code is valid for 30 s: the last 10 are for the way to the reader and for clock differences
MAX_AUTHORITIES: Final = 8  # the issuer of the card, and a few more that certify venues
MAX_WALLET_BYTES: Final = 3_200  # the largest card for a code, 11 attributes of 117 bytes, 8 names and keys
_VERSION: Final = 2


@dataclass(frozen=True, slots=True)
class Delivery:
    """The file from an issuer to a holder: a card, its disclosures, and authorities that certify venues.

    It holds personal data, but no code can be made from it without the holder's key.
    """

    card: bytes = field(repr=False)
    disclosures: tuple[Disclosure, ...] = field(default=(), repr=False)
    authorities: tuple[CertificateAuthority, ...] = ()

    def to_bytes(self) -> bytes:
        """The content of the file: CBOR [version, card, disclosures, authorities]."""
        return cbor.encode([_VERSION, *_contents(self.card, self.disclosures, self.authorities)])

    @classmethod
    def from_bytes(cls, data: bytes) -> Delivery:
        """The delivery of `to_bytes`, or a card alone. Raises InputError."""
        try:
            value = cbor.decode(data, limit=MAX_WALLET_BYTES)
            if isinstance(value, list) and len(value) == 4 and value[0] == _VERSION:
                return cls(*_read(value[1:]))
        except Refused as refused:
            raise InputError(
                f"not a card: {refused.detail}", hint="ask the issuer for a new card"
            ) from refused
        return cls(data)


@dataclass(frozen=True, slots=True)
class Wallet:
    """A holder's key, and after enrolment the card with its disclosures.

    `authorities`: the authorities whose certificates of venues it trusts.
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
        """The attributes that the card can disclose."""
        return tuple(disclosure.attribute for disclosure in self.disclosures)

    def claims(self) -> Claims:
        """The claims of the card, without a check of its signature. Raises InputError."""
        return _claims(self.card)

    def with_card(self, card: bytes) -> Wallet:
        """This wallet with `card`, which has no attributes. Raises InputError as `accept` does."""
        return self.accept(Delivery(card))

    def accept(self, delivery: Delivery) -> Wallet:
        """This wallet with the card of a delivery.

        Raises InputError for a card of another key, and for attributes of another card.
        """
        claims = _claims(delivery.card)
        if claims.holder_key != self.holder_key:
            raise InputError(
                "this card was issued to another key", hint="give the issuer the public key of this wallet"
            )
        try:
            attributes.check_opened(delivery.disclosures, claims.redacted)
        except Refused as refused:
            raise InputError(
                f"these attributes are not of this card: {refused.detail}",
                hint="ask the issuer for a new card",
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

        `aud`: the only site where it is valid; `cnonce`: 8 to 16 bytes from the site's screen; `disclose`:
        the attributes that the holder agreed to disclose there; left out: none.
        """
        self.claims()
        told = [disclosure for disclosure in self.disclosures if disclosure.attribute in disclose]
        if len(told) < len(set(disclose)):
            raise InputError(
                "this card has no such attribute", hint="list its attributes with: doorward-wallet info"
            )
        return sign_presentation(
            self.card, self.holder_seed, iat=now, aud=aud, cnonce=cnonce, disclosures=told
        )

    def to_bytes(self) -> bytes:
        """The content of the file, which is secret: CBOR [version, seed, card, disclosures, authorities]."""
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
                f"not a wallet: {refused.detail}", hint="make one with: doorward-issuer enrol"
            ) from refused
        raise InputError("not a wallet of this version", hint="make one with: doorward-issuer enrol")


def _contents(
    card: bytes, disclosures: tuple[Disclosure, ...], authorities: tuple[CertificateAuthority, ...]
) -> list[object]:
    return [
        card,
        [ecard.disclosure_array(disclosure) for disclosure in disclosures],
        [[authority.name, authority.public_key] for authority in authorities],
    ]


def _read(value: list[object]) -> tuple[bytes, tuple[Disclosure, ...], tuple[CertificateAuthority, ...]]:
    """Read the list that `_contents` makes. Raises Refused(CARD_MALFORMED)."""
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
        raise InputError("this wallet has no card yet", hint="add one with: doorward-wallet accept")
    try:
        return ecard.decode_card(cbor.decode(card, limit=n.MAX_CODE_BYTES))[1]
    except Refused as refused:
        raise InputError(f"not a card: {refused.detail}", hint="ask the issuer for a new card") from refused
