"""Makes the messages that an entrance sends to a library system."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.venues.library.sip2.layouts import Sip2MessageId
from edge.venues.library.sip2.messages import Sip2Message

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

VERSION: Final = "2.00"
_WIDTH: Final = "040"  # characters of a line on the staff's screen
_NO_SUMMARY: Final = " " * 10  # ask for no lists of the patron's titles


@dataclass(frozen=True, slots=True)
class Terminal:
    """This entrance as a terminal of a library system. `zone`: of the library; times are local, as in SIP2.

    `loan`: the loan period while the system is offline.
    """

    zone: tzinfo
    institution: str = ""
    location: str = ""
    user: str | None = None
    password: str = field(default="", repr=False)
    terminal_password: str = field(default="", repr=False)
    language: str = "000"
    loan: timedelta = timedelta(days=14)

    def login(self) -> Sip2Message:
        """Message 93: the first message, if the system requires a login."""
        fields = [("CN", self.user or ""), ("CO", self.password)]
        if self.location:
            fields.append(("CP", self.location))
        return Sip2Message(Sip2MessageId.LOGIN, ("0", "0"), tuple(fields))  # 0: not encrypted; TLS encrypts

    def status(self) -> Sip2Message:
        """Message 99: this terminal's state and version."""
        return Sip2Message(Sip2MessageId.OUR_STATUS, ("0", _WIDTH, VERSION))

    def patron_status(self, patron: str, now: datetime) -> Sip2Message:
        """Message 23."""
        return Sip2Message(
            Sip2MessageId.PATRON_STATUS, (self.language, self._moment(now)), self._about(patron)
        )

    def patron_information(self, patron: str, now: datetime) -> Sip2Message:
        """Message 63."""
        return Sip2Message(
            Sip2MessageId.PATRON_INFORMATION,
            (self.language, self._moment(now), _NO_SUMMARY),
            self._about(patron),
        )

    def checkout(
        self, patron: str, item: str, now: datetime, *, done_at: datetime | None = None
    ) -> Sip2Message:
        """Message 11. `done_at`: the time of a loan without the system, which is told not to block it."""
        fields = (("AO", self.institution), ("AA", patron), ("AB", item), ("AC", self.terminal_password))
        # A due date only counts with `no_block`, but some systems require one always.
        due = self.due(done_at) if done_at else now
        fixed = ("N", "Y" if done_at else "N", self._moment(done_at or now), self._moment(due))
        return Sip2Message(Sip2MessageId.CHECKOUT, fixed, (*fields, ("BO", "N"), ("BI", "N")))

    def due(self, at: datetime) -> datetime:
        """The time at which an item that was lent without the system is due."""
        return at + self.loan

    def checkin(self, item: str, now: datetime, *, done_at: datetime | None = None) -> Sip2Message:
        """Message 09. `done_at`: the time of a return without the system."""
        fixed = ("Y" if done_at else "N", self._moment(now), self._moment(done_at or now))
        return Sip2Message(
            Sip2MessageId.CHECKIN,
            fixed,
            (
                ("AP", self.location),
                ("AO", self.institution),
                ("AB", item),
                ("AC", self.terminal_password),
                ("BI", "N"),
            ),
        )

    def end_session(self, patron: str, now: datetime) -> Sip2Message:
        """Message 35: this patron's session is over."""
        return Sip2Message(Sip2MessageId.END_SESSION, (self._moment(now),), self._about(patron))

    def _about(self, patron: str) -> tuple[tuple[str, str], ...]:
        # The patron's own password (AD) stays empty: a face was compared, and an entrance has no keyboard.
        return ("AO", self.institution), ("AA", patron), ("AC", self.terminal_password), ("AD", "")

    def _moment(self, now: datetime) -> str:
        return now.astimezone(self.zone).strftime("%Y%m%d    %H%M%S")
