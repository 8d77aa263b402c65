"""Watches the trust of a running device; loads new trust beside the passage loop, and swaps it whole."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from edge.app.repeating import repeating
from edge.errors import StorageFault, TrustFault
from edge.log import log_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.trust.snapshot import TrustSnapshot

LOOK_EVERY_S: Final = (
    3.0  # two calls to the file system; the revocation of a card takes minutes to arrive anyway
)
TRIES: Final = 3  # a generation that is removed during the read is followed by two newer ones


@dataclass(frozen=True, slots=True)
class TrustChange:
    """A new generation: its `trust` is in force, or `fault` is the reason why it is not."""

    generation: str
    trust: TrustSnapshot | None = None
    fault: TrustFault | StorageFault | None = None


class TrustWatch:
    """The snapshot in force, and the check for the next one.

    `trust`: the link to a generation, or a folder copied by hand, which is read once. `load`:
    raises TrustFault or StorageFault. `tell` is called from the thread, once for each generation.
    """

    def __init__(
        self,
        trust: Path,
        load: Callable[[Path], TrustSnapshot],
        *,
        tell: Callable[[TrustChange], None] | None = None,
    ) -> None:
        """Load the first snapshot. Raises the errors of `load`."""
        self._trust = trust
        self._load = load
        self._tell = tell
        self._seen, self._current = self._first()

    def current(self) -> TrustSnapshot:
        """The snapshot in force; safe to call from any thread."""
        return self._current

    def look(self) -> bool:
        """Take over a new generation, if there is one; if it does not load, the old trust stays in force."""
        seen = self._folder()
        if seen == self._seen or not self._trust.is_symlink():
            return False
        self._seen = seen
        try:
            trust = self._load(seen)
        except (TrustFault, StorageFault) as fault:
            if self._folder() == seen:  # else it was removed during the read, and a newer one is there
                self._say(TrustChange(seen.name, fault=fault))
            return False
        self._current = trust
        self._say(TrustChange(seen.name, trust))
        return True

    @contextmanager
    def looking(self) -> Iterator[Self]:
        """Check in a thread until the block ends."""
        with repeating("trust", LOOK_EVERY_S, self.look):
            yield self

    def _first(self) -> tuple[Path, TrustSnapshot]:
        for tries_left in reversed(range(TRIES)):
            seen = self._folder()
            try:
                return seen, self._load(seen)
            except (TrustFault, StorageFault):
                if not tries_left or self._folder() == seen:
                    raise
        raise AssertionError

    def _folder(self) -> Path:
        """The folder of the generation in force; a sync without news changes nothing that counts in it."""
        return Path(self._trust.parent, self._trust.readlink()) if self._trust.is_symlink() else self._trust

    def _say(self, news: TrustChange) -> None:
        if self._tell is not None:
            self._tell(news)


def log_trust(news: TrustChange) -> None:
    """Write one log line for each generation."""
    if news.fault is not None:
        why, hint = news.fault.message, news.fault.hint
        log_line("trust kept", level="error", refused=news.generation, why=why, hint=hint)
    else:
        log_line("trust swapped", generation=news.generation)
