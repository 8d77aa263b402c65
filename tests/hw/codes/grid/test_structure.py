"""Structure of QR data, on the data bytes of symbols that segno made."""

from __future__ import annotations

import pytest
import segno
from hypothesis import given
from hypothesis import strategies as st

from hw.codes.grid.structure import padding_of


def data(bits: str, length: int) -> bytes:
    """These bits, a terminator, and padding up to `length` bytes."""
    bits += "0" * min(4, 8 * length - len(bits))
    bits += "0" * (-len(bits) % 8)
    pad = ["11101100", "00010001"]
    bits += "".join(pad[place % 2] for place in range(length - len(bits) // 8))
    return int(bits, 2).to_bytes(length, "big")


NUMBER = "0001" + "0000001000" + "0000001100" + "0101011001" + "1000011"  # "01234567"
WELL_FORMED = {
    "digits": (NUMBER, 16, 10),
    "alphanumeric": ("0010" + "000000101" + "00111001110" + "11100111001" + "000010", 16, 10),
    "bytes": ("0100" + "00000010" + "1111111100000000", 7, 3),
    "kanji": ("1000" + "00000001" + "1101010101010", 7, 3),
    "two segments": (NUMBER + NUMBER, 16, 5),
    "ECI": ("0111" + "00011010" + "0100" + "00000001" + "01000001", 16, 11),
    "FNC1 in first position": ("0101" + NUMBER, 16, 9),
    "no room for a terminator": ("0100" + "00000010" + "11111111" * 2, 4, 0),
}


@pytest.mark.parametrize(("bits", "length", "padding"), WELL_FORMED.values(), ids=WELL_FORMED.keys())
def test_well_formed_data_has_its_padding(bits: str, length: int, padding: int) -> None:
    assert padding_of(data(bits, length), 1) == padding


MALFORMED = {
    "nothing": b"",
    "a terminator only": data("", 16),
    "no segment, ECI only": data("0111" + "00011010", 16),
    "an unknown mode": data("1111" + "0" * 20, 16),
    "structured append": data("0011" + "0" * 16 + NUMBER, 16),
    "FNC1 in second position": data("1001" + "00000001" + NUMBER, 16),
    "a group of digits above 999": data("0001" + "0000000011" + "1111111111", 16),
    "two digits above 99": data("0001" + "0000000010" + "1111111", 16),
    "a pair above 44 * 45 + 44": data("0010" + "000000010" + "11111111111", 16),
    "no characters": data("0100" + "00000000", 16),
    "more characters than there are bytes": data("0100" + "11111111", 16),
    "other padding": data(NUMBER, 16)[:-1] + b"\x55",
    "padding in the wrong order": data(NUMBER, 15)[:6] + bytes([0x11, 0xEC] * 5),
    "bits after the terminator": data(NUMBER + "0000" + "1", 16),
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_data_is_refused(content: bytes) -> None:
    assert padding_of(content, 1) is None


@given(st.binary(max_size=60), st.integers(1, 40))
def test_fuzz_any_bytes_are_checked_without_an_error(content: bytes, version: int) -> None:
    padding = padding_of(content, version)
    assert padding is None or 0 <= padding <= len(content)


@pytest.mark.parametrize("version", [1, 9, 10, 26, 27, 40])
def test_the_character_count_has_the_width_of_the_version(version: int) -> None:
    made = segno.make("EC1:AB", version=version, error="l", mode="byte", boost_error=False)
    assert made.version == version
    width = "016b" if version > 9 else "08b"
    bits = "0100" + format(6, width) + "".join(f"{byte:08b}" for byte in b"EC1:AB")
    assert padding_of(data(bits, 19), version) is not None
