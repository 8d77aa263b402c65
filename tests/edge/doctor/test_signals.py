"""The doctor's check of lamps and sounds."""

from __future__ import annotations

from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from edge.config import Config, SignalsConfig
from edge.doctor.checks import examine
from edge.doctor.device_probe import DeviceProbe
from hw.signals.gpio import GpioSignals


@pytest.fixture(autouse=True)
def shown_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.doctor.checks._SHOWN_S", 0.0)


def test_lamps_are_switched_on_and_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    factory = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", factory)
    (finding,) = examine(DeviceProbe(Config(signals=SignalsConfig(red=5, green=6)), tmp_path), ["signals"])
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
    (finding,) = examine(DeviceProbe(Config(signals=SignalsConfig(red=5)), tmp_path), ["signals"])
    assert (finding.number, "GPIO 5" in finding.text) == (48, True)
    other.close()
    factory.close()
