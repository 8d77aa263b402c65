"""Runs first: takes the current from the strike before any other module is imported.

Until here the chip's pull-down does that: from power-on and during every reset pins are inputs that are
pulled down. Frozen as `_boot.py`, instead of the port's own, which would mount a file system.
"""

from machine import Pin

Pin(2, Pin.OUT, value=0)  # board.STRIKE, repeated here: importing a module would take longer
