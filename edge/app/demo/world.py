"""The demo's world: an issuer, its cards, a clock, a door and the trust the device holds.

Keys, signatures, lists, templates, the journal and the TFLite model are the product's own and real; the
clock, the door and the phones are simulated.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import base45

from edge.card.claims import TemplateReference
from edge.card.numbers import PREFIX
from edge.face.template import TemplateFormat
from edge.trust.folder import load
from hw.sim.clock import SimClock
from tools.issuing.issuer import CardApplication, Issuer
from tools.issuing.register import Register
from tools.issuing.wallet import Wallet

if TYPE_CHECKING:
    from edge.app.demo.cast import Cast
    from edge.face.engine import FaceEngine
    from edge.trust.snapshot import TrustSnapshot

SITE: Final = "tower-1/lobby"
ISSUER: Final = "CN-GD"
LIST_URI: Final = "https://s.example/7"
CARDS: Final = 1024
START: Final = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
DAY: Final = timedelta(days=1)


class _LastIndexes:
    """Dice of an issuer whose list has grown: every index lies at the end."""

    token_bytes = staticmethod(secrets.token_bytes)

    def randbelow(self, bound: int, /) -> int:
        return bound - 1


@dataclass(slots=True)
class Held:
    """A wallet and the list index of its card."""

    wallet: Wallet
    index: int


@dataclass
class World:
    """Everything a passage may use or change. `trust` is what the device holds now."""

    engine: FaceEngine
    cast: Cast
    clock: SimClock = field(default_factory=lambda: SimClock(START))
    trust: TrustSnapshot = field(init=False)
    shown: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._seed = secrets.token_bytes(32)
        self._issuer = self._make_issuer(ISSUER, self._seed, Register(CARDS))
        self._stranger = self._make_issuer("XX-NO", secrets.token_bytes(32), Register(CARDS))
        self._boxes: list[bytes] = []
        self._templates: dict[str, bytes] = {}
        self._slow = timedelta(0)
        self.synchronise()

    @staticmethod
    def _make_issuer(name: str, seed: bytes, register: Register, dice: object = secrets) -> Issuer:
        return Issuer(name, seed, LIST_URI, since=START - 60 * DAY, dice=dice, register=register)  # type: ignore[arg-type]  # secrets is Dice

    # -- time ------------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The true time, whatever the device's clock was set to."""
        return self.clock.now() + self._slow

    def set_clock_back(self, by: timedelta) -> None:
        """Set the device's clock back; the world goes on."""
        self._slow += by
        self.clock.jump(self.clock.now() - by)

    def set_clock_right(self) -> None:
        """A technician has set the clock."""
        self.clock.jump(self.now())
        self._slow = timedelta(0)

    # -- what the issuer does ----------------------------------------------------------------------

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
        issuer: Issuer | None = None,
    ) -> Held:
        """A card for a person, in a new wallet. `name` None: a card without a face."""
        wallet = Wallet(secrets.token_bytes(32))
        issued_at = self.now() + min(begins, timedelta(0))
        request = CardApplication(
            holder_key=wallet.holder_key,
            not_before=self.now() + begins,
            expires=self.now() + begins + lasts,
            face=face or (self.template(name) if name else None),
            sealed=sealed,
            scope=scope,
            assurance=2,
        )
        issued = (issuer or self._issuer).enrol(request, now=issued_at)
        self._boxes += [issued.box] if issued.box else []
        return Held(wallet.with_card(issued.card), issued.entries[0].index)

    def enrol_by_stranger(self, name: str) -> Held:
        """A card in perfect order, by an issuer this door has never heard of."""
        return self.enrol(name, issuer=self._stranger)

    def enrol_past_the_list(self, name: str) -> Held:
        """A card of an issuer whose list has grown since this device was given its copy."""
        grown = self._make_issuer(ISSUER, self._seed, Register(2 * CARDS), _LastIndexes())
        return self.enrol(name, issuer=grown)

    def revoke(self, held: Held) -> None:
        """The issuer revokes a card, and the device gets the new list."""
        self._issuer.revoke(held.index)
        self.synchronise()

    def suspend(self, held: Held) -> None:
        """The issuer suspends a card, and the device gets the new list."""
        self._issuer.suspend(held.index)
        self.synchronise()

    def synchronise(self, *, age: timedelta = timedelta(hours=2)) -> None:
        """The device takes the files that the issuer published `age` ago."""
        files = self._issuer.publish(self.now() - age, boxes=self._boxes, life=30 * DAY)
        self.trust = load(dict(files))


def tampered(text: str, template: bytes) -> str:
    """The code with one bit of its template flipped: the first step to somebody else's face."""
    raw = bytearray(base45.b45decode(text.removeprefix(PREFIX)))
    raw[raw.index(template)] ^= 1
    flipped: str = base45.b45encode(bytes(raw)).decode()
    return PREFIX + flipped
