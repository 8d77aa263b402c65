"""The passages of the demo: a visitor, a situation, and the expected outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from edge.app.demo.world import DAY, tampered
from edge.card.claims import TemplateReference
from edge.decision import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.app.demo.world import World

Codes = tuple[str, ...]
ERIN, ADA, BEA, CLEO = "Erin", "Ada", "Bea", "Cleo"


class Before(Enum):
    """The picture before the camera after the code was read."""

    SAME = "the enrolment photograph"
    OTHER = "another photograph of the same person"
    STRANGER = "another person"
    EMPTY = "an empty doorway"
    TWO = "two people"
    PRINT = "a print of the holder's photograph in front of the camera"
    MOVES = "the holder, who turns and nods when asked"
    TILTED = "a large print of the holder's photograph, turned when asked to move"


@dataclass(frozen=True, slots=True)
class DemoScene:
    """One passage. `expected`: None is a grant. `codes`: makes the codes of the phones in view."""

    who: str
    story: str
    expected: Reason | None
    codes: Callable[[World], Codes]
    face: Before = Before.SAME
    after: Callable[[World], None] | None = None
    broken_log: bool = False

    @property
    def asks_to_move(self) -> bool:
        """Whether this door asks its visitors for movements of the head."""
        return self.face in (Before.MOVES, Before.TILTED)

    @property
    def changes_world(self) -> bool:
        """Whether the scene changes the device's clock or lists until the passage is over."""
        return self.after is not None


def _shows(name: str | None, **changes: object) -> Callable[[World], Codes]:
    def codes(world: World) -> Codes:
        return (world.enrol(name, **changes).code(world.now()),)  # type: ignore[arg-type]  # forwarded

    return codes


def _old_screenshot(world: World) -> Codes:
    return (world.enrol(ERIN).code(world.now() - timedelta(minutes=10)),)


def _other_gate(world: World) -> Codes:
    return (world.enrol(ERIN).code(world.now(), aud="tower-1/garage"),)


def _tampered(world: World) -> Codes:
    return (tampered(world.enrol(ERIN).code(world.now()), world.template(ERIN).data),)


def _unknown(world: World) -> Codes:
    return (world.enrol_by_stranger(ERIN).code(world.now()),)


def _past_the_list(world: World) -> Codes:
    return (world.enrol_past_the_list(ERIN).code(world.now()),)


def _revoked(world: World) -> Codes:
    held = world.enrol(ERIN)
    world.revoke(held)
    return (held.code(world.now()),)


def _suspended(world: World) -> Codes:
    held = world.enrol(ERIN)
    world.suspend(held)
    return (held.code(world.now()),)


def _two_phones(world: World) -> Codes:
    return tuple(world.enrol(name).code(world.now()) for name in (ERIN, ADA))


def _sealed(world: World) -> Codes:
    held = world.enrol(ADA, sealed=True)
    world.synchronise()
    return (held.code(world.now()),)


def _other_model(world: World) -> Codes:
    template = world.template(ERIN)
    foreign = TemplateReference(template.format, "other-net", template.data)
    return (world.enrol(ERIN, face=foreign).code(world.now()),)


def _old_lists(world: World) -> Codes:
    world.synchronise(age=9 * DAY)
    return (world.enrol(ERIN).code(world.now()),)


def _slow_clock(world: World) -> Codes:
    code = world.enrol(ERIN).code(world.now())
    world.set_clock_back(DAY)
    return (code,)


SCENES: tuple[DemoScene, ...] = (
    DemoScene(ERIN, "her own code, her own face", None, _shows(ERIN)),
    DemoScene(ERIN, "her own code, her face in another photograph", None, _shows(ERIN), Before.OTHER),
    DemoScene(
        CLEO, "replays the code that Erin has just shown", Reason.CARD_REPLAYED, lambda world: world.shown
    ),
    DemoScene(ADA, "her own code, her template sealed at the site", None, _sealed),
    DemoScene(BEA, "Erin's phone, but not Erin's face", Reason.FACE_NO_MATCH, _shows(ERIN), Before.STRANGER),
    DemoScene(ERIN, "a print of her photograph", Reason.FACE_ATTACK, _shows(ERIN), Before.PRINT),
    DemoScene(ERIN, "turns her head and nods when asked", None, _shows(ERIN), Before.MOVES),
    DemoScene(
        ERIN,
        "a large print of her, turned when asked to move",
        Reason.FACE_ATTACK,
        _shows(ERIN),
        Before.TILTED,
    ),
    DemoScene(ERIN, "shows her code and walks away", Reason.FACE_ABSENT, _shows(ERIN), Before.EMPTY),
    DemoScene(ERIN, "a second person next to her", Reason.FACE_SEVERAL, _shows(ERIN), Before.TWO),
    DemoScene("Erin, Ada", "two codes in view", Reason.CODE_SEVERAL, _two_phones),
    DemoScene(CLEO, "a screenshot of a code, ten minutes old", Reason.CODE_STALE, _old_screenshot),
    DemoScene(ERIN, "a card with one changed bit", Reason.SIGNATURE_BAD, _tampered),
    DemoScene(ERIN, "a card of an unknown issuer", Reason.ISSUER_UNKNOWN, _unknown),
    DemoScene(
        ERIN, "a card that is valid from tomorrow", Reason.CARD_NOT_YET_VALID, _shows(ERIN, begins=DAY)
    ),
    DemoScene(ERIN, "a card that expired ten days ago", Reason.CARD_EXPIRED, _shows(ERIN, begins=-40 * DAY)),
    DemoScene(ERIN, "a card that the issuer revoked", Reason.CARD_REVOKED, _revoked),
    DemoScene(ERIN, "a card that the issuer suspended", Reason.CARD_SUSPENDED, _suspended),
    DemoScene(ERIN, "a card past the end of the status list", Reason.STATUS_UNKNOWN, _past_the_list),
    DemoScene(ERIN, "a card for another door", Reason.DOOR_NOT_PERMITTED, _shows(ERIN, scope=("tower-2",))),
    DemoScene(ERIN, "a code for the garage door", Reason.CODE_AUDIENCE, _other_gate),
    DemoScene(ERIN, "a card with a template of another model", Reason.FACE_TEMPLATE, _other_model),
    DemoScene(ERIN, "a card without a face", Reason.FACE_TEMPLATE, _shows(None)),
    DemoScene(
        CLEO, "a QR code with a web address", Reason.CODE_FOREIGN, lambda _: ("https://example.org/menu",)
    ),
    DemoScene(
        ERIN,
        "the device's status lists are nine days old",
        Reason.STATUS_STALE,
        _old_lists,
        after=lambda world: world.synchronise(),
    ),
    DemoScene(
        ERIN,
        "the device's clock was set back one day",
        Reason.CLOCK_UNTRUSTED,
        _slow_clock,
        after=lambda world: world.set_clock_right(),
    ),
    DemoScene(
        ERIN, "the device's disk is full: no record", Reason.DEVICE_FAULT, _shows(ERIN), broken_log=True
    ),
)
