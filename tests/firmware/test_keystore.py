"""A power cut at any byte of a write leaves the old or the new key, and never no key."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from keystore import KeyStore

OLD = (1, bytes(range(32)))
NEW = (2, bytes(range(200, 232)))
RECORD_BYTES = 40
PAGE_BYTES = 64  # longer than the record
WRITES = st.tuples(st.sampled_from([1, 2]), st.binary(min_size=32, max_size=32))


class PowerCutError(Exception):
    """The power is cut."""


class Flash:
    """Two sectors. Erasing sets bits byte by byte, programming clears them; `budget` bytes, then the power is cut."""

    def __init__(self, content: int = 0xFF) -> None:
        self.sectors = [bytearray([content] * PAGE_BYTES) for _ in range(2)]
        self.budget: int | None = None
        self.spent = 0

    def read(self, sector: int, buffer: bytearray) -> None:
        buffer[:] = self.sectors[sector][: len(buffer)]

    def write(self, sector: int, buffer: bytearray) -> None:
        for index in range(PAGE_BYTES):
            self._change(sector, index, 0xFF)
        for index, byte in enumerate(buffer):
            self._change(sector, index, self.sectors[sector][index] & byte)

    def _change(self, sector: int, index: int, byte: int) -> None:
        if self.spent == self.budget:
            raise PowerCutError
        self.spent += 1
        self.sectors[sector][index] = byte


def loaded(flash: Flash) -> tuple[int, bytes] | None:
    """The lock and the key that the next boot reads."""
    flash.budget = None
    return KeyStore(flash).load()


def stored(*writes: tuple[int, bytes]) -> Flash:
    flash = Flash()
    for lock, key in writes:
        KeyStore(flash).save(lock, key)
    return flash


def cuts(before: tuple, action: str) -> int:
    """The number of bytes that an action changes."""
    flash = stored(*before)
    flash.spent = 0
    act(flash, action)
    return flash.spent


def act(flash: Flash, action: str) -> None:
    store = KeyStore(flash)
    store.save(*NEW) if action == "save" else store.erase()


@pytest.mark.parametrize("content", [0x00, 0xFF, 0x44])
def test_flash_that_was_never_written_holds_no_key(content: int) -> None:
    assert loaded(Flash(content)) is None


@pytest.mark.parametrize("count", [1, 2, 3, 255, 256, 257, 300])
def test_the_last_written_key_counts(count: int) -> None:
    flash = Flash()
    store = KeyStore(flash)
    for number in range(count):
        key = (1 + number % 2, number.to_bytes(32, "big"))
        store.save(*key)
        assert store.load() == key
    assert loaded(flash) == key


def test_an_erased_key_is_in_neither_sector() -> None:
    flash = stored(OLD, NEW)
    KeyStore(flash).erase()
    assert loaded(flash) is None
    for sector, (_, key) in itertools.product(flash.sectors, (OLD, NEW)):
        assert key not in bytes(sector)


def test_a_key_can_be_written_after_erasing() -> None:
    flash = stored(OLD)
    KeyStore(flash).erase()
    KeyStore(flash).save(*NEW)
    assert loaded(flash) == NEW


BEFORE = {
    "nothing": (),
    "one key": (OLD,),
    "a second key": (NEW, OLD),
    "an odd and an even number of keys": (OLD, NEW, OLD),
    "generations that wrap": (NEW, OLD) * 128,
    "generations that wrapped": (NEW, OLD) * 128 + (OLD,),
}


@pytest.mark.parametrize("action", ["save", "erase"])
@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_a_power_cut_at_any_byte_leaves_the_old_or_the_new(before: tuple, action: str) -> None:
    old, new = (before[-1] if before else None), (NEW if action == "save" else None)
    whole = stored(*before)
    outcomes = []
    for budget in range(cuts(before, action)):
        flash = Flash()
        flash.sectors = [bytearray(sector) for sector in whole.sectors]
        flash.budget = budget
        with pytest.raises(PowerCutError):
            act(flash, action)
        outcomes.append(loaded(flash))
        act(flash, action)  # the next attempt succeeds
        assert loaded(flash) == new
    turn = outcomes.index(new) if new in outcomes else len(outcomes)
    assert outcomes == [old] * turn + [new] * (len(outcomes) - turn)


@given(first=WRITES, second=WRITES, budget=st.integers(0, PAGE_BYTES + RECORD_BYTES - 1))
def test_a_power_cut_leaves_one_of_any_two_keys(
    first: tuple[int, bytes], second: tuple[int, bytes], budget: int
) -> None:
    flash = stored(first)
    flash.budget, flash.spent = budget, 0
    with pytest.raises(PowerCutError):
        KeyStore(flash).save(*second)
    assert loaded(flash) in (first, second)


@pytest.mark.parametrize("bit", range(RECORD_BYTES * 8))
def test_a_record_with_any_bit_changed_is_invalid_and_the_older_one_counts(bit: int) -> None:
    flash = stored(OLD, NEW)
    flash.sectors[1][bit // 8] ^= 1 << bit % 8
    assert loaded(flash) == OLD


@given(sectors=st.lists(st.binary(min_size=PAGE_BYTES, max_size=PAGE_BYTES), min_size=2, max_size=2))
def test_fuzz_any_content_of_the_flash_raises_nothing(sectors: list[bytes]) -> None:
    flash = Flash()
    flash.sectors = [bytearray(sector) for sector in sectors]
    assert loaded(flash) is None
    KeyStore(flash).save(*NEW)
    assert loaded(flash) == NEW
