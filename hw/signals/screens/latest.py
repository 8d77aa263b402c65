"""A screen that a thread of its own draws: the newest text wins, and the caller never waits.

A QR symbol of 90 modules takes 0.1 s to make, and a terminal may block without limit; the loop that posts
has a tenth of 0.1 s for everything.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

CLOSING_S: Final = 2.0  # a screen that cannot be cleared by then is left as it is


class LatestScreen:
    """A Screen over a function that draws and may be slow.

    `draw`: shows a text, or clears for None; may raise OSError. `tell`: gets the cause once when drawing
    fails, and None when it works again.
    """

    def __init__(self, draw: Callable[[str | None], None], tell: Callable[[str | None], None]) -> None:
        self._draw, self._tell = draw, tell
        self._changed = threading.Condition()
        self._wanted: str | None = None
        self._stale = self._closing = self._failed = False
        self._drawer = threading.Thread(target=self._work, name="screen", daemon=True)
        self._drawer.start()

    def post(self, text: str | None) -> None:
        with self._changed:
            if text != self._wanted and not self._closing:
                self._wanted, self._stale = text, True
                self._changed.notify()

    def close(self) -> None:
        """Clear the screen, within CLOSING_S, and end the thread."""
        self.post(None)
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._drawer.join(CLOSING_S)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stale or self._closing)
                if not self._stale:
                    return
                text, self._stale = self._wanted, False
            try:
                self._draw(text)
            except OSError as error:
                if not self._failed:
                    self._tell(str(error))
                self._failed = True
            else:
                if self._failed:
                    self._tell(None)
                self._failed = False
