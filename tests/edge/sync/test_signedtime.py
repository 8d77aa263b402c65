"""The signed time of a publication, and its strict parser."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UpdateRejected
from edge.sync.signed_time import read_signed_time, signed_time

TIMES = st.integers(0, 4_102_444_799).map(lambda seconds: datetime.fromtimestamp(seconds + 0.25, UTC))


@given(TIMES)
def test_a_time_is_read_back_to_the_second(now):
    assert read_signed_time(signed_time(now)) == now.replace(microsecond=0)


def test_the_file_has_the_form_of_the_specification():
    assert signed_time(datetime(2026, 11, 22, 6, tzinfo=UTC)) == b'{"issued_at":"2026-11-22T06:00:00Z"}\n'


BAD = [
    b"", b"{}", b"[]", b"null", b"\xff", b'{"issued_at": 1}', b'{"issued_at": "yesterday"}',
    b'{"issued_at": "2026-11-22T06:00:00"}', b'{"issued_at": "1969-12-31T23:59:59Z"}',
    b'{"issued_at": "9999-12-31T23:59:59Z"}', b'{"issued_at": "0001-01-01T00:00:00+14:00"}',
    b'{"issued_at": "2026-11-22T06:00:00Z", "more": 1}', b"[" * 200, b" " * 300,
]  # fmt: skip


@pytest.mark.parametrize("data", BAD)
def test_a_malformed_time_is_an_update_rejected(data):
    with pytest.raises(UpdateRejected) as caught:
        read_signed_time(data)
    assert caught.value.hint


@given(st.binary(max_size=300))
def test_any_bytes_are_a_time_or_an_update_rejected(data):
    try:
        assert read_signed_time(data).tzinfo is UTC
    except UpdateRejected:
        return
