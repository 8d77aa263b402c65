"""A lane for tests: simulated doors and people, real cards and policy, and vectors as faces.

A face is a unit vector, as from an embedder; the product itself compares, fuses and decides.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
from samples.proofs import Permits
from worlds.passage_site import ScriptedEngine
from worlds.trust import DAY, ISSUER, KID, LIST, NOW, URI, shown

from edge.app.assemble import assemble
from edge.app.authority import AuthorityParts
from edge.app.lane_parts import LaneParts
from edge.app.loop.lane_frames import CameraPair
from edge.audit.record import AuditRecord, DoorChange, Faulted, JournalEntry, Passage, Visited, encode
from edge.card.claims import StatusPointer, TemplateReference
from edge.config import Config, DoorConfig, LaneConfig
from edge.decision import Reason
from edge.errors import DoorLinkFault, StorageFault
from edge.face.engine import FaceEvidence
from edge.face.fusion import Fusion
from edge.face.template import TemplateFormat
from edge.on_record import OnRecord
from edge.passage.lane.documents import LaneVenue
from edge.passage.lane.events import Side
from edge.passage.lane.machine import LaneState
from edge.passage.lane.officers.messages import OfficerDecision, OfficerVerb, Referral, ReferralClosed
from edge.passage.lane.snapshot import LaneFrames, LaneStepResult
from edge.passage.lane.verifier import LaneVerifier
from edge.passage.requirements.visit_rules import VisitRules
from edge.passage.stages import Stages
from edge.policy.decide import DoorPolicy, FaceRule
from edge.ports import DoorEvent, Frame, Pixels
from edge.trust.replay import ReplayMemory
from edge.trust.snapshot import TrustSnapshot
from edge.trust.status.status import StatusList
from edge.trust.verify import VerificationContext
from hw.sim.clock import SimClock
from hw.sim.door import SimDoor
from hw.sim.lane import SimLane
from hw.sim.reader import SimReader
from hw.sim.signals import SimSignals

SITE = "border/lane-1"
FRAME_MS = 100
NOTHING = np.zeros((0, 0), np.uint8)
CARDS = {name: number for number, name in enumerate(("Erin", "Ada", "Bea", "Cleo", "Finn", "Gus", "Ann"), 3)}


def axis(number: int) -> np.ndarray:
    vector = np.zeros(64, np.float32)
    vector[number] = 1
    return vector


# Vectors of different people are orthogonal, except that Ann and Eve both resemble Ann's reference, not each other.
FACES: dict[str, np.ndarray] = {name: axis(number) for name, number in CARDS.items() if name != "Ann"}
FACES |= {
    "Mallory": axis(40),
    "Ann": 0.63 * axis(50) + np.sqrt(1 - 0.63**2) * axis(51),
    "Eve": 0.63 * axis(50) - np.sqrt(1 - 0.63**2) * axis(51),
}
REFERENCES = FACES | {"Ann": axis(50)}


def face_of(name: str) -> TemplateReference:
    vector = REFERENCES[name]
    data = np.round(vector / np.abs(vector).max() * 127).astype(np.int8).tobytes()
    return TemplateReference(TemplateFormat.INT8_64, "sim", data)


class Eye(ScriptedEngine):
    """A FaceEngine that sees the people whose number is the value of the picture's pixels."""

    threshold = SimpleNamespace(cosine=0.6)

    def __init__(self) -> None:
        super().__init__()
        self._seen: list[tuple[str, ...]] = [()]

    def picture(self, people: Sequence[str]) -> Pixels:
        if tuple(people) not in self._seen:
            self._seen.append(tuple(people))
        return np.full((2, 2), self._seen.index(tuple(people)), np.uint8)

    def look(self, rgb: Pixels, fusion: Fusion) -> FaceEvidence:
        people = self._seen[int(rgb[0, 0])]
        if not people:
            return FaceEvidence(0, reason=Reason.FACE_ABSENT)
        if len(people) > 1:
            return FaceEvidence(len(people), reason=Reason.FACE_SEVERAL)
        if people[0] == "a print":
            return FaceEvidence(1, reason=Reason.FACE_ATTACK)
        if people[0] == "a blur":
            return FaceEvidence(1, reason=Reason.FACE_QUALITY)
        fused = fusion.add(FACES[people[0]].astype(np.float32), 0.0)
        return FaceEvidence(1, similarity=fused.similarity, settled=fused.settled)


class Book(Permits):
    """A journal in memory that writes into one list with the strikes, so that a test can check their order."""

    def __init__(self, tape: list[tuple[str, object]], name: str) -> None:
        self.records: list[AuditRecord] = []
        self.full = False
        self._tape, self.name = tape, name

    def append(self, record: AuditRecord) -> int:
        if self.full:
            raise StorageFault("the disk is full")
        encode(JournalEntry(seq=len(self.records), record=record))
        self.records.append(record)
        self._tape.append((self.name, record))
        return len(self.records) - 1

    @property
    def decisions(self) -> list[str]:
        """The decisions in words: the door, the outcome, and the officer."""
        return [_words(record) for record in self.records if isinstance(record, Passage)]

    @property
    def faults(self) -> list[str]:
        return [f"{r.door.rpartition('/')[2]}: {r.part}" for r in self.records if isinstance(r, Faulted)]

    def doors(self) -> list[str]:
        return [f"{r.door.rpartition('/')[2]} {r.change}" for r in self.records if isinstance(r, DoorChange)]


def _words(record: Passage) -> str:
    words = f"{record.door.rpartition('/')[2]}: {record.reason or 'granted'}"
    notes = record.visit.notices if isinstance(record.visit, Visited) else ()
    by = [note.removeprefix("officer.") for note in notes if note.startswith("officer.")]
    more = [note for note in notes if not note.startswith("officer.")]
    return " ".join([words, *(f"by {name}" for name in by), *more])


class Cable:
    """A strike whose cable a test can cut."""

    def __init__(self, side: Side, door: SimDoor, tape: list[tuple[str, object]]) -> None:
        self.cut = False
        self._side, self._door, self._tape = side, door, tape

    def release(self, for_ms: int, allowed: OnRecord) -> None:
        self._check()
        self._tape.append(("release", self._side))
        self._door.release(for_ms, allowed)

    def relock(self) -> None:
        self._check()
        self._door.relock()

    def events(self) -> Sequence[DoorEvent]:
        self._check()
        return self._door.events()

    def close(self) -> None:
        self._door.close()

    def _check(self) -> None:
        if self.cut:
            raise DoorLinkFault("no answer")


class Desk:
    """The officers of one authority. `news`: the referral on their screen."""

    def __init__(self, officer: str) -> None:
        self.officer = officer
        self.news: Referral | None = None
        self.told: list[Referral | ReferralClosed] = []
        self._words: list[OfficerDecision] = []

    def tell(self, news: Referral | ReferralClosed) -> None:
        self.told.append(news)
        self.news = news if isinstance(news, Referral) else None

    def decisions(self) -> Sequence[OfficerDecision]:
        words, self._words = tuple(self._words), []
        return words

    def say(self, word: OfficerVerb, *, case: int | None = None) -> None:
        number = case if case is not None else self.news.referral if self.news else 0
        self._words.append(OfficerDecision(number, word, self.officer))


class Border:
    """One lane, its authorities and its travellers."""

    def __init__(
        self,
        *,
        joint: bool = False,
        face_outside: bool = True,
        face: FaceRule = FaceRule.REQUIRED,
        presence: bool = True,
        wanted: tuple[int, ...] = (),
    ) -> None:
        self.wanted = wanted
        self.clock = SimClock(NOW, tick_ms=5_000)
        self.eye = Eye()
        self.lane = SimLane(self.clock, presence=presence)
        self.reader = SimReader()
        self.tape: list[tuple[str, object]] = []
        self.cables = {
            Side.OUTER: Cable(Side.OUTER, self.lane.outer, self.tape),
            Side.INNER: Cable(Side.INNER, self.lane.inner, self.tape),
        }
        self.lights = {side: SimSignals() for side in Side}
        self.books = [Book(self.tape, name) for name in (("A", "B") if joint else ("A",))]
        self.desks = [Desk(name) for name in (("o-1", "o-2") if joint else ("o-1",))]
        self.trusts = [TrustSnapshot.of([ISSUER], {(KID, URI): LIST}) for _ in self.books]
        self.replays = [ReplayMemory() for _ in self.books]
        self.before: tuple[str, ...] = ()  # the people before the outer camera
        self.seen_inside: tuple[str, ...] | None = (
            None  # the people that the inner camera sees; None: those who are inside
        )
        self.lost: frozenset[Side] = frozenset()
        self.moments: list[LaneStepResult] = []
        self.passed: list[int] = []
        ticks = itertools.count(step=1_000)
        self.stopwatch: Callable[[], int] = lambda: next(ticks)
        self.policies = [DoorPolicy(SITE, 0.6, face=face) for _ in self.books]
        other = "other" if joint else None
        self.config = Config(
            door=DoorConfig(site=SITE, venue="lane", release_ms=10_000),
            lane=LaneConfig(face_outside=face_outside, other_trust=other),
        )
        self._verifier: LaneVerifier | None = None

    @property
    def verifier(self) -> LaneVerifier:
        """The lane's verifier, made at its first use, so that a test can change the parts before."""
        if self._verifier is None:
            self.start()
        assert self._verifier is not None
        return self._verifier

    def start(self) -> None:
        """Start the device, as at power-on; its memory is empty."""
        self.eye.references.clear()
        parts = LaneParts(
            cameras=CameraPair({}),
            reader=self.reader,
            strikes=dict(self.cables),
            signals=dict(self.lights),
            sensors=self.lane,
            clock=self.clock,
        )
        self.device = assemble(self.config, parts, *map(self._authority, range(len(self.books))))
        self._verifier = self.device.verifier
        self._verifier.start()

    def _authority(self, number: int) -> AuthorityParts:
        stages = Stages(
            VerificationContext(site=SITE, venue="lane"),
            self.policies[number],
            self.eye,
            self.replays[number],
            self.stopwatch,
            visit_rules=VisitRules(kind="lane", venue=LaneVenue(self.wanted, UTC)),
        )
        return AuthorityParts(
            trust=lambda: self.trusts[number],
            journal=self.books[number],
            stages=stages,
            officers=self.desks[number],
        )

    @property
    def state(self) -> LaneState:
        return self.verifier.state

    # -- events --------------------------------------------------------------------------------------------

    def see(self, frames: int = 1) -> LaneStepResult:
        for _ in range(frames):
            self.clock.advance(FRAME_MS)
            inside = self.lane.inside if self.seen_inside is None else self.seen_inside
            sights = LaneFrames(
                self._frame(self.before) if Side.OUTER not in self.lost else None,
                self._frame(inside) if Side.INNER not in self.lost else None,
                self.lost,
            )
            step = self.verifier.see(sights)
            self.moments.append(step)
            if step.update.passed_ms is not None:
                self.passed.append(step.update.passed_ms)
            self.check_now()
        return self.moments[-1]

    def _frame(self, people: Sequence[str]) -> Frame:
        return Frame(NOTHING, self.eye.picture(people), self.clock.tick_ms())

    def check_now(self) -> None:
        """Check the invariants of every moment."""
        energised = [side for side in Side if self.door(side).energised]
        assert len(energised) < 2, "both doors released"
        if self.state in (
            LaneState.IDLE,
            LaneState.UNKNOWN,
            LaneState.CLEARING,
            LaneState.COOLDOWN,
            LaneState.HALTED,
        ):
            assert all(reference.wiped for reference in self.eye.references)

    def door(self, side: Side) -> SimDoor:
        return self.lane.outer if side is Side.OUTER else self.lane.inner

    def until(self, *states: LaneState, limit: int = 3_000) -> None:
        for _ in range(limit):
            self.see()
            if self.state in states:
                return
        raise AssertionError(f"still {self.state}, with {self.books[0].decisions}")

    def present(self, code: str, *seen: str) -> None:
        """Show a code at the outer door, with these people before the camera, until the decision."""
        self.before, self.reader.in_view = seen, (code,)
        self.see()
        while self.state is LaneState.OUTSIDE:
            self.see()
        self.before, self.reader.in_view = (), ()

    def code(self, name: str, **changes: object) -> str:
        plain = {
            "card_id": b"card%04d" % CARDS[name],
            "status": StatusPointer(URI, CARDS[name]),
            "face": face_of(name),
            "scope": ("border",),
        }
        return shown(self.clock.now(), **(plain | changes))

    def revoke(self, *indexes: int, of: int = 0, suspend: bool = False) -> None:
        """Revoke cards, or suspend them, in the list of one authority."""
        bits = bytearray(2)
        for index in indexes:
            bits[index >> 3] |= 1 << (index & 7)
        lists = (b"\0\0", bytes(bits)) if suspend else (bytes(bits), b"\0\0")
        now = self.clock.now()
        self.trusts[of] = TrustSnapshot.of(
            [ISSUER], {(KID, URI): StatusList(16, *lists, now - timedelta(minutes=1), now + 30 * DAY)}
        )

    def list_of(self, age: timedelta, *, of: int = 0) -> None:
        """Set the age of one authority's list."""
        self.trusts[of] = TrustSnapshot.of(
            [ISSUER], {(KID, URI): replace(LIST, issued_at=self.clock.now() - age)}
        )

    def jump(self, to: datetime) -> None:
        self.clock.jump(to)
