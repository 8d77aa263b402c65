"""One device at a simulated door, with all parts that a step may change; shared by several tests."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from samples.proofs import Permits
from worlds.sim_device import door_verifier
from worlds.trust import DAY, GATE, HOLDER, NOW, SEED, TRUST, claims, shown

from edge.audit.record import AuditRecord, Faulted, JournalEntry, Outcome, Passage, encode
from edge.card.claims import TemplateReference
from edge.card.encode import sign_card, sign_presentation
from edge.decision import Decision, Reason, Signal
from edge.errors import DoorDenied, DoorLinkFault, Refused, StorageFault
from edge.face import template
from edge.face.engine import FaceEvidence
from edge.face.fusion import Fusion
from edge.face.template import Reference, TemplateFormat
from edge.on_record import OnRecord
from edge.passage.face.pad_rule import PadRule
from edge.passage.machine import PassageState, PassageTimes
from edge.passage.requirements.means import Means
from edge.passage.requirements.request_display import DisplayMode, RequestDisplay
from edge.passage.requirements.visit_rules import VisitRules
from edge.passage.stages import Stages
from edge.passage.verifier import StepResult
from edge.policy.decide import DoorPolicy, FaceRule
from edge.policy.obligations import Obligations, StaffNotice, Visit
from edge.policy.risk.history import RecentPast
from edge.policy.risk.table import RiskPolicy
from edge.ports import DoorEvent, Frame, Pixels
from edge.request.request import Request
from edge.trust.replay import ReplayMemory
from edge.trust.status.status import StatusList
from hw.sim.clock import SimClock
from hw.sim.door import SimDoor
from hw.sim.keypad import SimKeypad
from hw.sim.reader import SimReader
from hw.sim.signals import SimSignals

FRAME_MS = 100
PIXELS = np.zeros((2, 2), np.uint8)
FACE = TemplateReference(TemplateFormat.INT8_64, "sim", bytes(range(1, 65)))
REVOKED = StatusList(16, b"\xff\xff", b"\0\0", NOW, NOW + 30 * DAY)  # all cards

# In all other states the device examines a visitor, and has not decided yet.
SETTLED = {PassageState.IDLE, PassageState.RELEASED, PassageState.COOLDOWN, PassageState.HALTED}

LOOKS: dict[str, FaceEvidence] = {
    "empty": FaceEvidence(0, reason=Reason.FACE_ABSENT),
    "holder": FaceEvidence(1, similarity=0.9),
    "stranger": FaceEvidence(1, similarity=0.1),
    "attack": FaceEvidence(1, reason=Reason.FACE_ATTACK),
    "several": FaceEvidence(2, reason=Reason.FACE_SEVERAL),
    "blurred": FaceEvidence(1, reason=Reason.FACE_QUALITY),
}


class Bug(Exception):
    """An exception that no code expects."""


class ScriptedEngine:
    """A FaceEngine that sees the look `who` of LOOKS, and keeps every reference that it made."""

    model_id = "sim"
    threshold = SimpleNamespace(cosine=0.4)

    def __init__(self) -> None:
        self.who = "empty"
        self.fails: type[Exception] | None = None
        self.references: list[Reference] = []

    def reference(self, data: bytes, *, fmt: int, model: str) -> Reference:
        made = template.decode(data, fmt=fmt, model=model, expected=self.model_id)
        self.references.append(made)
        return made

    def assess(self, rgb: Pixels, reference: Reference, fusion: Fusion) -> FaceEvidence:
        assert not reference.wiped
        if self.fails:
            raise self.fails("the engine failed")
        return self.look(rgb, fusion)

    def look(self, rgb: Pixels, fusion: Fusion) -> FaceEvidence:
        return LOOKS[self.who]


class Tape(Permits):
    """A journal and a strike that write into one list, so that a test can check their order."""

    def __init__(self, door: SimDoor) -> None:
        self.entries: list[AuditRecord | str] = []
        self.full = False
        self.cut = False
        self.denies = False
        self._door = door
        self._size = 0

    def append(self, record: AuditRecord) -> int:
        if self.full:
            raise StorageFault("the disk is full")
        # Raises for a record that a real journal cannot write.
        encode(JournalEntry(seq=self._size, record=record))
        self.entries.append(record)
        self._size += 1
        return self._size - 1

    def release(self, for_ms: int, allowed: OnRecord) -> None:
        self._reach()
        if self.denies:
            raise DoorDenied("the door is in lock-down")
        self.entries.append("release")
        self._door.release(for_ms, allowed)

    def relock(self) -> None:
        self._reach()
        self._door.relock()

    def events(self) -> Sequence[DoorEvent]:
        self._reach()
        return self._door.events()

    def close(self) -> None:
        self._door.close()

    @property
    def records(self) -> list[AuditRecord]:
        return [entry for entry in self.entries if not isinstance(entry, str)]

    def _reach(self) -> None:
        if self.cut:
            raise DoorLinkFault("no answer")


class FrailSignals(SimSignals):
    """A lamp whose driver raises Bug once."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = False

    def show(self, signal: Signal | None) -> None:
        if self.fails:
            self.fails = False
            raise Bug
        super().show(signal)


class ScriptedVenue:
    """A venue and a host with the answers that a test sets."""

    def __init__(self) -> None:
        self.obligations = Obligations()
        self.refuses: Reason | None = None
        self.says: Obligations | Reason | None = None
        self.fails = self.forgets = self.forgets_notes = False
        self.noted: frozenset[StaffNotice] = frozenset()
        self.settled: list[tuple[Decision, int]] = []
        self.visits: list[Visit] = []

    def evaluate(self, visit: Visit) -> Obligations:
        self.visits.append(visit)
        if self.fails:
            raise StorageFault("the rules cannot be read")
        if self.refuses:
            raise Refused(self.refuses)
        return self.obligations

    def staff_notices(self, _: Visit) -> frozenset[StaffNotice]:
        if self.forgets_notes:
            raise StorageFault("the file of people cannot be read")
        return self.noted

    def commit(self, visit: Visit, decision: Decision, seq: int) -> None:
        if self.forgets:
            raise StorageFault("the disk is full")
        self.settled.append((decision, seq))

    def ask(self, visit: Visit) -> None:
        self.visits.append(visit)

    def answer(self) -> Obligations | Reason | None:
        return self.says


class SimBoard:
    """A small screen that holds its text."""

    text: str | None = None

    def post(self, text: str | None) -> None:
        self.text = text


class Site:
    """One device and all parts that a step may change."""

    def __init__(
        self,
        *,
        face: FaceRule = FaceRule.REQUIRED,
        risk: RiskPolicy | None = None,
        show: DisplayMode = DisplayMode.ON_DEMAND,
    ) -> None:
        self.venue = ScriptedVenue()
        self.keypad = SimKeypad()
        self.board = SimBoard()
        self.clock = SimClock(NOW, tick_ms=5_000)
        self.door = SimDoor(self.clock)
        self.tape = Tape(self.door)
        self.reader = SimReader()
        self.engine = ScriptedEngine()
        self.signals = FrailSignals()
        self.trust = TRUST
        self.moments: list[StepResult] = []
        policy = DoorPolicy(GATE.site, 0.4, face=face)
        ticks = itertools.count(step=1_000)
        self.replay = ReplayMemory(max_entries=6)
        numbers = itertools.count(1)
        visit_rules = VisitRules(
            venue=self.venue,
            risk=risk or RiskPolicy(),
            history=RecentPast(GATE.site) if risk else None,
            means=Means(
                keypad=True,
                display=RequestDisplay(
                    self.board,
                    lambda now, nonce: f"REQUEST {nonce.hex()}",
                    lambda: next(numbers).to_bytes(8, "big"),
                    show,
                ),
                host=self.venue,
            ),
        )
        self.stages = Stages(
            GATE,
            policy,
            self.engine,
            self.replay,
            lambda: next(ticks),
            pad_rule=PadRule(random_below=lambda _: 0),
            visit_rules=visit_rules,
        )
        self.times = PassageTimes()
        self.verifier = door_verifier(
            self.stages,
            reader=self.reader,
            strike=self.tape,
            clock=self.clock,
            journal=self.tape,
            trust=lambda: self.trust,
            signals=self.signals,
            keypad=self.keypad,
        )
        self.verifier.start()

    def see(self, frames: int = 1) -> StepResult:
        for _ in range(frames):
            self.clock.advance(FRAME_MS)
            self.moments.append(self.verifier.see(Frame(PIXELS, PIXELS, self.clock.tick_ms())))
            self.check_now()
        return self.moments[-1]

    def admit(self) -> None:
        """Grant a holder, in two frames."""
        self.reader.in_view = (self.code(),)
        self.see()
        self.engine.who = "holder"
        self.see()
        assert self.verifier.state is PassageState.RELEASED

    def miss(self, seconds: int = 1) -> StepResult:
        """Let the camera give no frame for some seconds."""
        for _ in range(seconds):
            self.clock.advance(1_000)
            self.moments.append(self.verifier.miss())
            self.check_now()
        return self.moments[-1]

    def code(self, **changes: object) -> str:
        return shown(self.clock.now(), **({"face": FACE} | changes))

    def ask_every_visitor(self, request: Request) -> None:
        """Set the request of this venue, from now on."""
        visit_rules = replace(self.stages.visit_rules, request=request)
        self.verifier.adopt(replace(self.stages, visit_rules=visit_rules), self.times)

    def answer(self, *, elsewhere: bool = False) -> None:
        """Let the phone read the request on the small screen, if there is one, and show its answer."""
        if self.board.text is None:
            return
        nonce = bytes(8) if elsewhere else bytes.fromhex(self.board.text.split()[1])
        card = sign_card(claims(face=FACE), SEED)
        self.reader.in_view = (sign_presentation(card, HOLDER, iat=self.clock.now(), cnonce=nonce),)

    def check_now(self) -> None:
        """Check the invariants between two frames."""
        if self.verifier.state in SETTLED:
            assert all(reference.wiped for reference in self.engine.references)
        releases = self.tape.entries.count("release")
        assert releases <= sum(
            isinstance(r, Passage) and r.outcome is Outcome.GRANT for r in self.tape.records
        )

    @property
    def passages(self) -> list[Passage]:
        return [record for record in self.tape.records if isinstance(record, Passage)]


def verdicts(site: Site) -> list[str]:
    """Every passage and fault on record, in one or two words."""
    words = {Faulted: lambda r: f"fault {r.part.value}", Passage: lambda r: r.reason or "granted"}
    return [words[type(record)](record) for record in site.tape.records if type(record) in words]
