"""The composition root of the device: the one module that joins `edge` to `hw`.

Everything is opened here, late, so that a command pays only for what it uses: `doorward code read`
never loads a TFLite runtime, `doorward log verify` never loads OpenCV.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import ReaderFault

if TYPE_CHECKING:
    from edge.face.engine import FaceEngine
    from edge.ports import CodeReader, Files, Pixels

CHECKOUT = Path(__file__).resolve().parent.parent
READERS = ("zxing", "zbar")


def models_dir() -> Path:
    """Where `make models` leaves what it built: beside this checkout, or where an image keeps it."""
    built = CHECKOUT / "models" / "built"
    return built if built.parent.is_dir() else Path("/var/lib/doorward/models")


def open_files(root: Path) -> Files:
    """A folder as a Files port."""
    from hw.files import Folder  # noqa: PLC0415

    return Folder(root)


def open_code_reader(engine: str | None = None) -> CodeReader:
    """The named engine, or the best one this machine has: zxing-cpp, else zbar. Raises ReaderFault."""
    if engine in (None, "zxing"):
        try:
            from hw.codes_zxing import ZxingReader  # noqa: PLC0415

            return ZxingReader()
        except ReaderFault:
            if engine == "zxing":
                raise
    from hw.codes_zbar import ZbarReader  # noqa: PLC0415

    return ZbarReader()


def read_image(path: Path) -> Pixels:
    """An image file as uint8 RGB (H, W, 3), upright, within the limits of hw.images. Raises InputError."""
    from hw.images import read_rgb  # noqa: PLC0415

    return read_rgb(path)


def open_face_engine(folder: Path | None = None, *, runtime: str | None = None) -> FaceEngine:
    """Detector, mesh, embedder and thresholds that belong together. Raises ModelFault."""
    from hw.models import load_face_engine  # noqa: PLC0415

    return load_face_engine(folder or models_dir(), runtime=runtime)
