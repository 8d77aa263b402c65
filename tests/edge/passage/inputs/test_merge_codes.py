"""Codes of camera and scanner together: one code or several."""

from __future__ import annotations

import pytest

from edge.passage.inputs.merge_codes import MAX_AGE_MS, merge_codes, only_cards
from edge.ports import Scan, Symbol

NOW_MS = 10_000


def symbol(text: str, engine: str = "camera") -> Symbol:
    return Symbol(text, text.encode(), engine)


# Texts that the camera sees, scans with their ages, and the result: texts with the device that read them.
CASES: dict[str, tuple[list[str], list[tuple[str, int]], list[tuple[str, str]]]] = {
    "nothing": ([], [], []),
    "the camera alone": (["A"], [], [("A", "camera")]),
    "the scanner alone": ([], [("A", 0)], [("A", "scanner")]),
    "the same phone before both": (["A"], [("A", 0)], [("A", "camera")]),
    "the scanner sends it again and again": ([], [("A", 90), ("A", 60), ("A", 0)], [("A", "scanner")]),
    "two phones, one before each": (["A"], [("B", 0)], [("A", "camera"), ("B", "scanner")]),
    "two phones before the scanner": ([], [("A", 50), ("B", 0)], [("A", "scanner"), ("B", "scanner")]),
    "two phones with one text in one picture": (
        ["A", "A"], [("A", 0)], [("A", "camera"), ("A", "camera")],
    ),
    "a scan that is too old": ([], [("A", MAX_AGE_MS), ("B", MAX_AGE_MS + 1)], [("A", "scanner")]),
    "a scan after the frame": ([], [("A", -30)], [("A", "scanner")]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_codes_at_one_moment(case: str) -> None:
    seen, told, read = CASES[case]
    scans = [Scan(symbol(text, "scanner"), NOW_MS - age_ms) for text, age_ms in told]
    symbols = merge_codes([symbol(text) for text in seen], scans, NOW_MS)
    assert [(s.text, s.engine) for s in symbols] == read


CARD, BOOK = "EC1:QED8WEX0", "9780131103627"


def test_a_scan_that_is_no_card_goes_to_the_items_and_is_no_presentation() -> None:
    scans = [Scan(symbol(text, "scanner"), NOW_MS) for text in (BOOK, CARD, BOOK)]
    items: list[str] = []
    assert only_cards(scans, items.append) == [scans[1]]
    assert items == [BOOK, BOOK]


def test_without_items_every_scan_is_a_presentation() -> None:
    scans = [Scan(symbol(BOOK, "scanner"), NOW_MS)]
    assert only_cards(scans, None) == scans
