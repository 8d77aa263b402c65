"""Vectors of frames: bytes on the wire, and the payloads in them (LINK.md section 1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.vectors.link.make import LinkVector, cobs, crc, wire

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD: Final = b"\x10doorward"
LONGEST: Final = bytes(range(200, 256))  # 56 bytes, a type and 55 of body


def frame_vectors() -> Iterator[LinkVector]:
    """Valid frames, and bytes that are not a frame."""
    for name, comment, heard in (
        ("alone", "a payload with only a type", b"\x10"),
        ("usual", "eight bytes of body", GOOD),
        ("zeros", "only zeros: each one ends a block", bytes(56)),
        ("zero_last", "a zero at the end of the body", b"\x10\1\0"),
        ("ones", "56 bytes without a zero", b"\xff" * 56),
        ("longest", "56 bytes", LONGEST),
    ):
        yield _frame(f"valid_{name}", comment, wire(heard), [heard])
    yield _frame("valid_two", "two frames, one after the other", wire(GOOD) + wire(b"\x12"), [GOOD, b"\x12"])
    yield _frame(
        "valid_after_delimiters", "delimiters before the frame are ignored", bytes(5) + wire(GOOD), [GOOD]
    )
    bad = wire(GOOD)
    for name, comment, noise in (
        ("empty", "only a delimiter", b"\0"),
        ("crc_bit", "one bit of the CRC", cobs(GOOD + _flip(crc(GOOD))) + b"\0"),
        ("crc_swapped", "the CRC with its high byte first", cobs(GOOD + crc(GOOD)[::-1]) + b"\0"),
        ("crc_missing", "no CRC", cobs(GOOD) + b"\0"),
        ("crc_start", "a CRC that starts from 0", cobs(GOOD + _crc_from_zero(GOOD)) + b"\0"),
        ("body_bit", "one bit of the body", cobs(_flip(GOOD) + crc(GOOD)) + b"\0"),
        ("no_type", "an empty payload with its CRC", cobs(crc(b"")) + b"\0"),
        ("one_byte", "one byte, too short for a CRC", cobs(b"\x10") + b"\0"),
        ("truncated", "the last byte before the delimiter is missing", bad[:-2] + b"\0"),
        ("head_missing", "the first byte is missing", bad[1:]),
        ("block_beyond", "a block longer than the frame", b"\xff" + bad[1:]),
        ("block_short", "a block that ends too early", bytes([bad[0] - 1]) + bad[1:]),
        ("byte_more", "one byte after the last block", bad[:-1] + b"\x02\0"),
        ("too_long", "57 bytes of payload", wire(LONGEST + b"\1")),
        ("far_too_long", "a kilobyte without a delimiter", b"\x55" * 1_024 + b"\0"),
    ):
        yield _frame(f"noise_{name}", comment, noise, [])
    yield _frame("noise_before", "a frame after noise without a delimiter is lost", b"\x33\x44" + bad, [])
    yield _frame(
        "noise_then_valid",
        "the second frame after noise is valid",
        b"\x33\x44" + bad + wire(b"\x12"),
        [b"\x12"],
    )
    yield _frame("noise_unfinished", "a frame that never ends", bad[:-1], [])


def _frame(name: str, comment: str, noise: bytes, heard: list[bytes]) -> LinkVector:
    return LinkVector(
        f"frame_{name}", comment, {"wire": noise.hex(), "payloads": [payload.hex() for payload in heard]}
    )


def _flip(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def _crc_from_zero(payload: bytes) -> bytes:
    import binascii  # only for this wrong CRC

    return binascii.crc_hqx(payload, 0).to_bytes(2, "little")
