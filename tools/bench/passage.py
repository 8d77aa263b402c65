"""Repeats one genuine passage in a process that holds only a device.

`prepare` makes a card, its trust and its pictures once, and `save` writes them to a folder for a device. Run
it as a module with that folder: it opens the device, prints the CPU time of that, plays the pictures, and
prints the figures.
"""

from __future__ import annotations

import json
import secrets
import statistics
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from edge.app.heap import keep_freed_memory
from edge.app.threads import limit_threads

if TYPE_CHECKING:
    from edge.passage.machine import PassageState
    from edge.passage.verifier import Verifier
    from edge.ports import Pixels
    from edge.trust.snapshot import TrustSnapshot
    from hw.sim.clock import SimClock
    from tools.issuing.wallet import Wallet

SITE = "tower-1/lobby"
MORNING = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
PASSAGES = 10
APART = timedelta(seconds=30)  # every passage has its own code, made at its start
MOST_FRAMES = 100  # a passage that takes more has failed


@dataclass(frozen=True, slots=True)
class Prepared:
    """One holder with a code and pictures, and the trust folder for the card."""

    site: str
    now: datetime
    wallet: Wallet
    code_text: str
    trust: TrustSnapshot
    trust_files: dict[str, bytes]
    portrait: Pixels
    face_rgb: Pixels
    phones: tuple[Pixels, ...]

    def save(self, folder: Path) -> None:
        """Write trust folder and pictures as files: JPEG, as a webcam sends them."""
        from PIL import Image

        for name, data in self.trust_files.items():
            file = folder / "trust" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        for number, picture in enumerate(self.phones):
            Image.fromarray(picture).save(folder / f"phone{number:02}.jpg", quality=95)
        Image.fromarray(self.face_rgb).save(folder / "face.jpg", quality=95)
        (folder / "now").write_text(self.now.isoformat())


@cache
def prepare(now: datetime = MORNING) -> Prepared:
    """Enrol one person and make the pictures. Deterministic except for keys."""
    from edge.app.demo.cast import Cast
    from edge.app.parts.face_engine import open_face_engine
    from edge.card.claims import TemplateReference
    from edge.trust.folder import load
    from hw.sim.pictures.phone import phone
    from hw.sim.pictures.scene import hold_up, visitor
    from tools.issuing.issuer import CardApplication, Issuer
    from tools.issuing.register import Register
    from tools.issuing.wallet import Wallet

    engine, cast = open_face_engine(), Cast()
    portrait = cast.enrolment("Erin")
    issuer = Issuer(
        "CN-GD",
        secrets.token_bytes(32),
        "https://s.example/7",
        since=now - timedelta(days=60),
        random_source=secrets,
        register=Register(100_000),
    )
    wallet = Wallet(secrets.token_bytes(32))
    face = TemplateReference(100, engine.model_id, engine.enrol(portrait))
    request = CardApplication(
        holder_key=wallet.holder_key, expires=now + timedelta(days=30), face=face, scope=("tower-1",)
    )
    wallet = wallet.with_card(issuer.enrol(request, now=now).card)
    files = dict(issuer.publish(now))
    texts = [wallet.code(now + number * APART) for number in range(PASSAGES)]
    phones = tuple(hold_up(phone(text), seed=number) for number, text in enumerate(texts))
    return Prepared(
        SITE,
        now,
        wallet,
        texts[0],
        load(files),
        files,
        portrait,
        visitor(cast.sitter("Erin"), seed=1),
        phones,
    )


def _until(
    state: PassageState, verifier: Verifier, picture: Pixels, clock: SimClock, *, step_ms: int
) -> None:
    """Show one picture, uint8 (H, W, 3) BGR, until the passage reaches `state`."""
    from hw.camera.framing import frame_from_bgr

    for _ in range(MOST_FRAMES):
        if verifier.state is state:
            return
        clock.advance(step_ms)
        verifier.see(frame_from_bgr(picture, clock.tick_ms()))
    raise SystemExit(f"the passage did not reach {state}")


def _camera_picture(file: Path) -> Pixels:
    """A picture from a file, by the decoder of a webcam: another one would count in the device's memory."""
    import cv2
    import numpy as np

    return np.asarray(cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR), dtype=np.uint8)


def memory_mb(kind: str = "VmHWM") -> float:
    """The peak memory of this process in MB; VmRSS: the current. ru_maxrss would include the parent."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(next(line for line in status.splitlines() if line.startswith(kind)).split()[1]) / 1024


def run(folder: Path) -> None:
    """Open the device, print the CPU time of that, play the pictures, print the figures."""
    from edge.app.assemble import assemble
    from edge.app.authority import AuthorityParts
    from edge.app.device_parts import DoorParts
    from edge.app.parts.code_readers import open_live_reader
    from edge.app.parts.face_engine import open_face_engine
    from edge.app.parts.trust_folder import open_trust
    from edge.app.stages import stages_for
    from edge.audit.journal import Journal
    from edge.audit.record import StopCause
    from edge.config import Config, DoorConfig
    from edge.passage.machine import PassageState
    from hw.camera.framing import frame_from_bgr
    from hw.camera.none import NoCamera
    from hw.sim.clock import SimClock
    from hw.sim.door import SimDoor
    from hw.sim.signals import SimSignals

    clock = SimClock(datetime.fromisoformat((folder / "now").read_text()))
    trust = open_trust(folder / "trust")
    journal = Journal.open(folder / "journal.db", bytes(32), "bench-1")
    parts = DoorParts(
        camera=NoCamera(clock=clock),
        reader=open_live_reader(),
        strike=SimDoor(clock),
        signals=SimSignals(),
        clock=clock,
    )
    config = Config(door=DoorConfig(staffed=True))  # the face is one picture, which cannot move
    own = AuthorityParts(trust=lambda: trust, journal=journal, stages=stages_for(config, open_face_engine()))
    verifier = assemble(config, parts, own).verifier
    verifier.start()
    print(json.dumps({"start_cpu_s": time.process_time()}), flush=True)
    face = _camera_picture(folder / "face.jpg")
    decisions: list[float] = []
    began = clock.now()
    for number, file in enumerate(sorted(folder.glob("phone*.jpg"))):
        # not a jump: a wall clock that differs from the monotonic clock is not trusted
        clock.advance(max(0, round((began + number * APART - clock.now()) / timedelta(milliseconds=1))))
        phone = _camera_picture(file)
        _until(PassageState.FACE, verifier, phone, clock, step_ms=100)
        clock.advance(100)
        outcome = verifier.see(frame_from_bgr(face, clock.tick_ms())).outcome
        assert outcome is not None
        assert outcome.reason is None, outcome.reason
        decisions.append(sum(outcome.micros[s] for s in ("code", "verify", "face", "record")) / 1000)
        _until(PassageState.IDLE, verifier, face, clock, step_ms=1_000)
        for _ in range(2):  # the visitor removes the phone before the next one comes
            clock.advance(1_000)
            verifier.see(frame_from_bgr(face, clock.tick_ms()))
    verifier.stop(StopCause.END)
    journal.close()
    peak = memory_mb()
    print(json.dumps({"peak_mb": peak, "decision_ms": decisions, "median_ms": statistics.median(decisions)}))


if __name__ == "__main__":
    limit_threads()
    keep_freed_memory()
    run(Path(sys.argv[1]))
