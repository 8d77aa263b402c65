"""A thread that opens a source, reads it, and opens it again after a fault.

All devices at the end of a cable are read so: cameras, scanners, keypads, a door's controller.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from edge.errors import EdgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ItemType = TypeVar("ItemType")
ItemT_co = TypeVar("ItemT_co", covariant=True)
Told = TypeVar("Told")
FaultType = TypeVar("FaultType", bound=EdgeError)

# A cable that was pulled by mistake is back within a second; after four failures pauses may be long.
PAUSES_S: Final = (0, 0.2, 0.4, 0.8, 1.6, 3.2)


class Connection(Protocol[ItemT_co]):
    """An open source, used by one thread only."""

    def read(self) -> ItemT_co:
        """Wait a short time for the next item. Raises a fault after the source was lost."""
        ...

    def close(self) -> None:
        """Close it; raises nothing."""
        ...


class ReconnectingReader(Generic[ItemType, FaultType]):
    """Reads a source in its own thread, from `start` to `close`.

    The thread calls `take` and `lost`, without `guard`, and notifies `guard` after each call.

    Args:
        name: the thread's.
        opens: opens the source.
        take: gets each item. It may call `stop`.
        lost: gets the fault before the source is closed; None after `stop` or a programming error. It may
            call `stop`.
        faults: the exception of `opens`, `read` and `take` for a lost source. Any other exception is a
            programming error: it ends the thread, and `check` and `wait_for` raise it to the caller.
        pauses_s: before each attempt to open; the first one after an item was read; the last one repeats.
        guard: a condition that the caller already has; left out, a new one.
    """

    def __init__(
        self,
        name: str,
        opens: Callable[[], Connection[ItemType]],
        *,
        take: Callable[[ItemType], None],
        lost: Callable[[FaultType | None], None],
        faults: type[FaultType],
        pauses_s: Sequence[float] = PAUSES_S,
        guard: threading.Condition | None = None,
    ) -> None:
        self._opens, self._take, self._lost, self._faults = opens, take, lost, faults
        self._pauses_s = pauses_s
        self.guard = guard or threading.Condition()
        self.stopped = threading.Event()
        self.failures = 0  # since the last item
        self._busy_since_s: float | None = None
        self._bug: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start to open the source."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end after the item that it is reading."""
        self.stopped.set()
        with self.guard:
            self.guard.notify_all()

    def close(self, for_s: float | None = None) -> None:
        """Stop, and wait for the thread, `for_s` at most. The caller must not hold the guard."""
        self.stop()
        if self._thread.ident is not None:
            self._thread.join(for_s)

    def check(self) -> None:
        """Raise the programming error that ended the thread, if one did."""
        if self._bug is not None:
            raise self._bug

    def wait_for(self, holds: Callable[[], object], for_s: float) -> bool:
        """Wait until `holds()` is true, `for_s` at most; returns whether it is. Raises as `check` does."""
        with self.guard:
            held = self.guard.wait_for(lambda: self._bug is not None or holds(), for_s)
            self.check()
            return bool(held)

    def busy_s(self) -> float:
        """Seconds that the thread has waited for the source since the last item; 0 between two attempts."""
        since_s = self._busy_since_s
        return 0.0 if since_s is None else time.monotonic() - since_s

    def _run(self) -> None:
        try:
            while not self.stopped.wait(self._pauses_s[min(self.failures, len(self._pauses_s) - 1)]):
                self._attempt()
        except BaseException as bug:  # noqa: BLE001  `check` raises it in the caller's thread
            self._bug = bug
            self.stop()

    def _attempt(self) -> None:
        """Open, read until the source is lost or `stop` is called, and close."""
        self._busy_since_s = time.monotonic()
        with ExitStack() as stack:
            fault = None
            try:
                connection = self._opens()
                stack.callback(connection.close)
                while not self.stopped.is_set():
                    self._tell(self._take, connection.read())
                    self.failures = 0
                    self._busy_since_s = time.monotonic()
            except self._faults as error:
                fault = error
                self.failures += 1
            finally:
                self._tell(self._lost, fault)
        self._busy_since_s = None

    def _tell(self, listener: Callable[[Told], None], told: Told) -> None:
        listener(told)
        with self.guard:
            self.guard.notify_all()
