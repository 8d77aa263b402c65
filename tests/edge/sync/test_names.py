"""Names of targets: each built name is read back, and no other name is accepted."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.sync import names
from edge.sync.names import ListName, list_target

KID = bytes.fromhex("00112233aabbccdd")
LIST = ListName.of(KID, "https://s.example/1")
SERIALS = st.integers(0, 2**32 - 1)
SITES = st.from_regex(r"[a-z0-9-]+(/[a-z0-9-]+){0,3}", fullmatch=True)


@given(SERIALS, SERIALS)
def test_every_target_name_of_a_list_is_read_back(first, second):
    start, end = sorted((first, second))
    assert list_target(LIST.signed) == names.ListTarget(LIST, "cwt")
    assert list_target(LIST.foreign) == names.ListTarget(LIST, "tsl")
    assert list_target(LIST.full(end)) == names.ListTarget(LIST, "full", end=end)
    if start < end:
        assert list_target(LIST.delta(start, end)) == names.ListTarget(LIST, "delta", start, end)
        assert list_target(LIST.delta(end, start)) is None, "serials ascend"


def test_a_list_name_holds_its_key_and_the_hash_of_its_uri():
    digest = hashlib.sha256(b"https://s.example/1").hexdigest()[:8]
    assert LIST.signed == f"revocation/00112233aabbccdd-{digest}.cwt"


@pytest.mark.parametrize(
    "name",
    [
        "revocation/time.json",
        "revocation/00112233AABBCCDD-01234567.cwt",
        "revocation/00112233aabbccdd-0123456.cwt",
        "revocation/00112233aabbccdd-01234567.cwt2",
        "revocation/00112233aabbccdd-01234567.01.full",
        "revocation/00112233aabbccdd-01234567.-1.full",
        "revocation/00112233aabbccdd-01234567.1-1.delta",
        "revocation/00112233aabbccdd-01234567.99999999999999999999.full",
        "sealed/00112233aabbccdd-01234567.cwt",
        "x/revocation/00112233aabbccdd-01234567.cwt",
        "revocation/00112233aabbccdd-01234567.cwt\n",
        "",
    ],
)
def test_other_names_belong_to_no_list(name):
    assert list_target(name) is None


def test_the_name_of_an_issuer_file_holds_its_key_id():
    assert names.issuer_kid(names.issuer(KID)) == KID
    assert names.issuer_kid("issuers/00112233aabbccd.json") is None
    assert names.issuer_kid("status/00112233aabbccdd.json") is None


def test_a_device_takes_the_nearest_policy():
    assert names.policies("tower-1/lobby/north") == (
        "policy/tower-1_lobby_north.toml",
        "policy/tower-1_lobby.toml",
        "policy/tower-1.toml",
        "policy/default.toml",
    )
    assert names.policy(None) == "policy/default.toml"


@given(SITES, SITES)
def test_two_sites_have_different_names(one, other):
    assert (names.policy(one) == names.policy(other)) == (one == other)
    assert (names.boxes(one, KID) == names.boxes(other, KID)) == (one == other)


@given(SITES)
def test_a_door_takes_the_boxes_of_every_site_that_contains_it(site):
    assert names.boxes_for(site, names.boxes(None, KID))
    assert names.boxes_for(site, names.boxes(site, KID))
    assert names.boxes_for(f"{site}/door", names.boxes(site, KID))
    assert not names.boxes_for(site, names.boxes(f"{site}/door", KID))
    assert not names.boxes_for(f"{site}0", names.boxes(site, KID))
    assert not names.boxes_for(site, f"sealed/{site}.boxes")
