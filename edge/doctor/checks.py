"""The checks of the doctor, in the order of a technician's work; each returns its findings."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.doctor import findings as f
from edge.doctor import thresholds
from edge.doctor.device_probe import mode_of
from edge.doctor.door_checks import door, strike
from edge.doctor.orientation import Lies, turned
from edge.errors import ConfigError, EdgeError, FetchError, StorageFault
from edge.face.pad.grey import NO_COLOUR, NO_COLOUR_HINT, is_grey
from edge.secret_file import read_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from edge.config import Config
    from edge.doctor.device_probe import CameraProbe, DeviceProbe
    from edge.doctor.findings import Finding
    from edge.face.engine import FaceEngine


_SECRET_BYTES: Final = 65_536  # a private key in PEM has 3 kB
_NAME_ONE: Final = "name the configuration of a door: doorward doctor --config FILE"
_OF_A_DOOR: Final = frozenset({"config", "door", "strike", "trust", "journal"})
_SHOWN_S: Final = 2.0  # time to look at a lamp, and to say "look here"


def examine(probe: DeviceProbe, only: Collection[str] = ()) -> Iterator[Finding]:
    """The findings of all checks, or of the named ones, one by one.

    Without a configuration, checks of what only a configuration names are skipped.
    """
    for name, check in CHECKS.items():
        if only and name not in only:
            continue
        if probe.is_configured or name not in _OF_A_DOOR:
            yield from check(probe)
        else:
            yield f.skipped(name, "no configuration", _NAME_ONE if name == "config" else "")


def _config(probe: DeviceProbe) -> list[Finding]:
    found: list[Finding] = []
    for file, is_needed in probe.secrets():
        mode = mode_of(file)
        if mode is None:
            if is_needed:
                found.append(
                    f.SECRET_MISSING.found(f"{file}: no such file", "put the secret there, with mode 0600")
                )
            continue
        try:
            read_secret(
                file,
                "a secret",
                limit=_SECRET_BYTES,
                leaked="; if another user may have read it, change the secret",
            )
        except ConfigError as fault:
            problem = f.SECRET_OPEN if mode & 0o077 else f.SECRET_UNREAD
            found.append(
                problem.found(fault.message, fault.hint or "put the right file there, with mode 0600")
            )
    return found or [f.ok("config", f"valid, site {probe.config.door.site}, secrets are private")]


def _camera(probe: DeviceProbe) -> list[Finding]:
    camera = probe.config.camera
    if camera.kind == "none":
        return [f.skipped("camera", "none is configured")]
    look = probe.look
    if isinstance(look, EdgeError):
        if not probe.is_configured:  # a machine without a camera, or with several, is no fault
            return [f.skipped("camera", look.message, look.hint)]
        return [f.CAMERA_FAULT.found(look.message, look.hint)]
    if _is_grey_for_faces(probe.config, look):
        return [f.CAMERA_GREY.found(NO_COLOUR, NO_COLOUR_HINT)]
    found = thresholds.camera(look.seen, wanted_fps=camera.fps)
    if look.card is not None:
        found += turned(look.card.lies, Lies(camera.rotate, mirror=camera.mirror))
    return found


def _is_grey_for_faces(config: Config, look: CameraProbe) -> bool:
    """Whether the passive networks would get no colour. The test card has none: in view it says nothing."""
    judges = config.door.face != "none" and "passive" in config.face.pad
    return judges and look.card is None and is_grey(look.frame.rgb)


def _focus(probe: DeviceProbe) -> list[Finding]:
    if probe.config.camera.kind == "none":
        return [f.skipped("focus", "no camera is configured")]
    look = probe.look
    if isinstance(look, EdgeError):
        return [f.skipped("focus", "the camera gives no pictures")]
    if look.card is None:
        return [f.skipped("focus", "no test card in view", "print the card: python tools/test_card card.pdf")]
    return thresholds.focus(look.card.px_per_mm, look.card.spread_px)


def _scanner(probe: DeviceProbe) -> list[Finding]:
    from edge.app.parts.scanner import open_scanner

    wanted = probe.config.scanner
    if wanted.kind == "none":
        return [f.skipped("scanner", "none is configured")]
    try:
        scanner = open_scanner(wanted, probe.base)
    except EdgeError as fault:
        return [f.SCANNER_FAULT.found(fault.message, fault.hint)]
    assert scanner is not None
    scanner.close()
    return [f.ok("scanner", f"open at {wanted.port}; show a code to test that it reads")]


def _signals(probe: DeviceProbe) -> list[Finding]:
    """Check that movements can be told, and that all lamps and sounds work."""
    return [*_untold_movements(probe), *_lamps_and_sounds(probe)]


def _untold_movements(probe: DeviceProbe) -> list[Finding]:
    """A finding for a door whose visitors cannot know how to move: lamps and tones have no words."""
    from edge.app.stages import prompts_of

    config = probe.config
    if config.door.face == "none" or config.signals.sound == "speech" or not (asked := prompts_of(config)):
        return []
    hint = 'set [signals] sound = "speech", or [door] staffed = true if staff see this door'
    return [f.MOVEMENTS_UNSPOKEN.found(f"{asked} movements are asked for, and no voice tells them", hint)]


def _lamps_and_sounds(probe: DeviceProbe) -> list[Finding]:
    """Show one signal for two seconds on all lamps and sounds, and name them."""
    from edge.app.parts.signals import open_signals
    from edge.decision import Signal

    wanted = probe.config.signals
    lamps = [name for name in ("red", "green", "buzzer") if getattr(wanted, name) is not None]
    shown = lamps + ([wanted.sound] if wanted.sound != "none" else [])
    if not shown:
        return [f.skipped("signals", "no lamp or sound is configured")]
    faults: list[str | None] = []
    try:
        with open_signals(probe.config, probe.base, tell=faults.append) as signals:
            signals.show(Signal.LOOK_HERE)
            time.sleep(_SHOWN_S)
    except EdgeError as fault:
        return [f.SIGNALS_FAULT.found(fault.message, fault.hint)]
    if faults:
        return [
            f.SOUND_FAULT.found(
                faults[0] or "",
                "set [signals] device to a name of `aplay -L`, and add the user to the group audio",
            )
        ]
    return [f.ok("signals", f'"look here" was shown on: {", ".join(shown)}; check that you saw and heard it')]


def _clock(probe: DeviceProbe) -> list[Finding]:
    from edge.app.sync.updates import Updates

    rtcs = [thresholds.Rtc(rtc.name, rtc.battery_v, rtc.charging_v) for rtc in probe.machine.rtcs()]
    if isinstance(probe.trust, EdgeError):  # the check of trust reports it; here it is no anomaly
        return thresholds.clock(None, timedelta(0), rtcs)
    trusted_time = Updates(probe.config, probe.base).time(probe.trust)
    return thresholds.clock(trusted_time.anomaly, trusted_time.since_sync, rtcs)


def _storage(probe: DeviceProbe) -> list[Finding]:
    from edge.app.parts.health import disk_space, fsync_ms

    folder = (probe.base / probe.config.paths.journal).parent
    spent_ms, why = None, ""
    try:
        space = disk_space(folder)
        spent_ms = fsync_ms(folder) if folder.exists() else None
        why = "" if folder.exists() else f"{folder}: no such folder"
    except StorageFault as fault:
        why = fault.message
        space = disk_space(probe.base)
    disk = thresholds.Disk(
        space.free_bytes, space.read_only, spent_ms, probe.machine.fs_errors(), probe.machine.worn_tenths()
    )
    return thresholds.storage(disk, spare_bytes=probe.config.journal.spare_mb * thresholds.MEGABYTE, why=why)


def _models(probe: DeviceProbe) -> list[Finding]:
    import numpy as np

    from edge.app.parts.face_engine import engine_for
    from edge.app.stages import asks_for_face

    config, base = probe.config, probe.base
    try:
        if isinstance(probe.trust, EdgeError):
            compares = config.door.face != "none"
        else:
            compares = asks_for_face(config, probe.trust)
        if not compares:
            return [f.skipped("models", "this door compares no faces")]
        engine = engine_for(config, base)
        began = time.perf_counter()
        engine.find(np.zeros((480, 640, 3), np.uint8))
        spent_ms = (time.perf_counter() - began) * 1_000
    except EdgeError as fault:
        return [f.MODELS_WRONG.found(fault.message, fault.hint)]
    return thresholds.models(engine.model_id, spent_ms) + _face_turned(probe, engine)


def _face_turned(probe: DeviceProbe, engine: FaceEngine) -> list[Finding]:
    """The finding for a person before a camera that is not upright, if the camera was looked at."""
    from edge.face.turned import turn_to_upright

    look = probe.__dict__.get("look")
    if look is None or isinstance(look, EdgeError):
        return []
    camera = probe.config.camera
    # A face looks alike in a mirror, so only its turn is known.
    return turned(
        Lies(-turn_to_upright(engine, look.frame.rgb) % 360), Lies(camera.rotate, mirror=camera.mirror)
    )


def _trust(probe: DeviceProbe) -> list[Finding]:
    from edge.app.sync.updates import Updates
    from edge.trust.site_policy import LocalLists, age_policy_for
    from edge.trust.time.clock_slack import is_ahead
    from edge.trust.time.trust_age import trust_state

    trust, lists = probe.trust, probe.config.lists
    if isinstance(trust, EdgeError):
        return [f.TRUST_WRONG.found(trust.message, trust.hint)]
    local = LocalLists.of(ageing_h=lists.ageing_h, stale_h=lists.stale_h, ageing=lists.ageing)
    at = Updates(probe.config, probe.base).time(trust)
    in_force = sum(
        not is_ahead(key.valid_from, at.now) and at.now < key.valid_until for key in trust.issuers.values()
    )
    return thresholds.trust(trust_state(trust, at, age_policy_for(trust.policy, local)), in_force)


def _journal(probe: DeviceProbe) -> list[Finding]:
    from nacl.signing import SigningKey

    from edge.app.parts.keys import SEED_BYTES
    from edge.app.parts.trust_folder import open_files
    from edge.audit.chain import files_of, open_chain
    from edge.audit.errors import JournalBroken, JournalIncomplete

    config, base = probe.config, probe.base
    journal, key = base / config.paths.journal, base / config.device.key
    if mode_of(journal) is None:
        return [f.skipped("journal", "none yet, the first start creates it")]
    try:
        seed = open_files(key.parent).read(key.name, limit=SEED_BYTES)
        if len(seed) != SEED_BYTES:
            raise StorageFault(
                f"{key}: not a device key of {SEED_BYTES} bytes", hint="put the right file back"
            )
        with open_chain(files_of(journal, last=1)) as chain:
            verified = chain.verify(key=bytes(SigningKey(seed).verify_key))
        with open_chain(files_of(journal)) as whole:
            whole.check_complete()
    except JournalIncomplete as incomplete:
        return [f.JOURNAL_INCOMPLETE.found(incomplete.message, "keep the files: doorward log verify")]
    except JournalBroken as broken:
        hint = broken.hint or "keep the file as evidence, and run: doorward log verify"
        return [f.JOURNAL_BROKEN.found(broken.message, hint)]
    except EdgeError as fault:
        hint = fault.hint or "check [paths] journal, and run the doctor as the user of the service"
        return [f.JOURNAL_UNREAD.found(fault.message, hint)]
    return [f.ok("journal", f"intact, {verified.size} records, root {verified.root.hex()[:16]}")]


def _request(probe: DeviceProbe) -> list[Finding]:
    from edge.app.parts.camera import system_clock
    from edge.app.parts.keys import read_seed
    from edge.app.parts.request_display import open_request

    config, base = probe.config, probe.base
    if config.request.certificate is None:
        return [f.skipped("request", "no certificate is configured")]
    try:
        signer = open_request(config, base, read_seed(base / config.device.key))
    except EdgeError as fault:
        return [f.CERTIFICATE_WRONG.found(fault.message, fault.hint)]
    assert signer is not None, "there is a certificate"
    return thresholds.request(signer.expires, system_clock().now())


def _network(probe: DeviceProbe) -> list[Finding]:
    from edge.app.parts.health import reach_ms

    found: list[Finding] = []
    told: list[str] = []
    try:
        for what, host, port in probe.servers():
            try:
                told.append(f"{what} in {reach_ms(host, port):.0f} ms")
            except FetchError as fault:
                found.append(f.NETWORK_SILENT.found(f"{what}: {fault.message}", fault.hint))
    except FetchError as fault:
        found.append(f.NETWORK_SILENT.found(fault.message, fault.hint))
    if not found and not told:
        return [f.skipped("network", "no server is configured")]
    return found or [f.ok("network", ", ".join(told))]


def _heat(probe: DeviceProbe) -> list[Finding]:
    return thresholds.heat(probe.machine.celsius(), probe.machine.throttled())


def _power(probe: DeviceProbe) -> list[Finding]:
    return thresholds.power(probe.machine.throttled(), alarm=probe.machine.undervoltage())


def _memory(probe: DeviceProbe) -> list[Finding]:
    return thresholds.memory(probe.machine.memory_bytes())


CHECKS: Final[dict[str, Callable[[DeviceProbe], list[Finding]]]] = {
    "config": _config,
    "camera": _camera,
    "focus": _focus,
    "scanner": _scanner,
    "door": door,
    "strike": strike,
    "signals": _signals,
    "clock": _clock,
    "storage": _storage,
    "models": _models,
    "trust": _trust,
    "journal": _journal,
    "network": _network,
    "request": _request,
    "heat": _heat,
    "power": _power,
    "memory": _memory,
}
