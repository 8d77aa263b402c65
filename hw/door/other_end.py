"""State of the controller in one session of the door link."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hw.door.events import ControllerTicks

if TYPE_CHECKING:
    from edge.link import messages as m


@dataclass(slots=True)
class Asked:
    """A message whose sender waits for the answer. `frees`: it was a RELEASE."""

    frees: bool
    answer: m.CommandDone | m.CommandDenied | None = None


@dataclass(slots=True)
class OtherEnd:
    """State of the controller in this session. `granted`: a release has begun and has no known end yet."""

    opened: m.SessionOpened | None = None
    welcomed: m.Welcomed | None = None
    wrong: m.WrongVersion | None = None
    refused: m.HandshakeRefused | None = None
    status: m.ControllerStatus | None = None
    granted: bool = False
    ticks: ControllerTicks = field(default_factory=ControllerTicks)
    asked: dict[int, Asked] = field(default_factory=dict)  # by counter
