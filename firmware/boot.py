"""The first of ours that runs: the strike is without current before anything else is looked at.

Until here the chip's own pull-down kept it so: from power-on and through every reset pins are inputs that are
pulled down. Frozen as `_boot.py`, in place of the one that would mount a file system.
"""

from machine import Pin

Pin(2, Pin.OUT, value=0)  # board.STRIKE, said again: importing a module takes longer than this
