"""Full lists and deltas: encoding, application to bitmaps, and refusal of wrong files."""

from __future__ import annotations

import mmap
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.trust import DAY, NOW

from edge.errors import UpdateRejected
from edge.trust.status import delta as statusdelta
from edge.trust.status.delta import WrongBase
from edge.trust.status.status import Bitmaps, StatusManifest, WrongList, bitmap_bytes


def drawn(size: int, density: float, seed: int) -> Bitmaps:
    rng = np.random.default_rng(seed)
    return Bitmaps(
        size, *(np.packbits(rng.random(size) < density, bitorder="little").tobytes() for _ in "rs")
    )


def copied(bitmaps: Bitmaps) -> Bitmaps:
    return Bitmaps(bitmaps.size, bytearray(bitmaps.revoked), bytearray(bitmaps.suspended))


def manifest(bitmaps: Bitmaps, serial: int = 2) -> StatusManifest:
    return StatusManifest.of(bitmaps, serial=serial, issued_at=NOW, expires=NOW + timedelta(days=7))


DENSITIES = st.sampled_from([0.0, 0.01, 0.3, 0.6, 1.0])
sizes = st.integers(1, 2_000)
lists = st.builds(drawn, sizes, DENSITIES, st.integers(0, 2**32))
SIZE = 1_001
OLD, NEW, NEWER = (drawn(SIZE, 0.05, seed) for seed in (1, 2, 3))
FULL = statusdelta.encode_full(NEW, serial=2)
DELTA = statusdelta.encode_delta(OLD, NEW, old_serial=1, new_serial=2)
NEXT = statusdelta.encode_delta(NEW, NEWER, old_serial=2, new_serial=3)


@given(lists, st.integers(1, 2**32 - 1))
def test_a_full_list_expands_to_its_bitmaps(bitmaps, serial):
    empty = Bitmaps.zeroed(bitmaps.size)
    statusdelta.expand(statusdelta.encode_full(bitmaps, serial=serial), empty, serial=serial)
    assert (empty.revoked, empty.suspended) == (bitmaps.revoked, bitmaps.suspended)


@given(sizes, DENSITIES, DENSITIES, st.integers(0, 2**32))
def test_a_delta_makes_the_new_list_of_the_old(size, before, after, seed):
    old, new = drawn(size, before, seed), drawn(size, after, seed + 1)
    delta = statusdelta.encode_delta(old, new, old_serial=7, new_serial=12)
    here = copied(old)
    assert statusdelta.apply(delta, here, serial=7) == 12
    assert (here.revoked, here.suspended) == (new.revoked, new.suspended)


def test_a_chain_and_a_merged_delta_give_equal_bitmaps():
    merged = statusdelta.encode_delta(OLD, NEWER, old_serial=1, new_serial=3)
    one, other = copied(OLD), copied(OLD)
    serial = statusdelta.apply(DELTA, one, serial=1)
    assert statusdelta.apply(NEXT, one, serial=serial) == statusdelta.apply(merged, other, serial=1) == 3
    assert one == other
    assert manifest(NEWER, 3).check(one).serial == 3


def test_equal_lists_have_an_empty_delta():
    delta = statusdelta.encode_delta(OLD, OLD, old_serial=1, new_serial=2)
    assert len(delta) == 32
    here = copied(OLD)
    assert statusdelta.apply(delta, here, serial=1) == 2
    assert here == copied(OLD)


def test_a_mapped_file_is_changed_in_place(tmp_path):
    for kind in ("revoked", "suspended"):
        (tmp_path / kind).write_bytes(getattr(OLD, kind))
    with (tmp_path / "revoked").open("r+b") as revoked, (tmp_path / "suspended").open("r+b") as suspended:
        maps = [mmap.mmap(file.fileno(), 0) for file in (revoked, suspended)]
        statusdelta.apply(DELTA, Bitmaps(SIZE, *maps), serial=1)
        for mapped in maps:  # nothing may keep a reference to the buffers: a device unmaps them now
            mapped.close()
    assert (tmp_path / "revoked").read_bytes() == NEW.revoked
    assert (tmp_path / "suspended").read_bytes() == NEW.suspended


def test_the_header_of_a_file_is_read_before_the_file_is_applied():
    full, delta = statusdelta.parse(FULL), statusdelta.parse(DELTA)
    assert (full.size, full.base, full.serial) == (SIZE, None, 2)
    assert (delta.size, delta.base, delta.serial) == (SIZE, 1, 2)


WRONG_BASES = {
    "a later base": (NEXT, SIZE, 1),
    "applied already": (DELTA, SIZE, 2),
    "no base yet": (DELTA, SIZE, 0),
    "a list of another size": (DELTA, SIZE + 1, 1),
    "a list as long in bytes": (DELTA, SIZE + 7, 1),
}


@pytest.mark.parametrize(("delta", "size", "serial"), WRONG_BASES.values(), ids=WRONG_BASES)
def test_a_delta_for_another_base_is_refused_and_changes_nothing(delta, size, serial):
    here = Bitmaps.zeroed(size)
    with pytest.raises(WrongBase) as caught:
        statusdelta.apply(delta, here, serial=serial)
    assert "full list" in caught.value.hint
    assert here == Bitmaps.zeroed(size)


@pytest.mark.parametrize(("size", "serial"), [(SIZE + 1, 2), (SIZE, 1), (SIZE, 3)])
def test_a_full_list_of_another_edition_is_refused(size, serial):
    with pytest.raises(WrongBase):
        statusdelta.expand(FULL, Bitmaps.zeroed(size), serial=serial)


def test_the_hash_reveals_a_delta_applied_twice():
    here = copied(OLD)
    statusdelta.apply(DELTA, here, serial=1)
    statusdelta.apply(DELTA, here, serial=1)  # the caller forgets the first time
    with pytest.raises(WrongList, match="not the bitmap that the issuer signed"):
        manifest(NEW).check(here)


def test_the_hash_reveals_a_delta_on_bits_of_another_serial():
    here = copied(NEWER)
    statusdelta.apply(DELTA, here, serial=1)
    with pytest.raises(WrongList):
        manifest(NEW).check(here)


def head(magic: bytes, *numbers: int) -> bytes:
    return magic + b"".join(number.to_bytes(4) for number in numbers)


EMPTY = bytes(16)
BROKEN = {
    "nothing": (b"", "begins with neither"),
    "another format": (head(b"DWF2", 8, 1) + EMPTY, "begins with neither"),
    "a head cut off": (FULL[:11], "begins with neither"),
    "a head alone": (head(b"DWF1", 8, 1), "cut off"),
    "a delta's head alone": (head(b"DWD1", 8, 1, 2), "cut off"),
    "a delta's head cut off": (DELTA[:15], "begins with neither"),
    "no cards": (head(b"DWF1", 0, 1) + EMPTY, "0 cards"),
    "more cards than any list": (head(b"DWF1", 2**31 + 1, 1) + EMPTY, "2147483649 cards"),
    "serial 0": (head(b"DWF1", 8, 0) + EMPTY, "serial 0"),
    "a delta from serial 0": (head(b"DWD1", 8, 0, 1) + EMPTY, "forward"),
    "a delta to itself": (head(b"DWD1", 8, 1, 1) + EMPTY, "forward"),
    "a delta back": (head(b"DWD1", 8, 2, 1) + EMPTY, "forward"),
    "one set only": (head(b"DWF1", 8, 1) + EMPTY[8:], "cut off"),
    "a byte at the end": (FULL + b"\0", "after the end"),
    "a byte missing": (FULL[:-1], "cut off"),
}


@pytest.mark.parametrize(("data", "message"), BROKEN.values(), ids=BROKEN)
def test_a_malformed_file_is_rejected(data, message):
    with pytest.raises(UpdateRejected, match=message) as caught:
        statusdelta.parse(data)
    assert caught.value.hint


def test_a_full_list_is_no_delta_and_a_delta_is_no_full_list():
    with pytest.raises(UpdateRejected, match="a full list instead of a delta"):
        statusdelta.apply(FULL, copied(OLD), serial=1)
    with pytest.raises(UpdateRejected, match="a delta instead of a full list"):
        statusdelta.expand(DELTA, Bitmaps.zeroed(SIZE), serial=2)


@given(sizes, st.integers(0, 2**32), st.sampled_from([0.38, 0.39, 0.5, 1.0]))
def test_a_full_list_has_little_more_than_two_bits_a_card(size, seed, density):
    full = statusdelta.encode_full(drawn(size, density, seed), serial=1)
    # Two sets, each of 1.1 bits a card at the most.
    assert len(full) <= 64 + size * 9 // 32


def outcome(data: bytes, kind: str) -> str:
    """The result of a file that should turn OLD into NEW, on a device."""
    here = copied(OLD) if kind == "delta" else Bitmaps.zeroed(SIZE)
    try:
        if kind == "delta":
            serial = statusdelta.apply(data, here, serial=1)
        else:
            statusdelta.expand(data, here, serial=(serial := 2))
        manifest(NEW).check(here)
    except WrongList:
        return "not the signed list"
    except UpdateRejected:
        return "rejected"
    return "accepted" if serial == 2 else "not the serial of the manifest"


FILES = {"full": FULL, "delta": DELTA}


@pytest.mark.parametrize("kind", FILES)
def test_fuzz_every_bit_of_a_file_matters(kind):
    assert outcome(FILES[kind], kind) == "accepted"
    for at in range(8 * len(FILES[kind])):
        changed = bytearray(FILES[kind])
        changed[at // 8] ^= 1 << at % 8
        assert outcome(bytes(changed), kind) != "accepted", f"bit {at}"


@pytest.mark.parametrize("kind", FILES)
def test_fuzz_every_truncation_is_rejected(kind):
    outcomes = {outcome(FILES[kind][:size], kind) for size in range(len(FILES[kind]))}
    assert outcomes == {"rejected"}


@given(st.sampled_from(sorted(FILES)), st.binary(max_size=200))
def test_fuzz_any_bytes_are_rejected(kind, data):
    for content in (data, FILES[kind][:16] + data, FILES[kind][:12] + data):
        assert outcome(content, kind) != "accepted"


SIGNED = manifest(NEW)
NOT_THE_LIST = {
    "another size": Bitmaps(SIZE + 8, *(bytes(bitmap_bytes(SIZE + 8)) for _ in "rs")),
    "a bitmap that is too short": Bitmaps(SIZE, NEW.revoked[:-1], NEW.suspended),
    "a bitmap that is too long": Bitmaps(SIZE, NEW.revoked, NEW.suspended + b"\0"),
    "no bitmap": Bitmaps(SIZE, b"", NEW.suspended),
    "the two exchanged": Bitmaps(SIZE, NEW.suspended, NEW.revoked),
    "the previous edition": OLD,
    "bits past the end": Bitmaps(SIZE, NEW.revoked, NEW.suspended[:-1] + b"\x80"),
}


@pytest.mark.parametrize("bitmaps", NOT_THE_LIST.values(), ids=NOT_THE_LIST)
def test_bitmaps_that_the_issuer_did_not_sign_are_no_list(bitmaps):
    with pytest.raises(WrongList) as caught:
        SIGNED.check(bitmaps)
    assert caught.value.hint


def test_bits_past_the_end_are_refused_even_if_they_were_signed():
    stray = Bitmaps(SIZE, NEW.revoked[:-1] + b"\x80", NEW.suspended)
    with pytest.raises(WrongList, match="revoked: bits past the end"):
        manifest(stray).check(stray)


def test_the_signed_list_answers_from_the_buffers_and_cannot_change_them():
    here = copied(NEW)
    status = SIGNED.check(here)
    assert (status.size, status.serial, status.issued_at, status.expires) == (SIZE, 2, NOW, NOW + 7 * DAY)
    assert (status.revoked, status.suspended) == (NEW.revoked, NEW.suspended)
    with pytest.raises(TypeError):
        status.revoked[0] = 1
