"""The last events, kept for a host that is offline: numbers without gaps, bytes as on the wire."""

from limits import EVENTS_KEPT
from micropython import const
from session import put32

EVENT_BYTES = const(13)  # number(4) kind(1) tick_ms(4) data(4), LINK.md section 3
_LAST_NUMBER = const(0x3FFFFFFF)  # a small integer; an event a second reaches it in 34 years


class Ring:
    """Events by number. Writing allocates nothing; a new event replaces the oldest."""

    def __init__(self) -> None:
        self.next = 1
        self._first = 1  # earlier events were erased
        self._bytes = bytearray(EVENTS_KEPT * EVENT_BYTES)

    @property
    def oldest(self) -> int:
        """The first number that is kept; equal to `next` if none is."""
        return max(self._first, self.next - EVENTS_KEPT)

    def add(self, kind: int, tick_ms: int, data: int) -> None:
        at = self._place(self.next)
        put32(self._bytes, at, self.next)
        self._bytes[at + 4] = kind
        put32(self._bytes, at + 5, tick_ms)
        put32(self._bytes, at + 9, data)
        self.next = min(self.next + 1, _LAST_NUMBER)

    def copy(self, number: int, out: bytearray, at: int) -> None:
        """Write the event of this number, from `oldest` to below `next`, into `out`."""
        place = self._place(number)
        for index in range(EVENT_BYTES):
            out[at + index] = self._bytes[place + index]

    def forget(self) -> None:
        """Erase all events; the numbers go on."""
        self._first = self.next

    def _place(self, number: int) -> int:
        return number % EVENTS_KEPT * EVENT_BYTES
