"""The active challenge: a head that moves as asked passes, and nothing else does."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from conftest import shared
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.head_points import BENT, FLAT, face

from edge.app.parts.code_readers import read_image
from edge.decision import Reason
from edge.face.challenge import (
    Challenge,
    ChallengeDone,
    ChallengeFailed,
    ChallengeLimits,
    ChallengeProgress,
    ChallengeWaiting,
    Failure,
    Phase,
    Prompt,
    draw,
)
from edge.face.engine import FaceEngine
from edge.face.mesh import Landmarks
from edge.face.quality import pose
from hw.sim.pictures.head import Move, Species, Subject, attack, head, script

LEFT, RIGHT, NOD = Prompt.TURN_LEFT, Prompt.TURN_RIGHT, Prompt.NOD
FRAME_MS = 66
PEAK = 28.0
WAY = {LEFT: (1, 0), RIGHT: (-1, 0), NOD: (0, 0.8)}  # holder's left is the picture's right


def named(prompts: tuple[Prompt, ...]) -> str:
    return "-".join(prompt.name for prompt in prompts)


def swing(*prompts: Prompt, frames: int = 9, peak: float = PEAK) -> list[tuple[float, float]]:
    """Angles of a head that follows `prompts`: it looks, turns, comes back, looks."""
    there = np.sin(np.linspace(0, np.pi, 2 * frames + 1))
    track = [(0.0, 0.0)] * 5
    for prompt in prompts:
        x, y = WAY[prompt]
        track += [(peak * x * s, peak * y * s) for s in there] + [(0.0, 0.0)] * 5
    return track


def watch(challenge: Challenge, looks, frame_ms: int = FRAME_MS) -> ChallengeProgress:
    """The first final answer, or the last answer."""
    progress: ChallengeProgress | None = None
    for count, look in enumerate(looks):
        progress = challenge.observe(look, count * frame_ms)
        if not isinstance(progress, ChallengeWaiting):
            break
    assert progress is not None
    return progress


def follow(prompts, track, *, frame_ms: int = FRAME_MS, **how) -> ChallengeProgress:
    return watch(Challenge(prompts, 0), [face(*angles, **how) for angles in track], frame_ms)


def failure(progress: ChallengeProgress) -> Failure:
    assert isinstance(progress, ChallengeFailed), progress
    return progress.failure


# --- prompts ---------------------------------------------------------------------------------------


def test_prompts_are_words_for_the_screen():
    assert LEFT == "turn your head to the left"
    assert ChallengeWaiting(LEFT, Phase.AWAY).words == LEFT.value
    assert ChallengeWaiting(LEFT, Phase.LOOK).words == "look into the camera"


@given(rolls=st.lists(st.integers(0, 5), min_size=8, max_size=8), n=st.integers(1, 8))
def test_no_prompt_is_drawn_twice_in_a_row(rolls, n):
    left = iter(rolls)
    prompts = draw(lambda sides: next(left) % sides, n)
    assert len(prompts) == n
    assert all(a is not b for a, b in itertools.pairwise(prompts))


def test_every_order_of_two_is_equally_likely():
    drawn: Counter[tuple[Prompt, ...]] = Counter()
    for rolls in itertools.product(range(3), range(2)):
        left = iter(rolls)
        drawn[draw(lambda _, left=left: next(left))] += 1
    assert set(drawn) == set(itertools.permutations(Prompt, 2))
    assert set(drawn.values()) == {1}


# --- challenges that pass ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("prompts", list(itertools.permutations(Prompt, 2)), ids=named)
def test_a_head_that_follows_the_prompts_is_done(prompts):
    progress = follow(prompts, swing(*prompts))
    assert isinstance(progress, ChallengeDone)
    assert [movement.prompt for movement in progress.evidence] == list(prompts)
    for movement in progress.evidence:
        assert movement.parallax >= (0.26 if movement.prompt is NOD else 0.34)
        assert movement.rigidity >= 0.88
        assert movement.between >= 2
        assert movement.ms > 0


def test_three_prompts_need_three_movements():
    assert isinstance(follow((LEFT, NOD, LEFT), swing(LEFT, NOD, LEFT)), ChallengeDone)


def test_the_holder_may_take_seconds_to_begin():
    assert isinstance(follow((LEFT,), [(0, 0)] * 45 + swing(LEFT)), ChallengeDone)


def test_a_face_lost_for_a_frame_is_allowed():
    looks = [face(*angles) for angles in swing(LEFT)]
    looks[10] = None
    assert isinstance(watch(Challenge((LEFT,), 0), looks), ChallengeDone)


def test_the_challenge_waits_for_the_first_face():
    looks = [None] * 20 + [face(*angles) for angles in swing(LEFT)]
    assert isinstance(watch(Challenge((LEFT,), 0), looks), ChallengeDone)


def test_tilted_near_and_far_heads_pass_too():
    for how in ({"roll": 15}, {"size": 0.5}, {"size": 1.5}, {"shift": (90, -40)}):
        assert isinstance(follow((LEFT, NOD), swing(LEFT, NOD), **how), ChallengeDone), how


def posed(yaw: float = 0, pitch: float = 0) -> np.ndarray:
    """Landmarks whose points in space have this pose, in degrees."""
    a, b = np.radians([yaw, -pitch])
    x, y, z = face().T
    x, z = x * np.cos(a) - z * np.sin(a), x * np.sin(a) + z * np.cos(a)
    y, z = y * np.cos(b) - z * np.sin(b), y * np.sin(b) + z * np.cos(b)
    points = np.column_stack([x, y, z]).astype(np.float32)
    assert pose(Landmarks(points, presence=1.0))[:2] == pytest.approx((yaw, pitch), abs=0.1)
    return points


@pytest.mark.parametrize(
    ("pose_", "phase"),
    [
        ({"pitch": 29}, Phase.LOOK),
        ({"pitch": -29}, Phase.LOOK),
        ({"pitch": 60}, Phase.LOOK),
        ({"pitch": -60}, Phase.LOOK),
        ({"yaw": 23}, Phase.LOOK),
        ({"yaw": -23}, Phase.LOOK),
        ({"pitch": 27}, Phase.AWAY),
        ({"pitch": -27}, Phase.AWAY),
        ({"yaw": 21}, Phase.AWAY),
        ({"yaw": -21}, Phase.AWAY),
    ],
)
def test_only_a_head_that_looks_into_the_camera_is_the_resting_look(pose_, phase):
    challenge = Challenge((LEFT,), 0)
    assert watch(challenge, [posed(**pose_)] * 9) == ChallengeWaiting(LEFT, phase)


# --- left and right --------------------------------------------------------------------------------------


def test_the_holders_left_is_on_the_right_of_a_picture_that_is_not_mirrored():
    before, after = face(), face(yaw=PEAK)
    assert after[1, 0] > before[1, 0], "the nose goes to the right of the picture"
    assert isinstance(follow((LEFT,), swing(LEFT)), ChallengeDone)
    assert failure(follow((RIGHT,), swing(LEFT))) is Failure.OTHER_WAY


@pytest.mark.parametrize("prompt", [LEFT, RIGHT])
def test_left_is_the_holders_left_with_a_mirrored_camera(prompt):
    looks = [face(*angles, mirrored=True) for angles in swing(prompt)]
    # FaceMesh calls what is on the left of the picture the right eye, mirrored or not
    looks = [look if look[234, 0] < look[454, 0] else _relabelled(look) for look in looks]
    assert isinstance(watch(Challenge((prompt,), 0, mirrored=True), looks), ChallengeDone)
    assert failure(watch(Challenge((prompt,), 0), looks)) is Failure.OTHER_WAY


def _relabelled(look: np.ndarray) -> np.ndarray:
    """The points with the numbers of their mirror partners, as far as the spiral has partners."""
    still = face()
    partner = np.array(
        [int(np.argmin(np.hypot(still[:, 0] - (640 - x), still[:, 1] - y))) for x, y, _ in still]
    )
    return look[partner]


# --- challenges that fail ---------------------------------------------------------------------------------------


def test_a_flat_print_that_turns_is_flat():
    assert failure(follow((LEFT,), swing(LEFT, peak=50, frames=14), depth=FLAT)) is Failure.FLAT


@pytest.mark.parametrize("peak", [10, 20, 30, 40, 50])
@pytest.mark.parametrize("shape", [FLAT, BENT], ids=["flat", "bent"])
@pytest.mark.parametrize("prompt", list(Prompt), ids=lambda p: p.name)
def test_no_print_is_ever_done(peak, shape, prompt):
    assert not isinstance(follow((prompt,), swing(prompt, peak=peak, frames=14), depth=shape), ChallengeDone)


def test_a_face_that_only_moves_aside_is_not_done():
    looks = [face(shift=(4 * x, 4 * y)) for x, y in swing(LEFT)]
    assert isinstance(watch(Challenge((LEFT,), 0), looks), ChallengeWaiting)


# A head that is asked to turn left: its (yaw, nod) in each frame, and the failure.
FAILURES = {
    "held still": ([(0, 0)] * 200, Failure.TIME),
    "turned, and not back": (swing(LEFT)[:14] + [(PEAK, 0)] * 100, Failure.TIME),
    "turned from the start": ([(35, 0)] * 200, Failure.TIME),
    "the other way first": (swing(RIGHT, LEFT), Failure.OTHER_WAY),
    "a nod for a turn": (swing(NOD), Failure.OTHER_WAY),
    "a cut from looking to turned": ([(0, 0)] * 8 + [(PEAK, 0)] * 8, Failure.JUMP),
}


@pytest.mark.parametrize(("track", "expected"), FAILURES.values(), ids=FAILURES)
def test_a_head_that_does_not_turn_as_asked_fails(track, expected):
    assert failure(follow((LEFT,), track)) is expected


def test_frames_without_a_face_run_out_of_time():
    assert failure(watch(Challenge((LEFT,), 0), [None] * 200)) is Failure.TIME


def test_a_cut_back_is_a_jump():
    track = swing(LEFT)
    turned = max(range(len(track)), key=lambda i: track[i][0])
    assert failure(follow((LEFT,), track[: turned + 1] + [(0, 0)] * 8)) is Failure.JUMP


def test_a_turn_too_quick_for_the_camera_is_hasty():
    assert failure(follow((LEFT,), [(0, 0)] * 6 + [(12, 0), (22, 0)] + [(PEAK, 0)] * 5, frame_ms=125)) is (
        Failure.HASTY
    )


@pytest.mark.parametrize(("frame_ms", "frames"), [(33, 12), (66, 6), (100, 6), (125, 8)])
def test_slow_cameras_follow_slow_turns(frame_ms, frames):
    assert isinstance(follow((LEFT,), swing(LEFT, frames=frames), frame_ms=frame_ms), ChallengeDone)


def test_a_face_that_jumps_between_prompts_is_a_jump():
    looks = [face(*angles) for angles in swing(LEFT)[:-2]]
    looks += [face(shift=(90, 0))] * 5
    assert failure(watch(Challenge((LEFT, NOD), 0), looks)) is Failure.JUMP


def test_a_cut_behind_a_covered_lens_is_lost():
    looks = [face(*angles) for angles in swing(LEFT)]
    looks[8:8] = [None] * 7
    assert failure(watch(Challenge((LEFT,), 0), looks)) is Failure.LOST


def test_frames_too_rare_to_follow_are_lost():
    assert failure(follow((LEFT,), swing(LEFT), frame_ms=500)) is Failure.LOST


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (Failure.TIME, Reason.FACE_QUALITY),
        (Failure.LOST, Reason.FACE_QUALITY),
        (Failure.HASTY, Reason.FACE_QUALITY),
        (Failure.OTHER_WAY, Reason.FACE_QUALITY),
        (Failure.JUMP, Reason.FACE_ATTACK),
        (Failure.FLAT, Reason.FACE_ATTACK),
    ],
)
def test_every_failure_has_a_reason(name, reason):
    assert name.reason is reason


# --- the machine -----------------------------------------------------------------------------------------


def test_a_result_is_final():
    challenge = Challenge((LEFT,), 0)
    first = watch(challenge, [face(*angles) for angles in swing(LEFT)])
    assert isinstance(first, ChallengeDone)
    assert challenge.observe(None, 99_999) is first


def test_a_frame_that_is_not_newer_is_ignored():
    challenge = Challenge((LEFT,), 0)
    for _ in range(9):
        progress = challenge.observe(face(), 0)
    assert progress == ChallengeWaiting(LEFT, Phase.LOOK)


def test_landmarks_that_are_not_finite_are_no_face():
    bad = np.full((468, 3), np.nan, np.float32)
    assert failure(watch(Challenge((LEFT,), 0), [bad] * 200)) is Failure.TIME


def test_a_caller_can_set_stricter_limits():
    strict = Challenge((LEFT,), 0, limits=ChallengeLimits(turned=0.6))
    assert isinstance(watch(strict, [face(*angles) for angles in swing(LEFT)]), ChallengeWaiting)


@settings(max_examples=60)
@given(seed=st.integers(0, 1 << 32), prompt=st.sampled_from(list(Prompt)))
def test_random_faces_never_pass(seed, prompt):
    """Faces at random positions and angles, some missing, follow no prompt."""
    dice = np.random.default_rng(seed)
    looks = [
        None
        if dice.random() < 0.1
        else face(*dice.uniform(-40, 40, 2), shift=tuple(dice.uniform(-50, 50, 2)))
        for _ in range(60)
    ]
    assert not isinstance(watch(Challenge((prompt,), 0), looks), ChallengeDone)


# --- rendered from photographs ---------------------------------------------------------------------------

MOVES = {LEFT: Move.LEFT, RIGHT: Move.RIGHT, NOD: Move.NOD}


def seen(engine: FaceEngine, rgb: np.ndarray) -> np.ndarray | None:
    faces = engine.find(rgb)
    return engine.probe(rgb, faces[0]).landmarks.points if faces else None


@pytest.fixture(scope="module")
def astronaut(engine: FaceEngine, photos: Path) -> Subject:
    photo = read_image(photos / "astronaut.png")[:384]
    return Subject(photo, seen(engine, photo))


def play(engine: FaceEngine, film, prompts) -> ChallengeProgress:
    challenge = Challenge(prompts, 0)
    for rgb, tick_ms in film:
        progress = challenge.observe(seen(engine, rgb), tick_ms)
        if not isinstance(progress, ChallengeWaiting):
            break
    return progress


@pytest.mark.parametrize("prompts", [(LEFT, NOD), (NOD, RIGHT)], ids=named)
def test_a_rendered_head_passes_the_challenge(engine, astronaut, prompts):
    film = head(astronaut, script([MOVES[p] for p in prompts], seed=3, rest=6), seed=3)
    assert isinstance(play(engine, film, prompts), ChallengeDone)


@pytest.mark.parametrize("species", list(Species), ids=lambda s: s.name)
def test_no_species_passes_the_challenge(engine, astronaut, species):
    prompts = (RIGHT, NOD)
    film = attack(species, astronaut, [MOVES[p] for p in prompts], seed=4)
    assert not isinstance(play(engine, film, prompts), ChallengeDone)


def test_the_rendered_head_of_another_person_passes_too(engine):
    photo = read_image(shared("faces", "london", "007_neutral.jpg"))[60:500, 60:580]
    film = head(Subject(photo, seen(engine, photo)), script([Move.LEFT], seed=5, rest=6), seed=5)
    assert isinstance(play(engine, film, (LEFT,)), ChallengeDone)
