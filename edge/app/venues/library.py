"""Opens a library's entrance: its rules, its files, and the thread that talks to the library system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from edge.app.parts.camera import system_clock
from edge.app.parts.keys import own_key
from edge.config.zones import zone_of
from edge.errors import ConfigError, Refused, StorageFault
from edge.log import log_line
from edge.secret_file import read_password
from edge.venues.library.hours import StaffedHours, staffed_hours
from edge.venues.library.identity import Roll, Vault
from edge.venues.library.lending import Lending
from edge.venues.library.offline_queue import OfflineState
from edge.venues.library.rules import LibraryRules, Offline, Unstaffed
from edge.venues.library.sip2.client import Library
from edge.venues.library.sip2.messages import Dialect
from edge.venues.library.sip2.replies import Flag
from edge.venues.library.sip2.requests import Terminal
from edge.venues.library.store import LibraryStore
from edge.venues.library.venue import LibraryVenue
from edge.venues.library.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo
    from pathlib import Path

    from edge import config
    from edge.decision import Reason
    from edge.errors import HostFault
    from edge.policy.obligations import Obligations, Visit
    from edge.ports import Clock, HostLine
    from edge.venues.library.rules import PatronVerdict
    from edge.venues.library.worker import ItemResult
    from edge.vouched_time import VouchedTime

MAX_PASSWORD_BYTES: Final = 200  # a field of SIP2 takes 255


@dataclass(slots=True)
class _Question:
    """The question about one visit. `verdict` is None until it is answered."""

    patron: str
    asked_ms: int
    verdict: PatronVerdict | None = None
    refused: Reason | None = None


class LibraryEntrance(LibraryVenue):
    """Implements Venue and Host, and takes scanned items. For the passage's thread; it never blocks."""

    def __init__(
        self,
        worker: Worker,
        store: LibraryStore,
        roll: Roll,
        settings: config.LibraryConfig,
        rules: LibraryRules,
        hours: StaffedHours,
        clock: Clock,
    ) -> None:
        super().__init__(roll, rules, hours, came_in=self._begin_session)
        self._worker, self._store, self._clock = worker, store, clock
        self._answer_ms = settings.answer_ms
        self._lends = settings.lending
        self._lending = Lending(session_ms=settings.session_s * 1_000, returns=settings.returns)
        self._number = 0
        self._question: _Question | None = None

    def ask(self, visit: Visit) -> None:
        self._number += 1
        question = self._question = _Question("", self._clock.tick_ms())
        try:
            question.patron = self._roll.patron_of(visit.card)
        except Refused as refusal:
            question.refused = refusal.reason
        except StorageFault:
            question.verdict = None  # without a patron the wait ends with host.unavailable
        else:
            self._worker.ask(self._number, question.patron)

    def answer(self) -> Obligations | Reason | None:
        question = self._question
        if question is None:
            return None
        if question.refused is not None:
            return question.refused
        if question.verdict is None and question.patron:
            question.verdict = self._worker.verdict(self._number)
            if question.verdict is None and self._clock.tick_ms() - question.asked_ms >= self._answer_ms:
                question.verdict = self._worker.offline(question.patron)
        return question.verdict.answer if question.verdict else None

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines for staff about the last visit, also a refused one."""
        return self._question.verdict.lines if self._question and self._question.verdict else ()

    def scanned(self, text: str) -> None:
        """Take a text that the scanner read and that is not a card."""
        self._worker.do(self._lending.scanned(text, self._clock.tick_ms()))

    def news(self) -> Sequence[ItemResult]:
        """The results of items since the last call; call it with every step."""
        self._worker.do(self._lending.step(self._clock.tick_ms()))
        return self._worker.news()

    @property
    def away(self) -> HostFault | StorageFault | None:
        """The fault for which the library system counts as offline; None: online."""
        return self._worker.away

    @property
    def waiting(self) -> int:
        """The number of loans and returns that wait for the library system. Raises StorageFault."""
        return self._store.count(OfflineState.WAITING)

    def close(self) -> None:
        """End the last session, stop the thread, close the store."""
        self._worker.do(self._lending.finished())
        self._worker.close()
        self._store.close()

    def _begin_session(self, patron: str) -> None:
        if self._lends:
            self._worker.do(self._lending.granted(patron, self._clock.tick_ms()))


def open_library_entrance(
    settings: config.LibraryConfig,
    base: Path,
    *,
    passed: Callable[[], VouchedTime],
    clock: Clock | None = None,
    tell: Callable[[HostFault | StorageFault | None], None] | None = None,
) -> LibraryEntrance:
    """The entrance of a configuration, also if its library system is offline.

    `passed`: the time by which old entries may be deleted. Raises ConfigError, StorageFault.
    """
    clock = clock or system_clock()
    rules, hours = rules_of(settings), hours_of(settings)
    library = open_library(settings, base, clock=clock)
    vault = Vault(library_key(base / settings.key))
    store = LibraryStore(base / settings.store, vault)
    worker = Worker(
        library,
        store,
        rules,
        hours,
        clock=clock,
        keep_days=settings.keep_days,
        passed=passed,
        tell=tell or log_library,
    )
    roll = Roll(vault, store.roll, frozenset(settings.patron_issuers))
    return LibraryEntrance(worker, store, roll, settings, rules, hours, clock)


def open_store(settings: config.LibraryConfig, base: Path) -> LibraryStore:
    """The store of the entrance, for commands. Raises ConfigError, StorageFault."""
    return LibraryStore(base / settings.store, Vault(library_key(base / settings.key)))


def open_library(settings: config.LibraryConfig, base: Path, *, clock: Clock | None = None) -> Library:
    """The library system of a configuration; nothing is connected yet. Raises ConfigError."""
    from hw.network import sip2_line
    from hw.network.certificates import trust

    host = settings.host
    if host is None:
        raise ConfigError(
            "[library] host is required", hint="set it to the name of the library system's SIP2 server"
        )
    context = trust(base / settings.ca if settings.ca else None, "[library] ca") if settings.tls else None

    def open_line() -> HostLine:
        return sip2_line.open_line(host, settings.port, tls=context, timeout_s=settings.connect_ms / 1_000)

    return Library(
        open_line,
        _terminal(settings, base, zone_of(settings.zone)),
        Dialect(settings.encoding, "\r" if settings.terminator == "cr" else "\r\n", settings.checksum),
        clock=clock or system_clock(),
        timeout_ms=settings.reply_ms,
        kind_field=settings.kind_field,
        birth_field=settings.birth_field,
        status_only=settings.inquiry == "status",
    )


def rules_of(settings: config.LibraryConfig) -> LibraryRules:
    """The entry rules of a configuration."""
    return LibraryRules(
        blocks=frozenset(Flag[name.upper().replace("-", "_")] for name in settings.blocks),
        fee_limit=None if settings.fee_limit is None else Decimal(str(settings.fee_limit)),
        offline=Offline(settings.offline),
        offline_days=settings.offline_days,
        unstaffed=Unstaffed(settings.unstaffed),
        unstaffed_kinds=frozenset(settings.unstaffed_kinds),
        unstaffed_age=settings.unstaffed_age,
    )


def hours_of(settings: config.LibraryConfig) -> StaffedHours:
    """The staffed hours of a configuration. Raises ConfigError."""
    try:
        return staffed_hours(settings.staffed, settings.holidays, zone_of(settings.zone))
    except ValueError as err:
        hint = "write hours as mon-fri 09:00-18:00, and holidays as 2027-02-06 or 12-24..01-02"
        raise ConfigError(f"[library] staffed or holidays: {err}", hint=hint) from err


def library_key(file: Path) -> bytes:
    """The key that seals the entrance's data, made if there is none. Raises ConfigError, StorageFault."""
    return own_key(
        file,
        "the library's key",
        lost="put the right file back, or remove it with the store and bind the patrons again",
    )


def log_library(fault: HostFault | StorageFault | None) -> None:
    """Write one log line when the library system goes offline, and one when it is online again."""
    if fault is None:
        log_line("library", state="online")
    else:
        log_line("library", level="warning", state="offline", error=fault.message, hint=fault.hint)


def _terminal(settings: config.LibraryConfig, base: Path, zone: tzinfo) -> Terminal:
    return Terminal(
        zone,
        institution=settings.institution,
        location=settings.location,
        user=settings.user,
        password=_password(base / settings.password_file) if settings.password_file else "",
        terminal_password=(
            _password(base / settings.terminal_password_file) if settings.terminal_password_file else ""
        ),
        language=settings.language,
        loan=timedelta(days=settings.loan_days),
    )


def _password(file: Path) -> str:
    password = read_password(file, limit=MAX_PASSWORD_BYTES)
    if "|" in password or not password.isprintable():
        raise ConfigError(
            f"{file}: has a character that SIP2 does not allow",
            hint="use a password of printable characters without |",
        )
    return password
