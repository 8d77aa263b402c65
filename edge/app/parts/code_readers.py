"""Opens the engines that read codes, and reads the picture files that an operator names."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from edge.errors import ReaderFault

if TYPE_CHECKING:
    from pathlib import Path

    from edge.ports import CodeReader, Pixels

READERS = ("zxing", "zbar")


def open_code_reader(engine: str | None = None) -> CodeReader:
    """The named engine, or the best installed one: zxing-cpp, else zbar. Raises ReaderFault."""
    if engine in (None, "zxing"):
        try:
            from hw.codes.zxing import ZxingReader

            return ZxingReader()
        except ReaderFault:
            if engine == "zxing":
                raise
    from hw.codes.zbar import ZbarReader

    return ZbarReader()


def open_picture_readers(engine: str | None = None) -> tuple[CodeReader, ...]:
    """Engines for still pictures, each with all its steps: the named one, or all installed ones, best first.

    A reader ends at the first step that finds a code. Raises ReaderFault if there is none.
    """
    return tuple(_for_pictures(reader, every_code=False) for reader in _engines(engine))


def open_thorough_readers(
    engine: str | None = None, *, budget_s: float | None = None
) -> tuple[CodeReader, ...]:
    """One reader that takes every step and adds the codes, zbar last. `budget_s`: for one picture.

    Raises ReaderFault if there is no engine.
    """
    first, *others = _engines(engine)
    return (_for_pictures(first, every_code=True, last=next(iter(others), None), budget_s=budget_s),)


def _engines(engine: str | None) -> list[CodeReader]:
    readers = [open_code_reader(engine)]
    if engine is None and readers[0].name != READERS[-1]:
        with suppress(ReaderFault):
            readers.append(open_code_reader(READERS[-1]))
    return readers


def _for_pictures(
    reader: CodeReader, *, every_code: bool, last: CodeReader | None = None, budget_s: float | None = None
) -> CodeReader:
    """Mends the suspects of zxing; zbar names none."""
    from hw.codes.cascade import Cascade
    from hw.codes.thorough import BUDGET_S, ThoroughReader
    from hw.codes.zxing import ZxingReader

    if not isinstance(reader, ZxingReader):
        return Cascade(reader, thorough=True)
    return ThoroughReader(reader, last=last, every_code=every_code, budget_s=budget_s or BUDGET_S)


def open_live_reader(engine: str | None = None, *, mends: bool = True) -> CodeReader:
    """The reader of the passage loop: one engine on each frame, and one further step or fit.

    Of a still picture it reads every fourth frame. `mends`: False leaves codes unread that zxing finds and
    cannot read.
    """
    from hw.codes.cascade import Cascade
    from hw.codes.door import DoorReader
    from hw.codes.still_gate import StillGate
    from hw.codes.zxing import ZxingReader

    reader = open_code_reader(engine)
    if isinstance(reader, ZxingReader):
        door = DoorReader(reader, mends=mends)
        return StillGate(door, has_suspect=lambda: door.has_suspect)
    return StillGate(Cascade(reader, second_step_every=2))


def read_file(path: Path) -> bytes:
    """The bytes of a file that an operator names, within the limit of hw.camera.images. Raises InputError."""
    from hw.camera.images import read_bytes

    return read_bytes(path)


def read_stream(stream: BinaryIO, *, name: str) -> bytes:
    """The bytes of a stream, within that limit. Raises InputError."""
    from hw.camera.images import read_stream

    return read_stream(stream, name=name)


def luma_of(data: bytes, *, name: str) -> Pixels | None:
    """Luma, uint8 (H, W), upright, of a file's content; None if it does not begin like a picture.

    Raises InputError for a picture that is damaged or too large.
    """
    from hw.camera.images import decode_luma, looks_like_image

    return decode_luma(data, name=name) if looks_like_image(data) else None


def read_luma(path: Path) -> Pixels:
    """An image file as uint8 luma (H, W), upright. Raises InputError."""
    from hw.camera.images import read_luma

    return read_luma(path)


def read_image(path: Path) -> Pixels:
    """An image file as uint8 RGB (H, W, 3), upright, within the limits of `hw.camera.images`.

    Raises InputError.
    """
    from hw.camera.images import read_rgb

    return read_rgb(path)
