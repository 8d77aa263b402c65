"""The tables of a door's inputs: code engine, camera, scanner and keypad."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import FilePath, HexBytes, PictureSide, Table


class ReaderConfig(Table, frozen=True):
    """The engine that reads codes in camera frames."""

    engine: Literal["zxing", "zbar"] | None = None
    """Code engine; left out: zxing-cpp if it is installed, else zbar."""
    mended: bool = True
    """Correct codes under glare, on bent paper or torn, which zxing-cpp finds and cannot read; their records
    are marked. false: such codes stay unread."""


class CameraConfig(Table, frozen=True):
    """The camera, which gives the frames."""

    kind: Literal["webcam", "picamera2", "film", "none"] | None = None
    """`webcam`: USB. `picamera2`: a Raspberry Pi's own. `film`: a video, or a folder of pictures. `none`: a
    scanner reads the codes. Left out: a webcam, or a film if `device` is a file or a folder."""
    device: int | FilePath | None = None
    """Webcam by number or path, Raspberry Pi camera by number or id, or the film; left out: the only
    camera. If there are two cameras, set it."""
    size: tuple[PictureSide, PictureSide] = (1_280, 720)
    """Width and height in pixels of the frames for codes; camera module 3 of a Pi can use [2304, 1296]."""
    fps: Annotated[int, Meta(ge=1, le=60)] = 15
    """Frames per second; each frame costs CPU time, also at an empty door."""
    exposure: Literal["auto", "short"] = "auto"
    """`auto`: the camera decides. `short`: for moving phones in good light; less blur, more noise."""
    mains_hz: Literal[0, 50, 60] = 50
    """Mains frequency in Hz: it keeps the bands of flickering lamps out of frames. 0: the lamps do not
    flicker."""
    lens: Annotated[float, Meta(ge=0, le=32)] = 4.5
    """Focus of a Pi's movable lens, in dioptres (1 / metres); 4.5: codes from 15 to 25 cm, faces to 70 cm."""
    rotate: Literal[0, 90, 180, 270] = 0
    """Degrees clockwise by which each picture is turned to be upright; 180 for a camera that hangs upside
    down. Codes are read at any turn, faces only upright."""
    mirror: bool = False
    """Exchange left and right in each picture, for a camera that looks into a mirror; after `rotate`."""


class ScannerConfig(Table, frozen=True):
    """A 2D scanner that reads codes by itself, with the camera or in place of it."""

    kind: Literal["none", "serial", "keyboard"] = "none"
    """`serial`: on a serial port or USB-CDC, the better choice. `keyboard`: a scanner that types the code."""
    port: FilePath | None = None
    """For `serial`: the port, best from /dev/serial/by-id. For `keyboard`: the path from /dev/input/by-id, or
    the device's name. Required for a scanner."""
    baud: Annotated[int, Meta(ge=1_200, le=1_000_000)] = 9_600
    """Speed in bits per second, as set in the scanner; a code takes 0.8 s at 9600, and 0.06 s at 115200."""
    parity: Literal["none", "even", "odd"] = "none"
    """Parity, as set in the scanner."""
    suffix: Literal["any", "cr", "lf", "crlf", "tab", "idle"] = "any"
    """End of a code. `any`: CR or LF. `idle`: a pause of `idle_ms`."""
    idle_ms: Annotated[int, Meta(ge=20, le=400)] = 80
    """Length of that pause in ms; for suffix = "idle"."""
    prefix: Annotated[str, Meta(max_length=40)] = ""
    """Text that the scanner sends before each code, if it is set to send one."""
    no_read: tuple[Annotated[str, Meta(min_length=1, max_length=40)], ...] = ()
    """Texts that the scanner sends when it read nothing, besides NR, NOREAD and %%NoRead."""
    trigger: Literal["none", "gm65", "gm72", "honeywell", "newland", "custom"] = "none"
    """Commands that start a scan. `none`: the scanner reads by itself. `gm65`: also for Waveshare."""
    trigger_start: HexBytes = ""
    """Command that starts a scan, in hexadecimal; for trigger = "custom"."""
    trigger_stop: HexBytes = ""
    """Command that stops a scan, in hexadecimal; for trigger = "custom"."""
    trigger_reply: HexBytes = ""
    """Answer of the scanner to these commands, in hexadecimal; for trigger = "custom"."""
    layout: Literal["us", "uk", "de", "fr"] = "us"
    """Keyboard layout that the scanner is set to, for kind = "keyboard"; us needs no other setting."""
    again_ms: Annotated[int, Meta(ge=500, le=10_000)] = 1_500
    """Time in ms without a reading after which a code counts as gone; must be longer than the scanner's own
    delay between two readings of one code."""


class KeypadConfig(Table, frozen=True):
    """Twelve keys for a PIN: a USB number pad, which types like a keyboard."""

    kind: Literal["none", "keyboard"] = "none"
    """`keyboard`: a number pad; `*` clears the PIN, Enter ends it."""
    port: FilePath | None = None
    """Path from /dev/input/by-id, or the device's name; required for a keypad."""
