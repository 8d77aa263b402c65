"""A hotel's desk for tests: lists of arrivals, guests with cards, and the registrations of the desk."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from nacl.public import PrivateKey
from worlds.trust import verified_card

from edge.app.venues.desk import DeskOffice, open_desk
from edge.audit.record import utc_ms
from edge.card.attributes import Attribute
from edge.card.claims import Card
from edge.config import Config, DeviceConfig, DoorConfig
from edge.config import DeskConfig as DeskTable
from edge.decision import Decision, Deny, Grant, Reason
from edge.errors import Refused
from edge.policy.obligations import Obligations, Visit

NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
GRANT = Grant(3_000)
DENY = Deny(Reason.FACE_NO_MATCH)
SITE = "harbour-hotel/desk"
PASSPORT = {"nationality": "PRT", "document_type": "passport", "document_number": "CD4471902"}


def card(who: str, **said: str | None) -> Card:
    """A verified card. `who` sets its subject and ids; the attributes are disclosed, in their fixed order."""
    disclosed = tuple((name, value) for name in Attribute if (value := said.get(name.value)) is not None)
    return verified_card(
        f"subject of {who}",
        moment=NOW,
        card_id=who.encode().ljust(16, b"."),
        pseudonym=who.encode().hex()[:12].ljust(12, "0"),
        disclosed=disclosed,
    )


def guest(family: str, given: str = "Maria", **said: str | None) -> Card:
    """The card of a guest with a passport who discloses the attributes that the law requires."""
    return card(f"{given} {family}", family_name=family, given_name=given, **(PASSPORT | said))


def booking(reference: str, *names: str | dict[str, str], **more: object) -> dict[str, object]:
    """A booking of a list; a name is "Family, Given" or an object."""
    named = [
        dict(zip(("family_name", "given_name"), name.split(", "), strict=False))
        if isinstance(name, str)
        else name
        for name in names
    ]
    return {
        "reference": reference,
        "arrival": "2026-06-15",
        "departure": "2026-06-18",
        "guests": max(len(named), 1),
        "names": named,
    } | more


class DeskWorld:
    """One desk. `private` is its private key, which no device has."""

    def __init__(self, folder: Path, **desk: object) -> None:
        self.folder = folder
        self.private = PrivateKey.generate()
        (folder / "desk.key.pub").write_text(bytes(self.private.public_key).hex() + "\n")
        self.config = Config(
            device=DeviceConfig(id="desk-1"), door=DoorConfig(site=SITE, venue="desk"), desk=DeskTable(**desk)
        )
        self.now = NOW
        self._seq = 100
        self.open()

    def open(self) -> None:
        """Start the device, as at power-on."""
        self._stack = ExitStack()
        self.venue = open_desk(self.config, self.folder, self._stack)
        self.office = DeskOffice(self.config, self.folder)

    def restart(self) -> None:
        """Restart the device, as after a power failure."""
        self.close()
        self.open()

    def close(self) -> None:
        self.office.close()
        self._stack.close()

    def expect(self, *bookings: dict[str, object], name: str = "list.json"):
        """Import a list of arrivals."""
        file = self.folder / name
        file.write_text(json.dumps(bookings), "utf-8")
        imported = self.office.take(file)
        file.unlink()
        return imported

    def visit(self, who: Card) -> Visit:
        return Visit(replace(who), SITE, self.now)

    def admit(self, who: Card) -> Obligations:
        return self.venue.evaluate(self.visit(who))

    def comes(self, who: Card, decision: Decision = GRANT) -> str:
        """A whole visit: "in", the factor that is asked, or the reason of the refusal."""
        try:
            obligations = self.admit(who)
        except Refused as refused:
            return refused.reason.value
        self._seq += 1
        self.venue.commit(self.visit(who), decision, self._seq)
        return obligations.required[0].factor.value if obligations.required else "in"

    def kept(self) -> list:
        """All registrations, decrypted with the private key."""
        return list(self.office.store.opened(self.private))

    def now_ms(self) -> int:
        return utc_ms(self.now)

    def deliver(self) -> int:
        return self.office.deliver(now_ms=self.now_ms, random_unit=lambda: 0.5)


def on(day: str, hour: int = 12, zone: object = UTC) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), tzinfo=zone).replace(hour=hour)
