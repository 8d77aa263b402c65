from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge.errors import InputError
from hw.camera.images import (
    FORMATS,
    MAX_FILE_BYTES,
    MAX_PIXELS,
    decode_luma,
    decode_rgb,
    looks_like_image,
    read_luma,
    read_rgb,
)

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def corners(colours=(RED, GREEN, BLUE, WHITE)) -> Image.Image:
    """48 x 32 pixels, each quarter in one colour: top left, top right, bottom left, bottom right."""
    pixels = np.zeros((32, 48, 3), np.uint8)
    pixels[:16, :24], pixels[:16, 24:], pixels[16:, :24], pixels[16:, 24:] = colours
    return Image.fromarray(pixels)


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def seen(pixels: np.ndarray) -> tuple[tuple[int, ...], ...]:
    height, width = pixels.shape[:2]
    at = ((1, 1), (1, -2), (-2, 1), (-2, -2))
    assert height > 8 < width
    return tuple(tuple(int(value) for value in np.atleast_1d(pixels[y, x])) for y, x in at)


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with a size in its header, these chunks, and no pixels."""
    head = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (head, *chunks, (b"IDAT", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_read(form: str, tmp_path) -> None:
    path = tmp_path / "picture"
    options = {"quality": 100, "lossless": True} if form == "WEBP" else {"quality": 100, "subsampling": 0}
    path.write_bytes(encoded(corners(), form, **(options if form in {"WEBP", "JPEG"} else {})))
    pixels = read_rgb(path)
    assert (pixels.shape, pixels.dtype) == ((32, 48, 3), np.uint8)
    assert np.abs(np.array(seen(pixels)) - (RED, GREEN, BLUE, WHITE)).max() < 8
    assert read_luma(path).shape == (32, 48)
    assert looks_like_image(path.read_bytes())


def test_luma_is_computed_from_rgb() -> None:
    data = encoded(corners())
    expected = np.asarray(Image.fromarray(decode_rgb(data, name="a")).convert("L"))
    assert np.array_equal(decode_luma(data, name="a"), expected)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_phone_held_sideways_gives_an_upright_picture(form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise to see it upright
    data = encoded(
        corners(), form, exif=exif.tobytes(), quality=100, **({"subsampling": 0} if form == "JPEG" else {})
    )
    pixels = decode_rgb(data, name="a")
    assert pixels.shape == (48, 32, 3)
    assert np.abs(np.array(seen(pixels)) - (BLUE, RED, WHITE, GREEN)).max() < 16


def test_broken_exif_does_not_lose_the_picture() -> None:
    data = encoded(corners(), "JPEG", exif=b"Exif\0\0" + b"II*\0" + b"\xff" * 40)
    assert decode_rgb(data, name="a").shape == (32, 48, 3)


def test_transparent_pixels_become_white() -> None:
    pixels = np.zeros((32, 48, 4), np.uint8)
    pixels[:, 24:] = (10, 20, 30, 255)
    palette = Image.new("P", (48, 32))
    palette.paste(1, (24, 0, 48, 32))
    palette.putpalette([0, 0, 0, 10, 20, 30])
    for data in (
        encoded(Image.fromarray(pixels)),
        encoded(Image.fromarray(pixels), "WEBP", lossless=True),
        encoded(palette, transparency=0),
        encoded(palette, "GIF", transparency=0),
    ):
        assert seen(decode_rgb(data, name="a")) == (WHITE, (10, 20, 30)) * 2
        assert seen(decode_luma(data, name="a"))[0] == (255,)


def test_transparent_grey_pixels_become_white() -> None:
    pixels = np.zeros((32, 48, 2), np.uint8)
    pixels[:, 24:] = (40, 255)
    assert seen(decode_luma(encoded(Image.fromarray(pixels)), name="a")) == ((255,), (40,)) * 2


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_samples_of_sixteen_bits_keep_their_brightness(form: str) -> None:
    ramp = np.repeat(np.array([0, 0x8000, 0xFFFF], np.uint16), 16)[None].repeat(32, 0)
    data = encoded(Image.fromarray(ramp), form)
    assert decode_luma(data, name="a")[0, ::16].tolist() == [0, 128, 255]
    assert decode_rgb(data, name="a")[0, ::16, 0].tolist() == [0, 128, 255]


def test_one_bit_palette_and_cmyk_are_converted() -> None:
    black = corners((WHITE, (0, 0, 0), (0, 0, 0), WHITE))
    for data in (encoded(black.convert("1")), encoded(black.convert("P")), encoded(black, "GIF")):
        assert seen(decode_rgb(data, name="a")) == (WHITE, (0, 0, 0), (0, 0, 0), WHITE)
    printed = decode_rgb(encoded(black.convert("CMYK"), "JPEG", quality=100), name="a")
    assert np.abs(np.array(seen(printed)) - (WHITE, (0, 0, 0), (0, 0, 0), WHITE)).max() < 8


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_of_an_animation_the_first_frame_is_read(form: str) -> None:
    frames = [corners(), corners((BLUE,) * 4)]
    data = encoded(
        frames[0],
        form,
        save_all=True,
        append_images=frames[1:],
        **({"lossless": True} if form == "WEBP" else {}),
    )
    assert np.abs(np.array(seen(decode_rgb(data, name="a"))) - (RED, GREEN, BLUE, WHITE)).max() < 20


GOOD = encoded(corners())
JPEG = encoded(Image.effect_noise((640, 480), 50).convert("RGB"), "JPEG")
BAD = {
    "an empty file": (b"", "is empty"),
    "text": (b"EC1:HELLO", "not a picture"),
    "binary garbage": (np.random.default_rng(1).bytes(100_000), "not a picture"),
    "a document": (b"%PDF-1.7\n" + bytes(1000), "not a picture"),
    "PostScript, for which Pillow starts an interpreter": (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "not a picture",
    ),
    "a PNG cut short": (GOOD[: len(GOOD) // 2], "damaged or cut short"),
    "only the magic bytes of a PNG": (GOOD[:8], "damaged or cut short"),
    "a JPEG cut short": (JPEG[: len(JPEG) // 2], "damaged or cut short"),
    "only the magic bytes of a JPEG": (JPEG[:4], "damaged or cut short"),
    "a PNG with a bit flipped in its pixels": (
        GOOD[:60] + bytes([GOOD[60] ^ 1]) + GOOD[61:],
        "damaged or cut short",
    ),
    "100 megapixels": (png(10_000, 10_000), "10000 x 10000 is more than 50 megapixels"),
    "one row more than allowed": (png(8192, MAX_PIXELS // 8192 + 1), "more than 50 megapixels"),
    "400 megapixels": (png(20_000, 20_000), "more than 50 megapixels"),
    "the largest size of the header": (png(2**31 - 1, 2**31 - 1), "more than 50 megapixels"),
    "no width": (png(0, 10), "damaged or cut short"),
    "a compressed text that expands to many bytes": (
        png(8, 8, (b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000)))),
        "damaged or cut short",
    ),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD.keys())
def test_an_invalid_picture_is_one_clear_line_with_a_hint(data: bytes, message: str, tmp_path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    for read in (read_rgb, read_luma):
        with pytest.raises(InputError) as caught:
            read(path)
        assert str(path) in caught.value.message
        assert message in caught.value.message
        assert "\n" not in caught.value.message
        assert caught.value.hint


def test_the_largest_allowed_size_is_not_refused_for_its_size() -> None:
    with pytest.raises(InputError, match="cut short"):
        decode_rgb(png(8192, MAX_PIXELS // 8192), name="a")


def test_a_file_above_the_limit_is_refused_unread(tmp_path) -> None:
    path = tmp_path / "picture.png"
    with path.open("wb") as file:
        file.write(GOOD)
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(InputError, match="larger than 32 MB"):
        read_rgb(path)


def test_a_missing_file_a_folder_and_an_impossible_name_are_input_errors(tmp_path) -> None:
    for path, message in (
        (tmp_path / "missing.png", "no such file"),
        (tmp_path, "is a folder"),
        (tmp_path / "a" / "\0", "cannot be read"),
        (tmp_path / ("a" * 300), "cannot be read"),
    ):
        with pytest.raises(InputError, match=message):
            read_rgb(path)


@given(st.data(), st.sampled_from([GOOD, JPEG[:4000], encoded(corners(), "GIF"), encoded(corners(), "TIFF")]))
def test_damage_gives_pixels_or_an_input_error(data: st.DataObject, good: bytes) -> None:
    broken = bytearray(good)
    for _ in range(data.draw(st.integers(1, 5))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(broken)))
    try:
        pixels = decode_luma(bytes(broken[:cut]) if cut % 3 == 0 else bytes(broken), name="a")
    except InputError as error:
        assert error.hint  # noqa: PT017  either outcome is right
    else:
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 2
