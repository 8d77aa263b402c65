"""Is this card still good? Two bits a card, one for revoked and one for suspended (STATUS.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.decision import Reason
from edge.errors import Refused

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class StatusList:
    """The standing of cards 0 to size - 1, as signed at `issued_at`. Bits count from the least significant.

    Each bitmap has ceil(size / 8) bytes. How they came here is the business of `edge.trust.statusfile`.
    """

    size: int
    revoked: bytes = field(repr=False)
    suspended: bytes = field(repr=False)
    issued_at: datetime
    expires: datetime  # after this the issuer itself no longer stands by the list: it is stale

    def check(self, index: int) -> None:
        """Raises Refused: CARD_REVOKED, CARD_SUSPENDED, or STATUS_UNKNOWN for an index past the end."""
        if not 0 <= index < self.size:
            raise Refused(Reason.STATUS_UNKNOWN, "index past the end of the list")
        byte, bit = divmod(index, 8)
        if self.revoked[byte] >> bit & 1:
            raise Refused(Reason.CARD_REVOKED, "its bit is set")
        if self.suspended[byte] >> bit & 1:
            raise Refused(Reason.CARD_SUSPENDED, "its bit is set")
