"""Client of a library system: opens the connection, sends requests and waits for replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.errors import HostFault
from edge.venues.library.lending import Lend, TakeBack
from edge.venues.library.sip2 import replies
from edge.venues.library.sip2.session import GaveUp, Sip2Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from edge.ports import Clock, HostLine
    from edge.venues.library.sip2.messages import Dialect, Sip2Message
    from edge.venues.library.sip2.requests import Terminal

GRACE_MS: Final = (
    1_000  # wait at a stop for the reply on its way: a lost one is a conflict later; usually 1 ms
)
TURN_S: Final = 0.1  # longest delay until a request is sent again, or a stop is noticed


class Library:
    """One library system. Blocks during a request; for one thread. Raises HostFault.

    `timeout_ms`: wait for one reply, before the request is sent again. `kind_field`, `birth_field`: this
    system's fields for kind and date of birth. `status_only`: ask with message 23, not 63.
    """

    def __init__(
        self,
        open_line: Callable[[], HostLine],
        terminal: Terminal,
        dialect: Dialect,
        *,
        clock: Clock,
        timeout_ms: int,
        kind_field: str = "",
        birth_field: str = "",
        status_only: bool = False,
    ) -> None:
        self._open_line, self._terminal, self._dialect = open_line, terminal, dialect
        self._clock, self._timeout_ms = clock, timeout_ms
        self._kind_field, self._birth_field, self._status_only = kind_field, birth_field, status_only
        self._line: HostLine | None = None
        self._until_ms: int | None = None
        self._session = Sip2Session(dialect, timeout_ms=timeout_ms)

    @property
    def is_connected(self) -> bool:
        """Whether a connection is open, as far as is known."""
        return self._line is not None

    def connect(self) -> replies.LibrarySystem:
        """Open a new connection, log in, and ask for the system's status."""
        self.close()
        self._line, self._session = (
            self._open_line(),
            Sip2Session(self._dialect, timeout_ms=self._timeout_ms),
        )
        if self._terminal.user is not None:
            try:
                replies.accepted(self._exchange(self._terminal.login()))
            except HostFault:
                self.close()
                raise
        return self.status()

    def status(self) -> replies.LibrarySystem:
        """The system's description. Raises HostFault if it reports that it is not online."""
        reply = self._exchange(self._terminal.status())
        try:
            system = replies.system(reply)
        except HostFault:
            self.close()
            raise
        if not system.online:
            self.close()
            raise HostFault("the library system reports that it is not online", hint="ask its operator")
        return system

    def patron(self, number: str) -> replies.Patron:
        """The system's answer about this patron. Asks again if the open connection turns out to be broken."""
        kept = self.is_connected
        try:
            return self._patron(number)
        except replies.WrongSubject:
            raise
        except HostFault:
            if not kept:
                raise
        return self._patron(number)

    def circulate(self, act: Lend | TakeBack, *, done_at: datetime | None = None) -> replies.Circulated:
        """Lend or take back an item. `done_at`: the time at which it was done without the system.

        If no reply comes, the system may have accepted it all the same.
        """
        now = self._clock.now()
        if isinstance(act, Lend):
            request = self._terminal.checkout(act.patron, act.item, now, done_at=done_at)
            return replies.circulated(self._ask(request), act.item, act.patron)
        reply = self._ask(self._terminal.checkin(act.item, now, done_at=done_at))
        return replies.circulated(reply, act.item)

    def due(self, at: datetime) -> str:
        """The due day of an item that is lent while the system is offline."""
        return self._terminal.due(at).astimezone(self._terminal.zone).date().isoformat()

    def end_session(self, patron: str) -> None:
        """Tell the system that this patron's session is over."""
        self._ask(self._terminal.end_session(patron, self._clock.now()))

    def stop(self) -> None:
        """Wait at most a second for the reply on its way, and for no other. For any thread."""
        self._until_ms = self._clock.tick_ms() + GRACE_MS

    def close(self) -> None:
        """Close the connection. Safe to call again."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _patron(self, number: str) -> replies.Patron:
        ask = self._terminal.patron_status if self._status_only else self._terminal.patron_information
        reply = self._ask(ask(number, self._clock.now()))
        return replies.patron(reply, number, kind_field=self._kind_field, birth_field=self._birth_field)

    def _ask(self, request: Sip2Message) -> Sip2Message:
        if self._line is None:
            self.connect()
        return self._exchange(request)

    def _exchange(self, request: Sip2Message) -> Sip2Message:
        line, session = self._line, self._session
        assert line is not None
        try:
            line.send(session.ask(request, self._clock.tick_ms()))
            while True:
                out, events = session.receive(self._heard(line), self._clock.tick_ms())
                if not events:
                    more, events = session.step(self._clock.tick_ms())
                    out += more
                if out:
                    line.send(out)
                for event in events:
                    if isinstance(event, GaveUp):
                        raise event.fault
                    return event.message
        except HostFault:
            self.close()
            raise

    def _heard(self, line: HostLine) -> bytes:
        if self._until_ms is not None and self._clock.tick_ms() >= self._until_ms:
            raise HostFault("stopped")
        return line.receive(TURN_S)
