"""Watches the trust of a running device; loads new trust beside the passage loop, and swaps it whole."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from edge.app.repeating import repeating
from edge.errors import StorageFault, TrustFault
from edge.log import log_line
from edge.sync.generation import GENERATION, read_generation

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


@dataclass(frozen=True, slots=True)
class _Seen:
    """One state of the folder, to compare with the next."""

    folder: Path
    told: tuple[int, int]  # inode and time of generation.json, which every sync writes again


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
        seen = self._state()
        if seen == self._seen or not self._trust.is_symlink():
            return False
        same_folder, self._seen = seen.folder == self._seen.folder, seen
        if same_folder:
            return self._synced_again(seen.folder)
        try:
            trust = self._load(seen.folder)
        except (TrustFault, StorageFault) as fault:
            if (
                self._state().folder == seen.folder
            ):  # else it was removed during the read, and a newer one is there
                self._say(TrustChange(seen.folder.name, fault=fault))
            return False
        self._current = trust
        self._say(TrustChange(seen.folder.name, trust))
        return True

    @contextmanager
    def looking(self) -> Iterator[Self]:
        """Check in a thread until the block ends."""
        with repeating("trust", LOOK_EVERY_S, self.look):
            yield self

    def _first(self) -> tuple[_Seen, TrustSnapshot]:
        for tries_left in reversed(range(TRIES)):
            seen = self._state()
            try:
                return seen, self._load(seen.folder)
            except (TrustFault, StorageFault):
                if not tries_left or self._state().folder == seen.folder:
                    raise
        raise AssertionError

    def _synced_again(self, folder: Path) -> bool:
        """Take over the time of a sync that changed no trust."""
        generation = read_generation(folder)
        if generation is None:
            return False
        self._current = replace(self._current, synced_at=generation.network_at)
        return True

    def _state(self) -> _Seen:
        folder = Path(self._trust.parent, self._trust.readlink()) if self._trust.is_symlink() else self._trust
        try:
            told = (folder / GENERATION).stat()
        except OSError:
            return _Seen(folder, (0, 0))
        return _Seen(folder, (told.st_ino, told.st_mtime_ns))

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
