"""What is said between a lane and its officers: strict both ways, and no longer than a line may be."""

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
def test_what_a_lane_says_is_understood_and_short(news: Referral | ReferralClosed) -> None:
    assert parse_referral(line(news)) == news
    assert len(line(news)) <= MAX_LINE_BYTES


@pytest.mark.parametrize("word", OfficerVerb)
def test_what_an_officer_says_is_understood(word: OfficerVerb) -> None:
    assert parse_officer_message(line(OfficerMessage(referral=7, verb=word))) == OfficerMessage(
        referral=7, verb=word
    )


BAD: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"admit",
    "another word": b'{"case":7,"word":"open","v":1}',
    "no case": b'{"word":"admit","v":1}',
    "an officer of their own choice": b'{"case":7,"word":"admit","officer":"o-9","v":1}',
    "another version": b'{"case":7,"word":"admit","v":2}',
    "a case before the first": b'{"case":-1,"word":"admit","v":1}',
    "two of them": b'{"case":7,"word":"admit","v":1}{"case":8,"word":"admit","v":1}',
    "very long": b'{"case":7,"word":"admit","v":1}' + b" " * MAX_LINE_BYTES,
    "no UTF-8": b'{"case":7,"word":"\xff","v":1}',
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_word_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        parse_officer_message(BAD[name])


@given(st.binary(max_size=600))
def test_whatever_comes_in_only_our_error_comes_out(data: bytes) -> None:
    for parse in (parse_officer_message, parse_referral):
        with contextlib.suppress(InputError):
            parse(data)
