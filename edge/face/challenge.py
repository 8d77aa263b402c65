r"""The active challenge: "turn your head to the left", and whether a head did, or something flat.

    LOOK -> AWAY -> BACK -> LOOK -> ... -> ChallengeDone
      \______\______\________________-> ChallengeFailed

Theory of operation. For each prompt the holder looks into the camera (LOOK), turns as asked until the
parallax of the nose against the outline is that of a turned head (AWAY), and comes back (BACK). The face
is followed from frame to frame all the while: a jump is a cut, and ends it. Every way out but one is a
Failure; Done needs every prompt followed.

What this stops: photographs held still, moved, turned, bent; films that turn another way or are cut.
What it does not: a film that happens to follow the same prompts (one in six with two of three; therefore a
card waits after three failures: edge/passage/requirements/lockout.py), clips that are started by hand as
the prompts
appear, a face drawn live by a computer, a print folded as sharply as a nose, a mask. Those are for the
passive measures and for staff.

The numbers below were set on heads rendered from photographs (hw/sim/pictures/head.py): no film of people
was at
hand. Parallax alone was checked on real pictures too. Of 134 pairs of one person in LFW 20 degrees or more
apart all show 0.27 and more, half 0.40; 877 copies of one picture tilted as planes by 30 and 45 degrees
0.26 at most, 99 % below 0.18; 368 pairs of prints held up by hand in NUAA 0.15 at most. Ten frames a
second follow any turn that takes 0.6 s, five only one that takes 2 s.

Left and right are the holder's own. In a picture that is not mirrored the holder's left is on the right;
a camera that mirrors its picture, as a looking-glass does, must say so with `mirrored`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from edge.decision import Reason
from edge.face.mesh import Landmarks
from edge.face.motion import Rest, step, usable
from edge.face.quality import pose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.face.motion import Motion
    from edge.ports import Floats


class Prompt(StrEnum):
    """What a holder is asked to do, in words for a person."""

    TURN_LEFT = "turn your head to the left"
    TURN_RIGHT = "turn your head to the right"
    NOD = "lower your chin, then look up again"


class Phase(StrEnum):
    """What is waited for, in words for a person; while AWAY, the prompt's own words hold."""

    LOOK = "look into the camera"
    AWAY = "away"
    BACK = "look into the camera again"


class Failure(StrEnum):
    """Why a challenge was not met."""

    TIME = "the time was over"
    LOST = "the face was lost"
    JUMP = "the face jumped"
    HASTY = "turned too quickly to be followed"
    OTHER_WAY = "moved another way"
    FLAT = "moved as a flat thing does"

    @property
    def reason(self) -> Reason:
        """What a passage is denied with."""
        return Reason.FACE_ATTACK if self in (Failure.JUMP, Failure.FLAT) else Reason.FACE_QUALITY


@dataclass(frozen=True, slots=True)
class ChallengeLimits:
    """When a challenge gives up, and what counts as a turned head. Parallax is the sine of an angle."""

    # People begin about a second after they are asked and take one more to turn: three times that.
    away_ms: int = 6_000
    back_ms: int = 4_000
    look_ms: int = 6_000
    gap_ms: int = 350  # motion blur loses a face for a frame or two at 15 frames a second
    still_looks: int = 3  # 0.2 s at 15 frames a second: long enough to average, short enough not to bore
    still: float = 0.05  # a standing person's sway is under 0.02 face widths a frame
    frontal_yaw: float = 22.0  # degrees; `pose` is rough by 5, and doors are not always looked at squarely
    frontal_pitch: float = 28.0  # a camera at chest height sees a lowered chin
    turned: float = 0.34  # 20 degrees. Flat prints reached 0.19 (99 % of 880), bent ones 0.27
    nodded: float = 0.28  # 16 degrees: necks nod less than they turn. Flat prints reached 0.26
    # A turned head is as long as it was. Rendered heads 0.90 and more; 95 % of pairs of real pictures 0.88;
    # bent prints tilted so far that their parallax would do 0.83 to 0.88.
    rigid: float = 0.88
    tilted: float = 0.85  # a plane at 30 degrees; 99 % of pairs of real pictures are above
    shallow: float = 0.2  # parallax with which something so tilted would not be a head
    back: float = 0.12  # 7 degrees
    astray: float = 0.2  # 12 degrees another way: who winds up for a turn stays below
    speed: float = 4.5  # face widths a second; a brisk turn (140 degrees a second) moves the nose at 2.5
    whirl: float = 3.5  # parallax a second: 200 degrees a second
    begun: float = 0.04  # 2 degrees: beyond the tremble of landmarks
    between: int = 2  # looks on the way there: with fewer nobody has seen a movement
    flat_looks: int = 3  # looks that tilt without parallax before it is called flat: one may be blurred


@dataclass(frozen=True, slots=True)
class Movement:
    """How one prompt was followed.

    `parallax`, `rigidity`, `stretch`, `relief`: as in Motion, at the look that reached the angle;
    `between`: looks on the way there; `longest_step`: of any landmark between two looks, in face widths;
    `ms`: from the prompt until the face was back.
    """

    prompt: Prompt
    parallax: float
    rigidity: float
    stretch: float
    relief: float
    between: int
    longest_step: float
    ms: int


@dataclass(frozen=True, slots=True)
class ChallengeWaiting:
    """Go on: show `words` to the holder and bring the next look."""

    prompt: Prompt
    phase: Phase

    @property
    def words(self) -> str:
        return self.prompt.value if self.phase is Phase.AWAY else self.phase.value


@dataclass(frozen=True, slots=True)
class ChallengeDone:
    """Every prompt was followed by something with a nose. `evidence`: one Movement a prompt."""

    evidence: tuple[Movement, ...]


@dataclass(frozen=True, slots=True)
class ChallengeFailed:
    """The challenge was not met. `evidence`: the prompts that were followed before."""

    failure: Failure
    prompt: Prompt
    evidence: tuple[Movement, ...]


ChallengeProgress = ChallengeWaiting | ChallengeDone | ChallengeFailed


def draw(random_below: Callable[[int], int], n: int = 2) -> tuple[Prompt, ...]:
    """`n` prompts in random order, none twice in a row. `random_below(k)`: 0 .. k-1, each as likely.

    An attacker must not foresee it: `secrets.randbelow`.
    """
    prompts: list[Prompt] = []
    for _ in range(n):
        left = [prompt for prompt in Prompt if not prompts or prompt is not prompts[-1]]
        prompts.append(left[random_below(len(left))])
    return tuple(prompts)


class _Axis(Enum):
    """Where a prompt moves the nose in a picture that is not mirrored: (turn, nod)."""

    TURN_LEFT = (1, 0)
    TURN_RIGHT = (-1, 0)
    NOD = (0, 1)


class Challenge:
    """One holder, one list of prompts. Feed every frame to `observe` until it says Done or Failed."""

    def __init__(
        self,
        prompts: Sequence[Prompt],
        started_ms: int,
        *,
        mirrored: bool = False,
        limits: ChallengeLimits | None = None,
    ) -> None:
        assert prompts, "a challenge asks for something"
        self._prompts = tuple(prompts)
        self._limits = limits or ChallengeLimits()
        self._mirrored = mirrored
        self._done: list[Movement] = []
        self._result: ChallengeDone | ChallengeFailed | None = None
        self._phase = Phase.LOOK
        self._since_ms = self._asked_ms = self._seen_ms = started_ms
        self._tick_ms = started_ms - 1
        self._before: Floats | None = None
        self._still: list[Floats] = []
        self._rest: Rest | None = None
        self._motion: Motion | None = None
        self._between = self._flat = 0
        self._longest = 0.0
        self._reached: Motion | None = None

    @property
    def prompt(self) -> Prompt:
        """What the holder is asked to do now, or was asked last."""
        return self._prompts[min(len(self._done), len(self._prompts) - 1)]

    def observe(self, landmarks: Floats | None, tick_ms: int) -> ChallengeProgress:
        """Take the landmarks of one frame, float32 (468, 3) in px, or None where no face was seen.

        A frame that is not newer than the last is not looked at.
        """
        if self._result is None and tick_ms > self._tick_ms:
            self._tick_ms = tick_ms
            failure = self._take(landmarks)
            if failure is not None:
                self._result = ChallengeFailed(failure, self.prompt, tuple(self._done))
            elif len(self._done) == len(self._prompts):
                self._result = ChallengeDone(tuple(self._done))
        return self._result or ChallengeWaiting(self.prompt, self._phase)

    def _take(self, landmarks: Floats | None) -> Failure | None:
        limits = self._limits
        allowed = {Phase.LOOK: limits.look_ms, Phase.AWAY: limits.away_ms, Phase.BACK: limits.back_ms}
        if self._tick_ms - self._since_ms > allowed[self._phase]:
            return Failure.TIME
        if landmarks is None or not usable(landmarks):
            return self._miss()
        if failure := self._follow(landmarks):
            return failure
        match self._phase:
            case Phase.LOOK:
                return self._look(landmarks)
            case Phase.AWAY:
                return self._away()
            case Phase.BACK:
                return self._back()

    def _miss(self) -> Failure | None:
        """No face in this frame: forgiven while nothing has begun, and for a moment after that."""
        self._still.clear()
        if self._rest is None:
            self._before = None
            return None
        return Failure.LOST if self._tick_ms - self._seen_ms > self._limits.gap_ms else None

    def _follow(self, landmarks: Floats) -> Failure | None:
        """From the last look to this one: close enough in time and place to be one face that moves."""
        elapsed_ms, self._seen_ms = self._tick_ms - self._seen_ms, self._tick_ms
        before, self._before = self._before, landmarks
        moved_before, self._motion = self._motion, self._rest.motion(landmarks) if self._rest else None
        way = step(before, landmarks) if before is not None else 0.0
        self._longest = max(self._longest, way)
        if way > self._limits.still:
            self._still.clear()
        if self._rest is None:
            return None
        if elapsed_ms > self._limits.gap_ms:
            return Failure.LOST
        # Landmarks tremble: a step below 40 ms would be all noise. Frames that are lost buy no more than 120.
        seconds = min(max(elapsed_ms, 40), 120) / 1000
        whirl = _apart(moved_before, self._motion)
        jumped = way > self._limits.speed * seconds or whirl > self._limits.whirl * seconds
        return Failure.JUMP if jumped else None

    def _look(self, landmarks: Floats) -> Failure | None:
        yaw, pitch, _ = pose(Landmarks(landmarks, presence=1.0))
        if abs(yaw) > self._limits.frontal_yaw or abs(pitch) > self._limits.frontal_pitch:
            self._still.clear()
            return None
        self._still.append(landmarks)
        if len(self._still) >= self._limits.still_looks:
            self._rest, self._motion = Rest(self._still), None
            self._asked_ms = self._tick_ms
            self._between = self._flat = 0
            self._longest, self._reached = 0.0, None
            self._enter(Phase.AWAY)
        return None

    def _away(self) -> Failure | None:
        motion, limits = self._motion, self._limits
        assert motion is not None
        wanted, aside = self._along(motion)
        if wanted < -limits.astray or abs(aside) > max(wanted, 0) + limits.astray:
            return Failure.OTHER_WAY
        if motion.rigidity < limits.tilted and wanted < limits.shallow:
            self._flat += 1
            return Failure.FLAT if self._flat >= limits.flat_looks else None
        self._flat = 0
        if wanted < self._target:
            self._between += wanted > limits.begun
            return None
        if motion.rigidity < limits.rigid:
            return None
        if self._between < limits.between:
            return Failure.HASTY
        self._reached = motion
        self._enter(Phase.BACK)
        return None

    def _back(self) -> Failure | None:
        motion, reached = self._motion, self._reached
        assert motion is not None
        assert reached is not None
        if max(abs(motion.turn), abs(motion.nod)) > self._limits.back:
            return None
        self._done.append(
            Movement(
                prompt=self.prompt,
                parallax=self._along(reached)[0],
                rigidity=reached.rigidity,
                stretch=reached.stretch,
                relief=reached.relief,
                between=self._between,
                longest_step=self._longest,
                ms=self._tick_ms - self._asked_ms,
            )
        )
        self._still.clear()
        self._enter(Phase.LOOK)
        return None

    def _along(self, motion: Motion) -> tuple[float, float]:
        """Parallax the way that was asked for, and across it."""
        turn, nod = (-motion.turn if self._mirrored else motion.turn), motion.nod
        x, y = _Axis[self.prompt.name].value
        return turn * x + nod * y, turn * y + nod * x

    @property
    def _target(self) -> float:
        return self._limits.nodded if self.prompt is Prompt.NOD else self._limits.turned

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._since_ms = self._tick_ms


def _apart(before: Motion | None, after: Motion | None) -> float:
    """How far parallax moved between two looks; 0 where one of them had nothing to compare with."""
    if before is None or after is None:
        return 0.0
    return max(abs(after.turn - before.turn), abs(after.nod - before.nod))
