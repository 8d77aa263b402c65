"""The venue of a lane: besides a card that holds, it asks for linked documents that are good today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.policy.obligations import Obligations
from edge.request.documents import check_documents

if TYPE_CHECKING:
    from datetime import tzinfo

    from edge.decision import Decision
    from edge.policy.obligations import Visit


@dataclass(frozen=True, slots=True)
class LaneVenue:
    """A Venue. `wanted`: types of documents, of which one each must be linked and good today, in `zone`.

    That none of them is revoked is seen to with the card, and once more at the inner door.
    """

    wanted: tuple[int, ...]
    zone: tzinfo

    def evaluate(self, visit: Visit) -> Obligations:
        check_documents(visit.card, self.wanted, visit.now.astimezone(self.zone).date())
        return Obligations()

    def commit(self, visit: Visit, decision: Decision, seq: int) -> None:
        """Nobody is remembered here: the journal has it."""
