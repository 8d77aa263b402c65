"""The times in a trust folder's `generation.json`, and what a network proves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from worlds.trust import NOW

from edge.errors import TrustFault
from edge.trust.generation import MAX_GENERATION_BYTES, Generation, encode, parse

H = timedelta(hours=1)
HTTPS, STICK = "https://trust.example", "/media/stick"
FULL = Generation(NOW, NOW - H, HTTPS, {"targets": 3, "r" * 80: 0}, NOW - 2 * H)


@pytest.mark.parametrize("generation", [FULL, Generation(NOW)])
def test_a_file_is_read_as_it_was_written(generation: Generation) -> None:
    assert parse(encode(generation)) == generation


@pytest.mark.parametrize(
    ("edit", "word"),
    [
        ((b'"targets"', b'"' + b"r" * 81 + b'"'), "80"),
        ((b'"targets": 3', b'"targets": -1'), ">= 0"),
        ((b"+00:00", b""), "Expected"),
        ((b'"synced_at"', b'"now"'), "now"),
    ],
    ids=["a role of 81 letters", "a version below zero", "a time without a zone", "another field"],
)
def test_a_file_in_another_form_is_refused(edit: tuple[bytes, bytes], word: str) -> None:
    data = encode(FULL).replace(b"Z", b"+00:00")
    parse(data)
    with pytest.raises(TrustFault, match=word):
        parse(data.replace(*edit))


def test_a_file_at_the_limit_is_read_and_a_byte_more_is_refused() -> None:
    data = encode(FULL)
    whole = data + b" " * (MAX_GENERATION_BYTES - len(data))
    assert parse(whole) == FULL
    with pytest.raises(TrustFault, match=f"{MAX_GENERATION_BYTES + 1} bytes"):
        parse(whole + b" ")


def test_times_are_from_1970_to_2100() -> None:
    first = datetime(1970, 1, 1, tzinfo=UTC)
    assert parse(encode(Generation(first))).synced_at == first
    for moment in (first - timedelta(milliseconds=500), datetime(2100, 1, 2, tzinfo=UTC)):
        with pytest.raises(TrustFault, match="1970 to 2100"):
            parse(encode(Generation(moment)))


NEWS = {  # the signed time before, the one after, whether it proves a network
    "the first signed time": (None, NOW, True),
    "none before and none after": (None, None, True),
    "none any more": (NOW, None, True),
    "a newer one": (NOW, NOW + H, True),
    "the same": (NOW, NOW, False),
    "an older one": (NOW, NOW - H, False),
}


@pytest.mark.parametrize(("before", "after", "proves"), NEWS.values(), ids=NEWS)
def test_a_network_that_brings_no_newer_signed_time_proves_nothing(
    before: datetime | None, after: datetime | None, *, proves: bool
) -> None:
    old = Generation(NOW, before, HTTPS, network_at=NOW - 5 * H)
    new = old.followed_by(Generation(NOW + 2 * H, after, HTTPS))
    assert new.network_at == (NOW + 2 * H if proves else NOW - 5 * H)
    assert (new.synced_at, new.signed_at) == (NOW + 2 * H, after)


@pytest.mark.parametrize(("source", "by_network"), [(HTTPS, True), ("http://a", True), (STICK, False)])
def test_a_stick_proves_no_network(source: str, *, by_network: bool) -> None:
    assert Generation(NOW, source=source).as_first().network_at == (NOW if by_network else None)
