"""A door's device at work: the parts of `edge.app`, joined by one configuration, and their loop."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edge.app.clock_store import ClockStore, log_clock, remembered
from edge.app.frame_loop import BLIND_MS, steps
from edge.app.parts.camera import open_camera, system_clock
from edge.app.parts.code_readers import open_live_reader
from edge.app.parts.face_engine import open_face_engine
from edge.app.parts.keypad import open_keypad
from edge.app.parts.keys import device_seed
from edge.app.parts.scanner import open_scanner
from edge.app.parts.signals import open_signals
from edge.app.parts.strike import open_strike
from edge.app.parts.trust_folder import open_files, open_trust
from edge.app.risk_policy import risk_policy, zone_of_door
from edge.app.trust_watch import TrustWatch, log_trust
from edge.app.venues.visit_rules import open_visit_rules
from edge.app.venues.watchers import watchers_of
from edge.audit.journal import Journal, SegmentLimits
from edge.audit.record import DevicePart, StopCause, utc_ms
from edge.audit.retention import Housekeeper, RetentionRules
from edge.errors import (
    CameraFault,
    ClockFault,
    ConfigError,
    DoorLinkFault,
    Exit,
    Fault,
    HostFault,
    ModelFault,
    ReaderFault,
    StorageFault,
    SyncError,
    TrustFault,
)
from edge.face.pad.fusion import Family, PadPolicy
from edge.passage.face.pad_rule import PadRule
from edge.passage.inputs.code_tracker import GAP_MS
from edge.passage.machine import PassageState, PassageTimes
from edge.passage.record.replay_restore import MAX_RECORDS, restore_replay
from edge.passage.requirements.visit_rules import VisitRules
from edge.passage.stages import Stages
from edge.passage.verifier import Ports, Verifier
from edge.policy.decide import DoorPolicy, FaceRule
from edge.ports import Recounts
from edge.trust.replay import ReplayMemory
from edge.trust.site_policy import LocalLists
from edge.trust.time.trusted_clock import TrustedClock
from edge.trust.verify import VerificationContext
from edge.version import built_at, software_version

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge.config import Config
    from edge.face.engine import FaceEngine
    from edge.passage.verifier import StepResult
    from edge.ports import Camera, Clock
    from edge.trust.snapshot import TrustSnapshot


DAY_MS = 86_400_000
MEGABYTE = 1 << 20

# What a fault that ends the program is put on record as.
PARTS: dict[type[Fault], DevicePart] = {
    CameraFault: DevicePart.CAMERA,
    ReaderFault: DevicePart.READER,
    ModelFault: DevicePart.MODEL,
    DoorLinkFault: DevicePart.DOOR,
    StorageFault: DevicePart.STORAGE,
    ClockFault: DevicePart.CLOCK,
    TrustFault: DevicePart.TRUST,
    HostFault: DevicePart.HOST,
}


# In every other state a passage has begun and is not decided yet.
SETTLED = (PassageState.IDLE, PassageState.RELEASED, PassageState.COOLDOWN, PassageState.HALTED)


def door_policy(config: Config, engine: FaceEngine | None) -> DoorPolicy:
    """The door's policy, with the similarity that this engine calls a match."""
    return DoorPolicy(
        site=config.door.site,
        # Without an engine no face is compared; if one were, nothing less than identity would match.
        similarity=engine.threshold.cosine if engine else 1.0,
        release_ms=config.door.release_ms,
        face=FaceRule(config.door.face),
        min_assurance=config.door.min_assurance,
        can_step_up=engine is not None,
        lists=LocalLists.of(
            ageing_h=config.lists.ageing_h, stale_h=config.lists.stale_h, ageing=config.lists.ageing
        ),
    )


@dataclass(frozen=True, slots=True)
class DoorDevice:
    """Everything one door needs, opened and joined. `watchers` are shown every moment.

    `blind_ms`: for how long a camera that was at work may be away before the program ends; None: for ever.
    `adopt`: goes on with what of a configuration may change between two passages (`edge.config.live`).
    """

    camera: Camera
    verifier: Verifier
    housekeeper: Housekeeper | None = None
    watchers: tuple[Callable[[StepResult], None], ...] = ()
    blind_ms: int | None = BLIND_MS
    adopt: Callable[[Config], None] = lambda _: None


@contextmanager
def open_device(config: Config, base: Path, *, camera: str | None = None) -> Iterator[DoorDevice]:
    """Open a door's device; paths of `config` are relative to `base`. Raises the Fault of what is missing.

    What only reads is opened first, so that a device that cannot start leaves no key and no journal behind.
    """
    with ExitStack() as stack:
        _begin_trust(config, base)
        compares = True  # until the first trust says otherwise

        def load(folder: Path) -> TrustSnapshot:
            return _believable(config, folder, compares=compares)

        watch = TrustWatch(base / config.paths.trust, load, tell=log_trust)
        trust = watch.current()
        compares = asks_for_face(config, trust)
        if compares and camera is None and config.camera.kind == "none":
            raise ConfigError(
                "the site's policy asks for a face, and this door has no camera", hint="see [camera] kind"
            )
        engine = engine_for(config, base) if compares else None
        strike = open_strike(config, base)
        stack.callback(strike.close)
        reader = open_live_reader(config.reader.engine)
        eye = open_camera(config.camera, base, instead=camera)
        stack.callback(eye.close)
        scanner = open_scanner(config.scanner, base)
        if scanner is not None:
            stack.callback(scanner.close)
        signals = stack.enter_context(open_signals(config, base, strike))
        journal = stack.enter_context(_open_journal(config, base))
        if isinstance(strike, Recounts):
            strike.recount(journal.last_mark(MAX_RECORDS))
        clock = system_clock()
        counsel = open_visit_rules(config, base, stack, seed=device_seed(base / config.device.key))
        stages = stages_for(config, engine, counsel)
        state = open_files(base / config.paths.state)
        keeper = TrustedClock(remembered(state, journal, trust), built=built_at())
        restore_replay(stages.replay, journal, keeper.at(clock.now(), clock.tick_ms(), trust))
        stack.enter_context(ClockStore(state, keeper))
        stack.enter_context(watch)
        ports = Ports(
            reader=reader,
            strike=strike,
            signals=signals,
            clock=clock,
            journal=journal,
            trust=watch.current,
            scanner=scanner,
            keypad=open_keypad(config.keypad, stack),
        )
        verifier = Verifier(
            ports,
            stages,
            version=software_version(),
            times=times_for(config),
            keeper=keeper,
            gap_ms=max(GAP_MS, config.scanner.again_ms) if scanner else GAP_MS,
        )
        watchers = [log_clock, *watchers_of(counsel, strike, ports.signals, state)]
        if config.metrics.port is not None:
            from edge.app.metrics import Metrics  # only a device that is scraped pays for it

            metrics = Metrics(replay=lambda: len(stages.replay), records=lambda: journal.size)
            stack.enter_context(metrics.serve(config.metrics.port))
            watchers.append(metrics.see)
        housekeeper = housekeeper_for(config, base, journal, clock, keeper)

        def adopt(new: Config) -> None:
            # Who was here stays remembered: a code that was shown before is refused after, too.
            asked = replace(counsel, risk=risk_policy(new.risk), zone=zone_of_door(new))
            judged = replace(stages_for(new, engine, asked), replay=stages.replay, holders=stages.holders)
            rules = rules_for(new)
            verifier.adopt(judged, times_for(new))
            housekeeper.adopt(rules)

        yield DoorDevice(
            eye,
            verifier,
            housekeeper,
            tuple(watchers),
            # A scanner reads on without the camera; a new process would not begin without it.
            blind_ms=None if scanner else BLIND_MS,
            adopt=adopt,
        )


def asks_for_face(config: Config, trust: TrustSnapshot) -> bool:
    """Whether this door compares faces. Raises TrustFault where the written policy is another site's."""
    return door_policy(config, None).under(trust.policy).face is not FaceRule.NONE


def _begin_trust(config: Config, base: Path) -> None:
    """At the very first start, take the trust that came with the image."""
    if config.sync.baked is None or (base / config.paths.trust).exists():
        return
    from edge.app.sync import (  # TUF takes 24 MB, which every other start does without
        Updates,
    )

    try:
        Updates(config, base).begin()
    except SyncError as error:
        raise TrustFault(error.message, hint=error.hint) from error


def _believable(config: Config, folder: Path, *, compares: bool) -> TrustSnapshot:
    """The trust in a folder, if this device can work by it; what needs models has them from the start on."""
    trust = open_trust(folder)
    if asks_for_face(config, trust) and not compares:
        raise TrustFault(
            f"{folder}: its policy asks for a face, and this device runs without models", hint="restart it"
        )
    return trust


def engine_for(config: Config, base: Path) -> FaceEngine:
    """The face engine of a configuration. Raises ModelFault, ConfigError."""
    return open_face_engine(
        models_folder(config, base),
        runtime=config.face.runtime,
        one_in=config.face.one_in,
        calibration=base / config.face.calibration if config.face.calibration else None,
        pad=PadPolicy(frozenset(Family(name) for name in config.face.pad)),
    )


def models_folder(config: Config, base: Path) -> Path | None:
    """The models to run with: those that are named, else those that sync fetched; None: those built here."""
    if config.paths.models:
        return base / config.paths.models
    fetched = (base / config.paths.trust).resolve() / "models"
    return fetched if config.sync.models and (fetched / "manifest.toml").is_file() else None


def _open_journal(config: Config, base: Path) -> Journal:
    path = base / config.paths.journal
    if os.path.isdir(path):  # noqa: PTH112  Path.is_dir raises for what can be no name
        raise StorageFault(f"journal {path}: is a folder", hint="name a file in paths.journal")
    return Journal.open(path, device_seed(base / config.device.key), config.device.id)


def housekeeper_for(
    config: Config, base: Path, journal: Journal, clock: Clock, keeper: TrustedClock
) -> Housekeeper:
    """What closes the journal's files and lets old ones go, while nobody comes."""

    def acknowledged() -> int | None:
        if config.hub.url is None:
            return None
        from edge.upload.outbox import acknowledged  # only a device with a hub pays for it

        return acknowledged(base / config.paths.state, config.hub.url)

    return Housekeeper(
        journal,
        rules_for(config),
        acknowledged=acknowledged,
        now_ms=lambda: None if keeper.doubt else utc_ms(keeper.memory.time),
        tick_ms=clock.tick_ms,
    )


def rules_for(config: Config) -> RetentionRules:
    """How long the journal's files stay."""
    keep_ms = config.journal.keep_days * DAY_MS
    # A quiet door fills a file in years: closed after a quarter of it, nothing stays much longer than asked.
    segment = SegmentLimits(config.journal.segment_mb * MEGABYTE, keep_ms // 4)
    return RetentionRules(segment, keep_ms, config.journal.spare_mb * MEGABYTE)


def times_for(config: Config) -> PassageTimes:
    """How long the states of a passage last."""
    return PassageTimes(face_ms=config.face.time_ms)


def stages_for(config: Config, engine: FaceEngine | None, counsel: VisitRules | None = None) -> Stages:
    """The judgement of one door, by its configuration; without a counsel nothing is asked besides."""
    gate = VerificationContext(
        site=config.door.site,
        venue=config.door.venue,
        jurisdiction=config.door.jurisdiction,
    )
    return Stages(
        gate=gate,
        policy=door_policy(config, engine),
        engine=engine,
        replay=ReplayMemory(),
        liveness=PadRule(
            prompts=config.face.prompts,
            consistency=config.face.consistency,
            mirrored=config.face.mirrored,
            dice=secrets.randbelow,
        ),
        stopwatch=time.perf_counter_ns,
        counsel=counsel or VisitRules(),
    )


def run_device(device: DoorDevice, *, stop: threading.Event, on_moment: Callable[[StepResult], None]) -> int:
    """Work the door until `stop` is set or the frames end. Whatever happens, the strike relocks.

    Raises the Fault of a part that failed, after it was put on record.
    """
    verifier = device.verifier
    verifier.start()
    cause = StopCause.BUG
    try:
        cause = _watch(device, stop, on_moment)
    except Fault as fault:
        cause = StopCause.FAULT
        verifier.fault(PARTS.get(type(fault), DevicePart.PROGRAM))
        raise
    except BrokenPipeError:  # whoever read our rows has gone: as good as told to stop
        cause = StopCause.SIGNAL
        raise
    finally:
        verifier.stop(cause)
    return Exit.OK


def _watch(device: DoorDevice, stop: threading.Event, on_moment: Callable[[StepResult], None]) -> StopCause:
    for moment in steps(device.camera, device.verifier, stop=stop, blind_ms=device.blind_ms):
        for watcher in (*device.watchers, on_moment):
            watcher(moment)
        if device.housekeeper and device.verifier.state is PassageState.IDLE:
            device.housekeeper.rest()
    if stop.is_set():
        return StopCause.SIGNAL
    if device.verifier.state not in SETTLED:
        raise CameraFault(
            "the film ended in the middle of a passage", hint="film until the visitor has gone through"
        )
    return StopCause.END
