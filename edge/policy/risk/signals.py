"""The risk signals of one visit: of the verified card, and of the face that matches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from edge.card.claims import Freshness
from edge.decision import Reason
from edge.face.pad.fusion import THRESHOLD

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from edge.card.claims import Card
    from edge.decision import Decision
    from edge.face.engine import FaceEvidence
    from edge.policy.risk.table import RiskPolicy


class RiskHistory(Protocol):
    """Failures, keys and doors of the people that this site saw; nothing is written to disk."""

    def doors(self, card: Card, since: datetime) -> int:
        """Number of doors, with this one, where the card was shown since then; one other is left out."""
        ...

    def failures(self, card: Card, since: datetime) -> int:
        """Number of refusals of the card here since then, for an act or the face of its holder."""
        ...

    def other_key(self, card: Card) -> bool:
        """Whether the holder, by the issuer's pairwise pseudonym, was here before with another key."""
        ...

    def learn(self, card: Card, decision: Decision, now: datetime) -> None:
        """Note the decision of a visit. Raises StorageFault."""
        ...


@dataclass(frozen=True, slots=True)
class RiskContext:
    """`now`: trusted time, aware UTC; `suspect`: the clock is not trusted; `zone`: time zone of this door.

    `wrong_pins`: wrong entries at the holder's PIN since the last right one.
    """

    now: datetime
    suspect: bool = False
    zone: tzinfo | None = None
    wrong_pins: int = 0


def of_card(card: Card, history: RiskHistory, context: RiskContext, policy: RiskPolicy) -> tuple[Reason, ...]:
    """The risk signals that need no face, in the order of the table."""
    now = context.now
    found = {
        Reason.RISK_ISSUER: card.issuer in policy.issuers,
        Reason.RISK_VELOCITY: history.doors(card, now - timedelta(minutes=policy.velocity_min))
        >= policy.velocity,
        Reason.RISK_FAILURES: history.failures(card, now - timedelta(minutes=policy.failures_min))
        >= policy.failures
        or context.wrong_pins >= policy.failures,
        Reason.RISK_DOCUMENT: any(document.expires_day < _day(now) for document in card.documents),
        Reason.RISK_NEW_KEY: history.other_key(card),
        Reason.RISK_CLOCK: context.suspect,
        Reason.RISK_HOUR: policy.is_quiet(
            (context.now.astimezone(context.zone) if context.zone else context.now).hour
        ),
        Reason.RISK_ASSURANCE: card.assurance < policy.assurance,
        Reason.RISK_LIST_AGE: card.list_freshness is not Freshness.FRESH,
    }
    return tuple(sign for sign, is_there in found.items() if is_there)


def of_face(face: FaceEvidence, threshold: float, policy: RiskPolicy) -> tuple[Reason, ...]:
    """The risk signal of a face that is accepted, but by a small margin; empty if the margin is enough."""
    thin = face.similarity is not None and face.similarity < threshold + policy.margin
    suspect = face.pad is not None and face.pad.suspicion > THRESHOLD - policy.pad_margin
    return (Reason.RISK_MARGIN,) if thin or suspect else ()


def _day(now: datetime) -> int:
    return int(now.timestamp()) // 86_400
