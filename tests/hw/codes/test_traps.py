"""Symbols and pictures with which an attacker tries to stop the loop, or to be read as a card."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import cv2
import numpy as np
import pytest
import segno
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from samples.qr_pictures import ENGINES, READERS, TEXT, draw, picture
from worlds.trust import shown

from edge.card import ecard
from edge.card.code import one_code
from edge.decision import Reason
from edge.errors import ReaderFault, Refused
from edge.ports import Symbol
from hw.codes.cascade import MAX_PAYLOAD_BYTES, MAX_SYMBOLS, accept
from hw.codes.zbar import ZbarReader
from hw.codes.zxing import ZxingReader

CARD = shown()
PARTS = {
    f"{number + 1} of {count}": picture(part.matrix)
    for count in (2, 3, 16)
    for number, part in enumerate(segno.make_sequence(CARD, symbol_count=count))
}
FIRST = PARTS["1 of 2"]


@pytest.fixture(params=READERS)
def reader(request):
    return READERS[request.param]()


def expect_no_card(symbols: Sequence[Symbol]) -> None:
    """Nothing is read, or the text is refused before any signature is checked."""
    refusals = {Reason.CODE_UNREADABLE, Reason.CODE_FOREIGN, Reason.CODE_SEVERAL, Reason.CARD_MALFORMED}
    if symbols:
        with pytest.raises(Refused) as caught:
            ecard.decode(one_code(symbols))
        assert caught.value.reason in refusals


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS.keys())
def test_a_part_of_a_structured_append_is_not_a_card(reader, part) -> None:
    expect_no_card(reader.read(part))


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
def test_a_part_is_not_a_card_in_any_orientation(reader, view) -> None:
    expect_no_card(reader.read(view[1](FIRST)))


def test_parts_are_never_joined(reader) -> None:
    symbols = reader.read(np.hstack([PARTS["1 of 2"], PARTS["2 of 2"]]))
    assert CARD not in {symbol.text for symbol in symbols}
    expect_no_card(symbols)


def test_a_part_with_a_whole_card_is_ignored_or_is_that_card(reader) -> None:
    part, _ = segno.make_sequence(CARD * 2, symbol_count=2)
    texts = [symbol.text for symbol in reader.read(picture(part.matrix))]
    assert texts == ([CARD] if reader.name == "zxing" else [])


def test_a_part_next_to_a_whole_symbol_does_not_hide_it(reader) -> None:
    sheet = np.hstack([FIRST, draw("EC1:WHOLE", version=segno_version(FIRST))])
    assert "EC1:WHOLE" in {symbol.text for symbol in reader.read(sheet)}


def segno_version(luma) -> int:
    return (luma.shape[0] // 4 - 8 - 17) // 4


def test_the_next_symbol_after_a_part_is_read(reader) -> None:
    reader.read(FIRST)
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
    "a sheet of finder patterns": np.tile(draw(TEXT)[:48, :48], (4, 4)),
}


@pytest.mark.parametrize("luma", EMPTY.values(), ids=EMPTY.keys())
def test_nothing_is_read_without_a_symbol(reader, luma) -> None:
    assert reader.read(luma) == ()


@pytest.mark.parametrize("engine", ENGINES)
@given(seed=st.integers(0, 2**32), share=st.floats(0, 0.5))
def test_damage_is_corrected_or_nothing_is_read(engine: str, seed: int, share: float) -> None:
    """The error correction never gives another text."""
    dice = np.random.default_rng(seed)
    modules = np.array([list(row) for row in segno.make("EC1:HELLO 123", error="l", micro=False).matrix])
    modules ^= (dice.random(modules.shape) < share * 0.1).astype(modules.dtype)
    assert {symbol.text for symbol in ENGINES[engine]().read(picture(modules))} <= {"EC1:HELLO 123"}


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES.keys())
def test_an_engine_that_fails_on_a_picture_reads_nothing_and_counts_the_failure(engine) -> None:
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


def test_the_results_of_an_engine_are_bounded() -> None:
    (real,) = ZxingReader().read(draw(TEXT))
    endless = type(real)("A", b"A" * (MAX_PAYLOAD_BYTES + 1), "zxing", real.corners)
    hollow = type(real)("", b"", "zxing", real.corners)
    assert accept([endless, real, hollow]) == (real,)
    assert len(accept([real] * (MAX_SYMBOLS + 1))) == MAX_SYMBOLS
