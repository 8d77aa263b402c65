"""Reads picture files that an operator named, as upright pixels. The header is checked before any pixel."""

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
MAX_PIXELS: Final = 8192 * 6144  # a "50-megapixel" phone sensor; 150 MB as RGB, which fits a 512 MB board
# Never EPS, whose decoder starts Ghostscript.
FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")

_MAGICS: Final = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*",
    *(b"P%d%c" % (kind, space) for kind in range(1, 7) for space in b" \t\r\n"),
)  # fmt: skip
_WIDE_MODES: Final = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})  # 16 bits a sample


def looks_like_image(data: bytes) -> bool:
    """Whether the first bytes are those of a format in FORMATS; the caller then decodes it as a picture."""
    return data.startswith(_MAGICS) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def read_rgb(path: Path) -> Pixels:
    """A picture file as uint8 RGB (H, W, 3): upright, first frame, on white where it is transparent.

    The array is new and belongs to the caller. Raises InputError for a file that cannot be read, or is above
    MAX_FILE_BYTES or MAX_PIXELS.
    """
    return decode_rgb(read_bytes(path), name=str(path))


def read_luma(path: Path) -> Pixels:
    """A picture file as uint8 luma (H, W), with the rules of `read_rgb`."""
    return decode_luma(read_bytes(path), name=str(path))


def decode_rgb(data: bytes, *, name: str) -> Pixels:
    """The content of a picture file as uint8 RGB (H, W, 3), by the rules of `read_rgb`. `name`: in errors."""
    return _decode(data, "RGB", name)


def decode_luma(data: bytes, *, name: str) -> Pixels:
    """The content of a picture file as uint8 luma (H, W), by the rules of `read_rgb`. `name`: in errors."""
    return _decode(data, "L", name)


def read_bytes(path: Path) -> bytes:
    """All bytes of a file that an operator named. Raises InputError, also above MAX_FILE_BYTES."""
    try:
        with path.open("rb") as file:
            return read_stream(file, name=str(path))
    except FileNotFoundError as error:
        raise InputError(f"{path}: there is no such file", hint="check the path") from error
    except IsADirectoryError as error:
        raise InputError(
            f"{path}: is a folder, not a file", hint="name the files in it, for instance with *.png"
        ) from error
    except PermissionError as error:
        raise InputError(f"{path}: no permission to read it", hint="check the file's permissions") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise InputError(f"{path}: cannot be read: {error}", hint="check the path and the disk") from error


def read_stream(stream: BinaryIO, *, name: str) -> bytes:
    """All bytes of an open stream. Raises InputError above MAX_FILE_BYTES, and OSError."""
    data = stream.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise InputError(
            f"{name}: larger than {MAX_FILE_BYTES // 2**20} MB", hint="save the picture in a smaller size"
        )
    return data


def _decode(data: bytes, mode: str, name: str) -> Pixels:
    if not data:
        raise InputError(f"{name}: the file is empty", hint="copy the file again")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about broken metadata, and about sizes, which are checked below
        image = _open(data, name)
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise InputError(
                f"{name}: {width} x {height} is more than {MAX_PIXELS / 1e6:.0f} megapixels",
                hint="scale the picture down",
            )
        try:
            return np.array(_flat(_upright(image), mode), dtype=np.uint8)
        except Exception as error:  # on hostile bytes a decoder raises more than OSError
            raise InputError(
                f"{name}: the picture is damaged or cut short", hint="copy the file again"
            ) from error


def _open(data: bytes, name: str) -> Image.Image:
    """The image with its header read and no pixel decoded."""
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise InputError(
            f"{name}: more than {MAX_PIXELS / 1e6:.0f} megapixels", hint="scale the picture down"
        ) from error
    except Exception as error:  # see above
        if looks_like_image(data):
            raise InputError(
                f"{name}: the picture is damaged or cut short", hint="copy the file again"
            ) from error
        raise InputError(
            f"{name}: not a picture that this program can read",
            hint=f"save it as PNG or JPEG (also read: {', '.join(FORMATS[2:])})",
        ) from error


def _upright(image: Image.Image) -> Image.Image:
    """The image, turned by its EXIF data; unchanged where that data is broken."""
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
