"""A scanner at the end of any wire, and the faults of that wire."""

from __future__ import annotations

import errno
import grp
import os
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from edge.errors import ReaderFault
from hw.scanner.line_decoder import LineDecoder
from hw.system.reconnecting import ReconnectingReader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.ports import Clock, Scan
    from hw.scanner.line_decoder import Framing, Tally

MAX_UNREAD: Final = 16  # a loop that reads 10 times a second finds one or two
TURN_S: Final = 0.02  # the longest time that a read waits for a first character


class Wire(Protocol):
    """An open scanner. Raises ReaderFault after it was unplugged."""

    def read(self) -> bytes | None:
        """The bytes that came; empty after 20 ms without any, and None where bytes were lost."""
        ...

    def close(self) -> None: ...


class WiredScanner:
    """The Scanner port over the wire that `opens` opens, which raises ReaderFault.

    The thread calls `tell` with the fault when one begins, and with None when it is over.
    """

    def __init__(
        self,
        opens: Callable[[], Wire],
        framing: Framing,
        *,
        clock: Clock,
        tell: Callable[[ReaderFault | None], None] = lambda _: None,
    ) -> None:
        self._opens, self._framing, self._clock, self._tell = opens, framing, clock, tell
        self._decoder = LineDecoder(framing, clock.tick_ms())
        self._unread: deque[Scan] = deque(maxlen=MAX_UNREAD)
        self._fault: ReaderFault | None = ReaderFault("the scanner is not open yet", hint="try again")
        self._is_ready = False
        self._reader = ReconnectingReader(
            "scanner", self._open, take=self._take, lost=self._lost, faults=ReaderFault
        )
        self._reader.start()

    def wait_until_ready(self, for_s: float = 3.0) -> None:
        """Wait until the next code would be read. Raises the ReaderFault that prevents it."""
        with self._reader.guard:
            is_ready = self._reader.wait_for(lambda: self._is_ready, for_s)
            self._expect_whole()
            if not is_ready:
                raise ReaderFault(
                    "the scanner does not stop sending", hint="remove the code in front of the scanner"
                )

    def scans(self) -> Sequence[Scan]:
        with self._reader.guard:
            scans = tuple(self._unread)
            self._unread.clear()
            self._expect_whole()
            return scans

    @property
    def tally(self) -> Tally:
        """The counts since it was opened last."""
        with self._reader.guard:
            return replace(self._decoder.tally)

    def close(self) -> None:
        self._reader.close()

    def _expect_whole(self) -> None:
        self._reader.check()
        if self._fault is not None:
            raise self._fault.with_traceback(None)  # or each raise would make the traceback longer

    # -- in the reader's thread --------------------------------------------------------------------

    def _open(self) -> Wire:
        wire = self._opens()
        self._decoder = LineDecoder(self._framing, self._clock.tick_ms())
        return wire

    def _take(self, data: bytes | None) -> None:
        with self._reader.guard:
            decoder = self._decoder
            self._unread.extend(decoder.receive(data, self._clock.tick_ms()))
        if decoder.is_ready or decoder.fault is not None:
            self._note(decoder.fault, is_ready=True)

    def _lost(self, fault: ReaderFault | None) -> None:
        if fault is not None:
            self._note(fault, is_ready=False)
            return
        with self._reader.guard:
            self._unread.clear()
            self._fault = self._fault or ReaderFault("the scanner was closed", hint="start the device again")

    def _note(self, fault: ReaderFault | None, *, is_ready: bool) -> None:
        with self._reader.guard:
            before, self._fault = self._fault, fault
            self._is_ready = is_ready
        if (before and before.message) != (fault and fault.message):
            self._tell(fault)


def why(name: str, number: int | None, *, here: Sequence[str], group: str = "dialout") -> ReaderFault:
    """The fault of a device, by its `errno`; None: it was unplugged.

    `here`: other devices that the user may mean; `group`: the usual owner of such devices, where the owner
    cannot be read.
    """
    others = f"; devices here: {', '.join(here[:4])}" if here else ""
    match number:
        case errno.EACCES | errno.EPERM:
            group = _group_of(name) or group
            return ReaderFault(
                f"scanner {name}: no permission to open it",
                hint=f"add the user to the group {group} (sudo usermod -aG {group} USER) and log in again",
            )
        case errno.EBUSY | errno.EAGAIN:
            return ReaderFault(
                f"scanner {name}: another program uses it",
                hint=f"end that program: `fuser {name}` names it; ModemManager: doorward config units",
            )
        case errno.ENOTTY:
            return ReaderFault(
                f"scanner {name}: it is not a device of this kind",
                hint=f"check [scanner] kind and port{others}",
            )
        case None | errno.EIO | errno.ENODEV | errno.ENXIO:
            return ReaderFault(f"scanner {name}: it was unplugged", hint=f"check its cable{others}")
        case errno.ENOENT:
            return ReaderFault(
                f"scanner {name}: it does not exist", hint=f"check its cable and [scanner] port{others}"
            )
        case _:
            return ReaderFault(
                f"scanner {name}: {os.strerror(number).lower()}", hint=f"check [scanner] port{others}"
            )


def _group_of(name: str) -> str | None:
    """The group that owns a device; None where it cannot be read, or is root, which no user should join."""
    try:
        owner = os.stat(name).st_gid  # noqa: PTH116  Path.stat raises where the name is invalid
        return grp.getgrgid(owner).gr_name if owner else None
    except (OSError, KeyError, ValueError):
        return None
