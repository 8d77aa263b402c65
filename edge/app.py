"""The composition root of the device: the one module that joins `edge` to `hw`.

Everything is opened here, late, so that a command pays only for what it uses: `doorward code read`
never loads a TFLite runtime, `doorward log verify` never loads OpenCV.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import ReaderFault

if TYPE_CHECKING:
    from edge.face.engine import FaceEngine
    from edge.ports import CodeReader, Files, Network, Pixels

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


def open_picture_readers(engine: str | None = None) -> tuple[CodeReader, ...]:
    """Engines for still pictures, each with all its steps: the named one, or all that are here, best first.

    Raises ReaderFault if there is none.
    """
    from hw.codes import Cascade  # noqa: PLC0415

    readers = [open_code_reader(engine)]
    if engine is None and readers[0].name != READERS[-1]:
        with suppress(ReaderFault):
            readers.append(open_code_reader(READERS[-1]))
    return tuple(Cascade(reader, thorough=True) for reader in readers)


def read_file(path: Path) -> bytes:
    """The bytes of a file that a person named, within the limit of hw.images. Raises InputError."""
    from hw.images import read_bytes  # noqa: PLC0415

    return read_bytes(path)


def luma_of(data: bytes, *, name: str) -> Pixels | None:
    """A picture's luma, uint8 (H, W), upright; None if the bytes do not start like a picture. Raises InputError."""
    from hw.images import decode_luma, looks_like_image  # noqa: PLC0415

    return decode_luma(data, name=name) if looks_like_image(data) else None


def read_luma(path: Path) -> Pixels:
    """An image file as uint8 luma (H, W), upright. Raises InputError."""
    from hw.images import read_luma  # noqa: PLC0415

    return read_luma(path)


def read_image(path: Path) -> Pixels:
    """An image file as uint8 RGB (H, W, 3), upright, within the limits of hw.images. Raises InputError."""
    from hw.images import read_rgb  # noqa: PLC0415

    return read_rgb(path)


def open_face_engine(folder: Path | None = None, *, runtime: str | None = None) -> FaceEngine:
    """Detector, mesh, embedder and thresholds that belong together. Raises ModelFault.

    `runtime`: "litert" or "tflite"; None takes the best that is installed.
    """
    import time  # noqa: PLC0415

    from edge.face.engine import FaceEngine, Networks  # noqa: PLC0415
    from edge.face.manifest import ModelFile, parse  # noqa: PLC0415
    from hw.networks import open_runtime, read_array, read_manifest  # noqa: PLC0415

    folder = folder or models_dir()
    name, open_network = open_runtime(runtime)
    parts = parse(read_manifest(folder), runtime=name)

    def load(file: ModelFile) -> Network:
        return open_network(folder / file.name, file.sha256)

    return FaceEngine(
        Networks(load(parts.detector), load(parts.detector_retry), load(parts.mesh), load(parts.embedder)),
        read_array(folder / parts.basis.name, parts.basis.sha256),
        model_id=parts.model_id,
        threshold=parts.threshold,
        seconds=time.perf_counter,
    )
