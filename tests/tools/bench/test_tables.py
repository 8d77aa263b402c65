"""A page of figures marks each promise that the measurement missed."""

from tools.bench import tables
from tools.bench.device import Figure, page
from tools.bench.tables import Line

KEPT = Figure("code to card", 0.22, "ms", 0.5)
MISSED = Figure("frame to similarity", 13.81, "ms", 12.0)
TOO_LOW = Figure("accuracy", 98.0, "%", 98.9, more_is_better=True)


def test_a_page_without_a_missed_promise_has_no_mark() -> None:
    assert "Missed" not in page([KEPT])


def test_a_page_names_each_missed_promise_below_its_table() -> None:
    told = page([KEPT, MISSED, TOO_LOW])
    assert told.endswith(
        "\n\n**Missed:** frame to similarity 13.81 ms ≤ 12 ms.\n**Missed:** accuracy 98.00 % ≥ 98.9 %.\n"
    )


def test_a_line_misses_its_promise_only_above_the_maximum() -> None:
    line = Line("apply a day, ms", "day_ms", ".1f", 50)
    assert tables.missed([line], {"day_ms": 50.0}) == []
    assert tables.missed([line], {"day_ms": 86.7}) == ["apply a day, ms: 86.7, at most 50"]
