"""Commissioning: its end, its refusals, and hostile bytes on the cable."""

from __future__ import annotations

import hmac
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import DoorLinkFault
from edge.link import faults, frame
from edge.link import messages as m
from edge.link.commissioning import Commissioning
from edge.link.session import LinkPairing

KEY = bytes(range(32))
CHECK = hmac.digest(KEY, b"doorward key check", "sha256")[:8]


def asked() -> Commissioning:
    return Commissioning(LinkPairing(KEY, m.Lock.FAIL_SAFE))


def test_the_request_holds_the_lock_and_the_key() -> None:
    assert list(frame.FrameReceiver().feed(asked().asks)) == [b"\x03\x02" + KEY]


def test_the_right_check_ends_it_also_in_pieces_and_after_noise() -> None:
    pair, answer = asked(), frame.encode(b"\x83" + CHECK)
    assert not pair.is_done(b"\x11\x22\0" + answer[:4])
    assert pair.is_done(answer[4:])


def test_another_check_is_a_fault() -> None:
    with pytest.raises(DoorLinkFault, match="another key"):
        asked().is_done(frame.encode(b"\x83" + bytes(8)))


@pytest.mark.parametrize("code", list(m.DenyCode))
def test_every_refusal_has_a_message_and_a_hint(code: m.DenyCode) -> None:
    with pytest.raises(faults.LinkDown) as caught:
        asked().is_done(frame.encode(bytes([0x8F, code])))
    assert caught.value.code == code
    assert caught.value.hint
    assert faults.denied(code).hint


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_fuzz_any_payloads_are_nothing_or_a_fault_of_the_link(payloads: list[bytes]) -> None:
    pair = asked()
    for payload in payloads:
        with suppress(DoorLinkFault):
            assert not pair.is_done(payload + b"\0")
        with suppress(DoorLinkFault):
            assert not pair.is_done(frame.encode(payload[:56] or b"\1"))
