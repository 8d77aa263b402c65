"""Bytes that a device fetches in a day, by the form in which its issuer publishes the list."""

from __future__ import annotations

from pathlib import Path

import pytest
from worlds.publishing import Authority, Gate

from hw.sim.source import SimSource
from tools.issuing.issuer import RAW_CAPACITY

DAYS = 40  # more than the steps that a publication keeps


def bytes_of_last_day(folder: Path, capacity: int, *, manifest: bool | None) -> int:
    """Of all files, for a list with one card in a hundred revoked, and 4 % a year more."""
    authority = Authority(capacity=capacity)
    authority.manifest = manifest
    authority.revoke_many(capacity // 100)
    authority.publish_lists()
    gate = Gate(folder, authority.root)
    gate.sync(authority.files, now=authority.now)
    due = 0.0
    for _ in range(DAYS):
        authority.later()
        due += capacity * 0.04 / 365
        authority.revoke_many(int(due))
        due -= int(due)
        authority.publish_lists()
        source = SimSource(authority.files)
        gate.sync(source, now=authority.now)
    return sum(len(authority.files[name]) for name, _ in source.asked if name in authority.files)


@pytest.mark.parametrize("capacity", [RAW_CAPACITY, RAW_CAPACITY + 1, 20_000, 100_000])
def test_a_list_is_published_in_the_smaller_form(tmp_path: Path, capacity: int) -> None:
    whole, manifest, chosen = (
        bytes_of_last_day(tmp_path / str(form), capacity, manifest=form) for form in (False, True, None)
    )
    assert chosen == (whole if capacity <= RAW_CAPACITY else manifest)
    if capacity > RAW_CAPACITY:
        assert manifest < whole


def test_a_list_ten_times_as_large_costs_a_device_twice_as_much_at_most(tmp_path: Path) -> None:
    small, large = (
        bytes_of_last_day(tmp_path / str(size), size, manifest=None) for size in (20_000, 200_000)
    )
    assert large < 2 * small
