"""The tables of a door's inputs: code engine, camera, scanner and keypad."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import FilePath, HexBytes, PictureSide, Table


class ReaderConfig(Table, frozen=True):
    """The code engine."""

    engine: Literal["zxing", "zbar"] | None = None
    """Left out: zxing-cpp where it is installed, else zbar."""


class CameraConfig(Table, frozen=True):
    """The camera, which gives the frames."""

    kind: Literal["webcam", "picamera2", "film", "none"] | None = None
    """`webcam`: USB. `picamera2`: a Raspberry Pi's own. `film`: a video, or a folder of pictures. `none`: the
    door has a scanner alone. Left out: a webcam, or a film where `device` is a file or a folder."""
    device: int | FilePath | None = None
    """Webcam by number or path, Pi's camera by number or id, or the film; left out: the only one there is."""
    size: tuple[PictureSide, PictureSide] = (1_280, 720)
    """Width and height of what codes are read from; a Pi's camera module 3 can do [2304, 1296]."""
    fps: Annotated[int, Meta(ge=1, le=60)] = 15
    """Pictures a second; each costs CPU time, also while nobody comes."""
    exposure: Literal["auto", "short"] = "auto"
    """"short" for moving phones in good light: less blur, more noise."""
    mains_hz: Literal[0, 50, 60] = 50
    """Lamps flicker with the mains, which shows as bands; 0: no such lamps."""
    lens: Annotated[float, Meta(ge=0, le=32)] = 4.5
    """Where a Pi's movable lens stands, in dioptres (1 / metres): codes from 15 to 25 cm, faces to 70 cm."""


class ScannerConfig(Table, frozen=True):
    """A 2D scanner that reads codes by itself, beside the camera or in place of it."""

    kind: Literal["none", "serial", "keyboard"] = "none"
    """`serial`: on a serial port or as USB-CDC, the better choice. `keyboard`: one that types."""
    port: FilePath | None = None
    """Its port, best from /dev/serial/by-id; a keyboard's path from /dev/input/by-id, or its name."""
    baud: Annotated[int, Meta(ge=1_200, le=1_000_000)] = 9_600
    """Speed of the port, as the scanner is set; at 9600 a code takes 0.8 s, at 115200 0.06 s."""
    parity: Literal["none", "even", "odd"] = "none"
    """As the scanner is set."""
    suffix: Literal["any", "cr", "lf", "crlf", "tab", "idle"] = "any"
    """What ends a code: `any` of CR and LF, or one of them, or a silence (`idle`)."""
    idle_ms: Annotated[int, Meta(ge=20, le=400)] = 80
    """How long a silence is, for `idle`."""
    prefix: Annotated[str, Meta(max_length=40)] = ""
    """What the scanner puts before each code, if it was set to."""
    no_read: tuple[Annotated[str, Meta(min_length=1, max_length=40)], ...] = ()
    """What it says where it read nothing, beside NR, NOREAD and %%NoRead."""
    trigger: Literal["none", "gm65", "gm72", "honeywell", "newland", "custom"] = "none"
    """Which commands make it look; `none`: it watches for codes by itself. `gm65` is Waveshare's too."""
    trigger_start: HexBytes = ""
    """For `custom`: the command to look, as hexadecimal bytes."""
    trigger_stop: HexBytes = ""
    """For `custom`: the command to look no more."""
    trigger_reply: HexBytes = ""
    """For `custom`: what it answers to these commands."""
    layout: Literal["us", "uk", "de", "fr"] = "us"
    """For `keyboard`: the country that the scanner is set to; us needs no other setting."""
    again_ms: Annotated[int, Meta(ge=500, le=10_000)] = 1_500
    """A code that was not read for this long has gone; longer than the scanner's own delay for the same."""


class KeypadConfig(Table, frozen=True):
    """Twelve keys for a PIN: those of a USB number pad, which types like a keyboard."""

    kind: Literal["none", "keyboard"] = "none"
    """`keyboard`: a number pad; `*` begins anew, enter ends."""
    port: FilePath | None = None
    """Its path from /dev/input/by-id, or its name; must be said for a keypad."""
