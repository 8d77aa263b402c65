"""One holder before the camera: comparisons, consistency, challenge, and a verdict.

    frames that match -> the same face in all? -> prompts to move -> the same face again

A step is left out if the door does not require it. After the prompts the face must match once more. During
the prompts it must not be a stranger's: the person who moves must be the person who was compared.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from edge.decision import Deny, Reason
from edge.face.challenge import Challenge, ChallengeDone, ChallengeFailed, Phase, draw
from edge.face.consistency import MAX_LOOKS, MIN_ALIKE, LandmarkFrame, Objection, judge, measure
from edge.passage.face.attempt_counter import AttemptCounter
from edge.policy.decide import Matches

if TYPE_CHECKING:
    from edge.face.challenge import ChallengeWaiting
    from edge.face.engine import FaceEvidence
    from edge.passage.presented import Presented
    from edge.passage.stages import Stages
    from edge.policy.decide import FaceVerdict
    from edge.ports import Floats, Pixels


# Frames that speak against the holder count only if they are this far apart: three successive frames of a
# fast camera are nearly one picture, and would end a passage within a tenth of a second.
APART_MS = 150
# A turned head has a lower similarity to its holder, but never below this: none of 336 pairs of one person in
# LFW with heads 20 to 35 degrees apart is below it; 97 % of pairs of strangers are.
STRANGER = 0.3
STRANGER_LOOKS = 2  # successive frames: the challenge needs two on the way and one at its end


class FaceCapture:
    """The frames of one holder in one passage. Feed every frame to `look` until it decides."""

    def __init__(self, stages: Stages, presented: Presented) -> None:
        self._stages = stages
        self._presented = presented
        self._rule = presented.pad_rule
        self._attempts = AttemptCounter()
        self._fusion = stages.new_fusion(presented)
        self._looks: deque[LandmarkFrame] = deque(maxlen=MAX_LOOKS)
        self._matched = False
        self._strangers = 0
        self._challenge: Challenge | None = None
        self._moved = self._rule.prompts == 0
        self._counted_ms: int | None = None
        self._several_ms: int | None = None
        self.several_looks = 0  # frames with two faces or more, APART_MS apart
        self.prompt: str | None = None

    @property
    def challenged(self) -> bool:
        """Whether the holder is asked to move, or was."""
        return self._challenge is not None

    def look(self, rgb: Pixels, tick_ms: int) -> tuple[FaceEvidence, FaceVerdict | None]:
        """The evidence in this frame, and the verdict of the passage once there is one."""
        evidence, verdict = self._stages.look(self._presented, rgb, self._fusion)
        self._coach(evidence)
        self._remember(evidence, tick_ms)
        if evidence.faces > 1 and (self._several_ms is None or tick_ms - self._several_ms >= APART_MS):
            self._several_ms = tick_ms
            self.several_looks += 1
        self._matched = self._matched or isinstance(verdict, Matches)
        if self._challenge is not None and not self._moved:
            return evidence, self._watch(self._challenge, evidence, verdict, tick_ms)
        if isinstance(verdict, Matches) and not evidence.settled:
            return evidence, None  # it matches by a small margin: the mean of more frames decides
        final = self._count(verdict, tick_ms)
        if isinstance(final, Matches):
            final = self._confirm(final, tick_ms)
        return evidence, final

    def mean(self) -> Floats:
        """The mean embedding of the face, a unit vector, float32 (64,); overwrite it after use."""
        return self._fusion.mean()

    def wipe(self) -> None:
        """Overwrite the embeddings: none of them outlives its passage."""
        self._fusion.wipe()

    def give_up(self) -> Deny:
        """The denial when the time is over."""
        return Deny(Reason.FACE_QUALITY) if self.challenged else self._attempts.give_up()

    def _coach(self, evidence: FaceEvidence) -> None:
        """Tell the holder how to stand better; a challenge has its own prompts."""
        if not self.challenged or self._moved:
            self.prompt = evidence.coaching.value if evidence.coaching else None

    def _remember(self, evidence: FaceEvidence, tick_ms: int) -> None:
        if not self._rule.consistency or evidence.landmarks is None:
            return
        alike = self._fusion.alike if evidence.similarity is not None else None
        if alike is not None and alike < MIN_ALIKE and not self._matched:
            self._looks.clear()  # the face before did not match either: another person passed by
            alike = None
        turning = self._challenge is not None and not self._moved
        self._looks.append(LandmarkFrame(evidence.landmarks, tick_ms, None if turning else alike))

    def _count(self, verdict: FaceVerdict, tick_ms: int) -> FaceVerdict | None:
        if isinstance(verdict, Deny):
            if self._counted_ms is not None and tick_ms - self._counted_ms < APART_MS:
                return None
            self._counted_ms = tick_ms
        return self._attempts.add(verdict)

    def _confirm(self, match: Matches, tick_ms: int) -> FaceVerdict | None:
        """Check a face that matches: the same face in all frames, then movements on request."""
        objection = judge(measure([*self._looks])) if self._rule.consistency else None
        if objection is Objection.INTERRUPTED:
            self._looks.clear()  # after an interruption the frames begin again
        if objection is not None:
            return None if objection.reason is Reason.FACE_QUALITY else Deny(objection.reason)
        if not self._moved:
            assert self._rule.random_below is not None, "a door that asks for movements needs random_below"
            prompts = draw(self._rule.random_below, self._rule.prompts)
            self._challenge = Challenge(prompts, tick_ms, mirrored=self._rule.mirrored)
            self.prompt = Phase.LOOK.value
            return None
        return match

    def _watch(
        self, challenge: Challenge, evidence: FaceEvidence, verdict: FaceVerdict, tick_ms: int
    ) -> Deny | None:
        progress = challenge.observe(evidence.landmarks if evidence.faces == 1 else None, tick_ms)
        match progress:
            case ChallengeFailed(failure=failure):
                return Deny(failure.reason)
            case ChallengeDone():
                # The count begins again, so that frames of the turned head do not count against the face.
                self._moved, self._attempts, self.prompt = True, AttemptCounter(), None
                self._fusion.wipe()
                return None
            case waiting:
                self.prompt = waiting.words
                return self._objection(waiting, evidence, verdict, tick_ms)

    def _objection(
        self, waiting: ChallengeWaiting, evidence: FaceEvidence, verdict: FaceVerdict, tick_ms: int
    ) -> Deny | None:
        """The objection during a challenge: a face that looks into the camera must go on matching.

        A face that was told to turn away need not match, but it must not become another person's: an attacker
        may hold up a photograph before a living head.
        """
        if evidence.similarity is not None:
            self._strangers = self._strangers + 1 if evidence.similarity < STRANGER else 0
        if self._strangers >= STRANGER_LOOKS:
            return Deny(Objection.SWAPPED.reason)
        if waiting.phase is Phase.AWAY or isinstance(verdict, Matches):
            return None
        final = self._count(verdict, tick_ms)
        return final if isinstance(final, Deny) else None
