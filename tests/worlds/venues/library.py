"""A library's entrance for tests: holders' cards, a library system on the loopback interface, and the real entrance."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from peers.waiting import until
from worlds.passage_site import Site
from worlds.trust import verified_card

from edge import config
from edge.app.venues.library import LibraryEntrance, open_library_entrance, open_store
from edge.card.attributes import Attribute
from edge.card.claims import Card
from edge.card.person import Person
from edge.decision import Grant, Reason
from edge.errors import Refused
from edge.passage.machine import PassageState
from edge.policy.obligations import Host, Obligations, Visit
from edge.vouched_time import UNVOUCHED
from hw.sim.clock import SimClock
from hw.sim.library import SimItem, SimLibrary, SimPatron

NOW = datetime(2026, 1, 7, 11, tzinfo=UTC)  # a Wednesday


def card(subject: str | None, patron: str | None = None) -> Card:
    """A verified card. `patron`: the number that its issuer signed and its holder disclosed."""
    return verified_card(
        subject,
        moment=NOW,
        card_id=(subject or "none").encode().ljust(16, b".")[:16],
        disclosed=((Attribute.PATRON, patron),) if patron is not None else (),
    )


class LibraryWorld:
    """A library system, and entrances that ask it. `told`: the messages about the system for an entrance's log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = SimLibrary()
        self.library.patrons = {"P1": SimPatron(), "P2": SimPatron(name="Bo Lei")}
        self.library.items = {name: SimItem() for name in ("B1001", "B1002", "B1003")}
        self.clock = SimClock(NOW)
        self.told: list[str | None] = []

    def settings(self, **changes: object) -> config.LibraryConfig:
        """The [library] table, by default with long time limits, so that a slow answer is no fault."""
        plain: dict[str, object] = {
            "host": "127.0.0.1", "port": self.library.port, "tls": False, "institution": "MAIN",
            "reply_ms": 30_000, "connect_ms": 30_000, "answer_ms": 60_000, "lending": True,
            "patron_issuers": ("CN-GD",),
        }  # fmt: skip
        return config.LibraryConfig(**{**plain, **changes})

    def bind(self, **pairs: str) -> None:
        with open_store(self.settings(), self.folder) as store:
            store.bind([(Person("CN-GD", subject), number) for subject, number in pairs.items()])

    @contextmanager
    def entrance(self, **changes: object) -> Iterator[LibraryEntrance]:
        """An entrance whose date stands still; its ticks run, because the worker's deadlines need them."""
        entrance = open_library_entrance(
            self.settings(**changes), self.folder, clock=_Clock(self.clock), passed=lambda: UNVOUCHED,
            tell=lambda fault: self.told.append(fault.message if fault else None),
        )  # fmt: skip
        try:
            yield entrance
        finally:
            entrance.close()

    def visit(self, who: Card, at: datetime | None = None) -> Visit:
        return Visit(who, "library/entrance", at or self.clock.now())


class _Clock:
    """A clock with the fixed date of a test and running ticks."""

    def __init__(self, day: SimClock) -> None:
        self._day = day

    def now(self) -> datetime:
        return self._day.now()

    def tick_ms(self) -> int:
        return self._day.tick_ms() + time.monotonic_ns() // 1_000_000


def outcome(entrance: LibraryEntrance, visit: Visit) -> Obligations | Reason:
    """The final answer of the entrance for a visit, as a passage gets it."""
    try:
        entrance.evaluate(visit)
    except Refused as refusal:
        return refusal.reason
    entrance.ask(visit)
    answers: list[Obligations | Reason] = []

    def answered() -> bool:
        answer = entrance.answer()
        answers.extend([answer] if answer is not None else [])
        return bool(answers)

    until(answered)
    return answers[0]


def see_until_decided(site: Site, host: Host) -> None:
    """Show frames until the passage is on record, and wait for the library's answer, which frames overtake here."""
    for _ in range(200):
        if site.passages:
            break
        site.see()
        if site.verifier.state is PassageState.FACTOR:
            until(lambda: host.answer() is not None)


def come_in(entrance: LibraryEntrance, visit: Visit) -> None:
    """Let in a patron whom both the entrance and the library accept."""
    assert isinstance(outcome(entrance, visit), Obligations), entrance.lines
    entrance.commit(visit, Grant(3_000), 1)
