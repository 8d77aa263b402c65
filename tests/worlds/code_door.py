"""A door with a scanner that compares no faces; its records stay in memory."""

from __future__ import annotations

import itertools

from samples.proofs import Permits
from worlds.sim_device import door_verifier
from worlds.trust import GATE, NOW, TRUST

from edge.audit.record import AuditRecord, DevicePart, Faulted, Passage
from edge.config import Config
from edge.decision import Reason
from edge.passage.stages import Stages
from edge.policy.decide import DoorPolicy, FaceRule
from edge.trust.replay import ReplayMemory
from hw.sim.clock import SimClock
from hw.sim.door import SimDoor
from hw.sim.reader import SimReader
from hw.sim.scanner import SimScanner


class CodeDoor(Permits):
    """One device, and a journal in memory."""

    def __init__(self, config: Config | None = None) -> None:
        self.clock = SimClock(NOW, tick_ms=5_000)
        self.door = SimDoor(self.clock)
        self.reader = SimReader()
        self.scanner = SimScanner(self.clock)
        self.records: list[AuditRecord] = []
        policy = DoorPolicy(GATE.site, 1.0, face=FaceRule.NONE)
        self.verifier = door_verifier(
            Stages(GATE, policy, None, ReplayMemory(), itertools.count(step=1_000).__next__),
            reader=self.reader,
            strike=self.door,
            clock=self.clock,
            journal=self,
            trust=lambda: TRUST,
            scanner=self.scanner,
            config=config,
        )

    def append(self, record: AuditRecord) -> int:
        self.records.append(record)
        return len(self.records) - 1

    @property
    def told(self) -> list[Reason | None | DevicePart]:
        """The parts that failed and the reasons of the passages, None for a grant."""
        return [
            record.part if isinstance(record, Faulted) else record.reason
            for record in self.records
            if isinstance(record, Passage | Faulted)
        ]
