"""What a stranger can hold in front of the camera to stop the loop, or to be read as what it is not."""

from __future__ import annotations

import sys

import cv2
import numpy as np
import pytest
import segno
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from samples.qr_pictures import ENGINES, READERS, TEXT, draw, picture

from edge.errors import ReaderFault
from hw.codes.append import parts_of_message
from hw.codes.cascade import MAX_PAYLOAD_BYTES, MAX_SYMBOLS, accept
from hw.codes.zbar import ZbarReader
from hw.codes.zxing import ZxingReader

PARTS = [picture(part.matrix) for part in segno.make_sequence(TEXT * 3, symbol_count=3)]


@pytest.fixture(params=READERS)
def reader(request):
    return READERS[request.param]()


@pytest.mark.parametrize("part", PARTS, ids=["first", "second", "last"])
def test_a_part_of_a_structured_append_is_left_out(reader, part) -> None:
    assert reader.read(part) == ()


@pytest.mark.parametrize(
    "view",
    {
        "inverted": lambda luma: 255 - luma,
        "mirrored": lambda luma: luma[:, ::-1],
        "upside down": lambda luma: luma[::-1, ::-1],
        "blurred": lambda luma: cv2.GaussianBlur(luma, (0, 0), 1.5),
    }.items(),
    ids=lambda item: item[0],
)
def test_a_part_is_left_out_however_it_is_held(reader, view) -> None:
    assert reader.read(view[1](PARTS[0])) == ()


def test_all_parts_together_are_left_out_too(reader) -> None:
    assert reader.read(np.hstack(PARTS)) == ()


def test_a_part_does_not_hide_a_whole_symbol_beside_it(reader) -> None:
    sheet = np.hstack([PARTS[0], draw("EC1:WHOLE", version=segno_version(PARTS[0]))])
    assert [symbol.text for symbol in reader.read(sheet)] == ["EC1:WHOLE"]


def segno_version(luma) -> int:
    return (luma.shape[0] // 4 - 8 - 17) // 4


def test_the_loop_goes_on_after_a_part(reader) -> None:
    assert reader.read(PARTS[0]) == ()
    assert [symbol.text for symbol in reader.read(draw(TEXT))] == [TEXT]


OTHER = {
    "Micro QR": picture(segno.make_micro("EC1:HELLO").matrix, 8),
    "Micro QR, smallest": picture(segno.make_micro("12345", version="M1").matrix, 8),
    **{
        name: np.array(zxingcpp.create_barcode("EC1HELLO", form).to_image(scale=6))
        for name, form in {
            "rMQR": zxingcpp.BarcodeFormat.RMQRCode,
            "Aztec": zxingcpp.BarcodeFormat.Aztec,
            "Data Matrix": zxingcpp.BarcodeFormat.DataMatrix,
            "PDF417": zxingcpp.BarcodeFormat.PDF417,
            "Code 128": zxingcpp.BarcodeFormat.Code128,
        }.items()
    },
}


@pytest.mark.parametrize("luma", OTHER.values(), ids=OTHER.keys())
def test_only_full_qr_is_read(reader, luma) -> None:
    assert zxingcpp.read_barcodes(luma), "a general reader finds something here"
    assert reader.read(np.pad(luma, 40, constant_values=255)) == ()


def _noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


EMPTY = {
    "no pixel": np.zeros((0, 0), np.uint8),
    "no row": np.zeros((0, 5), np.uint8),
    "no column": np.zeros((5, 0), np.uint8),
    "one pixel": np.zeros((1, 1), np.uint8),
    "one row": _noise(1, 1, 500),
    "one column": _noise(1, 500, 1),
    "black": np.zeros((480, 640), np.uint8),
    "white": np.full((480, 640), 255, np.uint8),
    "noise": _noise(1, 480, 640),
    "coarse noise": np.kron(_noise(2, 60, 80) // 128 * 255, np.ones((8, 8), np.uint8)),
    "stripes": np.tile(np.repeat(np.array([0, 255], np.uint8), 4), (480, 80)),
    "a chess board": np.kron(np.indices((60, 80)).sum(0) % 2 * 255, np.ones((8, 8))).astype(np.uint8),
    "a finder pattern": draw(TEXT)[:48, :48],
    "half a symbol": draw(TEXT)[:, : draw(TEXT).shape[1] // 2],
    "a sheet of finder patterns": np.tile(draw(TEXT)[:48, :48], (8, 8)),
}


@pytest.mark.parametrize("luma", EMPTY.values(), ids=EMPTY.keys())
def test_nothing_is_read_where_nothing_is(reader, luma) -> None:
    assert reader.read(luma) == ()


@pytest.mark.parametrize("engine", ENGINES)
@given(seed=st.integers(0, 2**32), share=st.floats(0, 0.5))
def test_damage_is_corrected_or_nothing_is_read(engine: str, seed: int, share: float) -> None:
    """Never another text: the error correction notices."""
    dice = np.random.default_rng(seed)
    modules = np.array([list(row) for row in segno.make("EC1:HELLO 123", error="l", micro=False).matrix])
    modules ^= (dice.random(modules.shape) < share * 0.1).astype(modules.dtype)
    assert {symbol.text for symbol in ENGINES[engine]().read(picture(modules))} <= {"EC1:HELLO 123"}


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES.keys())
def test_an_engine_that_fails_on_a_picture_reads_nothing_and_counts_it(engine) -> None:
    reader = engine()
    assert reader.read(np.zeros((2, 2, 7, 2), np.uint8)) == ()
    assert reader.swallowed == 1


@pytest.mark.parametrize(
    ("engine", "package", "hint"),
    [(ZxingReader, "zxingcpp", "zxing-cpp"), (ZbarReader, "pyzbar", "libzbar0")],
    ids=["zxing", "zbar"],
)
def test_a_missing_engine_is_a_fault_that_says_what_to_install(engine, package, hint, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ReaderFault) as caught:
        engine()
    assert hint in caught.value.hint


def test_what_an_engine_claims_is_bounded() -> None:
    (real,) = ZxingReader().read(draw(TEXT))
    endless = type(real)("A", b"A" * (MAX_PAYLOAD_BYTES + 1), "zxing", real.corners)
    hollow = type(real)("", b"", "zxing", real.corners)
    assert accept([endless, real, hollow]) == (real,)
    assert len(accept([real] * (MAX_SYMBOLS + 1))) == MAX_SYMBOLS


# --- hw.codes.append


def modules_of(symbol) -> np.ndarray:
    return np.array([list(row) for row in symbol.matrix], dtype=bool)


@pytest.mark.parametrize("level", "LMQH")
@pytest.mark.parametrize("version", [1, 2, 6, 7, 9, 10, 14, 20, 26, 27, 33, 40])
@pytest.mark.parametrize("mirrored", [False, True], ids=["as drawn", "mirrored"])
def test_a_whole_symbol_is_one_part(version: int, level: str, mirrored: bool) -> None:
    symbol = segno.make("EC1:A", version=version, error=level, boost_error=False, micro=False)
    dark = modules_of(symbol)
    assert parts_of_message(dark.T if mirrored else dark, level=level, mask=symbol.mask) == 1


@pytest.mark.parametrize("mask", range(8))
def test_every_mask_is_undone(mask: int) -> None:
    symbol = segno.make("EC1:A", version=7, error="M", mask=mask, boost_error=False)
    assert parts_of_message(modules_of(symbol), level="M", mask=mask) == 1


@pytest.mark.parametrize("count", range(2, 17))
def test_a_part_says_how_many_there_are(count: int) -> None:
    for symbol in segno.make_sequence(TEXT * 4, symbol_count=count):
        level = symbol.error
        assert parts_of_message(modules_of(symbol), level=level, mask=symbol.mask) == count


WHOLE = segno.make(TEXT, version=5, error="m", boost_error=False)
SEQUENCE = segno.make_sequence(TEXT * 2, version=5, error="m", boost_error=False)


@given(st.integers(0, 2**32), st.booleans(), st.booleans())
def test_damage_does_not_turn_a_part_into_a_whole_symbol_or_back(
    seed: int, part: bool, mirrored: bool
) -> None:
    symbol = SEQUENCE[0] if part else WHOLE
    dark = modules_of(symbol)
    data = np.flatnonzero(np.pad(np.ones((28, 28), bool), ((9, 0), (9, 0))))
    # Version 5-M mends 12 codewords a block; the last four modules hold the header itself.
    wrong = [*np.random.default_rng(seed).choice(data[:-4], 11, replace=False), data[-1]]
    dark.flat[wrong] ^= True
    found = parts_of_message(dark.T if mirrored else dark, level="M", mask=symbol.mask)
    assert found == (len(SEQUENCE) if part else 1)


@pytest.mark.parametrize(
    ("shape", "mask"),
    [((20, 20), 0), ((22, 22), 0), ((25, 21), 0), ((181, 181), 0), ((21, 21), 8), ((0, 0), 0)],
)
def test_what_is_no_symbol_is_an_error(shape: tuple[int, int], mask: int) -> None:
    with pytest.raises(ValueError, match="no QR symbol"):
        parts_of_message(np.zeros(shape, bool), level="M", mask=mask)


@given(st.integers(0, 2**32), st.sampled_from([21, 25, 45, 89]), st.sampled_from("LMQH"), st.integers(0, 7))
def test_noise_decodes_to_something_or_is_an_error(seed: int, side: int, level: str, mask: int) -> None:
    dark = np.random.default_rng(seed).integers(0, 2, (side, side)).astype(bool)
    try:
        assert 1 <= parts_of_message(dark, level=level, mask=mask) <= 16
    except ValueError as error:
        assert str(error) == "the first block does not decode"  # noqa: PT017  either outcome is right
