"""A door with its own controller: the Strike port over the door link (firmware/LINK.md).

A thread reads the serial port, keeps the session alive, and opens the port again after the cable was pulled.
A caller that asks for something writes from its own thread and waits, 200 ms at most, for DONE or DENIED.

The controller guarantees that the strike relocks, also when this program, the cable or the Pi fails. This
program guarantees that it sends RELOCK after an answer that did not come in time.
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from edge.errors import DoorLinkFault
from edge.link import faults
from edge.link import messages as m
from edge.link.feed import Feed, LastEvent
from edge.link.limits import ANSWER_MS, FREE_ACCESS_MS, NONCE_BYTES
from edge.link.session import LinkSession
from edge.ports import DoorEvent, DoorEventKind
from hw.door.events import denied_release, door_event, lost_events
from hw.door.other_end import Asked, OtherEnd
from hw.door.serial_line import SerialLine
from hw.door.signals import DoorSignals
from hw.door.strike import ProofCheck, capped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.link.session import LinkPairing
    from edge.on_record import OnRecord
    from edge.ports import Clock, EventMark

BAUD: Final = 115_200
ANSWER_S: Final = ANSWER_MS / 1_000
READY_S: Final = 3.0  # a handshake takes 20 ms, a controller that boots 500, a lost HELLO 500 more
# A limit for a cable that floods us while no caller takes events; the controller keeps the events not taken.
MAX_UNREAD: Final = 1_000


class DoorLink:
    """The controller of one door at the other end of a serial port. `pair`: the key from commissioning."""

    def __init__(self, port: str, pair: LinkPairing, *, clock: Clock, baud: int = BAUD) -> None:
        self._pair, self._clock = pair, clock
        self._guard = threading.Condition()
        self._session = self._new_session()
        self._there = OtherEnd()
        self._feed: Feed | None = None  # until `recount` or `events` is called
        self._unread: deque[DoorEvent] = deque()
        self._proofs = ProofCheck()
        self._mode: tuple[m.Mode, int] | None = None  # the mode that was set last, and when free access ends
        self.signals = DoorSignals(self._signal)
        self._line = SerialLine(port, baud, guard=self._guard, turn=self._turn, ended=self._begin_anew)
        self._line.start()

    # -- the port -----------------------------------------------------------------------------

    def release(self, for_ms: int, allowed: OnRecord) -> None:
        for_ms = capped(for_ms)
        grant = self._proofs.release(allowed)
        try:
            self._ask(
                lambda session: session.release(for_ms, grant, self._clock.tick_ms()),
                frees=True,
            )
        except faults.ControllerDenied as denial:
            raise self._kept_shut(denial.code, grant) from None
        except DoorLinkFault:
            with suppress(DoorLinkFault):  # the controller may have obeyed although no answer came
                self._tell(lambda session: session.relock())
            raise

    def relock(self) -> None:
        """Relock, and wait for the controller's event of it, as long as for an answer."""
        if self._line.is_closed:
            return
        self._ask(lambda session: session.relock())
        with self._guard:
            if self._feed is not None:
                self._guard.wait_for(lambda: not self._there.granted, ANSWER_S)

    def events(self) -> Sequence[DoorEvent]:
        """The events since the last call. Raises DoorLinkFault if there are none and the link is down."""
        self._line.check()
        with self._guard:
            if self._feed is None:
                self.recount(None)
            told = tuple(self._unread.popleft() for _ in range(len(self._unread)))
            if not told and not self._session.is_open and not self._line.is_closed:
                raise self._trouble()
        return told

    def close(self) -> None:
        """Relock, wait for the event of it, and close the port."""
        with suppress(DoorLinkFault):
            self.relock()
        self._line.close()

    # -- further abilities of a door with a controller --------------------------------------------

    def wait_until_ready(self, for_s: float = READY_S, *, is_patient: bool = True) -> None:
        """Wait for the first status of the controller. Raises DoorLinkFault with the cause if none comes.

        `is_patient`: wait on after a refusal or another version, which any device on the cable can claim.
        """

        def is_over() -> bool:
            there = self._there
            return bool(there.status or (not is_patient and (there.wrong or there.refused)))

        with self._guard:
            self._guard.wait_for(is_over, for_s)
            if self._there.status is None:
                raise self._trouble()

    def wait_until_told(self, for_s: float = READY_S) -> None:
        """Wait until the controller has sent all events that it keeps, or the time is up."""
        with self._guard:
            self._guard.wait_for(lambda: self._feed is not None and self._feed.is_complete, for_s)

    def recount(self, after: EventMark | None) -> None:
        """Ask for all events after this one, the last on record; None: all events that are kept."""
        with self._guard:
            self._feed = Feed(LastEvent(after.number, after.tick_ms) if after else None)
            if self._there.opened is not None:
                self._feed.opened(self._there.opened.next_event)

    @property
    def fault(self) -> DoorLinkFault | None:
        """The fault that closed the serial port, if it is closed."""
        return self._line.fault

    @property
    def status(self) -> m.ControllerStatus | None:
        """The last status of the controller; None before the first one."""
        with self._guard:
            return self._there.status

    @property
    def firmware(self) -> m.Welcomed | None:
        """Version and flags of the controller in this session."""
        with self._guard:
            return self._there.welcomed

    def set_mode(self, mode: m.Mode, allowed: OnRecord | None = None) -> None:
        """Set a mode. Raises DoorLinkFault.

        It stays until another one is set, also over a boot of the controller. Free-access ends when this
        program ends, and a minute after it was set last; lock-down does not.

        `allowed`: proof of the record that orders free-access, which does not begin without it; the same
        proof renews it. The other modes release no lock, and need none.
        """
        if mode is m.Mode.FREE_ACCESS:
            self._proofs.free_access(allowed)
        else:
            self._proofs.ends_free_access()
        ends_ms = self._clock.tick_ms() + FREE_ACCESS_MS
        with self._guard:
            if self._mode is not None and self._mode[0] is m.Mode.FREE_ACCESS:
                self._mode = None  # whatever the answer will be: nothing is left free by an older wish
        self._ask(lambda session: session.mode(mode, FREE_ACCESS_MS, self._clock.tick_ms()))
        with self._guard:
            self._mode = mode, ends_ms

    def wiegand(self, bits: int, value: int, allowed: OnRecord) -> None:
        """Send a card number to a panel on the controller's wires. Raises DoorLinkFault.

        `allowed`: as of a release, because the panel may open the door.
        """
        self._proofs.release(allowed)
        try:
            self._ask(lambda session: session.wiegand(bits, value, self._clock.tick_ms()))
        except faults.ControllerDenied as denial:
            raise faults.number_denied(denial.code) from None

    # -- asking, in the caller's thread -----------------------------------------------------------

    def _ask(self, make: Callable[[LinkSession], tuple[int, bytes]], *, frees: bool = False) -> None:
        """Send a message and wait for its answer. Raises Denied, LinkDown or another DoorLinkFault."""
        with self._guard:
            there = self._there
            counter = self._tell(make)
            asked = there.asked[counter] = Asked(frees)
            self._guard.wait_for(lambda: asked.answer or there is not self._there, ANSWER_S)
            del there.asked[counter]
            match asked.answer:
                case m.CommandDenied(code=code):
                    raise faults.denied(code)
                case None:
                    raise self._trouble()
                case m.CommandDone():
                    pass

    def _tell(self, make: Callable[[LinkSession], tuple[int, bytes]]) -> int:
        """Send a message; returns its counter."""
        with self._guard:
            self._line.check()
            if self._line.is_closed:
                raise DoorLinkFault("the door link was closed", hint="start the device again")
            if not self._session.is_open:
                raise self._trouble()
            counter, data = make(self._session)
            self._line.write(data)
            return counter

    def _kept_shut(self, code: m.DenyCode, grant: int) -> faults.ControllerDenied:
        """The fault for a denied release; where the door's state caused it, it also becomes an event."""
        fault = faults.release_denied(code)
        if isinstance(fault, faults.KeptShut):
            with self._guard:
                self._unread.append(denied_release(code, self._clock.tick_ms(), grant))
        return fault

    def _signal(self, number: int) -> None:
        """Send this signal without waiting; it is dropped where the link is down."""
        with suppress(DoorLinkFault):
            self._tell(lambda session: session.signal(number))

    def _trouble(self) -> DoorLinkFault:
        """The fault that best explains why there is no session or no answer."""
        if self._line.fault is not None:
            return self._line.fault
        if self._there.wrong is not None:
            return faults.wrong_firmware(self._there.wrong)
        if self._there.refused is not None and not self._session.is_open:
            return faults.refused(self._there.refused.code)
        return faults.silent()

    # -- the other end, in the line's thread and with the guard held ------------------------------

    def _turn(self, data: bytes) -> None:
        tick_ms = self._clock.tick_ms()
        replies, told = self._session.receive(data, tick_ms)
        pings, lost = self._session.step(tick_ms)
        if replies or pings:
            self._line.write(replies + pings)
        for event in (*told, *lost):
            self._hear(event, tick_ms)
        if self._feed is not None and self._there.ticks.are_known:
            wanted = self._feed.wants(tick_ms)
            if wanted is not None:
                self._line.write(self._session.events(wanted)[1])
        if told or lost:
            self._guard.notify_all()

    def _hear(self, event: m.LinkEvent, tick_ms: int) -> None:
        there = self._there
        match event:
            case m.Welcomed():
                there.welcomed, there.wrong = event, None
            case m.WrongVersion():
                there.wrong = event
            case m.HandshakeRefused():
                there.refused = event
            case m.SessionOpened():
                there.opened = event
                self._resume(event, tick_ms)
            case m.Lost():
                self._there = OtherEnd()
            case m.ControllerStatus():
                there.status = event
                there.ticks.learn(event, tick_ms)
            case m.CommandDone() | m.CommandDenied() if event.counter in there.asked:
                asked = there.asked[event.counter]
                asked.answer = event
                there.granted = there.granted or (asked.frees and isinstance(event, m.CommandDone))
            case m.Happened():
                self._take(event)
            case _:  # an answer without a waiting caller
                pass

    def _resume(self, opened: m.SessionOpened, tick_ms: int) -> None:
        """Restore the state from before this session: events, signal and mode."""
        if self._feed is not None:
            self._feed.opened(opened.next_event)
        self._line.write(self._session.signal(self.signals.number)[1])
        if self._mode is not None:
            mode, ends_ms = self._mode
            left_ms = ends_ms - tick_ms
            if mode is not m.Mode.FREE_ACCESS or left_ms > 0:
                self._line.write(self._session.mode(mode, max(0, left_ms), tick_ms)[1])

    def _take(self, event: m.Happened) -> None:
        """Keep an event if it is the next one; the feed asks again for each event not kept."""
        there = self._there
        if self._feed is None or not there.ticks.are_known or len(self._unread) >= MAX_UNREAD:
            return
        if not self._feed.take(event):
            return
        tick_ms = there.ticks.place(event.tick_ms)
        if self._feed.missed:
            self._unread.append(lost_events(tick_ms))
        if told := door_event(event, tick_ms):
            self._unread.append(told)
            there.granted = there.granted and told.kind is not DoorEventKind.RELOCKED

    def _begin_anew(self) -> None:
        """Forget the state of the other end: the port was closed."""
        self._session, self._there = self._new_session(), OtherEnd()
        self._guard.notify_all()

    def _new_session(self) -> LinkSession:
        return LinkSession(self._pair, fresh=lambda: secrets.token_bytes(NONCE_BYTES))
