"""Picture files that an operator named, as upright pixels. The header is judged before any pixel is read."""

from __future__ import annotations

import io
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Final

import numpy as np
from PIL import Image, ImageOps

from edge.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from edge.ports import Pixels

MAX_FILE_BYTES: Final = 32 * 2**20  # a 50-megapixel JPEG of a phone has 15 to 25 MB
MAX_PIXELS: Final = 8192 * 6144  # a "50-megapixel" phone sensor; 150 MB as RGB, which a 512 MB board survives
# Never EPS, whose decoder starts Ghostscript.
FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")

_MAGICS: Final = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*",
    *(b"P%d%c" % (kind, space) for kind in range(1, 7) for space in b" \t\r\n"),
)  # fmt: skip
_WIDE_MODES: Final = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})  # 16 bits a sample


def looks_like_image(data: bytes) -> bool:
    """Whether the first bytes are those of a format in FORMATS; such a file is then decoded as a picture."""
    return data.startswith(_MAGICS) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def read_rgb(path: Path) -> Pixels:
    """A picture file as uint8 RGB (H, W, 3): upright, first frame, on white where it is transparent.

    The array is new and the caller's. Raises InputError for a file that cannot be read, or is above
    MAX_FILE_BYTES or MAX_PIXELS.
    """
    return decode_rgb(read_bytes(path), name=str(path))


def read_luma(path: Path) -> Pixels:
    """As `read_rgb`, but uint8 luma (H, W); the array is new and the caller's."""
    return decode_luma(read_bytes(path), name=str(path))


def decode_rgb(data: bytes, *, name: str) -> Pixels:
    """As `read_rgb`, for the content of a file: uint8 RGB (H, W, 3). `name` is what the error calls it."""
    return _decode(data, "RGB", name)


def decode_luma(data: bytes, *, name: str) -> Pixels:
    """As `decode_rgb`, but uint8 luma (H, W)."""
    return _decode(data, "L", name)


def read_bytes(path: Path) -> bytes:
    """The whole of a file that an operator named. Raises InputError, also above MAX_FILE_BYTES."""
    try:
        with path.open("rb") as file:
            return read_stream(file, name=str(path))
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file", hint="check the path") from error
    except IsADirectoryError as error:
        raise InputError(
            f"{path}: is a folder", hint="name the files in it, for instance with *.png"
        ) from error
    except PermissionError as error:
        raise InputError(f"{path}: may not be read", hint="check its permissions") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise InputError(f"{path}: cannot be read: {error}", hint="check the path and the disk") from error


def read_stream(stream: BinaryIO, *, name: str) -> bytes:
    """The whole of an open stream. Raises InputError above MAX_FILE_BYTES, and OSError."""
    data = stream.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise InputError(f"{name}: larger than {MAX_FILE_BYTES // 2**20} MB", hint="save it smaller")
    return data


def _decode(data: bytes, mode: str, name: str) -> Pixels:
    if not data:
        raise InputError(f"{name}: is empty", hint="copy the file again")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about broken metadata, and about sizes that are judged below
        image = _open(data, name)
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise InputError(
                f"{name}: {width} x {height} is more than {MAX_PIXELS / 1e6:.0f} megapixels",
                hint="scale it down first",
            )
        try:
            return np.array(_flat(_upright(image), mode), dtype=np.uint8)
        except Exception as error:  # whatever a decoder makes of hostile bytes; it raises more than OSError
            raise InputError(
                f"{name}: the picture is damaged or cut short", hint="copy the file again"
            ) from error


def _open(data: bytes, name: str) -> Image.Image:
    """The image with its header read and no pixel decoded."""
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise InputError(
            f"{name}: more than {MAX_PIXELS / 1e6:.0f} megapixels", hint="scale it down first"
        ) from error
    except Exception as error:  # see above
        if looks_like_image(data):
            raise InputError(
                f"{name}: the picture is damaged or cut short", hint="copy the file again"
            ) from error
        raise InputError(
            f"{name}: not a picture this program reads",
            hint=f"save it as PNG or JPEG (also read: {', '.join(FORMATS[2:])})",
        ) from error


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF data asks; left alone where that data is broken."""
    with suppress(ValueError, SyntaxError, KeyError, TypeError):
        ImageOps.exif_transpose(image, in_place=True)  # a copy of a frame would take 4 MB
    return image


def _flat(image: Image.Image, mode: str) -> Image.Image:
    """One picture without transparency, in mode RGB or L."""
    if image.mode in _WIDE_MODES:
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif image.mode == "F":
        image = Image.fromarray(np.asarray(image).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    if image.mode not in {"L", "RGB"}:
        image = image.convert("RGB")
    return image if image.mode == mode else image.convert(mode)
