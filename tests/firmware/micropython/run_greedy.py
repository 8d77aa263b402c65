"""A controller whose lamps allocate memory in every step: the lock on the heap must fail it."""

from door_world import World

world = World()
world.controller._lamps = lambda bits: [bits]
world.wait(100)
