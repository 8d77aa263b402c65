"""Card numbers for panels: published numbers, parities by counting, and invalid formats."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ConfigError
from edge.link.wiegand import MAX_BITS, NAMED, parse

# The first is in the manual of every Proxmark: 2006ec0c86, without the header of the card.
KNOWN = [
    ("H10301", 118, 1_603, 0x2EC0C86),
    ("H10301", 0, 0, 0b0_00000000_0000000000000000_1),
    ("H10301", 255, 65_535, 0b0_11111111_1111111111111111_1),
    ("H10301", 1, 0, 0b1_00000001_0000000000000000_1),
    ("H10301", 0, 1, 0b0_00000000_0000000000000001_0),
    ("H10302", 0, 1, 0b0_00000000000000000000000000000000001_0),
    (
        "H10302",
        0,
        1 << 17,
        0b1_00000000000000000100000000000000000_0,
    ),  # the middle bit counts for both parities
    ("H10306", 1, 1, 0b1_0000000000000001_0000000000000001_0),
    ("C", 0, 1, 1),
    ("1C0", 0, 0, 0b100),
    ("OCCC xxxx", 0, 0b110, 0b1_110),
    ("OECC xxxx .xxx", 0, 0b10, 0b1_1_10),  # the odd parity over all bits is computed last
]


@pytest.mark.parametrize(("name", "facility", "number", "bits"), KNOWN)
def test_known_cards(name: str, facility: int, number: int, bits: int) -> None:
    assert bin(parse(name).encode(facility, number)) == bin(bits)


def test_all_bits_but_one_may_be_parities() -> None:
    longest = " ".join(["E" * (MAX_BITS - 1) + "C"] + ["." * (MAX_BITS - 1) + "x"] * (MAX_BITS - 1))
    assert parse(longest).encode(0, 1) == 2**MAX_BITS - 1


@pytest.mark.parametrize(("name", "bits"), [("H10301", 26), ("H10302", 37), ("H10304", 37), ("H10306", 34)])
def test_named_formats_have_their_length(name: str, bits: int) -> None:
    assert parse(name).bits == bits


@given(st.sampled_from(sorted(NAMED)), st.integers(0, 2**16), st.integers(0, 2**35))
def test_the_first_half_is_even_and_the_second_odd(name: str, facility: int, number: int) -> None:
    layout = NAMED[name]
    facility %= 1 << layout.count("F")
    number %= 1 << layout.count("C")
    text = f"{parse(name).encode(facility, number):0{len(layout)}b}"
    half = (len(text) - 1) // 2
    assert text[: half + 1].count("1") % 2 == 0
    assert text[-half - 1 :].count("1") % 2 == 1
    inner = text[1:-1]
    assert inner[: layout.count("F")] == (f"{facility:0{layout.count('F')}b}" if "F" in layout else "")
    assert inner[layout.count("F") :] == f"{number:0{layout.count('C')}b}"


@st.composite
def formats(draw: st.DrawFn) -> str:
    """Layouts with parities at any position, whose masks cover data only."""
    layout = draw(st.text("FCEO01", min_size=1, max_size=40)) + "C"
    masks = [
        "".join(draw(st.sampled_from("x.")) if letter not in "EO" else "." for letter in layout)
        for letter in layout
        if letter in "EO"
    ]
    return " ".join([layout, *masks])


@given(formats(), st.integers(min_value=0), st.integers(min_value=0))
def test_every_parity_is_right_over_the_bits_of_its_mask(text: str, facility: int, number: int) -> None:
    layout, *masks = text.split()
    facility %= 1 << layout.count("F")
    number %= 1 << layout.count("C")
    if not masks and set("EO") & set(layout):
        return
    bits = f"{parse(text).encode(facility, number):0{len(layout)}b}"
    parities = [at for at, letter in enumerate(layout) if letter in "EO"]
    for at, mask in zip(parities, masks, strict=True):
        ones = sum(bits[place] == "1" for place, mark in enumerate(mask) if mark == "x") + (bits[at] == "1")
        assert ones % 2 == (layout[at] == "O")
    assert (
        "".join(bit for bit, letter in zip(bits, layout, strict=True) if letter == "C")
        == f"{number:0{layout.count('C')}b}"
    )
    assert all(bit == letter for bit, letter in zip(bits, layout, strict=True) if letter in "01")


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "H10303", "h10301", "26", "EFO", "C" * (MAX_BITS + 1), "CX", "C C", "EC", "CEC", "EOCO",
        "EC x", "EC xxx", "EC xx xx", "EC xy", "EEC xx. xx.", "EOCC xxxx xxxx", "C" * 1_000_000, "é",
    ],
)  # fmt: skip
def test_an_invalid_format_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert caught.value.hint
    assert len(caught.value.message) < 200


@given(st.text(max_size=200))
def test_fuzz_any_text_is_a_format_or_a_config_error(text: str) -> None:
    try:
        made = parse(text)
    except ConfigError:
        return
    assert made.encode(0, 0) < 1 << made.bits


@pytest.mark.parametrize(("facility", "number"), [(256, 0), (0, 65_536), (-1, 0), (0, -1)])
def test_a_number_that_does_not_fit_is_refused(facility: int, number: int) -> None:
    with pytest.raises(ConfigError, match="does not fit") as caught:
        parse("H10301").encode(facility, number)
    assert "[panel]" in caught.value.hint
