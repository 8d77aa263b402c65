"""Plays scenes before a simulated camera: the phone, then the face, until the device is idle again."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import count, cycle
from typing import TYPE_CHECKING

from edge.app.assemble import assemble
from edge.app.authority import AuthorityParts
from edge.app.demo.passages import BEA, Before
from edge.app.demo.world import SITE, START
from edge.app.device_parts import DoorParts
from edge.app.parts.code_readers import open_live_reader
from edge.app.stages import stages_for
from edge.audit.journal import Journal
from edge.audit.record import Started, StopCause, utc_ms
from edge.config import Config, DoorConfig, FaceConfig
from edge.errors import StorageFault
from edge.passage.face.pad_rule import PadRule
from edge.passage.machine import PassageState
from edge.passage.verifier import Verifier
from edge.trust.replay import ReplayMemory
from edge.version import software_version
from hw.camera.files import FileCamera
from hw.camera.framing import frame_from_rgb
from hw.camera.none import NoCamera
from hw.sim.door import SimDoor, Visitor
from hw.sim.pictures import scene as stage
from hw.sim.pictures.head import Move, Subject, head, script, sheet
from hw.sim.pictures.phone import phone
from hw.sim.signals import SimSignals

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge.app.demo.passages import DemoScene
    from edge.app.demo.world import World
    from edge.passage.verifier import StepResult, Verifier
    from edge.ports import Frame, Pixels

DEVICE = "demo-1"
FRAME_MS = 100
# A visitor leaves after this many frames without a code or a face.
PATIENCE = 60
# Between two visitors the doorway is empty for longer than edge.passage.inputs.code_tracker.GAP_MS.
PAUSE_FRAMES = 14
SEEDS = 3  # variants of one pose; then the film repeats
# A film cannot react to a prompt. So the random numbers of the challenge are fixed, in the demo only: they
# choose the first of three prompts, a turn to the left, then the second of the two others, a nod.
MOVES, THROWS = (Move.LEFT, Move.NOD), (0, 1)
# Most scenes are single pictures, which cannot move: they play at a door that staff see.
CONFIG = Config(door=DoorConfig(site=SITE, staffed=True), face=FaceConfig(time_ms=3_000))
LOOKING = (PassageState.FACE, PassageState.CHALLENGE)


@dataclass(frozen=True, slots=True)
class Played:
    """Result of one scene."""

    scene: DemoScene
    taken: list[tuple[Frame, StepResult]]

    @property
    def outcome(self) -> StepResult:
        """The step in which the passage was decided."""
        return next(step for _, step in self.taken if step.outcome)

    @property
    def decided(self) -> bool:
        return any(step.outcome for _, step in self.taken)

    @property
    def granted(self) -> bool:
        return self.decided and self.said == "granted"

    @property
    def said(self) -> str:
        if not self.decided:
            return "nothing"
        outcome = self.outcome.outcome
        assert outcome is not None
        return outcome.reason.value if outcome.reason else "granted"

    @property
    def expected(self) -> str:
        return self.scene.expected.value if self.scene.expected else "granted"

    @property
    def released(self) -> bool:
        """Whether the strike moved."""
        return any(event.kind == "released" for _, step in self.taken for event in step.door)

    @property
    def as_expected(self) -> bool:
        """Whether the outcome is the expected one, and the strike moved for a grant only."""
        return self.said == self.expected and self.released == (self.scene.expected is None)

    @property
    def similarity(self) -> float | None:
        seen = [
            m.evidence.similarity for _, m in self.taken if m.evidence and m.evidence.similarity is not None
        ]
        return max(seen, default=None)

    def ms(self, stage_name: str) -> str:
        """Milliseconds of a stage as text; empty if it was not reached."""
        outcome = self.outcome.outcome if self.decided else None
        micros = outcome.micros.get(stage_name) if outcome else None
        return "" if micros is None else f"{micros / 1000:.1f}"

    @property
    def total_ms(self) -> str:
        outcome = self.outcome.outcome if self.decided else None
        if outcome is None:
            return ""
        return f"{sum(outcome.micros.get(s, 0) for s in ('code', 'verify', 'face', 'record')) / 1000:.1f}"


class Theatre:
    """One device at one door, and its visitors."""

    def __init__(self, world: World, folder: Path, seed: bytes) -> None:
        self._world = world
        self._stack = ExitStack()
        self.journal_path = folder / "journal.db"
        self._door = SimDoor(world.clock, visitor=Visitor())
        self._replay = ReplayMemory()
        journal = self._stack.enter_context(Journal.open(self.journal_path, seed, DEVICE))
        full = self._stack.enter_context(_full_journal(folder / "full.db", seed))
        self._device = self._verifier(journal)
        self._broken = self._verifier(full)
        throws = cycle(THROWS)
        self._asking = self._verifier(
            journal, PadRule(prompts=len(MOVES), random_below=lambda _: next(throws))
        )
        self._at_work = self._device  # the one of the two with this journal that ran last
        self._device.start()

    def _verifier(self, journal: Journal, pad_rule: PadRule | None = None) -> Verifier:
        world = self._world
        parts = DoorParts(
            camera=NoCamera(clock=world.clock),  # each scene has its own film
            reader=open_live_reader(),
            strike=self._door,
            signals=SimSignals(),
            clock=world.clock,
        )
        stages = stages_for(CONFIG, world.engine)
        stages = replace(stages, replay=self._replay, pad_rule=pad_rule or stages.pad_rule)
        own = AuthorityParts(trust=lambda: world.trust, journal=journal, stages=stages)
        return assemble(CONFIG, parts, own).verifier

    def play(
        self,
        scene: DemoScene,
        *,
        stop: threading.Event | None = None,
        on_moment: Callable[[StepResult], None] = lambda _: None,
    ) -> Played:
        """Play one scene from an empty doorway to an empty doorway, or until `stop` is set."""
        world = self._world
        codes = scene.codes(world)
        world.shown = codes
        verifier = self._device_for(scene)
        if verifier is not self._broken:
            self._at_work = verifier
        taken: list[tuple[Frame, StepResult]] = []
        world.clock.advance(FRAME_MS)
        film = (frame_from_rgb(picture, 0) for picture in self._pictures(scene, codes, verifier))
        camera = FileCamera(film, clock=world.clock, fps=1000 / FRAME_MS, wait=world.clock.advance)
        for frame in camera.frames():
            step = verifier.see(frame)
            taken.append((frame, step))
            on_moment(step)
            if stop is not None and stop.is_set():
                break
        if scene.after is not None:
            scene.after(world)
        return Played(scene, taken[PAUSE_FRAMES:])

    def _device_for(self, scene: DemoScene) -> Verifier:
        if scene.broken_log:
            return self._broken
        return self._asking if scene.asks_to_move else self._device

    def close(self, cause: StopCause = StopCause.END) -> None:
        """Stop the device in order: an open passage is recorded as interrupted."""
        self._at_work.stop(cause)
        self._stack.close()

    def _pictures(self, scene: DemoScene, codes: tuple[str, ...], verifier: Verifier) -> Iterator[Pixels]:
        empty = stage.empty()
        for _ in range(PAUSE_FRAMES):
            yield empty
        phones, faces = cache(partial(_phones, codes)), self._film(scene)
        last = empty
        for turn in range(PATIENCE):
            if verifier.state is not PassageState.IDLE:
                break
            yield (last := phones(turn % SEEDS))
        while verifier.state in LOOKING:
            yield (last := next(faces, last))
        while verifier.state is PassageState.RELEASED:
            yield last
        while verifier.state is not PassageState.IDLE or self._door.is_open:
            yield empty

    def _film(self, scene: DemoScene) -> Iterator[Pixels]:
        """The pictures before the camera after the code was read, frame by frame."""
        if scene.asks_to_move:
            return self._moving(scene)
        moments = cache(partial(self._faces, scene))
        return (moments(turn % SEEDS) for turn in count())

    def _moving(self, scene: DemoScene) -> Iterator[Pixels]:
        """The holder's head, or a print of it, that follows MOVES; see hw/sim/pictures/head.py."""
        engine, frame = self._world.engine, stage.visitor(self._world.cast.sitter(scene.who), seed=1)
        holder = Subject(frame, engine.probe(frame, engine.people(frame)[0]).landmarks.points)
        if (
            scene.face is Before.TILTED
        ):  # too large for PAD to see its border, and turned as far as hands can turn it
            film = sheet(holder, script(MOVES, seed=3, rest=10, peak=1.8), reach=2, seed=3)
        else:
            film = head(holder, script(MOVES, seed=2, rest=10), seed=2)
        return (picture for picture, _ in film)

    def _faces(self, scene: DemoScene, seed: int) -> Pixels:
        cast = self._world.cast
        match scene.face:
            case Before.SAME | Before.STRANGER:
                return stage.visitor(cast.sitter(scene.who), seed=seed)
            case Before.OTHER:
                return stage.visitor(cast.other(scene.who), seed=seed)
            case Before.TWO:
                return stage.two_visitors(cast.sitter(scene.who), cast.sitter(BEA), seed=seed)
            case Before.PRINT:
                return stage.print_held_up(cast.sitter(scene.who), seed=seed)
            case Before.EMPTY:
                return stage.empty(seed=seed)
            case Before.MOVES | Before.TILTED:
                raise AssertionError("these are films, not single pictures")


def _phones(codes: tuple[str, ...], seed: int) -> Pixels:
    return stage.hold_up(*(phone(code) for code in codes), seed=seed)


def _full_journal(path: Path, seed: bytes) -> Journal:
    """A journal on a full disk: real records up to a page limit of SQLite."""
    journal = Journal.open(path, seed, "demo-2", limit_pages=24)
    record = Started(time_ms=utc_ms(START), tick_ms=0, door=SITE, version=software_version())
    try:
        while True:
            journal.append(record)
    except StorageFault:
        return journal
