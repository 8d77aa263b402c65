"""The holder of a card under the authority of its issuer: the only value by which two holders are compared.

Each issuer numbers its holders by itself, so a subject says nothing without the issuer that signed it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.keyed_digest import DIGEST_BYTES, keyed_digest

if TYPE_CHECKING:
    from edge.keyed_digest import DigestDomain

_BY_SUBJECT, _BY_CARD = b"subject", b"card"


@dataclass(frozen=True, slots=True)
class Person:
    """One holder of one issuer. Two persons are equal only if the same issuer gave both the same name.

    `subject`: the issuer's pseudonym of the holder; bytes: the id of a card without a subject, which stands
    for itself alone. A subject and a card id are never equal, whatever an issuer writes.
    """

    issuer: str
    subject: str | bytes = field(repr=False)

    def digest(self, key: bytes, domain: DigestDomain, *, size: int = DIGEST_BYTES) -> bytes:
        """The keyed digest of this person in `domain`; issuer and subject enter it together."""
        kind, name = (
            (_BY_CARD, self.subject)
            if isinstance(self.subject, bytes)
            else (_BY_SUBJECT, self.subject.encode())
        )
        return keyed_digest(key, domain, kind, self.issuer.encode(), name, size=size)
