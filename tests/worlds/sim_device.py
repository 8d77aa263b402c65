"""A device of simulators, assembled as in the product; the test gives the frames to the verifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.app.assemble import assemble
from edge.app.authority import AuthorityParts
from edge.app.device_parts import DoorParts
from edge.config import Config
from edge.trust.time.trusted_clock import TrustedClock
from hw.camera.none import NoCamera
from hw.sim.signals import SimSignals

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.audit.journal import Journal
    from edge.passage.stages import Stages
    from edge.passage.verifier import Verifier
    from edge.ports import Clock, CodeReader, ColourLight, Keypad, Scanner, Signals, Strike
    from edge.trust.snapshot import TrustSnapshot


def door_verifier(
    stages: Stages,
    *,
    reader: CodeReader,
    strike: Strike,
    clock: Clock,
    journal: Journal,
    trust: Callable[[], TrustSnapshot],
    signals: Signals | None = None,
    scanner: Scanner | None = None,
    keypad: Keypad | None = None,
    light: ColourLight | None = None,
    trusted_clock: TrustedClock | None = None,
    config: Config | None = None,
) -> Verifier:
    """The verifier of a door with these parts; signals go to a simulator if none are given."""
    parts = DoorParts(
        camera=NoCamera(clock=clock),
        reader=reader,
        strike=strike,
        signals=signals or SimSignals(),
        clock=clock,
        scanner=scanner,
        keypad=keypad,
        light=light,
    )
    own = AuthorityParts(
        trust=trust, journal=journal, stages=stages, trusted_clock=trusted_clock or TrustedClock()
    )
    return assemble(config or Config(), parts, own).verifier
