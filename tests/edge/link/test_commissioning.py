"""The host's half of commissioning: what counts as done, what never crosses the wire, and lies of the cable."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base
from peers.link_host import mac

from edge.errors import DoorLinkFault, StorageFault
from edge.link import faults, frame
from edge.link import messages as m
from edge.link.commissioning import Commissioning

PRIVATE, CONTROLLERS = bytes(range(32)), bytes(range(50, 82))
PUBLIC = crypto_scalarmult_base(CONTROLLERS)
OFFER = b"\x02\x02" + crypto_scalarmult_base(PRIVATE)
KEY = mac(crypto_scalarmult(CONTROLLERS, OFFER[2:]), b"doorward link key" + OFFER + PUBLIC)
ANSWER = b"\x84" + PUBLIC + mac(KEY, b"controller check")[:8]
IS_SET = b"\x85" + mac(KEY, b"key set")[:8]


class Host(Commissioning):
    """One exchange, and the keys that it kept."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []
        super().__init__(m.Lock.FAIL_SAFE, PRIVATE, keep=self.kept.append)

    def hear(self, *payloads: bytes) -> bool:
        return self.receive(b"".join(map(frame.encode, payloads)))

    @property
    def says(self) -> bytes:
        (payload,) = frame.FrameReceiver().feed(self.asks)
        return payload


def test_a_public_key_is_offered_for_a_kind_of_lock() -> None:
    assert Host().says == b"\x04" + OFFER


def test_a_right_answer_is_kept_before_it_is_confirmed_and_confirmed_until_it_is_set() -> None:
    host = Host()
    assert host.hear(ANSWER)
    assert (host.kept, host.is_agreed, host.is_done) == ([KEY], True, False)
    assert host.says == b"\x05" + mac(KEY, b"host check")[:8]
    assert not host.hear(ANSWER)
    assert host.kept == [KEY]
    assert not host.hear(IS_SET)
    assert host.is_done


def test_answers_come_in_pieces_and_behind_noise() -> None:
    host, wire = Host(), frame.encode(ANSWER)
    assert not host.receive(b"\x11\x22\0" + wire[:9])
    assert host.receive(wire[9:])


def test_a_key_that_cannot_be_kept_is_not_confirmed() -> None:
    def full(_: bytes) -> None:
        raise StorageFault("full")

    host = Commissioning(m.Lock.FAIL_SAFE, PRIVATE, keep=full)
    with pytest.raises(StorageFault):
        host.receive(frame.encode(ANSWER))
    assert not host.is_agreed
    assert host.asks == Host().asks


LIES = {
    "another check": ANSWER[:-1] + bytes([ANSWER[-1] ^ 1]),
    "another public key under the same check": ANSWER[:1] + OFFER[2:] + ANSWER[33:],
    "our own public key": b"\x84" + OFFER[2:] + bytes(8),
    "the host's check": b"\x84" + PUBLIC + mac(KEY, b"host check")[:8],
    "an answer to another offer": b"\x84" + PUBLIC + mac(mac(KEY, b""), b"controller check")[:8],
    "a byte less": ANSWER[:-1],
    "an answer without a public key": ANSWER[:1],
    "an answer of half a public key": ANSWER[:17],
    "a byte more": ANSWER + b"\0",
    "set before it was agreed on": IS_SET,
    "a session's refusal": bytes([0x8F, m.DenyCode.NO_KEY]),
    "KEY_SET of version 1": b"\x83" + mac(KEY, b"doorward key check")[:8],
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_of_the_cable_agrees_on_nothing(lie: str) -> None:
    host = Host()
    assert not host.hear(LIES[lie])
    assert (host.kept, host.is_agreed, host.is_done) == ([], False, False)
    assert host.hear(ANSWER)  # and does not keep the controller's answer out


@pytest.mark.parametrize("wrong", [b"\x85" + bytes(8), IS_SET[:-1], b"\x85" + mac(KEY, b"host check")[:8]])
def test_only_a_controller_that_has_the_key_ends_it(wrong: bytes) -> None:
    host = Host()
    host.hear(ANSWER, wrong)
    assert not host.is_done


@pytest.mark.parametrize("point", [0, 1, 2**255 - 20, 2**255 - 19], ids=["0", "1", "p - 1", "p"])
def test_a_public_key_that_makes_every_secret_the_same_is_a_fault(point: int) -> None:
    host = Host()
    key = mac(bytes(32), b"doorward link key" + OFFER + point.to_bytes(32, "little"))
    with pytest.raises(DoorLinkFault, match="every pair's key the same") as caught:
        host.hear(b"\x84" + point.to_bytes(32, "little") + mac(key, b"controller check")[:8])
    assert caught.value.hint.startswith("look at the cable")
    assert host.kept == []


@pytest.mark.parametrize("code", set(m.DenyCode) - {m.DenyCode.BUSY, m.DenyCode.NO_KEY, m.DenyCode.LOCK_KIND})
def test_a_refusal_of_a_key_ends_it_with_words_and_a_hint(code: m.DenyCode) -> None:
    with pytest.raises(faults.LinkDown) as caught:
        Host().hear(bytes([0x8F, code]))
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize("code", list(m.DenyCode))
def test_every_refusal_and_denial_has_words_and_a_hint(code: m.DenyCode) -> None:
    assert "device on its cable" in faults.refused(code).message
    assert faults.refused(code).hint
    assert faults.denied(code).hint


@pytest.mark.parametrize("code", [*(set(m.DenyCode) - {m.DenyCode.BUSY}), 99])
def test_a_refusal_that_anything_on_the_cable_can_make_does_not_send_a_technician_to_the_lid(
    code: int,
) -> None:
    assert faults.refused(code).hint.startswith(
        "check the cable first, because any device on it can send this"
    )


def test_the_secret_and_the_key_never_cross_the_wire() -> None:
    host = Host()
    said = host.says
    host.hear(ANSWER)
    said += host.says
    for secret in (PRIVATE, KEY, crypto_scalarmult(PRIVATE, PUBLIC)):
        assert not any(secret[at : at + 8] in said for at in range(0, 32, 8))


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_fuzz_noise_and_lies_are_nothing_or_a_fault_of_ours(payloads: list[bytes]) -> None:
    host = Host()
    for payload in payloads:
        with suppress(DoorLinkFault):
            assert not host.receive(payload + b"\0")
        with suppress(DoorLinkFault):
            assert not host.hear(payload[:56] or b"\1")
        with suppress(DoorLinkFault):
            assert not host.hear(b"\x84" + payload.ljust(40, b"\0")[:40])
    assert host.kept == []
