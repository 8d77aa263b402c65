"""Tests of webcams that need no webcam: the choice of a device, and its settings."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
from peers.usb_camera import MJPG, YUYV, SamePicture, UsbCamera, jpeg

from edge.errors import CameraFault
from edge.ports import Frame
from hw.camera.setting import Setting
from hw.camera.v4l2 import Control, VideoDevice, describe, set_controls, video_devices
from hw.camera.webcam import Webcam, _Usb, controls, only_webcam
from hw.system.clock import SystemClock

CLOCK = SystemClock()
ONE = VideoDevice(Path("/dev/video0"), "Desk Cam", "usb-0000:00:14.0-1", captures=True)
ITS_METADATA = VideoDevice(Path("/dev/video1"), "Desk Cam", "usb-0000:00:14.0-1", captures=False)
OTHER = VideoDevice(Path("/dev/video2"), "Old Cam", "usb-0000:00:14.0-2", captures=True)
CODEC = VideoDevice(Path("/dev/video10"), "bcm2835-codec-decode", "platform:bcm2835-codec", captures=True)


def test_the_only_webcam_is_found_among_other_nodes() -> None:
    assert only_webcam([CODEC, ONE, ITS_METADATA]) == ONE.path


def test_two_webcams_without_a_choice_are_a_fault() -> None:
    with pytest.raises(CameraFault, match="there are 2 cameras") as caught:
        Webcam(None, clock=CLOCK, devices=lambda: [ONE, ITS_METADATA, OTHER])
    assert "/dev/video0 (Desk Cam), /dev/video2 (Old Cam)" in caught.value.message
    assert "by-id" in caught.value.hint


def test_without_a_webcam_the_hint_says_what_to_check() -> None:
    with pytest.raises(CameraFault, match="no webcam was found") as caught:
        only_webcam([CODEC, ITS_METADATA])
    assert "ls /dev/video*" in caught.value.hint


def test_a_missing_camera_is_named_and_the_hint_lists_devices() -> None:
    with pytest.raises(CameraFault, match="/dev/video987") as caught:
        Webcam(987, clock=CLOCK)
    assert "ls /dev/video" in caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_without_permission_the_hint_names_the_video_group(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    node.touch(mode=0)
    with pytest.raises(CameraFault, match="no permission to open") as caught:
        Webcam(node, clock=CLOCK)
    assert "video" in caught.value.hint


def test_a_node_that_is_not_a_camera_is_a_fault_at_once(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    node.touch()
    camera = Webcam(node, clock=CLOCK)
    with pytest.raises(CameraFault, match="cannot be opened") as caught:
        next(camera.frames())
    assert "end the program" in caught.value.hint
    camera.close()


def test_a_camera_that_is_unplugged_between_two_attempts_is_named(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    node.touch()
    camera = Webcam(node, clock=CLOCK)
    told = []
    for _ in range(10):  # an attempt may be in progress
        with pytest.raises(CameraFault) as caught:
            next(camera.frames())
        told.append(caught.value.message)
        if "does not exist" in told[-1]:
            break
        node.unlink(missing_ok=True)
    assert "cannot be opened" in told[0]
    assert "does not exist" in told[-1]
    camera.close()


# -- a camera behind OpenCV ------------------------------------------------------------------------------------


def shown_by(camera: UsbCamera, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Frame]:
    """All frames until the cable is unplugged."""
    node = tmp_path / "video0"
    node.touch()
    driver = _Usb(node, CLOCK, Setting(fps=60), lambda *_: camera)
    monkeypatch.setattr(driver, "_period_ms", 0.0)
    frames: list[Frame] = []
    with pytest.raises(CameraFault, match="gives no more frames") as caught:
        frames.extend(driver.read().frame() for _ in iter(int, 1))
    assert "cable" in caught.value.hint
    driver.close()
    return frames


@pytest.mark.parametrize("formats", [[MJPG], [YUYV], [YUYV, MJPG]], ids=["only MJPEG", "only raw", "both"])
def test_a_camera_is_opened_in_the_format_that_it_has(
    formats: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = UsbCamera(formats, [jpeg(shade) for shade in (60, 90, 120)])
    frames = shown_by(camera, tmp_path, monkeypatch)
    assert camera.format == (MJPG if MJPG in formats else YUYV)
    assert [frame.luma.shape for frame in frames] == [(720, 1280)] * 3
    assert [
        abs(int(frame.rgb.mean()) - shade) <= 2 for frame, shade in zip(frames, (60, 90, 120), strict=True)
    ]


def test_a_damaged_jpeg_is_skipped_and_the_next_one_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = [jpeg(60), b"", jpeg(200)[:400], jpeg(90), b"\xff\xd8\xff", jpeg(120)]
    frames = shown_by(UsbCamera([MJPG], pictures), tmp_path, monkeypatch)
    assert [round(float(frame.luma.mean()), -1) for frame in frames] == [60, 90, 120]


def test_a_camera_that_sends_only_damaged_frames_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown_by(UsbCamera([MJPG], [b"\xff\xd8\xff"] * 20), tmp_path, monkeypatch) == []


def test_a_camera_that_has_another_size_is_scaled_for_faces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (frame,) = shown_by(UsbCamera([MJPG], [jpeg(60, (1_920, 1_080))]), tmp_path, monkeypatch)
    assert frame.luma.shape == (720, 1280)
    assert frame.rgb.shape == (360, 640, 3)


def test_a_webcam_on_its_side_gives_upright_frames(tmp_path: Path) -> None:
    (node := tmp_path / "video0").touch()
    camera = Webcam(
        node,
        clock=CLOCK,
        setting=Setting(fps=60, rotate=90),
        open_device=lambda *_: UsbCamera([MJPG], SamePicture(jpeg(60))),
    )
    frame = next(camera.frames())
    camera.close()
    assert (frame.luma.shape, frame.rgb.shape) == ((1280, 720), (640, 360, 3))


def colourful() -> np.ndarray:
    """A picture of 1280x720, BGR, with a ramp of grey and three colours."""
    picture = np.repeat(np.linspace(0, 255, 1_280).astype(np.uint8)[None, :, None], 720, 0).repeat(3, 2)
    for number, colour in enumerate([(40, 40, 200), (40, 200, 40), (200, 40, 40)]):
        picture[160 * number + 100 : 160 * number + 200] = colour
    return picture


@pytest.mark.parametrize("format_", [MJPG, YUYV], ids=["MJPEG", "YUYV"])
def test_a_raw_picture_gives_the_frame_that_opencv_would_have_made(
    format_: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = cv2.imencode(".jpg", colourful(), [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    raw_camera, plain_camera = UsbCamera([format_], [packed]), UsbCamera([format_], [packed], raw="refused")
    (raw,) = shown_by(raw_camera, tmp_path, monkeypatch)
    (plain,) = shown_by(plain_camera, tmp_path, monkeypatch)
    assert (raw_camera.converts, plain_camera.converts) == (False, True)
    for one, other in ((raw.luma, plain.luma), (raw.rgb, plain.rgb)):
        assert one.shape == other.shape
        assert np.abs(one.astype(int) - other).mean() < 0.5  # they round differently


def test_a_picture_without_a_caller_for_its_colours_is_decoded_in_grey_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    imdecode = cv2.imdecode

    def note(data: np.ndarray, how: int) -> np.ndarray:
        decoded.append(how & ~cv2.IMREAD_IGNORE_ORIENTATION)
        return imdecode(data, how)

    monkeypatch.setattr(cv2, "imdecode", note)
    frames = shown_by(UsbCamera([MJPG], [jpeg(60), jpeg(90)]), tmp_path, monkeypatch)
    assert decoded == [cv2.IMREAD_GRAYSCALE] * 2
    assert [round(float(frames[1].rgb.mean())) for _ in range(2)] == [90, 90]
    assert decoded == [cv2.IMREAD_GRAYSCALE] * 2 + [cv2.IMREAD_COLOR]


@pytest.mark.parametrize("raw", ["refused", "ignored"])
def test_a_driver_without_raw_pictures_is_told_once_and_opencv_decodes(
    raw: Literal["refused", "ignored"],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    frames = shown_by(UsbCamera([MJPG], [jpeg(60), jpeg(90)], raw=raw), tmp_path, monkeypatch)
    assert [round(float(frame.luma.mean())) for frame in frames] == [60, 90]
    assert capsys.readouterr().err.count("decoding") == 1


def test_a_camera_with_a_format_that_we_do_not_know_is_decoded_by_opencv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera = UsbCamera([cv2.VideoWriter.fourcc(*"NV12")], [jpeg(60)])
    (frame,) = shown_by(camera, tmp_path, monkeypatch)
    assert (frame.luma.shape, camera.converts) == ((720, 1280), True)
    assert capsys.readouterr().err.count("decoding") == 1


# -- V4L2 itself ---------------------------------------------------------------------------------------------

# card, bus, capabilities of the device, capabilities of this node (with their flag), captures, is a webcam
CAPABILITIES = {
    "a webcam": (b"Desk Cam", b"usb-0000:00:14.0-1", 0x84A0_0001, 0x0420_0001, True, True),
    "its metadata": (b"Desk Cam", b"usb-0000:00:14.0-1", 0x84A0_0001, 0x04A0_0000, False, False),
    "an old driver": (b"Old Cam", b"usb-0000:00:14.0-2", 0x0400_0001, 0, True, True),
    "a codec of a Pi": (b"bcm2835-codec", b"platform:bcm2835-codec", 0x8420_4000, 0x0420_4000, False, False),
    "the sensor of a Pi": (b"unicam", b"platform:fe801000.csi", 0x85A0_0001, 0x0520_0001, True, False),
    "a full card name": (b"x" * 32, b"usb-1", 0x8000_0001, 0x1, True, True),
}


@pytest.mark.parametrize("kind", CAPABILITIES)
def test_a_device_is_described_by_what_its_own_node_can_do(kind: str) -> None:
    card, bus, every, own, captures, is_webcam = CAPABILITIES[kind]
    raw = struct.pack("=16s32s32sIII12x", b"driver", card, bus, 0x060100, every, own)
    device = describe(Path("/dev/video0"), raw)
    assert (device.card, device.bus) == (card.decode(), bus.decode())
    assert (device.captures, device.is_webcam) == (captures, is_webcam)


def test_a_node_that_does_not_answer_is_not_a_video_device(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    (tmp_path / "video1").mkdir()
    os.mkfifo(tmp_path / "video2")
    assert video_devices(tmp_path) == []


def test_controls_that_a_camera_does_not_have_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    assert set_controls(tmp_path / "video0", {Control.FOCUS_AUTO: 1}) == set()
    assert set_controls(tmp_path / "absent", {Control.FOCUS_AUTO: 1}) == set()


@pytest.mark.parametrize(("mains_hz", "menu"), [(0, 0), (50, 1), (60, 2)])
def test_the_mains_frequency_is_set_in_the_numbers_of_v4l2(mains_hz: int, menu: int) -> None:
    assert controls(Setting(mains_hz=mains_hz))[Control.POWER_LINE_HZ] == menu  # type: ignore[arg-type]


def test_exposure_is_automatic_at_a_steady_rate_or_short_and_fixed() -> None:
    auto, short = controls(Setting()), controls(Setting(exposure="short"))
    assert (auto[Control.EXPOSURE_AUTO], auto[Control.EXPOSURE_MAY_SLOW]) == (3, 0)
    assert short[Control.EXPOSURE_AUTO] == 1
    assert short[Control.EXPOSURE_100_US] * 100 <= 10_000  # one flash of a lamp at 50 Hz
