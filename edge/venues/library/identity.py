"""Finds the patron of a card. On disk, pseudonyms are keyed digests and numbers are sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from edge.decision import Reason
from edge.errors import InputError, Refused, StorageFault
from edge.keyed_digest import DigestDomain, keyed_digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from edge.card.claims import Card
    from edge.card.person import Person

MAX_PATRON_BYTES: Final = 64  # numbers of 14 digits are usual; the protocol allows 255
PATRON: Final = "patron"  # the attribute that an issuer may sign and a holder disclose


class Vault:
    """Makes the digests and seals the texts that an entrance writes to disk. `key`: its own, 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._box = SecretBox(keyed_digest(key, DigestDomain.LIBRARY_BOX, size=SecretBox.KEY_SIZE))

    def person(self, person: Person) -> bytes:
        """Digest of a holder, as the issuer names them here."""
        return person.digest(self._key, DigestDomain.LIBRARY_SUBJECT)

    def patron(self, number: str) -> bytes:
        """Digest of a patron's number."""
        return keyed_digest(self._key, DigestDomain.LIBRARY_PATRON, number.encode())

    def seal(self, text: str) -> bytes:
        """Seal the text; only this key opens it."""
        return bytes(self._box.encrypt(text.encode()))

    def open(self, sealed: bytes) -> str:
        """The sealed text. Raises StorageFault if another key sealed it, or it was changed."""
        try:
            return self._box.decrypt(sealed).decode()
        except (CryptoError, ValueError) as err:
            raise StorageFault(
                "the entrance's data was sealed with another key, or was changed",
                hint="restore the file of [library] key, or bind the patrons again",
            ) from err


class Roll:
    """The patrons of this library by the person whom their cards name.

    `issuers`: those whose signed numbers count; another issuer knows nothing of this library's patrons, so
    a number on its card counts as not signed.

    `sealed`: digest of a person to the patron's sealed number. It is read at each visit, so a new binding
    counts at once.
    """

    def __init__(
        self, vault: Vault, sealed: Mapping[bytes, bytes], issuers: AbstractSet[str] = frozenset()
    ) -> None:
        self._vault, self._sealed, self._issuers = vault, sealed, issuers

    def patron_of(self, card: Card) -> str:
        """The patron's number, as the issuer signed it or as it was bound here.

        Raises:
            Refused: patron.unknown, or document.mismatch if both exist and differ.
        """
        signed = self._signed(card)
        bound = self._bound(card.person)
        if signed is not None and not _is_number(signed):
            raise Refused(Reason.PATRON_UNKNOWN, "the number on the card is not a patron's number")
        if signed and bound and signed != bound:
            raise Refused(Reason.DOCUMENT_MISMATCH, "the number on the card is not the number bound here")
        if number := signed or bound:
            return number
        raise Refused(Reason.PATRON_UNKNOWN, "no patron is bound to this card")

    def _signed(self, card: Card) -> str | None:
        if card.issuer not in self._issuers:
            return None
        return next((value for name, value in card.disclosed if name == PATRON), None)

    def _bound(self, person: Person) -> str | None:
        sealed = self._sealed.get(self._vault.person(person))
        return None if sealed is None else self._vault.open(sealed)


def patron_number(text: str) -> str:
    """Check a patron's number. Raises InputError."""
    if not _is_number(text):
        raise InputError(
            f"not a patron's number of 1 to {MAX_PATRON_BYTES} printable characters without | and blanks",
            hint="use the number that the library system shows",
        )
    return text


def _is_number(text: str) -> bool:
    return 0 < len(text.encode()) <= MAX_PATRON_BYTES and text.isprintable() and not set(text) & {"|", " "}
