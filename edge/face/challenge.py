r"""The active challenge: asks for movements of the head, and tells a head from a flat picture.

    LOOK -> AWAY -> BACK -> LOOK -> ... -> ChallengeDone
      \______\______\________________-> ChallengeFailed

For each prompt the holder looks into the camera (LOOK), turns as asked until the parallax of the nose against
the outline is that of a turned head (AWAY), and looks into the camera again (BACK). The face is followed from
frame to frame; a jump is a cut in a film, and a Failure. Done needs every prompt followed; every other end is
a Failure.

The challenge stops photographs that are held still, moved, turned or bent, and films that turn another way or
are cut. It does not stop a film that follows the same prompts by chance (one in six for two prompts of three;
therefore a card waits after three failures: edge/passage/requirements/lockout.py), clips that an attacker
starts by hand when the prompts appear, a face that a computer draws live, a print folded as sharply as a
nose, or a mask. The passive measures and staff have to stop those.

The numbers below come from heads rendered from photographs (hw/sim/pictures/head.py), because no film of
people was available. Parallax alone was checked on real pictures too. Of 134 pairs of one person in LFW, 20
degrees or more apart, all show 0.27 and more, half 0.40; 877 copies of one picture tilted as planes by 30 and
45 degrees 0.26 at most, 99 % below 0.18; 368 pairs of prints held by hand in NUAA 0.15 at most. Ten frames a
second can follow a turn that takes 0.6 s, five only one that takes 2 s.

Left and right are the holder's. In a picture that is not mirrored the holder's left is on the right; for a
camera that mirrors its picture set `mirrored`.
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
    """The movements that a holder is asked for, in words for the screen."""

    TURN_LEFT = "turn your head to the left"
    TURN_RIGHT = "turn your head to the right"
    NOD = "lower your chin, then look up again"


class Phase(StrEnum):
    """The phases of one prompt, in words for the screen; in AWAY the screen shows the prompt's own words."""

    LOOK = "look into the camera"
    AWAY = "away"
    BACK = "look into the camera again"


class Failure(StrEnum):
    """The failures of a challenge."""

    TIME = "the time was over"
    LOST = "the face was lost"
    JUMP = "the face jumped"
    HASTY = "turned too quickly to be followed"
    OTHER_WAY = "moved another way"
    FLAT = "moved as a flat thing does"

    @property
    def reason(self) -> Reason:
        """The reason for which the passage is denied."""
        return Reason.FACE_ATTACK if self in (Failure.JUMP, Failure.FLAT) else Reason.FACE_QUALITY


@dataclass(frozen=True, slots=True)
class ChallengeLimits:
    """Deadlines of a challenge, and the limits of a turned head. Parallax is the sine of an angle."""

    # People begin about one second after the prompt and turn in one more: three times that.
    away_ms: int = 6_000
    back_ms: int = 4_000
    look_ms: int = 6_000
    gap_ms: int = 350  # motion blur loses a face for a frame or two at 15 frames a second
    still_looks: int = 3  # 0.2 s at 15 frames a second: enough for a mean
    still: float = 0.05  # a standing person sways by less than 0.02 face widths a frame
    frontal_yaw: float = 22.0  # degrees; `pose` is accurate to 5, and holders do not always stand straight
    frontal_pitch: float = 28.0  # a camera at chest height sees a lowered chin
    turned: float = 0.34  # 20 degrees. Flat prints reached 0.19 (99 % of 880), bent ones 0.27
    nodded: float = 0.28  # 16 degrees: people nod less than they turn. Flat prints reached 0.26
    # A turned head keeps its length. Rendered heads have 0.90 and more, 95 % of pairs of real pictures 0.88;
    # bent prints that are tilted enough for this parallax have 0.83 to 0.88.
    rigid: float = 0.88
    tilted: float = 0.85  # a plane at 30 degrees; 99 % of pairs of real pictures are above
    shallow: float = 0.2  # an object so tilted with less parallax than this is not a head
    back: float = 0.12  # 7 degrees
    astray: float = 0.2  # 12 degrees another way: a short swing before a turn stays below
    # A compared frame has to show this much, 12 degrees, as rigidly as a head: flat prints reach 0.19 (99 %),
    # and a bent print of more is not rigid. Beyond the limits of quality no frame can be compared.
    vouched: float = 0.2
    speed: float = 4.5  # face widths a second; a quick turn (140 degrees a second) moves the nose at 2.5
    whirl: float = 3.5  # parallax a second: 200 degrees a second
    begun: float = 0.04  # 2 degrees: more than the noise of landmarks
    between: int = 2  # frames during the turn: with fewer the movement was not observed
    flat_looks: int = 3  # frames that tilt without parallax before it is a flat object: one may be blurred


@dataclass(frozen=True, slots=True)
class Movement:
    """The movement that followed one prompt.

    `parallax`, `rigidity`, `stretch`, `relief`: as in Motion, at the frame that reached the angle; `between`:
    frames during the turn; `longest_step`: of any landmark between two frames, in face widths; `ms`: from the
    prompt until the face was back.
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
    """The challenge goes on: show `words` to the holder and pass the next frame."""

    prompt: Prompt
    phase: Phase

    @property
    def words(self) -> str:
        return self.prompt.value if self.phase is Phase.AWAY else self.phase.value


@dataclass(frozen=True, slots=True)
class ChallengeDone:
    """A head followed every prompt. `evidence`: one Movement for each prompt."""

    evidence: tuple[Movement, ...]


@dataclass(frozen=True, slots=True)
class ChallengeFailed:
    """The challenge failed. `evidence`: the movements for the prompts before."""

    failure: Failure
    prompt: Prompt
    evidence: tuple[Movement, ...]


ChallengeProgress = ChallengeWaiting | ChallengeDone | ChallengeFailed


def draw(random_below: Callable[[int], int], n: int = 2) -> tuple[Prompt, ...]:
    """`n` prompts in random order, none twice in a row. `random_below(k)`: 0 .. k-1, all equally likely.

    An attacker must not be able to predict it: use `secrets.randbelow`.
    """
    prompts: list[Prompt] = []
    for _ in range(n):
        left = [prompt for prompt in Prompt if not prompts or prompt is not prompts[-1]]
        prompts.append(left[random_below(len(left))])
    return tuple(prompts)


class _Axis(Enum):
    """The direction in which a prompt moves the nose in a picture that is not mirrored: (turn, nod)."""

    TURN_LEFT = (1, 0)
    TURN_RIGHT = (-1, 0)
    NOD = (0, 1)


class Challenge:
    """One list of prompts for one holder. Pass every frame to `observe` until it returns Done or Failed."""

    def __init__(
        self,
        prompts: Sequence[Prompt],
        started_ms: int,
        *,
        mirrored: bool = False,
        limits: ChallengeLimits | None = None,
    ) -> None:
        assert prompts, "a challenge has at least one prompt"
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
        self._vouched = False

    @property
    def phase(self) -> Phase:
        """The phase of the current prompt."""
        return self._phase

    @property
    def prompt(self) -> Prompt:
        """The current prompt, or the last one."""
        return self._prompts[min(len(self._done), len(self._prompts) - 1)]

    def observe(self, landmarks: Floats | None, tick_ms: int, *, compared: bool = True) -> ChallengeProgress:
        """Take the landmarks of one frame, float32 (468, 3) in px, or None if it shows no face to follow.

        A face that is not `compared` is followed, but no step of a prompt is taken on its word. A frame that
        is not newer than the last is ignored.
        """
        if self._result is None and tick_ms > self._tick_ms:
            self._tick_ms = tick_ms
            failure = self._take(landmarks, compared=compared)
            if failure is not None:
                self._result = ChallengeFailed(failure, self.prompt, tuple(self._done))
            elif len(self._done) == len(self._prompts):
                self._result = ChallengeDone(tuple(self._done))
        return self._result or ChallengeWaiting(self.prompt, self._phase)

    def _take(self, landmarks: Floats | None, *, compared: bool) -> Failure | None:
        limits = self._limits
        allowed = {Phase.LOOK: limits.look_ms, Phase.AWAY: limits.away_ms, Phase.BACK: limits.back_ms}
        if self._tick_ms - self._since_ms > allowed[self._phase]:
            return Failure.TIME
        if landmarks is None or not usable(landmarks):
            return self._miss()
        if failure := self._follow(landmarks):
            return failure
        match self._phase:
            case Phase.AWAY:
                return self._away(compared=compared)
            case Phase.LOOK:
                return self._look(landmarks, compared=compared)
            case Phase.BACK:
                return self._back() if compared else None

    def _miss(self) -> Failure | None:
        """Handle a frame without a face: allowed before a prompt, and for `gap_ms` during one."""
        self._still.clear()
        if self._rest is None:
            self._before = None
            return None
        return Failure.LOST if self._tick_ms - self._seen_ms > self._limits.gap_ms else None

    def _follow(self, landmarks: Floats) -> Failure | None:
        """Check that this frame follows the last one in time and place, as one face that moves."""
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
        # Below 40 ms a step would be noise of the landmarks. Lost frames allow no step of more than 120 ms.
        seconds = min(max(elapsed_ms, 40), 120) / 1000
        whirl = _apart(moved_before, self._motion)
        jumped = way > self._limits.speed * seconds or whirl > self._limits.whirl * seconds
        return Failure.JUMP if jumped else None

    def _look(self, landmarks: Floats, *, compared: bool) -> Failure | None:
        yaw, pitch, _ = pose(Landmarks(landmarks, presence=1.0))
        if not compared or abs(yaw) > self._limits.frontal_yaw or abs(pitch) > self._limits.frontal_pitch:
            self._still.clear()
            return None
        self._still.append(landmarks)
        if len(self._still) >= self._limits.still_looks:
            self._rest, self._motion = Rest(self._still), None
            self._asked_ms = self._tick_ms
            self._between = self._flat = 0
            self._longest, self._reached, self._vouched = 0.0, None, False
            self._enter(Phase.AWAY)
        return None

    def _away(self, *, compared: bool) -> Failure | None:
        motion, limits = self._motion, self._limits
        assert motion is not None
        wanted, aside = self._along(motion)
        if wanted < -limits.astray or abs(aside) > max(wanted, 0) + limits.astray:
            return Failure.OTHER_WAY
        if motion.rigidity < limits.tilted and wanted < limits.shallow:
            self._flat += 1
            return Failure.FLAT if self._flat >= limits.flat_looks else None
        self._flat = 0
        rigid = motion.rigidity >= limits.rigid
        self._vouched = self._vouched or (compared and rigid and wanted >= limits.vouched)
        if wanted < self._target:
            self._between += compared and wanted > limits.begun
        elif rigid:
            if self._between < limits.between:
                return Failure.HASTY
            self._reached = motion
        if self._reached is not None and self._vouched:
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
        """Parallax along the direction of the prompt, and across it."""
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
    """The change of parallax between two frames; 0 if one of them has no motion."""
    if before is None or after is None:
        return 0.0
    return max(abs(after.turn - before.turn), abs(after.nod - before.nod))
