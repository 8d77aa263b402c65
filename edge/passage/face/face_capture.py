"""One holder before the camera: comparisons, consistency, challenge, and a verdict.

    frames that match -> the same face in all? -> colours of a light -> prompts to move -> the same face again

A step is left out if the door does not require it. After the prompts the face must match once more. During
the prompts each frame is evidence for, against or missing (`edge/passage/face/frame_evidence.py`), and the
challenge takes a step only by a frame that was compared: the person who moves must be the person who was
compared.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from edge.decision import Deny, Reason
from edge.face.challenge import Challenge, ChallengeDone, ChallengeFailed, Phase, draw
from edge.face.consistency import MAX_LOOKS, MIN_ALIKE, LandmarkFrame, Objection, judge, measure
from edge.face.engine import FaceEvidence
from edge.face.pad.grey import is_grey
from edge.face.quality import Component
from edge.passage.face.attempt_counter import APART_MS, AttemptCounter
from edge.passage.face.colour_session import ColoursAnswered, ColourSession
from edge.passage.face.frame_evidence import Against, For, Missing, weigh_frame
from edge.policy.decide import Matches

if TYPE_CHECKING:
    from edge.face.pad.colour_challenge import LampColour
    from edge.passage.face.frame_evidence import FrameEvidence
    from edge.passage.presented import Presented
    from edge.passage.stages import Stages
    from edge.policy.decide import FaceVerdict
    from edge.ports import Floats, Pixels


STRANGER_LOOKS = 2  # successive comparisons: the challenge needs two on the way and one at its end
# Time without a comparison in a challenge, for each prompt: a rendered head that turns beyond the limits of
# quality cannot be compared for up to 1.1 s of its way; the rest is for blinks, blur and a bad start.
MISSING_MS = 3_000
# A colour camera gives no frame without any colour; three in a row are no damaged frame.
GREY_LOOKS = 3


class FaceCapture:
    """The frames of one holder in one passage. Feed every frame to `look` until it decides."""

    def __init__(self, stages: Stages, presented: Presented, attempts: AttemptCounter | None = None) -> None:
        """`attempts`: of the captures before in the same passage, whose attacks still count."""
        self._stages = stages
        self._presented = presented
        self._rule = presented.pad_rule
        self._attempts = attempts or AttemptCounter()
        self._attempts.begin_again()
        self._fusion = stages.new_fusion(presented)
        self._looks: deque[LandmarkFrame] = deque(maxlen=MAX_LOOKS)
        self._matched = False
        self._strangers = 0
        self._challenge: Challenge | None = None
        self._moved = self._rule.prompts == 0
        self._missing_ms = 0
        self._tick_ms: int | None = None
        self._grey = 0
        self._light: ColourSession | None = None
        self._answered = not self._rule.flash
        self.colour: LampColour | None = None
        self._several_ms: int | None = None
        self.several_looks = 0  # frames with two faces or more, APART_MS apart
        self.prompt: str | None = None

    @property
    def challenged(self) -> bool:
        """Whether the holder is asked to move, or was."""
        return self._challenge is not None

    @property
    def attacked(self) -> bool:
        """Whether an attack was seen in this passage."""
        return self._attempts.attacked

    def look(self, rgb: Pixels, tick_ms: int) -> tuple[FaceEvidence, FaceVerdict | None]:
        """The evidence in this frame, and the verdict of the passage once there is one."""
        if self._rule.needs_colour and is_grey(rgb):
            return self._without_colour()
        self._grey = 0
        evidence, verdict = self._stages.look(self._presented, rgb, self._fusion)
        frame = weigh_frame(evidence, verdict)
        elapsed_ms, self._tick_ms = tick_ms - (self._tick_ms or tick_ms), tick_ms
        self._coach(evidence)
        self._remember(evidence, tick_ms)
        if evidence.faces > 1 and (self._several_ms is None or tick_ms - self._several_ms >= APART_MS):
            self._several_ms = tick_ms
            self.several_looks += 1
        self._matched = self._matched or isinstance(verdict, Matches)
        if self._light is not None:
            return evidence, self._watch_light(self._light, rgb, evidence, frame)
        if self._challenge is not None and not self._moved:
            return evidence, self._watch(self._challenge, frame, elapsed_ms)
        if isinstance(verdict, Matches) and not evidence.settled:
            return evidence, None  # it matches by a small margin: the mean of more frames decides
        final = self._attempts.add(verdict, tick_ms)
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
        unmoved = self.challenged and not self.attacked
        return Deny(Reason.FACE_QUALITY) if unmoved else self._attempts.give_up()

    def _without_colour(self) -> tuple[FaceEvidence, Deny | None]:
        """A frame that is not judged; several in a row are a fault of the camera, not of the visitor."""
        self._grey += 1
        evidence = FaceEvidence(0, reason=Reason.FACE_QUALITY, fta=Component.NATURAL_COLOUR)
        return evidence, Deny(Reason.DEVICE_FAULT) if self._grey >= GREY_LOOKS else None

    def _coach(self, evidence: FaceEvidence) -> None:
        """Tell the holder how to stand better; a challenge has its own prompts."""
        if not self.challenged or self._moved:
            self.prompt = evidence.coaching.value if evidence.coaching else None

    def _remember(self, evidence: FaceEvidence, tick_ms: int) -> None:
        """Keep the landmarks of a compared face: of another one they do not show that the holder lives."""
        if not self._rule.consistency or evidence.landmarks is None or evidence.alone is None:
            return
        alike = self._fusion.alike
        if alike is not None and alike < MIN_ALIKE and not self._matched:
            self._looks.clear()  # the face before did not match either: another person passed by
            alike = None
        turning = self._challenge is not None and not self._moved
        self._looks.append(LandmarkFrame(evidence.landmarks, tick_ms, None if turning else alike))

    def _confirm(self, match: Matches, tick_ms: int) -> FaceVerdict | None:
        """Check a face that matches: the same face in all frames, then movements on request."""
        objection = judge(measure([*self._looks])) if self._rule.consistency else None
        if objection is Objection.INTERRUPTED:
            self._looks.clear()  # after an interruption the frames begin again
        if objection is not None:
            return None if objection.reason is Reason.FACE_QUALITY else Deny(objection.reason)
        if not self._answered:
            assert self._rule.random_below is not None, "a door that shows colours needs random_below"
            self._light = ColourSession(self._rule.random_below, tick_ms)
            self.colour, self.prompt = self._light.colour(tick_ms), Phase.LOOK.value
            return None
        if not self._moved:
            assert self._rule.random_below is not None, "a door that asks for movements needs random_below"
            prompts = draw(self._rule.random_below, self._rule.prompts)
            self._challenge = Challenge(prompts, tick_ms, mirrored=self._rule.mirrored)
            self.prompt = Phase.LOOK.value
            return None
        return match

    def _watch_light(
        self, light: ColourSession, rgb: Pixels, evidence: FaceEvidence, frame: FrameEvidence
    ) -> Deny | None:
        """One frame while the light changes colour: the face must be the one that was compared."""
        assert self._tick_ms is not None
        self.colour, self.prompt = light.colour(self._tick_ms), Phase.LOOK.value
        if isinstance(frame, Against):
            final = self._attempts.add(Deny(frame.reason), self._tick_ms)
            return final if isinstance(final, Deny) else None
        box = evidence.box if isinstance(frame, For) and frame.matches else None
        verdict = light.see(rgb, box, self._tick_ms)
        if isinstance(verdict, ColoursAnswered):
            self._attempts.begin_again()
            self._answered, self._light, self.colour, self.prompt = True, None, None, None
            self._fusion.wipe()
            return None
        return verdict

    def _watch(self, challenge: Challenge, frame: FrameEvidence, elapsed_ms: int) -> Deny | None:
        """One frame of the challenge, which moves on only by a face that was compared."""
        assert self._tick_ms is not None
        landmarks = None if isinstance(frame, Against) else frame.landmarks
        # A turned head need not match; it must not be a stranger's.
        compared = isinstance(frame, For) and (frame.matches or challenge.phase is Phase.AWAY)
        self._missing_ms += elapsed_ms if isinstance(frame, Missing) else 0
        if objection := self._objection(frame, challenge.phase):
            return objection
        match challenge.observe(landmarks, self._tick_ms, compared=compared):
            case ChallengeFailed(failure=failure):
                return Deny(failure.reason)
            case ChallengeDone():
                # The count begins again, so that frames of the turned head do not count against the face.
                self._attempts.begin_again()
                self._moved, self.prompt = True, None
                self._fusion.wipe()
            case waiting:
                self.prompt = waiting.words
        return None

    def _objection(self, frame: FrameEvidence, phase: Phase) -> Deny | None:
        """The objection during a challenge: a face that looks into the camera must go on matching.

        A face that was told to turn away need not match, but it must not become another person's: an attacker
        may hold up a photograph before a living head.
        """
        assert self._tick_ms is not None
        final: FaceVerdict | None = None
        match frame:
            case Missing():
                if self._missing_ms > MISSING_MS * self._rule.prompts:
                    return Deny(Reason.FACE_QUALITY)
            case Against(Reason.FACE_NO_MATCH):
                self._strangers += 1
                if self._strangers >= STRANGER_LOOKS:
                    return Deny(Objection.SWAPPED.reason)
            case Against(reason):
                final = self._attempts.add(Deny(reason), self._tick_ms)
            case For(matches=matches):
                self._strangers = 0
                if not matches and phase is Phase.LOOK:
                    final = self._attempts.add(Deny(Reason.FACE_NO_MATCH), self._tick_ms)
        return final if isinstance(final, Deny) else None
