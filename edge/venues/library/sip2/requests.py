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
_NO_SUMMARY: Final = " " * 10  # of the titles that a patron has nothing is asked


@dataclass(frozen=True, slots=True)
class Terminal:
    """This entrance at a library system. `zone`: of the library; times are local, as SIP2 prefers.

    `loan`: for how long something is lent while the system cannot say.
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
        """93: the first message, where the system wants one."""
        fields = [("CN", self.user or ""), ("CO", self.password)]
        if self.location:
            fields.append(("CP", self.location))
        return Sip2Message(
            Sip2MessageId.LOGIN, ("0", "0"), tuple(fields)
        )  # 0: not encrypted, which is TLS's business

    def status(self) -> Sip2Message:
        """99: who we are and which version we speak."""
        return Sip2Message(Sip2MessageId.OUR_STATUS, ("0", _WIDTH, VERSION))

    def patron_status(self, patron: str, now: datetime) -> Sip2Message:
        """23."""
        return Sip2Message(
            Sip2MessageId.PATRON_STATUS, (self.language, self._moment(now)), self._about(patron)
        )

    def patron_information(self, patron: str, now: datetime) -> Sip2Message:
        """63."""
        return Sip2Message(
            Sip2MessageId.PATRON_INFORMATION,
            (self.language, self._moment(now), _NO_SUMMARY),
            self._about(patron),
        )

    def checkout(
        self, patron: str, item: str, now: datetime, *, done_at: datetime | None = None
    ) -> Sip2Message:
        """11. `done_at`: it happened then, without the system, which is told not to stand in the way."""
        fields = (("AO", self.institution), ("AA", patron), ("AB", item), ("AC", self.terminal_password))
        # A due date only counts where the system is not to stand in the way; but some want to see one always.
        due = self.due(done_at) if done_at else now
        fixed = ("N", "Y" if done_at else "N", self._moment(done_at or now), self._moment(due))
        return Sip2Message(Sip2MessageId.CHECKOUT, fixed, (*fields, ("BO", "N"), ("BI", "N")))

    def due(self, at: datetime) -> datetime:
        """The time at which an item that was lent without the system is due."""
        return at + self.loan

    def checkin(self, item: str, now: datetime, *, done_at: datetime | None = None) -> Sip2Message:
        """09. `done_at` as above."""
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
        """35: nothing more comes of this patron."""
        return Sip2Message(Sip2MessageId.END_SESSION, (self._moment(now),), self._about(patron))

    def _about(self, patron: str) -> tuple[tuple[str, str], ...]:
        # The patron's own password (AD) stays empty: a face was compared, and an entrance has no keyboard.
        return ("AO", self.institution), ("AA", patron), ("AC", self.terminal_password), ("AD", "")

    def _moment(self, now: datetime) -> str:
        return now.astimezone(self.zone).strftime("%Y%m%d    %H%M%S")
