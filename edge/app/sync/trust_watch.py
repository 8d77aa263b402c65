"""The trust of a running device: noticed when it changes, loaded beside the passage loop, swapped whole."""

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
    3.0  # two calls to the file system; a card revoked at the authority waits minutes anyway
)
TRIES: Final = 3  # a generation that is removed while it is read has two newer ones beside it


@dataclass(frozen=True, slots=True)
class TrustChange:
    """Another generation: `trust` is in force from now on, or `fault` says why it is not."""

    generation: str
    trust: TrustSnapshot | None = None
    fault: TrustFault | StorageFault | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What tells one state of the folder from the next."""

    folder: Path
    told: tuple[int, int]  # inode and time of generation.json, which a sync without news writes again


class TrustWatch:
    """The snapshot in force, and the look for the next one.

    `trust`: the link to a generation, or a folder that was put there by hand; that one is read once. `load`:
    raises TrustFault or StorageFault. `tell` is called from the thread, once for each generation.
    """

    def __init__(
        self,
        trust: Path,
        load: Callable[[Path], TrustSnapshot],
        *,
        tell: Callable[[TrustChange], None] | None = None,
    ) -> None:
        """Raises what `load` raises where there is nothing to begin with."""
        self._trust = trust
        self._load = load
        self._tell = tell
        self._seen, self._current = self._first()

    def current(self) -> TrustSnapshot:
        """The snapshot in force; safe to call from any thread."""
        return self._current

    def look(self) -> bool:
        """Take over what is new, if anything is. What does not load leaves the old trust in force."""
        seen = self._state()
        if seen == self._seen or not self._trust.is_symlink():
            return False
        same_folder, self._seen = seen.folder == self._seen.folder, seen
        if same_folder:
            return self._synced_again(seen.folder)
        try:
            trust = self._load(seen.folder)
        except (TrustFault, StorageFault) as fault:
            if self._state().folder == seen.folder:  # else it was removed as we read it, for a newer one
                self._say(TrustChange(seen.folder.name, fault=fault))
            return False
        self._current = trust
        self._say(TrustChange(seen.folder.name, trust))
        return True

    @contextmanager
    def looking(self) -> Iterator[Self]:
        """Look in a thread of its own until the block ends."""
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
        """The same trust, fetched again: only the time at which that was is new."""
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
    """One JSON line on standard error for each generation."""
    if news.fault is not None:
        why, hint = news.fault.message, news.fault.hint
        log_line("trust kept", level="error", refused=news.generation, why=why, hint=hint)
    else:
        log_line("trust swapped", generation=news.generation)
