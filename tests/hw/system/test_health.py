"""The health of a machine, from recorded trees of /proc and /sys."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from edge.errors import FetchError, StorageFault
from hw.network.reach import reach_ms
from hw.system.health import MachineHealth, RtcReading, disk_space, fsync_ms

PI_5 = {
    "sys/class/thermal/thermal_zone0/temp": "61650\n",
    "sys/class/thermal/thermal_zone1/temp": "48000\n",
    "sys/class/rtc/rtc0/name": "rpi-rtc soc@107c000000:rpi_rtc\n",
    "sys/class/rtc/rtc0/battery_voltage": "2991000\n",
    "sys/class/rtc/rtc0/charging_voltage": "0\n",
    "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled": "50005\n",
    "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
    "sys/class/hwmon/hwmon2/name": "rpi_volt\n",
    "sys/class/hwmon/hwmon2/in0_lcrit_alarm": "1\n",
    "sys/fs/ext4/mmcblk0p2/errors_count": "3\n",
    "sys/block/mmcblk0/device/life_time": "0x01 0x0a\n",
    "proc/meminfo": "MemTotal:        8245632 kB\nMemFree:  1 kB\nMemAvailable:    7012345 kB\n",
}
BROKEN = dict.fromkeys(PI_5, "\x00no number: at all")


def machine(root: Path, tree: dict[str, str]) -> MachineHealth:
    for name, text in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return MachineHealth(root)


def told(there: MachineHealth) -> tuple[object, ...]:
    return (
        there.celsius(),
        there.throttled(),
        there.undervoltage(),
        there.memory_bytes(),
        there.fs_errors(),
        there.worn_tenths(),
    )


def test_a_raspberry_pi_5_reports_everything(tmp_path: Path) -> None:
    there = machine(tmp_path, PI_5)
    assert told(there) == (61.65, 0x50005, True, 7_012_345 * 1_024, 3, 10)
    assert there.rtcs() == [RtcReading("rtc0", 2.991, 0.0)]


def test_a_machine_without_sensors_reports_nothing(tmp_path: Path) -> None:
    there = MachineHealth(tmp_path)
    assert told(there) == (None, None, None, None, 0, None)
    assert there.rtcs() == []


def test_a_file_without_a_number_is_ignored(tmp_path: Path) -> None:
    there = machine(tmp_path, BROKEN)
    assert told(there) == (None, None, None, None, 0, None)
    assert there.rtcs() == [RtcReading("rtc0", None, None)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [("echo throttled=0x80000", 0x80000), ("echo VCHI initialization failed", None), ("exit 1", None)],
)
def test_vcgencmd_is_used_if_the_kernel_does_not_report(
    tmp_path: Path, script: str, expected: int | None
) -> None:
    tool = tmp_path / "usr" / "bin" / "vcgencmd"
    tool.parent.mkdir(parents=True)
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    assert MachineHealth(tmp_path).throttled() == expected


def test_the_check_of_a_disk_leaves_it_unchanged(tmp_path: Path) -> None:
    assert fsync_ms(tmp_path) > 0
    assert list(tmp_path.iterdir()) == []
    assert disk_space(tmp_path / "not" / "there" / "yet").free_bytes == disk_space(tmp_path).free_bytes > 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_a_fault(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageFault, match="cannot be written"):
        fsync_ms(tmp_path)


def test_a_server_that_listens_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert reach_ms("127.0.0.1", server.getsockname()[1]) > 0


def test_a_port_without_a_server_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(FetchError, match=f"127.0.0.1:{port}: connection refused"):
        reach_ms("127.0.0.1", port)


def test_an_invalid_name_is_named() -> None:
    with pytest.raises(FetchError):
        reach_ms("a" * 64, 443)
