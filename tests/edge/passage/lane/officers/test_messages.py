"""Messages between a lane and its officers: strict in both directions, and no longer than a line may be."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decision import Reason
from edge.errors import InputError
from edge.passage.lane.events import Why
from edge.passage.lane.officers.messages import (
    MAX_LINE_BYTES,
    OfficerMessage,
    OfficerVerb,
    Referral,
    ReferralClosed,
    line,
    parse_officer_message,
    parse_referral,
)

CASES = st.builds(
    Referral,
    referral=st.integers(0, 2**53 - 1),
    lane=st.just("a" * 80),
    reason=st.sampled_from(Reason),
    why=st.sampled_from(Why),
    people=st.none() | st.integers(0, 99),
    admissible=st.booleans(),
    party=st.none() | st.just((7, 8)),
)


@given(CASES | st.builds(ReferralClosed, referral=st.integers(0, 2**53 - 1)))
def test_the_message_of_a_lane_is_parsed_and_short(news: Referral | ReferralClosed) -> None:
    assert parse_referral(line(news)) == news
    assert len(line(news)) <= MAX_LINE_BYTES


@pytest.mark.parametrize("word", OfficerVerb)
def test_the_message_of_an_officer_is_parsed(word: OfficerVerb) -> None:
    assert parse_officer_message(line(OfficerMessage(referral=7, verb=word))) == OfficerMessage(
        referral=7, verb=word
    )


BAD: dict[str, bytes] = {
    "nothing": b"",
    "not JSON": b"admit",
    "an unknown verb": b'{"referral":7,"verb":"open","v":1}',
    "no referral": b'{"verb":"admit","v":1}',
    "a role that the officer chose": b'{"referral":7,"verb":"admit","officer":"o-9","v":1}',
    "another version": b'{"referral":7,"verb":"admit","v":2}',
    "a negative number": b'{"referral":-1,"verb":"admit","v":1}',
    "two messages": b'{"referral":7,"verb":"admit","v":1}{"referral":8,"verb":"admit","v":1}',
    "a very long line": b'{"referral":7,"verb":"admit","v":1}' + b" " * MAX_LINE_BYTES,
    "not UTF-8": b'{"referral":7,"verb":"\xff","v":1}',
}


@pytest.mark.parametrize("name", BAD)
def test_a_wrong_message_of_an_officer_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        parse_officer_message(BAD[name])


@given(st.binary(max_size=600))
def test_any_bytes_are_a_message_or_an_input_error(data: bytes) -> None:
    for parse in (parse_officer_message, parse_referral):
        with contextlib.suppress(InputError):
            parse(data)


def test_no_officer_can_admit_unless_the_referral_says_so() -> None:
    assert not Referral(referral=1, lane="border", reason=Reason.LANE_SWAPPED, why=Why.FACE).admissible
