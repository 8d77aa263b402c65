"""The demo's world: an issuer, its cards, a clock, a door and the trust of the device.

Keys, signatures, lists, templates, the journal and the TFLite models are real; the clock, the door and the
phones are simulated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import base45

from edge.app.demo.issuer import CARDS, DemoHolder, DemoIssuer
from edge.card.claims import TemplateReference
from edge.card.numbers import PREFIX
from edge.face.template import TemplateFormat
from edge.trust.folder import load
from hw.sim.clock import SimClock

if TYPE_CHECKING:
    from edge.app.demo.cast import Cast
    from edge.face.engine import FaceEngine
    from edge.trust.snapshot import TrustSnapshot

SITE: Final = "tower-1/lobby"
ISSUER: Final = "CN-GD"
START: Final = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
DAY: Final = timedelta(days=1)


@dataclass
class World:
    """Everything that a passage uses or changes. `trust`: that of the device now."""

    engine: FaceEngine
    cast: Cast
    clock: SimClock = field(default_factory=lambda: SimClock(START))
    trust: TrustSnapshot = field(init=False)
    shown: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._issuer = DemoIssuer(ISSUER, since=START - 60 * DAY)
        self._stranger = DemoIssuer("XX-NO", since=START - 60 * DAY)
        self._templates: dict[str, bytes] = {}
        self._slow = timedelta(0)
        self.synchronise()

    # -- time ------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The true time, also if the device's clock was set to another."""
        return self.clock.now() + self._slow

    def set_clock_back(self, by: timedelta) -> None:
        """Set the device's clock back; the true time does not change."""
        self._slow += by
        self.clock.jump(self.clock.now() - by)

    def set_clock_right(self) -> None:
        """Set the device's clock to the true time."""
        self.clock.jump(self.now())
        self._slow = timedelta(0)

    # -- issuer ----------------------------------------------------------------------

    def template(self, name: str) -> TemplateReference:
        """The template that the issuer took of this person at enrolment."""
        if name not in self._templates:
            self._templates[name] = self.engine.enrol(self.cast.enrolment(name))
        return TemplateReference(int(TemplateFormat.INT8_64), self.engine.model_id, self._templates[name])

    def enrol(
        self,
        name: str | None,
        *,
        begins: timedelta = -DAY,
        lasts: timedelta = 30 * DAY,
        face: TemplateReference | None = None,
        sealed: bool = False,
        scope: tuple[str, ...] = ("tower-1",),
        issuer: DemoIssuer | None = None,
    ) -> DemoHolder:
        """A card for a person, with a new key. `name` None: a card without a face."""
        now = self.now().replace(microsecond=0)
        begins_at = now + begins
        return (issuer or self._issuer).enrol(
            issued_at=min(begins_at, now),
            not_before=begins_at,
            expires=begins_at + lasts,
            face=face or (self.template(name) if name else None),
            sealed=sealed,
            scope=scope,
        )

    def enrol_by_stranger(self, name: str) -> DemoHolder:
        """A valid card of an issuer that this device does not know."""
        return self.enrol(name, issuer=self._stranger)

    def enrol_past_the_list(self, name: str) -> DemoHolder:
        """A card of an issuer whose list has grown since the device got its copy."""
        grown = DemoIssuer(ISSUER, self._issuer.since, self._issuer.seed, capacity=2 * CARDS, begins=CARDS)
        return self.enrol(name, issuer=grown)

    def revoke(self, holder: DemoHolder) -> None:
        """The issuer revokes a card, and the device gets the new list."""
        self._issuer.revoke(holder)
        self.synchronise()

    def suspend(self, holder: DemoHolder) -> None:
        """The issuer suspends a card, and the device gets the new list."""
        self._issuer.suspend(holder)
        self.synchronise()

    def synchronise(self, *, age: timedelta = timedelta(hours=2)) -> None:
        """Give the device the files that the issuer published `age` ago."""
        self.trust = load(self._issuer.publish(self.now().replace(microsecond=0) - age, life=30 * DAY))


def tampered(text: str, template: bytes) -> str:
    """The code with one bit of its template flipped: the first step to the face of another person."""
    raw = bytearray(base45.b45decode(text.removeprefix(PREFIX)))
    raw[raw.index(template)] ^= 1
    flipped: str = base45.b45encode(bytes(raw)).decode()
    return PREFIX + flipped
