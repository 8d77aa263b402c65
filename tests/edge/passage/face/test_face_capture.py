"""One holder before the camera, frame by frame, with made landmarks and given similarities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from samples.head_points import face

from edge.decision import Deny, Reason
from edge.face.challenge import Phase, Prompt
from edge.face.engine import FaceEvidence
from edge.face.pad.colour_challenge import LampColour
from edge.face.quality import Coaching, Component
from edge.passage.face.face_capture import FaceCapture
from edge.passage.face.frame_evidence import STRANGER
from edge.passage.face.pad_rule import PadRule
from edge.policy.decide import FaceVerdict, Matches
from edge.ports import Pixels

FRAME_MS = 66
THRESHOLD = 0.6
LEFT = 0  # the first of all prompts, as `random_below` draws it


@dataclass(frozen=True)
class See:
    """One frame: a head turned by `yaw` degrees, its similarity to the holder and to the frames before."""

    yaw: float = 0.0
    similarity: float | None = 0.8
    alike: float | None = 0.95
    reason: Reason | None = None
    shift: float = 0.0
    fta: Component | None = None
    faces: int = 1
    still: bool = False
    coaching: Coaching | None = None
    settled: bool = True
    blank: bool = False  # without landmarks


COLOUR = np.dstack([np.full((8, 8), level, np.uint8) for level in (90, 60, 40)])
GREY = np.repeat(np.linspace(20, 220, 64).astype(np.uint8).reshape(8, 8)[..., None], 3, axis=2)
BOX = (250.0, 100.0, 400.0, 300.0)
GREY_FRAME = See(shift=0.5)  # the holder's face, which would match


class Visit:
    """A face capture with frames from a list; it is its own Stages, Presented and Fusion."""

    def __init__(
        self,
        *,
        prompts: int = 0,
        consistency: bool = False,
        needs_colour: bool = False,
        flash: bool = False,
    ) -> None:
        self.pad_rule = PadRule(
            prompts=prompts,
            flash=flash,
            consistency=consistency,
            needs_colour=needs_colour,
            random_below=lambda _: LEFT,
        )
        self.wiped = 0
        self.fusion = SimpleNamespace(alike=None, wipe=self._wipe)
        self.capture = FaceCapture(self, self)
        self.prompts: list[str | None] = []
        self.tick_ms = 0

    def _wipe(self) -> None:
        self.wiped += 1

    def new_fusion(self, _: object) -> SimpleNamespace:
        return self.fusion

    def look(self, *_: object) -> tuple[FaceEvidence, FaceVerdict]:
        seen, number = self.seen, self.tick_ms // FRAME_MS
        if seen is None:
            return FaceEvidence(0, reason=Reason.FACE_ABSENT), Deny(Reason.FACE_ABSENT)
        self.fusion.alike = seen.alike
        number = 0 if seen.still else number
        tremble = np.random.default_rng(number).normal(0, 0.08, (468, 3)).astype(np.float32)
        sway = (0.4 * number + seen.shift, 0)
        landmarks = face(seen.yaw + 0.15 * (number % 40), shift=sway) + tremble
        evidence = FaceEvidence(
            seen.faces,
            seen.similarity,
            seen.similarity,
            reason=seen.reason,
            fta=seen.fta,
            coaching=seen.coaching,
            landmarks=None if seen.blank else landmarks,
            settled=seen.settled,
            box=BOX,
        )
        if seen.reason:
            return evidence, Deny(seen.reason)
        matches = seen.similarity is not None and seen.similarity >= THRESHOLD
        return evidence, Matches() if matches else Deny(Reason.FACE_NO_MATCH)

    def comes_to(self, looks: Iterable[See | None]) -> Reason | str | None:
        for self.seen in looks:
            self.tick_ms += FRAME_MS
            self.evidence, decision = self.capture.look(
                GREY if self.seen is GREY_FRAME else COLOUR, self.tick_ms
            )
            self.prompts.append(self.capture.prompt)
            if decision is not None:
                return decision.reason if isinstance(decision, Deny) else "granted"
        return None


def turn(away: See, back: See | None = None) -> list[See]:
    """A turn to the holder's left by 28 degrees and back: like `away` up to 20 degrees, then like `back`."""
    angles = [28 * float(np.sin(np.pi * k / 20)) for k in range(1, 20)]
    return [replace(away if n < 5 else back or away, yaw=yaw) for n, yaw in enumerate(angles)]


HOLDER, STRANGERS = See(), See(similarity=0.1, alike=0.1)
UNSURE = See(similarity=(STRANGER + THRESHOLD) / 2, alike=0.7)  # no match, and no stranger
QUALITY = See(similarity=None, alike=None, reason=Reason.FACE_QUALITY)
FAR = replace(QUALITY, fta=Component.HEAD_POSE_YAW)
GLASSES, MASK = (replace(QUALITY, fta=fta) for fta in (Component.EYES_VISIBLE, Component.MOUTH_OCCLUSION))
TWO = replace(QUALITY, reason=Reason.FACE_SEVERAL, fta=Component.SINGLE_FACE_PRESENT, faces=2)
NOT_A_NUMBER = See(similarity=float("nan"), alike=float("nan"))
ATTACK = See(similarity=None, alike=None, reason=Reason.FACE_ATTACK)


def turn_far(angle: float = 50) -> list[See]:
    """A turn to the holder's left and back, at whose angles of more than 33 degrees no face is compared."""
    angles = [angle * float(np.sin(np.pi * k / 30)) for k in range(1, 30)]
    return [replace(FAR if yaw > 33 else HOLDER, yaw=yaw) for yaw in angles]


def test_one_match_is_enough_without_a_pad_rule() -> None:
    assert Visit().comes_to([HOLDER]) == "granted"


VISITS: dict[str, tuple[dict[str, object], Sequence[See | None], Reason | str | None]] = {
    "a standing person": ({"consistency": True}, [HOLDER] * 10, "granted"),
    "another person passes by first": (
        {"consistency": True},
        [*[See(similarity=0.1)] * 4, See(alike=0.05, shift=90), *[See(shift=90)] * 9],
        "granted",
    ),
    "another person passes by first, away from the middle": (
        {"consistency": True},
        [*[See(similarity=0.1, shift=-90)] * 5, See(similarity=0.5, alike=0.2), *[HOLDER] * 9],
        "granted",
    ),
    "another person after a match": (
        {"consistency": True}, [*[HOLDER] * 3, STRANGERS, *[HOLDER] * 20], Reason.FACE_ATTACK,
    ),
    "a face that jumps after a match": (
        {"consistency": True}, [*[HOLDER] * 3, *[See(shift=90)] * 20], Reason.FACE_ATTACK,
    ),
    "a holder who is out of view for a while": (
        {"consistency": True}, [*[HOLDER] * 3, *[None] * 20, *[HOLDER] * 8], "granted",
    ),
    "a head that turns": ({"prompts": 1}, [*[HOLDER] * 8, *turn(HOLDER), *[HOLDER] * 9], "granted"),
    "a head that turns, at a door with consistency": (
        {"prompts": 1, "consistency": True}, [*[HOLDER] * 16, *turn(HOLDER), *[HOLDER] * 9], "granted",
    ),
    "a lower similarity while the head is turned": (
        {"prompts": 1, "consistency": True},
        [*[HOLDER] * 16, *turn(See(similarity=STRANGER, alike=0.4), HOLDER), *[HOLDER] * 9],
        "granted",
    ),
    "a head turned so far that it cannot be compared for a while": (
        {"prompts": 1}, [*[HOLDER] * 8, *turn_far(), *[HOLDER] * 9], "granted",
    ),
    "a head turned so far that no face is found": (
        {"prompts": 1},
        [*[HOLDER] * 8, *(None if see is not HOLDER and see.fta else see for see in turn_far()), *[HOLDER] * 9],
        Reason.FACE_QUALITY,
    ),
    "a head that stays turned too far to be compared": (
        {"prompts": 1}, [*[HOLDER] * 8, *turn_far()[:15], *[replace(FAR, yaw=50)] * 80], Reason.FACE_QUALITY,
    ),
    **{
        f"{what} through all prompts, then the print": (
            {"prompts": 1, "consistency": consistency},
            [*[HOLDER] * 16, *[None] * 4, *[who] * 9, *turn(who), *[who] * 5, *[None] * 22, *[HOLDER] * 99],
            Reason.FACE_QUALITY,
        )
        for what, who in {
            "dark glasses": GLASSES,
            "a mask": MASK,
            "a poor picture": QUALITY,
            "a second face beside": TWO,
            "an embedding that is no number": NOT_A_NUMBER,
            "a face without a similarity": See(similarity=None, alike=None),
        }.items()
        for consistency in (False, True)
    },
    "dark glasses only while the head is turned": (
        {"prompts": 1}, [*[HOLDER] * 8, *turn(GLASSES), *[HOLDER] * 9], Reason.FACE_QUALITY,
    ),
    "dark glasses beyond the angle of flat prints": (
        {"prompts": 1}, [*[HOLDER] * 8, *turn(GLASSES, HOLDER), *[HOLDER] * 9], Reason.FACE_QUALITY,
    ),
    "a mask from the start": ({"prompts": 1}, [MASK] * 120, None),
    "an attack while the head is turned": (
        {"prompts": 1},
        [*[HOLDER] * 8, *turn(HOLDER)[:3], replace(ATTACK, yaw=11), *turn(HOLDER)[4:], *[HOLDER] * 99],
        None,
    ),
    "an attack of the same moment as another objection": (
        {}, [See(similarity=0.5), ATTACK, *[HOLDER] * 99], None,
    ),
    "a still picture, and a moving head that is not compared": (
        {"consistency": True}, [replace(HOLDER, still=True), GLASSES] * 60, Reason.FACE_ATTACK,
    ),
    "another person turns": (
        {"prompts": 1}, [*[HOLDER] * 8, *turn(STRANGERS, HOLDER), *[HOLDER] * 9], Reason.FACE_ATTACK,
    ),
    "another person turns back": (
        {"prompts": 1}, [*[HOLDER] * 8, *turn(HOLDER, STRANGERS), *[HOLDER] * 9], Reason.FACE_ATTACK,
    ),
    "another person at the end of the turn": (
        {"prompts": 1}, [*[HOLDER] * 8, *turn(HOLDER), *[STRANGERS] * 9], Reason.FACE_ATTACK,
    ),
    "another person after the turn": (
        {"prompts": 1}, [*[HOLDER] * 8, *turn(HOLDER), HOLDER, *[STRANGERS] * 9], Reason.FACE_NO_MATCH,
    ),
    "a face on the way back that is no stranger's, and never matches": (
        {"prompts": 1}, [*[HOLDER] * 8, *turn(HOLDER), *[UNSURE] * 99], Reason.FACE_QUALITY,
    ),
    "a face on the way back that does not match for a while": (
        {"prompts": 1}, [*[HOLDER] * 8, *turn(HOLDER), *[UNSURE] * 9, *[HOLDER] * 9], "granted",
    ),
    "a face before the prompt that does not match any more": (
        {"prompts": 1}, [*[HOLDER] * 2, *[UNSURE] * 99], Reason.FACE_NO_MATCH,
    ),
    "a face after the first prompt that does not match any more": (
        {"prompts": 2}, [*[HOLDER] * 8, *turn(HOLDER), HOLDER, *[UNSURE] * 99], Reason.FACE_NO_MATCH,
    ),
    "one frame before the prompt that does not match": (
        {"prompts": 1}, [*[HOLDER] * 2, UNSURE, *[HOLDER] * 8, *turn(HOLDER), *[HOLDER] * 9], "granted",
    ),
    "a head that never turns": ({"prompts": 1}, [HOLDER] * 120, Reason.FACE_QUALITY),
    "a head that is often not compared, 3 s in all": (
        {"prompts": 1}, [HOLDER] + [*[FAR] * 4, HOLDER] * 11, None,
    ),
    "a head that is often not compared, more than 3 s in all": (
        {"prompts": 1}, [HOLDER] + [*[FAR] * 4, HOLDER] * 12, Reason.FACE_QUALITY,
    ),
    "a head that is often not compared, at a door with two prompts": (
        {"prompts": 2}, [HOLDER] + [*[FAR] * 4, HOLDER] * 12, None,
    ),
    "no match for two moments before the prompt and two after it": (
        {"prompts": 1},
        [*[HOLDER] * 2, *[UNSURE] * 4, *[HOLDER] * 8, *turn(HOLDER), HOLDER, *[UNSURE] * 4, *[HOLDER] * 9],
        "granted",
    ),
    "a head that is compared all the time, for more than 3 s": ({"prompts": 1}, [HOLDER] * 60, None),
    "one frame of another person as the challenge begins": (
        {"prompts": 1}, [HOLDER, STRANGERS, *[HOLDER] * 8, *turn(HOLDER), *[HOLDER] * 9], "granted",
    ),
    "another person as the challenge begins": (
        {"prompts": 1}, [HOLDER, STRANGERS, STRANGERS], Reason.FACE_ATTACK,
    ),
    "two frames of another person, apart": (
        {"prompts": 1},
        [*[HOLDER] * 3, STRANGERS, HOLDER, STRANGERS, *[HOLDER] * 8, *turn(HOLDER), *[HOLDER] * 9],
        "granted",
    ),
    "another person after the holder in a challenge": (
        {"prompts": 1}, [*[HOLDER] * 3, STRANGERS, STRANGERS], Reason.FACE_ATTACK,
    ),
    "a match by a small margin": ({}, [replace(HOLDER, settled=False)] * 9, None),
    "no match, also while the mean is not settled": (
        {}, [replace(STRANGERS, settled=False)] * 9, Reason.FACE_NO_MATCH,
    ),
    "two frames of another person after a match": (
        {"consistency": True}, [*[HOLDER] * 3, STRANGERS, STRANGERS, *[HOLDER] * 20], Reason.FACE_ATTACK,
    ),
    "another person after a match, at a door with prompts": (
        {"prompts": 1, "consistency": True}, [*[HOLDER] * 3, STRANGERS, *[HOLDER] * 20], Reason.FACE_ATTACK,
    ),
    "another person for a frame after the turn": (
        {"prompts": 1, "consistency": True},
        [*[HOLDER] * 16, *turn(HOLDER), HOLDER, STRANGERS, *[HOLDER] * 9],
        Reason.FACE_ATTACK,
    ),
    "a face that jumps before it matches": (
        {"consistency": True}, [*[See(similarity=0.5)] * 2, *[See(shift=90)] * 20], Reason.FACE_ATTACK,
    ),
    "a face without landmarks among the frames": (
        {"consistency": True}, [*[HOLDER] * 2, replace(HOLDER, blank=True), *[HOLDER] * 9], "granted",
    ),
    "a face that does not answer to the light": ({"flash": True}, [HOLDER] * 40, Reason.FACE_QUALITY),
    "an attack under the light": ({"flash": True}, [*[HOLDER] * 2, *[ATTACK] * 9], Reason.FACE_ATTACK),
    "one frame of an attack under the light": ({"flash": True}, [HOLDER, ATTACK, *[HOLDER] * 9], None),
    "an attack before the prompt": (
        {"prompts": 1},
        [ATTACK, *[HOLDER] * 8, *turn(HOLDER), *[HOLDER] * 9],
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("visit", VISITS)
def test_the_outcome_of_a_visit(visit: str) -> None:
    rule, looks, outcome = VISITS[visit]
    assert Visit(**rule).comes_to(looks) == outcome  # type: ignore[arg-type]


def test_prompts_are_shown_in_order_and_then_removed() -> None:
    visit = Visit(prompts=1)
    assert visit.comes_to([*[HOLDER] * 8, *turn(HOLDER), *[HOLDER] * 9]) == "granted"
    shown = [words for n, words in enumerate(visit.prompts) if n == 0 or words != visit.prompts[n - 1]]
    assert shown == [Phase.LOOK, Prompt.TURN_LEFT, Phase.BACK, None]
    assert visit.capture.challenged


CLOSER = replace(QUALITY, coaching=Coaching.COME_CLOSER)


def test_the_holder_is_told_how_to_stand_until_the_challenge_begins_and_after_it() -> None:
    visit = Visit(prompts=1)
    visit.comes_to([CLOSER, HOLDER, CLOSER])
    assert visit.prompts == [Coaching.COME_CLOSER, Phase.LOOK, Phase.LOOK]
    visit.comes_to([*[HOLDER] * 7, *turn(HOLDER), HOLDER])
    assert visit.prompts[-1] is None
    visit.comes_to([CLOSER])
    assert visit.prompts[-1] == Coaching.COME_CLOSER


def test_the_instruction_ends_with_the_frame_that_needs_none() -> None:
    visit = Visit()
    visit.comes_to([CLOSER, See(similarity=0.5)])
    assert visit.prompts == [Coaching.COME_CLOSER, None]


@pytest.mark.parametrize(("prompts", "reason"), [(0, Reason.FACE_NO_MATCH), (1, Reason.FACE_QUALITY)])
def test_a_timeout_is_the_gravest_objection_or_a_challenge_that_was_not_met(
    prompts: int, reason: Reason
) -> None:
    visit = Visit(prompts=prompts)
    visit.comes_to([HOLDER] * 4 if prompts else [STRANGERS])
    assert visit.capture.give_up() == Deny(reason)


@pytest.mark.parametrize("prompts", [0, 1])
def test_an_attack_is_not_forgotten_by_a_new_capture_of_the_passage(prompts: int) -> None:
    first = Visit(prompts=prompts)
    first.comes_to([ATTACK] if not prompts else [*[HOLDER] * 8, *turn(HOLDER)[:3], ATTACK])
    assert first.capture.attacked
    again = Visit()
    again.capture = FaceCapture(again, again, first.capture._attempts)
    assert again.comes_to([HOLDER] * 99) is None
    assert again.capture.give_up() == first.capture.give_up() == Deny(Reason.FACE_ATTACK)


@pytest.mark.parametrize(
    ("looks", "needs_colour", "outcome"),
    [
        ([GREY_FRAME] * 9, True, Reason.DEVICE_FAULT),
        ([GREY_FRAME] * 2, True, None),
        ([GREY_FRAME, HOLDER], True, "granted"),
        ([GREY_FRAME], False, "granted"),
    ],
    ids=["a camera without colour", "two frames", "one damaged frame", "a door without the networks"],
)
def test_a_frame_without_colour_is_a_fault_of_the_camera_and_never_a_match(
    looks: list[See], needs_colour: bool, outcome: Reason | str | None
) -> None:
    visit = Visit(needs_colour=needs_colour)
    assert visit.comes_to(looks) == outcome
    if outcome is Reason.DEVICE_FAULT:
        assert visit.evidence.fta is Component.NATURAL_COLOUR
        assert visit.tick_ms == 3 * FRAME_MS


def test_grey_frames_during_the_prompts_take_no_step() -> None:
    visit = Visit(prompts=1, needs_colour=True)
    frames = [*[HOLDER] * 8, *turn(HOLDER)]
    frames[10:13] = [GREY_FRAME] * 3
    assert visit.comes_to(frames) == Reason.DEVICE_FAULT


def test_damaged_frames_in_a_row_are_counted_from_the_last_good_one() -> None:
    visit = Visit(needs_colour=True)
    assert visit.comes_to([GREY_FRAME, GREY_FRAME, UNSURE, GREY_FRAME, GREY_FRAME]) is None
    assert visit.evidence.faces == 0
    assert visit.comes_to([GREY_FRAME]) is Reason.DEVICE_FAULT


def test_two_faces_count_once_in_150_ms() -> None:
    visit = Visit()
    visit.comes_to([HOLDER])
    assert visit.capture.several_looks == 0
    visit.seen = TWO
    counts = []
    for after_ms in (0, 149, 150, 299, 300, 450):
        visit.capture.look(COLOUR, 10_000 + after_ms)
        counts.append(visit.capture.several_looks)
    assert counts == [1, 1, 2, 2, 3, 4]


def test_the_comparisons_of_the_capture_before_do_not_count_in_the_next() -> None:
    first, again = Visit(), Visit()
    assert first.comes_to([*[STRANGERS] * 4, None]) is None
    again.tick_ms = first.tick_ms
    again.capture = FaceCapture(again, again, first.capture._attempts)
    assert again.comes_to([*[STRANGERS] * 4, None]) is None


def test_the_light_shows_its_first_colour_at_once_and_goes_on() -> None:
    visit = Visit(flash=True)
    assert visit.capture.colour is None
    visit.comes_to([HOLDER])
    first = visit.capture.colour
    assert first is not None
    assert visit.capture.prompt == Phase.LOOK
    visit.comes_to([HOLDER] * 6)
    assert visit.capture.colour not in (None, first)


def test_the_embeddings_are_overwritten_at_the_end_and_once_the_prompts_are_met() -> None:
    visit = Visit(prompts=1)
    visit.comes_to([HOLDER] * 8)
    assert visit.wiped == 0
    visit.comes_to(turn(HOLDER))
    assert visit.comes_to([HOLDER] * 9) == "granted"
    assert visit.wiped == 1, "the face after the prompts is compared anew"
    visit.capture.wipe()
    assert visit.wiped == 2


def lit(colour: LampColour | None) -> Pixels:
    """A picture in the light of the door: the middle of the face is nearer to it than its sides."""
    rgb = np.full((480, 640, 3), 120.0)
    light = 36.0 * np.array(colour.value if colour else (0, 0, 0))
    rgb[100:300, 250:400] += 0.6 * light
    rgb[160:250, 304:346] += 0.8 * light
    return rgb.astype(np.uint8)


class LitVisit(Visit):
    """A visit at a door whose light reaches the face."""

    def __init__(self) -> None:
        super().__init__(flash=True)
        numbers = np.random.default_rng(7)
        self.pad_rule = replace(self.pad_rule, random_below=lambda below: int(numbers.integers(below)))
        self.capture = FaceCapture(self, self)

    def comes_to(self, looks: Iterable[See | None]) -> Reason | str | None:
        for self.seen in looks:
            self.tick_ms += FRAME_MS
            self.evidence, decision = self.capture.look(lit(self.capture.colour), self.tick_ms)
            if decision is not None:
                return decision.reason if isinstance(decision, Deny) else "granted"
        return None

    def answers(self) -> None:
        """The holder stands in the light until it goes out."""
        assert self.comes_to([HOLDER]) is None
        while self.capture.colour:
            assert self.comes_to([HOLDER]) is None


def test_a_face_that_answered_to_the_light_is_compared_anew() -> None:
    visit = LitVisit()
    visit.answers()
    assert visit.wiped == 1
    assert visit.capture.prompt is None
    assert visit.comes_to([HOLDER]) == "granted"


def test_comparisons_before_the_light_do_not_count_after_it() -> None:
    visit = LitVisit()
    assert visit.comes_to([UNSURE] * 4) is None
    visit.answers()
    assert visit.comes_to([*[UNSURE] * 4, HOLDER]) == "granted"


@pytest.mark.parametrize("who", [UNSURE, FAR], ids=["does not match", "is not compared"])
def test_a_face_in_the_light_that_was_not_compared_does_not_answer_for_the_holder(who: See) -> None:
    assert LitVisit().comes_to([HOLDER, *[who] * 40]) is Reason.FACE_QUALITY
