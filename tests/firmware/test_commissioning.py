"""The controller's half of commissioning, against a technician's host that was written from LINK.md alone."""

from __future__ import annotations

from collections.abc import Generator

import commissioning
import pytest
from commissioning import Commissioning
from hypothesis import given
from hypothesis import strategies as st
from limits import MAX_FRAME
from peers.link_host import Nonces, Technician
from session import REFUSED

LOCK = 2
WRONG_TAG, VERSION, MALFORMED = 5, 12, 1


class Bench:
    """A controller's half, whose reply is read as it comes."""

    def __init__(self) -> None:
        self.reply = bytearray(b"\xa5" * MAX_FRAME)
        self.nonces = Nonces()
        self.half = Commissioning(self.reply, self.nonces.secret)
        self.technician = Technician(LOCK)

    def hear(self, payload: bytes, refusal: int = 0) -> bytes:
        frame = bytearray(payload.ljust(MAX_FRAME, b"\xa5"))  # what stood there before is behind the payload
        return bytes(self.reply[: self.half.hear(frame, len(payload), refusal)])

    def work(self) -> bytes:
        said = 0
        while self.half.is_busy:
            assert said == 0
            said = self.half.step()
        return bytes(self.reply[:said])

    def agree(self) -> bytes:
        """The confirmation that a technician's host answers with."""
        assert self.hear(self.technician.offer()) == b""
        return self.technician.confirm(self.work())


def test_a_key_is_there_after_the_confirmation_and_not_before() -> None:
    bench = Bench()
    confirm = bench.agree()
    assert bench.half.key is None
    assert bench.hear(confirm) == bench.technician.is_set()
    assert (bench.half.key, bench.half.lock) == (bench.technician.key, LOCK)


def test_an_offer_that_comes_again_costs_nothing_and_has_the_same_answer() -> None:
    bench = Bench()
    offer = bench.technician.offer()
    assert bench.hear(offer) == b""
    assert bench.half.step() == 0
    steps = bench.half._steps
    assert bench.hear(offer) == b""
    assert bench.half._steps is steps
    answer = bench.work()
    bench.nonces.private = bytes(32)
    assert bench.hear(offer) == answer
    assert not bench.half.is_busy


@pytest.mark.parametrize("when", ["while it is worked on", "after its answer"])
def test_a_newer_offer_takes_the_place_of_an_older_one(when: str) -> None:
    bench = Bench()
    if when == "after its answer":
        bench.agree()
    else:
        bench.hear(bench.technician.offer())
        bench.half.step()
    stale, bench.technician = bench.technician, Technician(1, private=bytes(range(32)))
    confirm = bench.agree()
    assert bench.half.lock == 1
    if when == "after its answer":
        assert stale.key != bench.technician.key
    assert bench.hear(confirm) == bench.technician.is_set()


def test_each_exchange_has_a_secret_of_its_own() -> None:
    bench = Bench()
    bench.agree()
    first = bench.technician.key
    bench.half.forget()
    bench.nonces.private = bytes(range(1, 33))
    bench.agree()
    assert bench.technician.key != first


@pytest.mark.parametrize("bit", range(8, 72))
def test_a_confirmation_with_any_bit_changed_ends_the_exchange(bit: int) -> None:
    bench = Bench()
    right = bench.agree()
    wrong = bytearray(right)
    wrong[bit // 8] ^= 1 << bit % 8
    assert bench.hear(bytes(wrong)) == bytes([REFUSED, WRONG_TAG])
    assert bench.hear(right) == b""
    assert bench.half.key is None


@pytest.mark.parametrize("refusal", [8, 9])
def test_what_cannot_be_now_is_refused_and_touches_no_exchange(refusal: int) -> None:
    bench = Bench()
    confirm = bench.agree()
    for payload in (Technician(1).offer(), confirm):
        assert bench.hear(payload, refusal) == bytes([REFUSED, refusal])
    assert bench.hear(confirm) == bench.technician.is_set()


OTHERS = {
    "version 1": (Technician().offer(version=1), VERSION),
    "a version to come": (Technician().offer(version=3), VERSION),
    "a lock of kind 0": (Technician(0).offer(), MALFORMED),
    "a lock of kind 3": (Technician(3).offer(), MALFORMED),
}


@pytest.mark.parametrize("what", OTHERS)
def test_an_offer_that_cannot_be_answered_is_refused_by_name(what: str) -> None:
    payload, code = OTHERS[what]
    bench = Bench()
    assert bench.hear(payload) == bytes([REFUSED, code])
    assert not bench.half.is_busy


@pytest.mark.parametrize("length", [1, 2, 8, 10, 34, 36, 56])
@pytest.mark.parametrize("kind", [4, 5])
def test_a_frame_of_another_length_is_dropped(kind: int, length: int) -> None:
    bench = Bench()
    right = bench.agree()
    assert bench.hear(bytes([kind]) + bytes(length - 1)) == b""
    assert bench.hear(bytes([kind]) + bytes(length - 1), refusal=9) == b""
    assert bench.hear(right) == bench.technician.is_set()


@pytest.mark.parametrize("point", [0, 1, 2**255 - 20, 2**255 - 19], ids=["0", "1", "p - 1", "p"])
def test_a_public_key_that_makes_every_secret_the_same_is_refused(point: int) -> None:
    bench = Bench()
    bench.hear(bench.technician.offer()[:3] + point.to_bytes(32, "little"))
    assert bench.work() == bytes([REFUSED, MALFORMED])
    assert bench.half._agreed is None
    key = commissioning.Mac(bytes(32))
    assert bench.hear(b"\x05" + key.tag(b"host check")) == b""


def test_what_was_forgotten_is_over() -> None:
    bench = Bench()
    confirm = bench.agree()
    bench.half.forget()
    assert bench.hear(confirm) == b""
    bench.hear(bench.technician.offer())
    bench.half.forget()
    assert not bench.half.is_busy


def test_secrets_are_made_in_the_same_small_steps() -> None:
    made = []

    def secret() -> Generator[None, None, bytes]:
        for number in range(40):
            made.append(number)
            yield
        return bytes(range(32))

    half = Commissioning(bytearray(MAX_FRAME), secret)
    half.hear(bytearray(Technician().offer()), 35, 0)
    for number in range(40):
        assert made == list(range(number))
        half.step()


@given(
    payloads=st.lists(
        st.sampled_from([b"\x04", b"\x05"]).flatmap(
            lambda kind: st.binary(max_size=40).map(lambda rest: kind + rest)
        ),
        max_size=9,
    )
)
def test_fuzz_no_frame_raises_or_sets_a_key(payloads: list[bytes]) -> None:
    bench = Bench()
    for payload in payloads:
        bench.hear(payload)
        if bench.half.is_busy:
            bench.half.step()
    assert bench.half.key is None
