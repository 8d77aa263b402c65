"""A scanner at the end of some wire: a thread that reads it, and looks for it again once it is gone."""

from __future__ import annotations

import errno
import grp
import os
import threading
from collections import deque
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from edge.errors import ReaderFault
from hw.scanner.line_decoder import LineDecoder, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.ports import Clock, Scan
    from hw.scanner.line_decoder import Framing

MAX_UNREAD: Final = 16  # a loop that looks 10 times a second meets one or two
TURN_S: Final = 0.02  # the longest that a read waits for a first character
REOPEN_S: Final = 0.2  # a cable that was pulled by mistake is back in a second
LONGEST_REOPEN_S: Final = 3.2  # after four vain tries nobody is about to plug it in


class Wire(Protocol):
    """An open scanner. Raises ReaderFault once it is gone."""

    def read(self) -> bytes | None:
        """What came; nothing where nothing did for 20 ms, and None where something of it was lost."""
        ...

    def close(self) -> None: ...


class WiredScanner:
    """The Scanner port over whatever `opens` opens, which raises ReaderFault. `tell` hears what changes.

    `tell` is called by the thread, with the fault when one begins and with None when it is over.
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
        self._guard = threading.Condition()
        self._closing = threading.Event()
        self._unread: deque[Scan] = deque(maxlen=MAX_UNREAD)
        self._fault: ReaderFault | None = ReaderFault("the scanner is not open yet", hint="try again")
        self._bug: BaseException | None = None
        self._is_ready = False
        self._tally = Tally()
        self._thread = threading.Thread(target=self._run, name="scanner", daemon=True)
        self._thread.start()

    def wait_until_ready(self, for_s: float = 3.0) -> None:
        """Until the next code would be heard. Raises the ReaderFault that prevents it."""
        with self._guard:
            self._guard.wait_for(lambda: self._is_ready or self._bug, for_s)
            self._expect_whole()
            if not self._is_ready:
                raise ReaderFault("the scanner does not stop sending", hint="take away what it looks at")

    def scans(self) -> Sequence[Scan]:
        with self._guard:
            scans = tuple(self._unread)
            self._unread.clear()
            self._expect_whole()
            return scans

    @property
    def tally(self) -> Tally:
        """What came since it was opened last."""
        with self._guard:
            return replace(self._tally)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        with self._guard:
            self._unread.clear()
            self._fault = self._fault or ReaderFault("the scanner was closed", hint="start again")

    def _expect_whole(self) -> None:
        if self._bug is not None:
            raise self._bug
        if self._fault is not None:  # a new one: each raise would make the traceback of the same one longer
            raise ReaderFault(self._fault.message, hint=self._fault.hint)

    def _run(self) -> None:
        pause_s = REOPEN_S
        try:
            while not self._closing.is_set():
                try:
                    with closing(self._opens()) as wire:
                        pause_s = REOPEN_S
                        self._listen(wire)
                except ReaderFault as fault:
                    self._note(fault, is_ready=False)
                self._closing.wait(pause_s)
                pause_s = min(2 * pause_s, LONGEST_REOPEN_S)
        except BaseException as bug:  # noqa: BLE001  raised where the device ends for it, by whoever asks next
            with self._guard:
                self._bug = bug
                self._guard.notify_all()

    def _listen(self, wire: Wire) -> None:
        decoder = LineDecoder(self._framing, self._clock.tick_ms())
        while not self._closing.is_set():
            data = wire.read()
            scans = decoder.receive(data, self._clock.tick_ms())
            with self._guard:
                self._tally = decoder.tally
                self._unread.extend(scans)
            if decoder.is_ready or decoder.fault is not None:
                self._note(decoder.fault, is_ready=True)

    def _note(self, fault: ReaderFault | None, *, is_ready: bool) -> None:
        with self._guard:
            before, self._fault = self._fault, fault
            self._is_ready = is_ready
            self._guard.notify_all()
        if (before and before.message) != (fault and fault.message):
            self._tell(fault)


def why(name: str, number: int | None, *, here: Sequence[str], group: str = "dialout") -> ReaderFault:
    """What keeps us from a device, by its `errno`; None: it went away.

    `here`: what else could be meant; `group`: who mostly owns such devices, where it cannot be seen.
    """
    others = f"; here are {', '.join(here[:4])}" if here else ""
    match number:
        case errno.EACCES | errno.EPERM:
            group = _group_of(name) or group
            return ReaderFault(
                f"scanner {name}: it may not be opened",
                hint=f"add the user to the group {group} (sudo usermod -aG {group} USER) and log in again",
            )
        case errno.EBUSY | errno.EAGAIN:
            return ReaderFault(
                f"scanner {name}: another program holds it",
                hint=f"`fuser {name}` tells which; README.md tells how to keep ModemManager away",
            )
        case errno.ENOTTY:
            return ReaderFault(
                f"scanner {name}: it is no such device", hint=f"check [scanner] kind and port{others}"
            )
        case None | errno.EIO | errno.ENODEV | errno.ENXIO:
            return ReaderFault(f"scanner {name}: it is gone", hint=f"check its cable{others}")
        case errno.ENOENT:
            return ReaderFault(
                f"scanner {name}: there is none", hint=f"check its cable and [scanner] port{others}"
            )
        case _:
            return ReaderFault(
                f"scanner {name}: {os.strerror(number).lower()}", hint=f"check [scanner] port{others}"
            )


def _group_of(name: str) -> str | None:
    """Who owns a device; None where it cannot be seen, or it is root, which nobody should join."""
    try:
        owner = os.stat(name).st_gid  # noqa: PTH116  Path.stat raises for no names
        return grp.getgrgid(owner).gr_name if owner else None
    except (OSError, KeyError, ValueError):
        return None
