from __future__ import annotations

import json

import cbor2
import pytest
from conftest import shared
from hypothesis import given
from hypothesis import strategies as st

from edge.card import cbor
from edge.decision import Reason
from edge.errors import Refused

keys = st.integers(-(2**64), 2**64 - 1) | st.text(max_size=9)
values = st.recursive(
    st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=40) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


def depth(value: object) -> int:
    inner = value if isinstance(value, list) else value.values() if isinstance(value, dict) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def decoded(data: bytes) -> object:
    try:
        return cbor.decode(data, limit=10_000)
    except Refused as refused:
        return refused.reason


@given(values.filter(lambda value: depth(value) < cbor.MAX_DEPTH))
def test_every_value_of_the_allowed_kinds_comes_back(value):
    assert cbor.decode(cbor.encode(value), limit=10_000) == value


@given(values)
def test_only_the_deterministic_encoding_of_a_value_is_accepted(value):
    for data in (cbor2.dumps(value), cbor2.dumps(value, indefinite_containers=True)):
        got = decoded(data)
        assert got is Reason.CARD_MALFORMED or cbor.encode(got) == data


REFUSED = {
    "nothing": "",
    "false": "f4",
    "true": "f5",
    "null": "f6",
    "undefined": "f7",
    "simple value": "e0",
    "half float": "f90000",
    "double": "fb3ff0000000000000",
    "not a number": "f97e00",
    "integer in two bytes that fits in one": "1801",
    "integer in nine bytes that fits in one": "1b0000000000000001",
    "text length in two bytes that fits in one": "780161",
    "indefinite bytes": "5f4100ff",
    "indefinite array": "9fff",
    "indefinite map": "bfff",
    "a break alone": "ff",
    "reserved additional information": "1c",
    "two items": "0000",
    "duplicate keys": "a200000000",
    "unsorted keys": "a202000100",
    "key that is a float": "a1f9000000",
    "key that is an array": "a18000",
    "key that is null": "a1f600",
    "keys 1 and true": "a20100f500",
    "text that is not UTF-8": "61ff",
    "surrogate in text": "63eda080",
    "time in text": "c074323031332d30332d32315432303a30343a30305a",
    "time": "c100",
    "big number": "c249010000000000000000",
    "small big number": "c24101",
    "decimal fraction": "c48221196ab3",
    "shared list": "d81c80",
    "cycle": "d81c81d81d00",
    "reference to nothing": "d81d00",
    "rational": "d81e820102",
    "pattern": "d8236128",
    "message": "d82460",
    "uuid": "d82550" + "00" * 16,
    "set": "d9010280",
    "address": "d9010444c0a80001",
    "self-described": "d9d9f700",
    "unknown tag": "d9ffff00",
    "seven arrays": "81" * 7 + "80",
    "ten thousand arrays": "81" * 9_000 + "80",
    "array of 2^63 items": "9b8000000000000000",
    "bytes of 2^63": "5b8000000000000000",
    "map of 2^32 pairs": "ba80000000",
}  # fmt: skip


@pytest.mark.parametrize("hexes", REFUSED.values(), ids=REFUSED)
def test_a_value_that_the_format_does_not_allow_is_refused(hexes):
    with pytest.raises(Refused) as caught:
        cbor.decode(bytes.fromhex(hexes), limit=10_000)
    assert caught.value.reason is Reason.CARD_MALFORMED


KINDS = {
    "false": "f4",
    "true": "f5",
    "null": "f6",
    "undefined": "f7",
    "simple value": "e0",
    "half float": "f93e00",
    "float": "fa47c35000",
    "double": "fb3ff199999999999a",
}  # each in its deterministic encoding, so that nothing but its kind is wrong
PLACES = {
    "alone": "",
    "in a list": "81",
    "last in a list": "8201",
    "in a list in a list": "8181",
    "the value in a map": "a101",
    "the second value in a map": "a2010102",
    "in a list in a map": "a10181",
    "in a map in a list": "81a101",
    "the content of a tag": "d2",
    "in the list of a tag": "d281",
    "in the map of a tag": "d2a101",
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_kind_that_the_format_does_not_allow_is_refused_in_any_place(place, kind):
    assert decoded(bytes.fromhex(place + "00")) is not Reason.CARD_MALFORMED
    assert decoded(bytes.fromhex(place + kind)) is Reason.CARD_MALFORMED


def test_one_byte_over_the_limit_is_refused_before_it_is_read():
    assert cbor.decode(b"\x43abc", limit=4) == b"abc"
    with pytest.raises(Refused, match="more bytes"):
        cbor.decode(b"\x43abc", limit=3)


def test_rfc_8949_appendix_a_is_accepted_only_in_our_subset():
    """Uses the vectors of the RFC: a value of an allowed type in its shortest form is accepted, no other."""
    taken = 0
    for case in json.loads(shared("vectors", "cbor", "appendix_a.json").read_text()):
        data = bytes.fromhex(case["hex"])
        try:
            value = cbor.decode(data, limit=1_000)
        except Refused:
            continue
        taken += 1
        assert cbor2.dumps(value, canonical=True) == data
        if "decoded" in case and not isinstance(value, bytes):
            assert value == case["decoded"] or isinstance(value, dict)
    assert taken > 10


@given(st.binary(max_size=60))
def test_fuzz_any_bytes_are_accepted_or_refused(data):
    got = decoded(data)
    assert got is Reason.CARD_MALFORMED or cbor.encode(got) == data
