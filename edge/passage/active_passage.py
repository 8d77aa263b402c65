"""One verified card at one door, from its code to the decision: the face, and the required factors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edge.decision import Deny, Grant
from edge.passage import machine as m
from edge.passage.events import ChallengeWanted, FaceWanted, Granted
from edge.passage.face.attempt_counter import AttemptCounter
from edge.passage.face.face_capture import FaceCapture
from edge.passage.requirements.factors import Given, out_of_time
from edge.policy.decide import Matches
from edge.screen_text import staff_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.card.claims import Card
    from edge.face.engine import FaceEvidence
    from edge.face.pad.colour_challenge import LampColour
    from edge.passage.presented import Presented
    from edge.passage.record.record_builder import RecordBuilder
    from edge.passage.requirements.factors import Asking, Heard
    from edge.passage.stages import Stages
    from edge.policy.obligations import Obligation
    from edge.ports import Pixels
    from edge.screen_text import ScreenText
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.time.trust_age import TrustState


class ActivePassage:
    """Every method takes an input and returns the event that results from it, or None.

    Holds the reference of the holder's face until the machine emits Forget: then `wipe`.
    """

    def __init__(
        self,
        stages: Stages,
        presented: Presented,
        record: RecordBuilder,
        ground: Callable[[], tuple[TrustSnapshot, TrustState]],
    ) -> None:
        """`record`: the builder of its record; `ground`: returns the trust of the moment, and its age."""
        self._stages = stages
        self._presented = presented
        self._record = record
        self._ground = ground
        self._face: FaceCapture | None = None
        self._attempts = AttemptCounter()
        self._asked: tuple[Obligation, Asking] | None = None

    @property
    def card(self) -> Card:
        return self._presented.card

    @property
    def challenged(self) -> bool:
        """Whether the holder was asked to move."""
        return self._face is not None and self._face.challenged

    @property
    def attacked(self) -> bool:
        """Whether an attack was seen, whatever ends the passage."""
        return self._attempts.attacked

    @property
    def prompt(self) -> str | None:
        """The text for the holder: of the factor that is asked for, or else of the face capture."""
        if self._asked is not None:
            return self._asked[1].prompt
        return self._face.prompt if self._face is not None else None

    @property
    def colour(self) -> LampColour | None:
        """The colour that the light at the door has to show now; None: it is off."""
        return self._face.colour if self._face is not None else None

    def begin(self) -> m.PassageEvent:
        """The first event after the card was verified: a face is wanted, or the next step."""
        if not self._stages.needs_face(self._presented):
            return self._go_on()
        self._face = FaceCapture(self._stages, self._presented, self._attempts)
        return FaceWanted()

    def look(self, rgb: Pixels, tick_ms: int) -> tuple[FaceEvidence, m.PassageEvent | None]:
        """One frame, uint8 RGB (H, W, 3)."""
        assert self._face is not None
        started = self._stages.stopwatch()
        evidence, verdict = self._face.look(rgb, tick_ms)
        self._record.took("face", self._stages.stopwatch() - started)
        self._record.face(evidence)
        if isinstance(verdict, Deny):
            return evidence, m.Denied(verdict)
        if isinstance(verdict, Matches):
            return evidence, self._matched(evidence)
        # Once the machine is in CHALLENGE, the event changes nothing.
        return evidence, ChallengeWanted() if self._face.challenged else None

    def hear(self, heard: Heard) -> m.PassageEvent | None:
        """Take the inputs since the last frame, while a factor is asked for."""
        assert self._asked is not None
        asked, asking = self._asked
        match asking.hear(heard):
            case Given(obligations):
                self._presented = self._presented.with_given(asked.factor, obligations)
                return self._go_on()
            case Deny() as deny:
                self._note_refusal(asking, staff_texts(self._stages.visit_rules.lines()))
                return m.Denied(deny)
            case None:
                return None

    def give_up(self) -> m.Denied:
        """The denial when the time is over."""
        if self._asked is not None:
            asked, asking = self._asked
            self._note_refusal(asking, ())
            return m.Denied(out_of_time(asked, asking.wrong))
        assert self._face is not None
        return m.Denied(self._face.give_up())

    def wipe(self) -> None:
        """Overwrite the reference and the embeddings, and stop asking for a factor."""
        self._end_asking()
        if self._face is not None:
            self._face.wipe()
        self._presented.wipe()

    def _matched(self, evidence: FaceEvidence) -> m.PassageEvent | None:
        assert self._face is not None
        self._presented = self._stages.matched(self._presented, evidence)
        if not self._presented.looks_again:
            return self._go_on()
        self._record.required(self._presented.requirements, self._presented.given)
        self._face.wipe()
        self._face = FaceCapture(self._stages, self._presented, self._attempts)
        return None

    def _go_on(self) -> m.PassageEvent:
        """Ask for the next missing factor, or decide if none is missing."""
        self._end_asking()
        self._record.required(self._presented.requirements, self._presented.given)
        asked = self._presented.missing
        if asked is None:
            decision = self._stages.conclude(self._presented)
            return Granted(decision) if isinstance(decision, Grant) else m.Denied(decision)
        asking = self._stages.ask(self._presented, asked, self._ground)
        self._asked = asked, asking
        return m.FactorWanted(asking.signal)

    def _note_refusal(self, asking: Asking, lines: tuple[ScreenText, ...]) -> None:
        """Note for staff and the record what became of the factor; `lines`: text of the host."""
        requirements = self._presented.requirements
        obligations = replace(
            requirements.obligations,
            lines=lines or requirements.obligations.lines,
            notices=requirements.obligations.notices | asking.notices,
        )
        self._record.required(replace(requirements, obligations=obligations), self._presented.given)

    def _end_asking(self) -> None:
        if self._asked is not None:
            self._asked[1].end()
        self._asked = None
