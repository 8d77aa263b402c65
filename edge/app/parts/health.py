"""State of the machine below the device: disk, heat, power, network reach, and the light on its camera."""

from hw.camera.light import light_of
from hw.network.reach import reach_ms
from hw.system.health import MachineHealth, disk_space, fsync_ms

__all__ = ["MachineHealth", "disk_space", "fsync_ms", "light_of", "reach_ms"]
