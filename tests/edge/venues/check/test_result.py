"""Results from device to host, and other bytes that a host may receive."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.card import cose
from edge.decision import Reason
from edge.errors import InputError
from edge.venues.check.result import CheckOutcome, Result, encode, from_text, to_text, verify

SEED = bytes(range(32))
KEY = cose.public_key(SEED)
words = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=80)
common = {
    "device": words,
    "seq": st.integers(0, 2**53 - 1),
    "at": st.integers(0, 4_102_444_800_000).map(lambda ms: datetime.fromtimestamp(ms / 1_000, UTC)),
    "site": words,
    "purpose": words,
    "face": st.booleans(),
}
granted = st.builds(
    Result,
    **common,
    outcome=st.just(CheckOutcome.GRANTED),
    pseudonym=st.binary(min_size=16, max_size=16),
    sealed=st.none() | st.binary(min_size=73, max_size=300),
)
denied = st.builds(
    Result, **common, outcome=st.just(CheckOutcome.DENIED), reason=st.none() | st.sampled_from(Reason)
)
GENUINE = Result(
    device="rail-3",
    seq=1,
    at=datetime(2026, 6, 15, tzinfo=UTC),
    site="gate",
    purpose="rail-security",
    outcome=CheckOutcome.GRANTED,
    face=True,
    pseudonym=bytes(16),
)
SIGNED = encode(GENUINE, SEED)


@given(granted | denied)
def test_a_host_reads_the_result_that_a_device_signed(result: Result) -> None:
    text = to_text(encode(result, SEED))
    found = verify(from_text(text), KEY)
    assert round(found.at.timestamp() * 1_000) == round(result.at.timestamp() * 1_000)
    assert encode(found, SEED) == encode(result, SEED)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_input_error(data: bytes) -> None:
    with pytest.raises(InputError):
        verify(data, KEY)


@given(st.text(max_size=60))
def test_any_text_is_bytes_or_an_input_error(text: str) -> None:
    for one in (text, f"CR1:{text}"):
        try:
            data = from_text(one)
        except InputError:
            continue
        assert to_text(data) == one


@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
def test_a_result_with_a_changed_byte_is_refused(at: int, change: int) -> None:
    forged = SIGNED[:at] + bytes([SIGNED[at] ^ change]) + SIGNED[at + 1 :]
    with pytest.raises(InputError):
        verify(forged, KEY)


def test_the_repr_of_a_result_has_no_data_of_the_holder() -> None:
    assert "pseudonym" not in repr(GENUINE)
    assert verify(SIGNED, KEY) == GENUINE
