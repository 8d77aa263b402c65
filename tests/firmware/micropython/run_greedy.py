"""A controller whose lamps take memory in every step: shows that the lock on the heap would be noticed."""

from door_world import World

world = World()
world.controller._lamps = lambda bits: [bits]
world.wait(100)
