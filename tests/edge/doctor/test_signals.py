"""The doctor's check of lamps and sounds."""

from __future__ import annotations

from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from edge.config import Config, DoorConfig, FaceConfig, SignalsConfig
from edge.doctor.checks import examine
from edge.doctor.device_probe import DeviceProbe
from hw.signals.gpio import GpioSignals

STAFFED = DoorConfig(staffed=True)
TOLD = {
    "a door without staff and without a voice": (Config(), [50]),
    "one movement at a door with staff": (Config(door=STAFFED, face=FaceConfig(prompts=1)), [50]),
    "a door with staff": (Config(door=STAFFED), []),
    "no movements": (Config(face=FaceConfig(prompts=0)), []),
    "no faces": (Config(door=DoorConfig(face="none")), []),
    "a voice": (Config(signals=SignalsConfig(sound="speech")), []),
}


@pytest.fixture(autouse=True)
def shown_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.doctor.checks._SHOWN_S", 0.0)


def test_lamps_are_switched_on_and_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    factory = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", factory)
    seen = Config(door=STAFFED, signals=SignalsConfig(red=5, green=6))
    (finding,) = examine(DeviceProbe(seen, tmp_path), ["signals"])
    assert (finding.number, finding.text) == (
        0,
        '"look here" was shown on: red, green; check that you saw and heard it',
    )
    GpioSignals(red=5, green=6, factory=factory).close()
    factory.close()


def test_a_pin_that_is_in_use_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    factory = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", factory)
    other = GpioSignals(red=5, factory=factory)
    seen = Config(door=STAFFED, signals=SignalsConfig(red=5))
    (finding,) = examine(DeviceProbe(seen, tmp_path), ["signals"])
    assert (finding.number, "GPIO 5" in finding.text) == (48, True)
    other.close()
    factory.close()


@pytest.mark.parametrize("case", TOLD)
def test_a_door_that_asks_for_movements_needs_a_voice(case: str, tmp_path: Path) -> None:
    config, numbers = TOLD[case]
    found = examine(DeviceProbe(config, tmp_path), ["signals"])
    assert [finding.number for finding in found if finding.number == 50] == numbers
