"""The venue of a lane: requires linked documents that are valid today."""

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
    """Implements Venue. `wanted`: types; one document of each must be linked and valid today, in `zone`.

    Revocation of documents is checked with the card, and once more at the inner door.
    """

    wanted: tuple[int, ...]
    zone: tzinfo

    def evaluate(self, visit: Visit) -> Obligations:
        check_documents(visit.card, self.wanted, visit.now.astimezone(self.zone).date())
        return Obligations()

    def commit(self, visit: Visit, decision: Decision, seq: int) -> None:
        """Keep nothing: the journal has the decision."""
