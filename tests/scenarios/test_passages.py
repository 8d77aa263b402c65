"""Passages with problems of real doors: presentations, the moves of the door, and the records.

Pictures, models, signatures and journal are real; clock, door and phones are simulated. `told()` is the journal
as text: passages with their outcome, and moves of the door with cause and record of the grant.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import segno
from samples.journals import database, read_records
from samples.traces import Haystack
from worlds.office import new_issuer
from worlds.sim_device import door_verifier

from edge.app.demo.cast import Cast
from edge.app.demo.issuer import DemoHolder
from edge.app.demo.world import DAY, SITE, World
from edge.app.parts.code_readers import open_live_reader
from edge.audit.journal import Journal
from edge.audit.record import (
    AuditRecord,
    ClockChange,
    DoorChange,
    Faulted,
    Passage,
    Started,
    StopCause,
    Stopped,
)
from edge.card.claims import TemplateReference
from edge.card.documents import DisclosedDocument, DocumentType
from edge.config import Config, FaceConfig
from edge.decision import Reason, Signal
from edge.errors import DoorLinkFault, StorageFault
from edge.face.engine import FaceEngine
from edge.on_record import OnRecord
from edge.passage.machine import PassageState
from edge.passage.stages import Stages
from edge.passage.verifier import StepResult, Verifier
from edge.policy.decide import DoorPolicy
from edge.ports import DoorEvent, Frame, Pixels, Signals, Strike
from edge.trust.folder import load
from edge.trust.replay import ReplayMemory
from edge.trust.verify import VerificationContext
from hw.signals.log import LogSignals
from hw.sim.door import SimDoor, Visitor
from hw.sim.pictures import scene
from hw.sim.pictures.phone import draw_modules, qr_modules
from hw.sim.signals import SimSignals
from tools.issuing.issuer import CardApplication
from tools.issuing.wallet import Wallet

FRAME_MS = 100
NOTHING = np.full((720, 1280), 90, np.uint8)
EMPTY = np.full((480, 640, 3), 90, np.uint8)
LET_IN = ["granted", "released: grant, {0}", "opened: grant, {0}", "relocked: opened, {0}", "closed: , {0}"]


@pytest.fixture(scope="session")
def faces(cast: Cast) -> Callable[[str], Pixels]:
    """The picture before the camera, by name; "print" is a print of Erin."""

    @cache
    def face(name: str) -> Pixels:
        match name:
            case "print":
                return scene.print_held_up(cast.sitter("Erin"))
            case "Erin and Bea":
                return scene.two_visitors(cast.sitter("Erin"), cast.sitter("Bea"))
            case _:
                return scene.visitor(cast.sitter(name), seed=1)

    return face


def on_a_screen(modules: np.ndarray) -> Pixels:
    """Luma of a screen with this symbol."""
    symbol = draw_modules(modules, scale=6)
    luma = NOTHING.copy()
    luma[20 : 20 + len(symbol), 300 : 300 + len(symbol)] = symbol
    return luma


class Lobby:
    """One door in its world, with visitors before the camera."""

    def __init__(self, folder: Path, engine: FaceEngine, cast: Cast, faces: Callable[[str], Pixels]) -> None:
        self.world = World(engine, cast)
        self.clock = self.world.clock
        self.door = SimDoor(self.clock, visitor=Visitor())
        self.strike: Strike = self.door
        self.signals: Signals = SimSignals()
        self.replay = ReplayMemory()
        self.journal = Journal.open(folder / "journal.db", bytes(32), "lobby-1")
        self._path = folder / "journal.db"
        self._faces = faces
        self._verifier: Verifier | None = None

    @property
    def verifier(self) -> Verifier:
        """The device; made at its first use, so that a test can change its parts before."""
        if self._verifier is None:
            policy = DoorPolicy(SITE, self.world.engine.threshold.cosine)
            stages = Stages(
                VerificationContext(site=SITE), policy, self.world.engine, self.replay, time.perf_counter_ns
            )
            self._verifier = door_verifier(
                stages,
                reader=open_live_reader(),
                strike=self.strike,
                clock=self.clock,
                journal=self.journal,
                trust=lambda: self.world.trust,
                signals=self.signals,
                config=Config(face=FaceConfig(time_ms=3_000)),
            )
            self._verifier.start()
        return self._verifier

    @property
    def state(self) -> PassageState:
        return self.verifier.state

    # -- the view of the camera ------------------------------------------------------------------------------

    def code(self, holder: DemoHolder | Wallet | None = None) -> Pixels:
        """Luma of a screen with a code that is signed now; default: a new card of Erin."""
        holder = holder or self.world.enrol("Erin")
        return on_a_screen(qr_modules(holder.code(self.world.now())))

    def see(self, code: Pixels = NOTHING, who: str | None = None, *, frames: int = 1) -> list[StepResult]:
        """Show a code, a person, or both to the camera for some frames."""
        moments = []
        for _ in range(frames):
            self.clock.advance(FRAME_MS)
            rgb = self._faces(who) if who else EMPTY
            moments.append(self.verifier.see(Frame(code, rgb, self.clock.tick_ms())))
        return moments

    def decide(self, code: Pixels, who: str | None) -> None:
        """Show a code, then a face, until the passage is decided."""
        self.see(code)
        while self.state is PassageState.FACE:
            self.see(who=who)

    def empty(self) -> None:
        """All visitors leave; the door becomes idle, and the next code is a new presentation."""
        self.see(frames=14)
        while self.state is not PassageState.IDLE or self.door.is_open:
            self.see()

    # -- the outcome -----------------------------------------------------------------------------------

    def records(self) -> list[AuditRecord]:
        return read_records(self._path)

    def passages(self) -> list[Passage]:
        return [record for record in self.records() if isinstance(record, Passage)]

    def told(self) -> list[str]:
        return [_words(record) for record in self.records()][1:]  # without the record of the start

    def moves(self) -> list[str]:
        """The moves of the door, from the door's own history."""
        return [event.kind.value for event in self.door.history]


def _words(record: AuditRecord) -> str:
    match record:
        case Passage(reason=None):
            return "granted"
        case Passage(reason=reason):
            return f"denied: {reason}"
        case DoorChange(change=change, cause=cause, decision=seq):
            return f"{change}: {cause or ''}, {'' if seq is None else seq}"
        case Faulted(part=part):
            return f"fault: {part}"
        case Stopped(cause=cause):
            return f"stop: {cause}"
        case Started():
            return "start"
        case ClockChange(event=event):
            return f"clock: {event}"


def let_in(seq: int) -> list[str]:
    """The records of one person who goes through after the grant in record `seq`."""
    return [line.format(seq) for line in LET_IN]


@pytest.fixture
def lobby(tmp_path: Path, engine: FaceEngine, cast: Cast, faces: Callable[[str], Pixels]) -> Iterator[Lobby]:
    lobby = Lobby(tmp_path, engine, cast, faces)
    yield lobby
    lobby.journal.close()


# -- visitors before the camera --------------------------------------------------------------------------------


def test_a_code_that_stays_in_view_is_one_passage(lobby: Lobby) -> None:
    code = lobby.code()
    lobby.see(code, "Erin", frames=100)
    assert lobby.told() == let_in(1)
    assert lobby.moves() == ["released", "opened", "relocked", "closed"]


def test_a_face_after_two_seconds_is_in_time(lobby: Lobby) -> None:
    lobby.see(lobby.code())
    lobby.see(who=None, frames=20)
    lobby.decide(NOTHING, "Erin")
    lobby.empty()
    assert lobby.told() == let_in(1)


def test_a_person_who_steps_out_of_the_way_does_not_end_the_holders_passage(lobby: Lobby) -> None:
    lobby.see(lobby.code())
    (step,) = lobby.see(who="Bea")
    assert step.evidence is not None
    assert step.evidence.similarity is not None
    lobby.see(who="Erin")
    lobby.empty()
    assert lobby.told() == let_in(1)


def test_a_companion_who_leaves_does_not_end_the_holders_passage(lobby: Lobby) -> None:
    lobby.see(lobby.code())
    lobby.see(who="Erin and Bea", frames=5)
    lobby.see(who="Erin")
    lobby.empty()
    assert lobby.told() == let_in(1)


def test_after_one_attack_frame_the_right_face_is_refused(lobby: Lobby) -> None:
    lobby.see(lobby.code())
    lobby.see(who="print")
    lobby.decide(NOTHING, "Erin")
    lobby.empty()
    assert lobby.told() == ["denied: face.attack"]
    assert lobby.moves() == []


def test_the_next_code_of_a_phone_in_mid_passage_changes_nothing(lobby: Lobby) -> None:
    holder = lobby.world.enrol("Erin")
    lobby.see(lobby.code(holder))
    lobby.clock.advance(1_000)
    lobby.see(lobby.code(holder), frames=5)
    lobby.see(who="Erin")
    lobby.empty()
    assert lobby.told() == let_in(1)


def test_another_card_shown_in_mid_passage_does_not_take_it_over(lobby: Lobby) -> None:
    lobby.see(lobby.code())
    lobby.see(lobby.code(lobby.world.enrol("Bea")), "Bea", frames=4)
    lobby.empty()
    assert lobby.told() == ["denied: face.no_match"]
    assert lobby.moves() == []


def test_no_part_of_a_structured_append_opens_the_door(lobby: Lobby) -> None:
    text = lobby.world.enrol("Erin").code(lobby.world.now())
    for part in segno.make_sequence(text, symbol_count=3):
        shown = on_a_screen(np.array([list(row) for row in part.matrix], dtype=bool))
        for _ in range(60):  # a code that is not ours counts once it is held, and once in 5 s
            lobby.see(shown)
        lobby.empty()
    first, *others = lobby.told()
    assert first in {"denied: card.malformed", "denied: code.unreadable"}  # as its base45 is cut
    assert others == ["denied: code.foreign"] * 2
    assert lobby.moves() == []


NOISE: dict[str, Callable[[], Pixels]] = {
    "grain": lambda: np.random.default_rng(1).integers(0, 255, (720, 1280), np.uint8),
    "black": lambda: np.zeros((720, 1280), np.uint8),
    "white": lambda: np.full((720, 1280), 255, np.uint8),
    "stripes": lambda: np.tile(np.array([0, 255], np.uint8), (720, 640)),
    "one pixel": lambda: np.zeros((1, 1), np.uint8),
}


@pytest.mark.parametrize("noise", NOISE)
def test_a_picture_without_a_code_is_not_a_passage(noise: str, lobby: Lobby) -> None:
    lobby.see(NOISE[noise](), frames=3)
    assert (lobby.state, lobby.told(), lobby.moves()) == (PassageState.IDLE, [], [])


# -- the door ----------------------------------------------------------------------------------------------


def test_a_door_that_is_not_opened_relocks_by_itself(lobby: Lobby) -> None:
    lobby.door.visitor = None
    lobby.decide(lobby.code(), "Erin")
    lobby.empty()
    assert lobby.told() == ["granted", "released: grant, 1", "relocked: timeout, 1"]
    released, relocked = lobby.door.history
    assert relocked.tick_ms - released.tick_ms == 3_000


def test_a_forced_door_is_recorded_without_a_grant(lobby: Lobby) -> None:
    lobby.decide(lobby.code(), "Erin")
    lobby.empty()
    lobby.door.force_open()
    lobby.empty()
    assert lobby.told() == [*let_in(1), "forced: , ", "closed: , "]


def test_a_leaf_that_closes_late_is_recorded_with_its_own_grant(lobby: Lobby) -> None:
    lobby.door.visitor = Visitor(dwell_ms=20_000)
    lobby.decide(lobby.code(), "Erin")
    lobby.see(frames=40)
    lobby.decide(lobby.code(lobby.world.enrol_by_stranger("Cleo")), "Cleo")
    lobby.empty()
    opened = let_in(1)[:-1]
    assert lobby.told() == [*opened, "denied: issuer.unknown", "closed: , 1"]


class CutCable:
    """A door behind a cut cable; `cut` = False repairs it."""

    def __init__(self, door: SimDoor, *, deaf: bool = False) -> None:
        self._door = door
        self._deaf = deaf
        self.cut = True

    def release(self, for_ms: int, allowed: OnRecord) -> None:
        self._check()
        self._door.release(for_ms, allowed)

    def relock(self) -> None:
        self._check()
        self._door.relock()

    def events(self) -> Sequence[DoorEvent]:
        if self._deaf:
            self._check()
        return self._door.events()

    def close(self) -> None:
        self._door.close()

    def _check(self) -> None:
        if self.cut:
            raise DoorLinkFault("no answer", hint="check the cable")


@pytest.mark.parametrize("deaf", [False, True])
def test_an_unreachable_strike_is_a_fault_and_the_next_passage_works(lobby: Lobby, deaf: bool) -> None:
    lobby.strike = cable = CutCable(lobby.door, deaf=deaf)
    heard = ["fault: door"] if deaf else []  # told once, for any number of frames
    lobby.decide(lobby.code(), "Erin")
    assert lobby.signals.current is Signal.ASK_STAFF
    lobby.empty()
    assert lobby.told() == [*heard, "granted", "fault: door"]
    assert lobby.moves() == []
    cable.cut = False
    lobby.decide(lobby.code(), "Erin")
    lobby.empty()
    assert lobby.told()[-5:] == let_in(len(lobby.told()) - 4)


# -- the device --------------------------------------------------------------------------------------------


def test_without_room_for_its_record_no_visitor_passes_until_there_is_room(lobby: Lobby) -> None:
    lobby.see()  # the device has started
    fill(lobby.journal)
    full = lobby.journal.size
    lobby.decide(lobby.code(), "Erin")
    assert lobby.signals.current is Signal.ASK_STAFF
    lobby.empty()
    assert (lobby.moves(), lobby.journal.size) == ([], full)
    make_room(lobby.journal)
    lobby.decide(lobby.code(), "Erin")
    lobby.empty()
    assert lobby.told()[-5:] == let_in(full)
    assert lobby.moves() == ["released", "opened", "relocked", "closed"]


def fill(journal: Journal) -> None:
    """Allow no more pages than the journal has: SQLite then fails as on a full disk."""
    (pages,) = database(journal).execute("PRAGMA page_count").fetchone()
    database(journal).execute(f"PRAGMA max_page_count = {pages}").fetchone()
    for tick_ms in itertools.count():
        try:
            journal.append(Started(time_ms=0, tick_ms=tick_ms, door=SITE, version="0"))
        except StorageFault:
            return


def make_room(journal: Journal) -> None:
    database(journal).execute("PRAGMA max_page_count = 100000").fetchone()


def test_a_full_replay_memory_denies_until_entries_expire(lobby: Lobby) -> None:
    lobby.replay = ReplayMemory(max_entries=1)
    lobby.decide(lobby.code(), "Erin")
    lobby.empty()
    lobby.decide(lobby.code(), "Erin")
    lobby.empty()
    assert lobby.told() == [*let_in(1), "denied: device.fault"]
    lobby.clock.advance(121_000)
    lobby.decide(lobby.code(), "Erin")
    lobby.empty()
    assert lobby.told() == [*let_in(1), "denied: device.fault", *let_in(7)]


def test_a_passage_is_decided_with_the_trust_of_its_begin(lobby: Lobby) -> None:
    held = lobby.world.enrol("Erin")
    before = lobby.world.trust.floor
    lobby.see(lobby.code(held))
    lobby.clock.advance(1_000)
    lobby.world.revoke(held)
    lobby.see(who="Erin")
    lobby.empty()
    lobby.decide(lobby.code(held), "Erin")
    lobby.empty()
    assert lobby.told() == [*let_in(1), "denied: card.revoked"]
    ages = [{age.part: age.issued_s for age in passage.trust} for passage in lobby.passages()]
    assert ages[0]["time"] == int(before.timestamp())
    assert ages[0]["status"] < ages[1]["status"]


@pytest.mark.parametrize(
    ("jump", "doubt"), [(-DAY, "behind"), (-DAY / 24, "back"), (DAY, "ahead"), (400 * DAY, "ahead")]
)
def test_a_clock_that_jumps_between_code_and_face_moves_no_tick(
    lobby: Lobby, jump: timedelta, doubt: str
) -> None:
    lobby.see(lobby.code())
    lobby.clock.jump(lobby.clock.now() + jump)
    lobby.see(who=None, frames=20)
    assert lobby.state is PassageState.FACE  # three seconds are measured with the monotonic clock
    lobby.see(who="Erin")
    lobby.empty()
    assert lobby.told() == [f"clock: {doubt}", *let_in(2)]
    start, _, passage = lobby.records()[:3]
    # It does not move the time of the record either: that clock is not trusted any more.
    assert 0 < passage.time_ms - start.time_ms < 5_000


def test_a_clock_that_is_set_back_accepts_no_old_code(lobby: Lobby) -> None:
    """A code is shown, photographed, and shown again when the wrong clock makes it fresh."""
    code = lobby.code()
    then = lobby.clock.now()
    lobby.decide(code, "Erin")
    lobby.empty()
    lobby.clock.advance(600_000)
    lobby.see()
    lobby.decide(lobby.code(lobby.world.enrol("Ada")), "Ada")  # so that the memory drops the first code
    lobby.empty()
    lobby.clock.jump(then + timedelta(seconds=5))
    lobby.decide(code, "Erin")
    lobby.empty()
    assert lobby.told() == [*let_in(1), *let_in(6), "clock: back", "denied: clock.untrusted"]


# -- personal data --------------------------------------------------------------------------------------------


def test_several_passages_leave_no_personal_data(
    lobby: Lobby, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lobby.signals = LogSignals()
    office = new_issuer()
    lobby.world.trust = load(dict(office.publish(lobby.world.now())))
    papers = (DisclosedDocument(DocumentType.PASSPORT, "K12345678", date(2030, 1, 1)),)
    secrets: dict[str, bytes] = {"document": b"K12345678", "subject": b"erin@example.org", "prefix": b"EC1:"}
    for number, (name, who) in enumerate([("Erin", "Erin"), ("Ada", "Bea"), ("Bea", None)]):
        wallet = Wallet(bytes([number + 1]) * 32)
        request = CardApplication(
            holder_key=wallet.holder_key,
            expires=lobby.world.now() + DAY,
            face=lobby.world.template(name),
            papers=papers,
            subject="erin@example.org",
        )
        wallet = wallet.with_card(office.enrol(request, now=lobby.world.now()).card)
        code = wallet.code(lobby.world.now())
        secrets |= {name: name.encode(), f"code of {name}": code.encode(), f"body of {name}": wallet.card}
        claims = wallet.claims()
        assert isinstance(claims.face, TemplateReference)
        secrets |= {f"face of {name}": claims.face.data, f"card of {name}": claims.card_id}
        secrets |= {f"key of {name}": wallet.holder_key, f"document of {name}": claims.documents[0].ref}
        lobby.decide(lobby.code(wallet), who)
        lobby.empty()
        lobby.decide(lobby.code(wallet), who)  # again: replayed, or fresh by now
        lobby.empty()
    lobby.verifier.stop(StopCause.END)
    lobby.journal.close()
    assert {passage.reason for passage in lobby.passages()} >= {
        None,
        Reason.FACE_NO_MATCH,
        Reason.FACE_ABSENT,
    }
    out, err = capfd.readouterr()
    assert "look here" in err
    files = [file.read_bytes() for file in tmp_path.iterdir()]
    left = Haystack(b"\n".join([out.encode(), err.encode(), *files]))
    assert [name for name, data in secrets.items() if left.holds(data)] == []
