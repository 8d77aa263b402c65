"""Amounts, counts, due dates and texts in the forms in which library systems write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.venues.library.sip2.values import MAX_SHOWN_CHARS, count, due, money, shown

AMOUNTS = {
    "0.00": "0", "5": "5", "12.50": "12.50", "12,50": "12.50", ".50": "0.50", ",50": "0.50", "5.": "5", "0,5": "0.5",
    " 5.00 ": "5", "005.00": "5",
    # credits
    "-5.00": "-5", "5.00-": "-5", "(5.00)": "-5", "\u22125,00": "-5", "- 5.00": "-5", "$-5.00": "-5", "-$5.00": "-5",
    "5.00 CR": "-5", "+5.00": "5",
    # currencies
    "$5.00": "5", "€5,00": "5", "5,00 €": "5", "EUR 5.00": "5", "USD5.00": "5", "HK$5.00": "5", "5,00 Kč": "5",
    "kr. 5,00": "5", "Fr. 5.00": "5", "￥500": "500", "R$ 5,00": "5", "CRC 500": "500",
    # thousands
    "1,234.50": "1234.50", "1.234,50": "1234.50", "1 234,50": "1234.50", "1'234.50": "1234.50",
    "1\u2019234.50": "1234.50", "1\u00a0234,50": "1234.50", "1\u202f234,50": "1234.50", "1,234,567": "1234567",
    "1,00,000.00": "100000", "€ 1.234,50-": "-1234.50",
    # one sign before three digits: the larger amount, unless it cannot be
    "1,234": "1234", "1.234": "1234", "0.500": "0.5", ".500": "0.5", "1234.500": "1234.5", "KWD 1.234": "1.234",
    "": None, "   ": None,
}  # fmt: skip


@pytest.mark.parametrize("text", AMOUNTS)
def test_an_amount_is_read(text: str) -> None:
    expect = AMOUNTS[text]
    assert money(text) == (None if expect is None else Decimal(expect))


def test_the_currency_tells_whether_three_digits_are_decimals() -> None:
    assert money("1.234", "KWD") == Decimal("1.234")
    assert money("1.234", "EUR") == Decimal(1234)


@pytest.mark.parametrize(
    "text", ["ten", "n/a", "-", "$", ".", "1.2.3", "1,23,4", "1..2", "12,34,56", "5 days ago maybe", "1" * 13, "2026-01-02"]
)  # fmt: skip
def test_another_text_is_not_an_amount(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        money(text)


@given(st.text(max_size=20), st.text(max_size=4))
def test_any_text_is_an_amount_or_a_value_error(text: str, currency: str) -> None:
    try:
        amount = money(text, currency)
    except ValueError:
        return
    assert amount is None or amount.is_finite()


@pytest.mark.parametrize(("text", "number"), [("0003", 3), ("3   ", 3), ("   3", 3), ("    ", None), ("00x3", None), ("٣   ", None)])  # fmt: skip
def test_a_count_may_be_padded(text: str, number: int | None) -> None:
    assert count(text) == number


DUE = {
    "20270131    235900": "2027-01-31",
    "20270131": "2027-01-31",
    "20270131235959": "2027-01-31",
    "20270131    150000": "2027-01-31 15:00",
    "2027-01-31": "2027-01-31",
    "2027-01-31 23:59:00": "2027-01-31",
    "2027-01-31T15:00:00.000Z": "2027-01-31 15:00",
    "2027/01/31": "2027-01-31",
    "31.01.2027": "2027-01-31",
    "01/31/2027": "01/31/2027",
    "31 Jan 2027": "31 Jan 2027",
    "when you like\n": "when you like",
    "20271301": "20271301",
    "": "",
}


@pytest.mark.parametrize("text", DUE)
def test_a_due_date_is_shown_as_a_date(text: str) -> None:
    assert due(text) == DUE[text]


@given(st.text(max_size=2_000))
def test_a_shown_text_is_one_short_line(text: str) -> None:
    line = shown(text)
    assert len(line) <= MAX_SHOWN_CHARS
    assert not set(line) & set("\r\n\t\x1b\x00\u2028")
    assert due(text) == due(due(text))
