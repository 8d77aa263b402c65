"""A long random walk of a controller through all kinds of events; it gives one checksum for each hundred steps.

CPython and MicroPython must give the same checksums: a difference of integers, slices or order changes them. The
random numbers are from a linear congruential generator, the same on every machine.
"""

from door_world import KEY, World
from frame import crc16

STEPS = 1_000
_EVERY = 100


def walk(seed):
    """The checksums of one walk."""
    dice = _Dice(seed)
    world = World(lock=1 + seed % 2, key=KEY, now=2**30 - 20_000)
    world.open_session()
    sums = []
    trace = bytearray()
    for step in range(STEPS):
        _act(world, dice)
        world.wait((10, 30, 100, 300, 1_200)[dice.roll(5)])
        door = world.controller.door
        trace += bytes(
            [door.state, door.mode, world.level, world.lamps, door.is_free, len(world.events) & 255]
        )
        if step % _EVERY == _EVERY - 1:
            sums.append(crc16(trace, len(trace)))
            trace = bytearray()
            world.events = []
    return sums


def _act(world, dice) -> None:
    what = dice.roll(12)
    if what < 5:
        world.wires ^= 1 << (0, 0, 1, 2, 3)[what]
    elif what < 8:
        world.release(dice.roll(12_000), dice.roll(1_000))
    elif what == 8:
        world.mode(dice.roll(4))
    elif what == 9:
        world.say(0x12, b"")
    elif what == 10:
        world.pings = not world.pings
    elif not world.controller.session.in_force:
        world.wait(1_000)
        world.open_session()


class _Dice:
    def __init__(self, seed) -> None:
        self._state = seed

    def roll(self, sides):
        self._state = (self._state * 1_103 + 12_347) & 0xFFFFF  # small integers on every port
        return (self._state >> 4) % sides
