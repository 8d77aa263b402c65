"""Tests of a Pi's camera that need no camera; tests/virtual_camera has a real Picamera2 object."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from edge.errors import CameraFault
from hw.camera.picamera2 import PiCamera, chosen, controls, lores_size
from hw.camera.setting import Setting
from hw.system.clock import SystemClock

ONE = {"Id": "/base/soc/i2c0mux/i2c@1/imx708@1a", "Num": 0}
TWO = {"Id": "/base/soc/i2c0mux/i2c@0/imx219@10", "Num": 1}
USB = {"Id": "/base/scb/pcie@7d500000/usb@0,0-1.2:1.0-046d:0825", "Num": 2}

CHOICES = {
    "the only module": (None, [ONE], 0),
    "the only module beside a webcam": (None, [ONE, USB], 0),
    "by number": (1, [ONE, TWO], 1),
    "by number, as text": ("1", [ONE, TWO], 1),
    "by id": (TWO["Id"], [ONE, TWO], 1),
    "a webcam by number": (1, [ONE, USB], 1),
}


@pytest.mark.parametrize("choice", CHOICES)
def test_the_only_camera_or_the_named_one_is_used(choice: str) -> None:
    source, cameras, number = CHOICES[choice]
    assert chosen(source, cameras) == number  # type: ignore[arg-type]


NONE = {
    "two modules": (None, [ONE, TWO], "there are 2 cameras", "[camera] device"),
    "no camera": (None, [], "no camera on this board (there are: none)", "cable"),
    "only a webcam": (None, [USB], "no camera on this board", "cable"),
    "a number too high": (2, [ONE, TWO], "no camera 2 on this board", "cable"),
    "another id": ("imx500", [ONE], "no camera imx500 on this board", "cable"),
}


@pytest.mark.parametrize("choice", NONE)
def test_an_unclear_choice_is_a_fault(choice: str) -> None:
    source, cameras, message, hint = NONE[choice]
    with pytest.raises(CameraFault) as caught:
        chosen(source, cameras)  # type: ignore[arg-type]
    assert message in caught.value.message
    assert hint in caught.value.hint


MODULE_3 = dict.fromkeys(
    [
        "FrameDurationLimits", "AeEnable", "AwbEnable", "AeMeteringMode", "AeConstraintMode", "AeExposureMode",
        "AeFlickerMode", "AeFlickerPeriod", "AfMode",
    ],
    (0, 1, 0),
) | {"LensPosition": (0.0, 15.0, 1.0)}  # fmt: skip


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        pytest.param(Setting(mains_hz=50), {"AeFlickerMode": 1, "AeFlickerPeriod": 10_000}, id="50 Hz"),
        pytest.param(Setting(mains_hz=60), {"AeFlickerMode": 1, "AeFlickerPeriod": 8_333}, id="60 Hz"),
        pytest.param(Setting(mains_hz=0), {"AeFlickerMode": None, "AeFlickerPeriod": None}, id="no lamps"),
        pytest.param(Setting(fps=15), {"FrameDurationLimits": (66_667, 66_667)}, id="15 a second"),
        pytest.param(Setting(), {"AeEnable": True, "AwbEnable": True, "AeExposureMode": 0}, id="automatic"),
        pytest.param(Setting(exposure="short"), {"AeEnable": True, "AeExposureMode": 1}, id="short"),
        pytest.param(Setting(), {"AfMode": 0, "LensPosition": 4.5}, id="focus at 22 cm"),
        pytest.param(Setting(lens_dpt=20), {"LensPosition": 15.0}, id="nearer than the lens allows"),
    ],
)
def test_a_module_is_set_as_the_configuration_says(setting: Setting, expected: dict[str, object]) -> None:
    told = controls(MODULE_3, setting)
    assert {name: told.get(name) for name in expected} == expected


def test_missing_controls_are_not_set() -> None:
    assert controls({"FrameDurationLimits": (0, 0, 0)}, Setting()) == {
        "FrameDurationLimits": (66_667, 66_667)
    }


@pytest.mark.parametrize(
    ("size", "small"),
    [
        ((1280, 720), (640, 360)),
        ((2304, 1296), (640, 360)),
        ((1280, 960), (640, 480)),
        ((320, 240), (320, 240)),
    ],
)
def test_the_small_stream_has_the_shape_of_the_main_one(
    size: tuple[int, int], small: tuple[int, int]
) -> None:
    assert lores_size(size) == small


@pytest.mark.skipif(importlib.util.find_spec("picamera2") is not None, reason="picamera2 is installed")
def test_without_picamera2_the_hint_says_what_to_install() -> None:
    with pytest.raises(CameraFault, match="picamera2 is not installed") as caught:
        PiCamera(None, clock=SystemClock())
    assert caught.value.hint == "pip install 'doorward[pi]'"


def test_without_the_systems_libcamera_the_hint_names_the_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        """A picamera2 in an environment that does not see the packages of the system."""

        def find_spec(self, name: str, *_: object) -> None:
            if name == "picamera2":
                raise ModuleNotFoundError("No module named 'libcamera'", name="libcamera")

    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(CameraFault, match="libcamera is not installed") as caught:
        PiCamera(None, clock=SystemClock())
    assert "--system-site-packages" in caught.value.hint
