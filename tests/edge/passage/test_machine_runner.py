"""The runner of a machine: it performs every effect of an event before the next event."""

from __future__ import annotations

from edge.passage.machine_runner import MachineRunner

EFFECTS = {"card": ["look", "ask"], "match": ["record"], "recorded": ["release"], "stop": ["lock"]}
COMES_OF = {"ask": "match", "record": "recorded"}


class Door:
    """Performs effects by writing them into a log; some put a further event, and one may fail."""

    def __init__(self, *, fails_at: str | None = None) -> None:
        self.log: list[str] = []
        self.fails_at = fails_at
        self.runner = MachineRunner(self.step, self.perform, lambda: self.log.append("done"))

    def step(self, event: str) -> list[str]:
        self.log.append(f"<{event}>")
        return EFFECTS[event]

    def perform(self, effect: str) -> None:
        self.log.append(effect)
        if effect in COMES_OF:
            self.runner.put(COMES_OF[effect])
        if effect == self.fails_at:
            raise RuntimeError(effect)


def test_an_event_that_an_effect_puts_waits_until_all_effects_are_performed() -> None:
    door = Door()
    door.runner.on("card")
    assert door.log == ["<card>", "look", "ask", "<match>", "record", "<recorded>", "release", "done"]


def test_a_halt_drops_the_events_that_a_crash_left_in_the_queue() -> None:
    door = Door(fails_at="record")
    try:
        door.runner.on("card")
    except RuntimeError:
        door.log.clear()
    door.runner.halt("stop")
    assert door.log == ["<stop>", "lock", "done"]


def test_the_timer_is_due_from_its_end_on_until_it_is_disarmed() -> None:
    runner = Door().runner
    assert not runner.is_due
    runner.tick_ms = 100
    runner.arm(50)
    due = []
    for runner.tick_ms in (149, 150, 1_000):
        due.append(runner.is_due)
    assert due == [False, True, True]
    runner.arm(0)
    assert not runner.is_due
