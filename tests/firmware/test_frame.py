"""The controller's frames, compared in both directions with a codec made from LINK.md and binascii; and noise."""

from __future__ import annotations

import binascii

import pytest
from frame import Receiver, crc16, encode
from hypothesis import given
from hypothesis import strategies as st
from limits import MAX_FRAME, MAX_PAYLOAD, MAX_WIRE
from peers.link_host import framed, unframed

PAYLOADS = st.binary(min_size=1, max_size=MAX_PAYLOAD)


def encoded(payload: bytes) -> bytes:
    out = bytearray(b"\xa5" * MAX_WIRE)
    return bytes(out[: encode(bytearray(payload.ljust(MAX_FRAME, b"\xa5")), len(payload), out)])


def received(data: bytes, receiver: Receiver | None = None) -> list[bytes]:
    receiver = receiver or Receiver()
    lengths = (receiver.feed(byte) for byte in data)
    return [bytes(receiver.frame[:length]) for length in lengths if length]


@given(st.binary(max_size=MAX_FRAME))
def test_the_crc_is_that_of_the_standard_library(data: bytes) -> None:
    assert crc16(bytearray(data + b"\xa5"), len(data)) == binascii.crc_hqx(data, 0xFFFF)


def test_the_crc_is_the_one_of_the_catalogue() -> None:
    assert crc16(bytearray(b"123456789"), 9) == 0x29B1


@given(PAYLOADS)
def test_a_frame_follows_the_specification(payload: bytes) -> None:
    assert encoded(payload) == framed(payload)
    assert unframed(encoded(payload)) == [payload]
    assert received(framed(payload)) == [payload]


@pytest.mark.parametrize("length", [1, 2, MAX_PAYLOAD - 1, MAX_PAYLOAD])
@pytest.mark.parametrize("byte", [0, 1, 255])
def test_the_shortest_and_the_longest_frames_are_received(length: int, byte: int) -> None:
    payload = bytes([byte]) * length
    assert received(encoded(payload)) == [payload]
    assert len(encoded(payload)) == length + 4 <= MAX_WIRE


@given(st.lists(PAYLOADS, max_size=8))
def test_frames_without_a_gap_are_received(payloads: list[bytes]) -> None:
    assert received(b"".join(map(framed, payloads))) == payloads


@pytest.mark.parametrize("length", [MAX_PAYLOAD + 1, MAX_PAYLOAD + 2, 100, 251])
def test_a_frame_that_is_too_long_is_dropped_and_the_next_is_received(length: int) -> None:
    receiver = Receiver()
    assert received(framed(b"\x10" * length), receiver) == []
    assert received(framed(b"\x10hello"), receiver) == [b"\x10hello"]


@pytest.mark.parametrize("nothing", [b"", b"\0", b"\x01\0", b"\x01\x01\0", b"\x03\xff\xff\0"])
def test_a_frame_without_a_type_is_dropped(nothing: bytes) -> None:
    assert received(nothing) == []


def test_a_right_crc_alone_is_not_a_frame() -> None:
    assert binascii.crc_hqx(b"", 0xFFFF) == 0xFFFF
    assert received(b"\x03\xff\xff\0" * 3 + framed(b"\x10")) == [b"\x10"]


@given(payload=PAYLOADS, data=st.data())
def test_a_frame_with_one_bit_changed_is_dropped(payload: bytes, data: st.DataObject) -> None:
    wire = bytearray(framed(payload))
    wire[data.draw(st.integers(0, len(wire) - 2))] ^= 1 << data.draw(st.integers(0, 7))
    assert payload not in received(bytes(wire))


@given(payload=PAYLOADS, data=st.data())
def test_a_truncated_frame_loses_only_itself(payload: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(payload)))
    receiver = Receiver()
    assert received(framed(payload)[:cut] + b"\0", receiver) == []
    assert received(framed(payload), receiver) == [payload]


@given(noise=st.binary(max_size=200), payload=PAYLOADS)
def test_after_any_noise_the_next_zero_starts_a_frame(noise: bytes, payload: bytes) -> None:
    receiver = Receiver()
    received(noise + b"\0", receiver)
    assert received(framed(payload), receiver) == [payload]


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_fuzz_noise_raises_nothing_and_gives_no_long_frame(chunks: list[bytes]) -> None:
    for payload in received(b"\0".join(chunks)):
        assert 1 <= len(payload) <= MAX_PAYLOAD


def test_the_limits_are_those_of_the_specification() -> None:
    assert (MAX_PAYLOAD, MAX_FRAME, MAX_WIRE) == (56, 58, 60)
