"""Wrong entries at each PIN: counted before the comparison, kept over restarts, with growing delays.

A thief with a found phone tries PINs. The verdict of a passage is too late to count: the thief walks off or
cuts the power before it comes. So each entry is stored as a wrong one before it is compared, and only the
right PIN deletes the count. It belongs to the PIN and not to the card: two cards of one person share it, and
a new PIN begins at zero.

    entries   1, 2   3     4      5      6      7      8       9      10 and more   50
    wait      none   30 s  1 min  2 min  4 min  8 min  16 min  32 min  1 h          until a new PIN is set

Of 1,000,000 PINs of six digits a thief tries 50, in two days at least. Nothing depends on the wall clock. The
waits count from the last entry on the monotonic clock; after a restart they begin again.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from edge.decision import Deny, Reason
from edge.errors import StorageFault
from edge.formats.untrusted_text import UnreadableText, typed_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge.policy.pin import Pin

FREE: Final = 3  # from this count on entries are many: a holder mistypes twice
FIRST_MS, LONGEST_MS = 30_000, 3_600_000  # a longer wait would lock a holder out for the day
LIMIT: Final = 50  # a chance of 1 in 20,000 for six digits; NIST SP 800-63B allows 100
MAX_PINS: Final = 4_096  # each needs a card of its own; the fewest entries are dropped first
NAME: Final = "pin-tries.json"  # in the device's state folder
MAX_BYTES: Final = 256 * 1024  # MAX_PINS rows of 32 digits and a count

_Name = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]
_Count = Annotated[int, Meta(ge=1, le=1_000_000)]
_decoder = msgspec.json.Decoder(Annotated[dict[_Name, _Count], Meta(max_length=MAX_PINS)])


def encode(counts: Mapping[str, int]) -> bytes:
    """The file as JSON: the count of each PIN, by a digest of its salted verifier."""
    return msgspec.json.encode(counts, order="sorted")


def decode(data: bytes) -> dict[str, int]:
    """The counts in a file. Raises StorageFault."""
    try:
        counts: dict[str, int] = typed_json(data, _decoder)
    except UnreadableText as error:
        raise StorageFault(
            f"{NAME}: not a list of wrong PINs", hint="remove the file; all counts begin at zero again"
        ) from error
    return counts


def _nowhere(_: Mapping[str, int]) -> None:
    """Keep the counts in memory only."""


class PinTries:
    """The wrong entries at each PIN since the last right one. Only the passage's thread uses it.

    `counts`: those of earlier runs, whose waits begin at `since_ms`. `keep`: makes the counts durable, or
    raises StorageFault. Ticks are of the monotonic clock and never go back.
    """

    def __init__(
        self,
        counts: Mapping[str, int] | None = None,
        keep: Callable[[Mapping[str, int]], None] = _nowhere,
        *,
        since_ms: int = 0,
    ) -> None:
        self._counts = dict(counts or {})
        self._keep = keep
        self._last_ms = dict.fromkeys(self._counts, since_ms)

    def count(self, pin: Pin) -> int:
        """Number of wrong entries since the last right one."""
        return self._counts.get(_name(pin), 0)

    def are_many(self, pin: Pin) -> bool:
        """Whether there are more wrong entries than a holder makes by mistake."""
        return self.count(pin) >= FREE

    def objection(self, pin: Pin, tick_ms: int) -> Deny | None:
        """Deny(risk.locked_out) while no entry at this PIN is allowed, or None."""
        name = _name(pin)
        count = self._counts.get(name, 0)
        if count >= LIMIT or (count and tick_ms - self._last_ms[name] < wait_ms(count)):
            return Deny(Reason.RISK_LOCKED_OUT)
        return None

    def enter(self, pin: Pin, tick_ms: int) -> None:
        """Count one entry as wrong, before it is compared. Raises StorageFault if it cannot be stored."""
        name = _name(pin)
        self._counts[name] = self._counts.get(name, 0) + 1
        self._last_ms[name] = tick_ms
        if len(self._counts) > MAX_PINS:
            self._drop(min(self._counts.keys() - {name}, key=lambda each: self._counts[each]))
        self._keep(self._counts)

    def right(self, pin: Pin) -> None:
        """Delete the count: the last entry was right. Raises StorageFault."""
        self._drop(_name(pin))
        self._keep(self._counts)

    def _drop(self, name: str) -> None:
        self._counts.pop(name, None)
        self._last_ms.pop(name, None)


def wait_ms(count: int) -> int:
    """The wait after this number of wrong entries."""
    beyond = count - FREE
    return 0 if beyond < 0 else min(LONGEST_MS, FIRST_MS << min(beyond, 10))


def _name(pin: Pin) -> str:
    return hashlib.blake2b(pin.usual, digest_size=16).hexdigest()
