"""The file of the times that outlive a power cut."""

from __future__ import annotations

from datetime import timedelta

import pytest
from worlds.trust import NOW

from edge.errors import ClockFault
from edge.trust.time.clock_file import MAX_CLOCK_BYTES, encode, parse
from edge.trust.time.steady_time import FIRST, LAST
from edge.trust.time.trusted_clock import ClockMemory

H = timedelta(hours=1)


@pytest.mark.parametrize(
    "memory", [ClockMemory(NOW, NOW - H, NOW - 2 * H, NOW - 3 * H), ClockMemory(FIRST, LAST)]
)
def test_a_file_is_read_as_it_was_written(memory: ClockMemory) -> None:
    assert parse(encode(memory)) == memory


def test_a_file_at_the_limit_is_read_and_a_byte_more_is_refused() -> None:
    data = encode(ClockMemory(NOW, NOW))
    whole = data + b" " * (MAX_CLOCK_BYTES - len(data))
    assert parse(whole) == ClockMemory(NOW, NOW)
    with pytest.raises(ClockFault, match=f"{MAX_CLOCK_BYTES + 1} bytes"):
        parse(whole + b" ")


@pytest.mark.parametrize("field", ["time", "signed", "synced", "vouched"])
@pytest.mark.parametrize("moment", ["1969-12-31T23:59:59.5Z", "2100-01-02T00:00:00Z", "2026-06-15T10:00:00"])
def test_no_time_is_outside_our_formats(field: str, moment: str) -> None:
    times = {"time": NOW, "signed": NOW, "synced": NOW, "vouched": NOW}
    text = ", ".join(f'"{name}": "{at.isoformat()}"' for name, at in times.items())
    parse(f"{{{text}}}".encode())
    wrong = text.replace(f'"{field}": "{NOW.isoformat()}"', f'"{field}": "{moment}"')
    with pytest.raises(ClockFault, match="damaged"):
        parse(f"{{{wrong}}}".encode())
