"""Reads the health of a Linux machine: temperature, power, memory, clocks, disks.

Everything is read below `root`, so that a recorded tree can replace a machine. A missing value is None.
Sources: the kernel's Documentation/ABI; Raspberry Pi's documentation of vcgencmd and of the Pi 5's RTC.
"""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.errors import StorageFault
from hw.system.files import Folder

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_CHARS: Final = 65_536  # /proc/mountinfo of a machine with many containers; other files have one line
_TIMEOUT_S: Final = 3.0  # vcgencmd answers in 10 ms unless the firmware hangs


@dataclass(frozen=True, slots=True)
class RtcReading:
    """One clock of /sys/class/rtc; only a Pi 5 gives the voltages."""

    name: str
    battery_v: float | None
    charging_v: float | None


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """The file system of one folder."""

    free_bytes: int
    read_only: bool


class MachineHealth:
    """This machine, or the recorded one below `root`."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def celsius(self) -> float | None:
        """The hottest thermal zone, in degrees."""
        zones = [self._int(file) for file in self._glob("sys/class/thermal/thermal_zone*/temp")]
        return max((value / 1_000 for value in zones if value is not None), default=None)

    def throttled(self) -> int | None:
        """The bits of `vcgencmd get_throttled`, which a Pi's kernel also gives in a file."""
        for file in self._glob("sys/devices/platform/*/*firmware/get_throttled"):
            with suppress(ValueError):
                return int(self._text(file) or "", 16)
        tool = self._root / "usr/bin/vcgencmd"
        if not tool.exists():
            return None
        with suppress(OSError, subprocess.SubprocessError, ValueError):
            done = subprocess.run(  # noqa: S603  the firmware's own tool
                [tool, "get_throttled"], capture_output=True, text=True, timeout=_TIMEOUT_S, check=True
            )
            return int(done.stdout.partition("=")[2], 16)
        return None

    def undervoltage(self) -> bool | None:
        """Whether the kernel reports undervoltage of a Pi's power supply."""
        for file in self._glob("sys/class/hwmon/hwmon*/name"):
            if self._text(file) == "rpi_volt":
                alarm = self._int(file.parent / "in0_lcrit_alarm")
                return None if alarm is None else bool(alarm)
        return None

    def memory_bytes(self) -> int | None:
        """The memory that programs can still get."""
        for line in (self._text(self._root / "proc/meminfo") or "").splitlines():
            name, _, value = line.partition(":")
            if name == "MemAvailable" and value.split():
                with suppress(ValueError):
                    return int(value.split()[0]) * 1_024
        return None

    def rtcs(self) -> Sequence[RtcReading]:
        """All hardware clocks, which run on without power."""
        return [
            RtcReading(
                file.parent.name,
                _volts(self._int(file.parent / "battery_voltage")),
                _volts(self._int(file.parent / "charging_voltage")),
            )
            for file in self._glob("sys/class/rtc/rtc*/name")
        ]

    def fs_errors(self) -> int:
        """The number of errors that ext4 has counted on all disks since they were formatted."""
        counts = [self._int(file) for file in self._glob("sys/fs/ext4/*/errors_count")]
        return sum(count for count in counts if count is not None)

    def worn_tenths(self) -> int | None:
        """The used life of the most worn eMMC, in tenths; SD cards do not report it."""
        worn: list[int] = []
        for file in self._glob("sys/block/mmcblk*/device/life_time"):
            with suppress(ValueError):
                worn += [int(part, 16) for part in (self._text(file) or "").split()]
        return max(worn, default=None)

    def _glob(self, pattern: str) -> list[Path]:
        return sorted(self._root.glob(pattern))

    def _text(self, file: Path) -> str | None:
        try:
            with file.open(encoding="ascii", errors="replace") as stream:
                return stream.read(_MOST_CHARS).strip()
        except OSError:  # some files of sysfs exist and answer EIO or ENODATA
            return None

    def _int(self, file: Path) -> int | None:
        try:
            return int(self._text(file) or "")
        except ValueError:
            return None


def disk_space(folder: Path) -> DiskSpace:
    """The file system of `folder`, which need not exist yet. Raises StorageFault."""
    while not os.path.exists(folder) and folder != folder.parent:  # noqa: PTH110  Path raises for no names
        folder = folder.parent
    try:
        told = os.statvfs(folder)
    except (OSError, ValueError) as err:
        raise StorageFault(f"{folder}: cannot be examined", hint="check the path") from err
    return DiskSpace(told.f_bavail * told.f_frsize, bool(told.f_flag & os.ST_RDONLY))


def fsync_ms(folder: Path) -> float:
    """The time until 4 kB are durable in this folder, in ms: the slowest of five. Raises StorageFault."""
    name, spent = ".doctor", 0.0
    files = Folder(folder)
    try:
        for _ in range(5):
            began = time.perf_counter()
            files.write(name, bytes(4_096))
            spent = max(spent, time.perf_counter() - began)
    finally:
        with suppress(OSError):
            (folder / name).unlink()
    return spent * 1_000


def _volts(microvolts: int | None) -> float | None:
    return None if microvolts is None else microvolts / 1e6
