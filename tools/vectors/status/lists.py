"""Vectors of full lists and deltas, each with one change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.vectors.status.make import (
    DELTA_SETS,
    FULL_SETS,
    REVOKED,
    REVOKED_BEFORE,
    SIZE,
    SUSPENDED,
    SUSPENDED_BEFORE,
    StatusVector,
    coded,
    delta,
    full,
    parameter,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def full_vectors() -> Iterator[StatusVector]:
    """Full lists, expanded into empty bitmaps and compared with the manifest."""
    revoked, suspended = FULL_SETS
    k = parameter(revoked.count)
    padded = suspended.but(low=suspended.low[:-1] + bytes([suspended.low[-1] | 0x80]))
    empty_byte = revoked.but(unary=revoked.unary + b"\0")
    one_more = suspended.but(unary=suspended.unary + b"\x01")
    one_less = suspended.but(unary=bytes([suspended.unary[0] & 0x7F]))
    yield StatusVector(name="full_valid", expect="valid", comment="the second edition", body=full())
    for name, expect, detail, comment, body in (
        ("empty", "rejected", "it begins", "an empty file", b""),
        ("magic_other", "rejected", "it begins", "another format", full(magic=b"DWF2")),
        ("is_delta", "rejected", "a delta", "a delta in place of a full list", delta()),
        ("size_zero", "rejected", "a list of 0", "no cards", full(size=0)),
        ("size_huge", "rejected", "a list of", "one card more than a list may have", full(size=2**31 + 1)),
        ("serial_zero", "rejected", "serial 0", "serial 0", full(serial=0)),
        ("serial_other", "wrong-base", "", "the next edition", full(serial=3)),
        ("truncated", "rejected", "cut off", "the last byte is missing", full()[:-1]),
        ("trailing_byte", "rejected", "bytes after", "one byte after the end", full() + b"\0"),
        (
            "one_set",
            "rejected",
            "cut off",
            "without the set of suspended cards",
            full()[: 12 + len(revoked.encoded())],
        ),
        (
            "count_above_size",
            "rejected",
            "more positions than the list",
            "1,002 revoked cards",
            full(revoked.but(count=SIZE + 1)),
        ),
        (
            "length_long",
            "rejected",
            "a unary part longer",
            "a unary part of 4 GB",
            full(revoked.but(length=2**32 - 1)),
        ),
        (
            "length_short",
            "rejected",
            "",
            "one byte less in the unary part",
            full(suspended=suspended.but(length=0)),
        ),
        ("low_padding", "rejected", "bits past", "a bit after the low part", full(suspended=padded)),
        ("unary_empty_byte", "rejected", "an empty byte", "zeros at the end", full(empty_byte)),
        ("unary_one_more", "rejected", "more positions than it", "one more 1 bit", full(suspended=one_more)),
        ("unary_one_less", "rejected", "fewer positions", "one 1 bit less", full(suspended=one_less)),
        (
            "position_past_end",
            "rejected",
            "a position past",
            "index 1,001",
            full(coded(REVOKED - {1_000} | {SIZE})),
        ),
        ("parameter_small", "rejected", "", "k is one below rule 3", full(coded(REVOKED, k=k - 1))),
        ("parameter_large", "rejected", "", "k is one above rule 3", full(coded(REVOKED, k=k + 1))),
        (
            "card_left_out",
            "wrong-list",
            "revoked",
            "one revoked card is missing",
            full(coded(REVOKED - {512})),
        ),
        (
            "card_added",
            "wrong-list",
            "suspended",
            "one more suspended card",
            full(suspended=coded(SUSPENDED | {5})),
        ),
        ("sets_swapped", "wrong-list", "revoked", "the sets in the other order", full(suspended, revoked)),
        (
            "edition_before",
            "wrong-list",
            "revoked",
            "the first edition under the serial of the second",
            full(coded(REVOKED_BEFORE), coded(SUSPENDED_BEFORE)),
        ),
        (
            "no_positions",
            "wrong-list",
            "revoked",
            "a list without a revoked or suspended card",
            full(coded(()), coded(())),
        ),
    ):
        yield StatusVector(name=f"full_{name}", expect=expect, detail=detail, comment=comment, body=body)


def delta_vectors() -> Iterator[StatusVector]:
    """Deltas, applied to the bits of an edition; for the device it is the edition `serial`."""
    revoked, suspended = DELTA_SETS
    nothing = coded(())
    for name, expect, detail, comment, body, serial, bits in (
        ("valid", "valid", "", "from the first edition to the second", delta(), 1, 1),
        ("is_full", "rejected", "a full list", "a full list in place of a delta", full(), 1, 1),
        ("magic_other", "rejected", "it begins", "another format", delta(magic=b"DWD2"), 1, 1),
        ("from_zero", "rejected", "a delta that", "from serial 0", delta(base=0), 1, 1),
        ("from_is_to", "rejected", "a delta that", "from serial 2 to 2", delta(base=2), 2, 1),
        ("backwards", "rejected", "a delta that", "from serial 2 to 1", delta(base=2, serial=1), 2, 2),
        (
            "from_later",
            "wrong-base",
            "",
            "from an edition that the device does not have yet",
            delta(base=2, serial=3),
            1,
            1,
        ),
        ("from_earlier", "wrong-base", "", "applied already", delta(), 2, 2),
        ("size_other", "wrong-base", "", "for a longer list", delta(size=SIZE + 7), 1, 1),
        ("to_other", "wrong-serial", "", "to serial 3", delta(serial=3), 1, 1),
        ("twice", "wrong-list", "revoked", "applied again by a device with a wrong serial", delta(), 1, 2),
        ("nothing", "wrong-list", "revoked", "without a change", delta(nothing, nothing), 1, 1),
        (
            "card_left_out",
            "wrong-list",
            "revoked",
            "one revoked card is missing",
            delta(coded({79, 998, 999, 1_000})),
            1,
            1,
        ),
        (
            "revived",
            "wrong-list",
            "revoked",
            "one revoked card is good again",
            delta(coded({7, 79, 512, 998, 999, 1_000})),
            1,
            1,
        ),
        (
            "reinstated",
            "wrong-list",
            "suspended",
            "one more suspension is lifted",
            delta(suspended=coded({0, 500, 600})),
            1,
            1,
        ),
        ("truncated", "rejected", "cut off", "the last byte is missing", delta()[:-1], 1, 1),
        ("trailing_byte", "rejected", "bytes after", "one byte after the end", delta() + b"\0", 1, 1),
        (
            "position_past_end",
            "rejected",
            "a position past",
            "index 1,001",
            delta(coded({79, 512, 998, 999, SIZE})),
            1,
            1,
        ),
        (
            "count_above_size",
            "rejected",
            "more positions than the list",
            "4,294,967,295 revoked cards",
            delta(revoked.but(count=2**32 - 1)),
            1,
            1,
        ),
        (
            "length_long",
            "rejected",
            "a unary part longer",
            "a unary part of 4 GB",
            delta(suspended=suspended.but(length=2**32 - 1)),
            1,
            1,
        ),
    ):
        gate = {"serial": str(serial), "bits": str(bits)}
        yield StatusVector(
            name=f"delta_{name}", expect=expect, detail=detail, comment=comment, body=body, gate=gate
        )
