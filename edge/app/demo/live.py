"""`doorward run --sim`: plays simulated visitors at a simulated door in real time, until stopped."""

from __future__ import annotations

import itertools
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.app.demo.cast import Cast
from edge.app.demo.passages import SCENES
from edge.app.demo.play import Theatre
from edge.app.demo.world import START, World
from edge.app.parts.face_engine import open_face_engine
from edge.app.parts.keys import device_seed
from edge.audit.record import StopCause
from edge.decision import Reason
from edge.errors import Exit
from hw.sim.clock import SimClock

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from edge.app.demo.passages import DemoScene
    from edge.passage.verifier import StepResult

# Scenes without a broken device, clock or list: they can be repeated without an end.
EVERYDAY: Final = tuple(scene for scene in SCENES if not scene.broken_log and not scene.changes_world)


def in_random_order() -> tuple[DemoScene, ...]:
    """The everyday scenes; a code that is replayed is still that of the scene before."""
    groups: list[list[DemoScene]] = []
    for scene in EVERYDAY:
        if scene.expected is Reason.CARD_REPLAYED:
            groups[-1].append(scene)
        else:
            groups.append([scene])
    return tuple(itertools.chain.from_iterable(random.sample(groups, len(groups))))


class PacedClock(SimClock):
    """A simulated clock in real time: `advance` waits for the machine's own clock."""

    def __init__(self) -> None:
        super().__init__(START)
        self._due_s = time.monotonic()

    def advance(self, for_ms: int) -> None:
        """Advance the clock, and wait for the same time."""
        self._due_s = max(self._due_s + for_ms / 1000, time.monotonic() - 1)
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        super().advance(for_ms)


def run_sim(
    *,
    stop: threading.Event,
    on_ready: Callable[[str], None],
    on_moment: Callable[[StepResult], None],
    on_scene: Callable[[str, str], None] = lambda *_: None,
    journal: Path | None = None,
) -> int:
    """Play everyday scenes in random order until `stop` is set. Returns the exit code.

    `on_scene`: called before each scene with the visitor's name and situation.

    `journal`: a folder that keeps the journal and the key that signs it, so that the next run continues it.
    """
    world = World(open_face_engine(), Cast().complete(), clock=PacedClock())
    with tempfile.TemporaryDirectory(prefix="doorward-") as scratch:
        folder = journal or Path(scratch)
        theatre = Theatre(world, folder, device_seed(folder / "sim.key"))
        try:
            on_ready(f"a simulated door, journal in {theatre.journal_path}")
            for scene in itertools.cycle(in_random_order()):
                if stop.is_set():
                    break
                on_scene(scene.who, scene.story)
                theatre.play(scene, stop=stop, on_moment=on_moment)
        finally:
            theatre.close(StopCause.SIGNAL if stop.is_set() else StopCause.FAULT)
    return Exit.OK
