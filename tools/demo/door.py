"""The door of the demo's second part: one device in a folder, assembled as in `edge.app.door_device`.

Its journal, clock memory, trust, sync and outbox are those of the product, and on disk. The clock, the
strike, the camera and the visitors are simulated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import count, cycle, islice, repeat
from typing import TYPE_CHECKING, Final

import numpy as np
import segno
from nacl.signing import SigningKey

from edge.app.assemble import assemble
from edge.app.authority import open_journal, resume_authority
from edge.app.device_parts import DoorParts
from edge.app.parts.code_readers import open_live_reader
from edge.app.parts.keys import device_seed
from edge.app.parts.network import open_post
from edge.app.parts.trust_folder import open_files, open_trust
from edge.app.stages import stages_for
from edge.app.sync.trust_watch import TrustWatch
from edge.app.sync.updates import Updates
from edge.audit.evidence import open_segment_reader
from edge.audit.record import ClockTrust, Passage, StopCause, utc_ms
from edge.config import Config, DeviceConfig, HubConfig, SyncConfig
from edge.config import DoorConfig as DoorTable
from edge.passage.machine import PassageState
from edge.sync.synchronise import UpdateSource, synchronise
from edge.trust.time.freshness import TrustInput
from edge.trust.time.trusted_clock import TrustedClock
from edge.upload.batch import DeviceStatus
from edge.upload.client import Sender, Uploaded, upload
from edge.upload.outbox import Outbox
from edge.version import software_version
from hw.camera.framing import frame_from_rgb
from hw.camera.none import NoCamera
from hw.sim.door import SimDoor, Visitor
from hw.sim.pictures import scene as stage
from hw.sim.pictures.head import Move, Subject, head, script
from hw.sim.pictures.phone import draw_modules
from hw.sim.signals import SimSignals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.app.clock_store import ClockStore
    from edge.audit.journal import Journal
    from edge.face.engine import FaceEngine
    from edge.passage.verifier import StepResult, Verifier
    from edge.ports import Frame, Source
    from edge.sync.report import Report
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.time.freshness import Aged
    from hw.sim.clock import SimClock
    from hw.sim.pictures.scene import Sitter

DEVICE: Final = "month-1"
FRAME_MS: Final = 100
MODULE_PX: Final = 7  # version 17, the largest of a card, is 93 modules wide with its frame
MOST_FRAMES: Final = 400  # before a decision; a passage with a movement takes 110
LOOKING: Final = (PassageState.FACE, PassageState.CHALLENGE)


def configured(url: str, site: str) -> Config:
    """The configuration of this door: it compares a face if one is bound to the card."""
    return Config(
        device=DeviceConfig(id=DEVICE),
        door=DoorTable(site=site, face="if-bound", staffed=True),  # its visitor moves once, after a month
        sync=SyncConfig(url=url, baked="image"),
        hub=HubConfig(url=url),
    )


@dataclass(frozen=True, slots=True)
class DemoResult:
    """The outcome of a passage, and its record."""

    said: str
    record: Passage
    lists: Aged  # the age of the list that the decision used, and what the policy asks for at that age

    @property
    def status_age_s(self) -> int:
        """The age of the list, from the record."""
        return next(part.age_s for part in self.record.trust if part.part == TrustInput.STATUS)


class WatchedSource:
    """A source that notes the names of the files that are read. Implements Source."""

    def __init__(self, source: Source) -> None:
        self.names: list[str] = []
        self._source = source

    def fetch(self, name: str, *, offset: int = 0) -> Iterator[bytes]:
        self.names.append(name)
        return self._source.fetch(name, offset=offset)


class DemoDoor:
    """One device at one door. `start` it, then `show` it codes; `cut_power` may come at any time."""

    def __init__(self, folder: Path, config: Config, clock: SimClock, engine: FaceEngine) -> None:
        self.folder = folder
        self.config = config
        self.clock = clock
        self.journal_path = folder / config.paths.journal
        self._engine = engine
        self._seed = device_seed(folder / config.device.key)
        self._updates = Updates(config, folder)
        self._strike = SimDoor(clock, visitor=Visitor())
        self._journal: Journal
        self._verifier: Verifier
        self._trusted_clock = TrustedClock()
        self._store: ClockStore
        self._watch: TrustWatch | None = None

    @property
    def key(self) -> bytes:
        """The device's public key, 32 bytes."""
        return bytes(SigningKey(self._seed).verify_key)

    @property
    def trust(self) -> TrustSnapshot:
        """The trust in force."""
        assert self._watch is not None, "started"
        return self._watch.current()

    @property
    def generation(self) -> str:
        """The name of the trust in force."""
        return (self.folder / self.config.paths.trust).readlink().name

    @property
    def records(self) -> int:
        """The number of records in the journal."""
        return self._journal.size

    # -- power ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the device with power on. It knows only what is on the disk."""
        watch = TrustWatch(self.folder / self.config.paths.trust, open_trust)
        self._watch = watch
        stages = stages_for(self.config, self._engine)
        # The film of the visitor shows one movement, so the prompt is fixed: here, and nowhere else.
        stages = replace(stages, pad_rule=replace(stages.pad_rule, random_below=lambda _: 0))
        self._journal = open_journal(self.config, self.folder)
        own, self._store = resume_authority(
            self.config, self.folder, trust=watch, journal=self._journal, stages=stages, clock=self.clock
        )
        self._trusted_clock = own.trusted_clock
        self._strike = SimDoor(self.clock, visitor=Visitor())
        parts = DoorParts(
            camera=NoCamera(clock=self.clock),
            reader=open_live_reader(),
            strike=self._strike,
            signals=SimSignals(),
            clock=self.clock,
        )
        self._verifier = assemble(self.config, parts, own).verifier
        self._verifier.start()

    def cut_power(self) -> None:
        """Stop the device without a shutdown record."""
        self._journal.close()

    def stop(self) -> None:
        """Shut the device down in order."""
        self._verifier.stop(StopCause.SIGNAL)
        self._store.save_if_due()
        self._journal.close()

    # -- a passage -----------------------------------------------------------------------------------

    def show(self, code: str, faces: Iterator[Frame] | None = None) -> DemoResult:
        """One passage: a code, then `faces` before the camera, until the door is closed and nothing moves."""
        self.clock.advance(20 * FRAME_MS)
        moments = list(self._watched(code, faces or repeat(empty_doorway())))
        self._store.save_if_due()
        decided = next(step for step in moments if step.outcome)
        outcome, trust_state = decided.outcome, decided.trust_state
        assert outcome is not None
        assert trust_state is not None
        record = next(e.record for e in self._journal.tail(0, 100) if e.seq == outcome.seq)
        assert isinstance(record, Passage)
        said = outcome.reason.value if outcome.reason else "granted"
        released = any(event.kind == "released" for step in moments for event in step.door)
        if released != (outcome.reason is None):
            said += ", and the strike moved" if released else ", and the strike did not move"
        lists = next(part for part in trust_state.ages if part.kind is TrustInput.STATUS)
        return DemoResult(said, record, lists)

    def _watched(self, code: str, faces: Iterator[Frame]) -> Iterator[StepResult]:
        yield self._sees(empty_doorway())
        held_up = _held_up(code)
        for _ in range(MOST_FRAMES):
            step = self._sees(next(faces) if self._verifier.state in LOOKING else held_up)
            yield step
            if step.outcome:
                break
        while self._verifier.state is not PassageState.IDLE or self._strike.is_open:
            yield self._sees(empty_doorway(), after_ms=5 * FRAME_MS)

    def _sees(self, frame: Frame, *, after_ms: int = FRAME_MS) -> StepResult:
        self.clock.advance(after_ms)
        return self._verifier.see(frame.at(self.clock.tick_ms()))

    # -- the network ---------------------------------------------------------------------------------

    def sync(self, source: Source, origin: str, *, baked: bool = False) -> Report:
        """One sync at the time of this door. A running device uses the trust at once. Raises SyncError."""
        root = open_files(self.folder).read(self.config.sync.root, limit=128_000)
        update_source = UpdateSource(
            source=source,
            origin=origin,
            root=root,
            now=self.clock.now(),
            floor=self._trusted_clock.memory.signed,
            baked=baked,
        )
        report = synchronise(self._updates.device_trust, update_source)
        if self._watch is not None:
            self._watch.look()
        return report

    def send(self) -> Uploaded:
        """Send the records to the hub. Raises SyncError."""
        url = self.config.hub.url
        assert url is not None
        sender = Sender(
            device=self.config.device.id,
            key=SigningKey(self._seed),
            status=self._status(),
            now_ms=lambda: utc_ms(self.clock.now()),
        )
        with Outbox(self.journal_path, self.folder / self.config.paths.state, url) as outbox:
            return upload(outbox, open_post(url, ca=None, cert=None, key=None), sender)

    def _status(self) -> DeviceStatus:
        issued = {kind: self.trust.issued(kind) for kind in TrustInput}
        seconds = {kind: int(when.timestamp()) for kind, when in issued.items() if when is not None}
        return DeviceStatus(
            software=software_version(),
            clock=ClockTrust.SUSPECT if self._trusted_clock.anomaly else ClockTrust.TRUSTED,
            keys_issued_s=seconds.get(TrustInput.KEYS),
            lists_issued_s=seconds.get(TrustInput.STATUS),
            time_issued_s=seconds.get(TrustInput.TIME),
        )


def bodies_of(journal: Path) -> list[bytes]:
    """The bytes of every record in a journal, in order."""
    with open_segment_reader(journal) as segment:
        return list(segment.bodies(0, segment.size()))


# -- frames of the camera ------------------------------------------------------------------------------


@cache
def empty_doorway() -> Frame:
    """A frame without a person."""
    return frame_from_rgb(stage.empty(), 0)


def _held_up(code: str) -> Frame:
    """A code before the camera, straight and sharp. In the first part it is on a phone, held by hand."""
    symbol = segno.make_qr(code, error="L", boost_error=False, mask=0)  # the choice of a mask takes 0.1 s
    luma = draw_modules(np.array([list(row) for row in symbol.matrix], np.bool_), scale=MODULE_PX)
    return frame_from_rgb(np.dstack([luma] * 3), 0)


class Films:
    """Frames of one person: standing still, or turning the head after the prompt."""

    def __init__(self, sitter: Sitter, engine: FaceEngine) -> None:
        frame = stage.visitor(sitter, seed=1)
        subject = Subject(frame, engine.probe(frame, engine.people(frame)[0]).landmarks.points)
        self._standing = [frame_from_rgb(stage.visitor(sitter, seed=seed), 0) for seed in range(3)]
        self._turning = head(subject, script((Move.LEFT,), seed=2, rest=6), seed=2)
        self._turned: list[Frame] = []  # the frames drawn so far: one takes 20 ms

    def standing(self) -> Iterator[Frame]:
        """The person looks into the camera."""
        return cycle(self._standing)

    def turning(self) -> Iterator[Frame]:
        """The person looks into the camera, turns the head to the left, and looks into the camera again."""
        for number in count():
            if number == len(self._turned):
                self._turned += [frame_from_rgb(picture, 0) for picture, _ in islice(self._turning, 1)]
            yield self._turned[min(number, len(self._turned) - 1)]
