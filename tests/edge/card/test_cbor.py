from __future__ import annotations

import json
from collections.abc import Mapping

import cbor2
import pytest
from conftest import shared
from hypothesis import given, settings
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


def encoded_again(data: bytes) -> object:
    """The slow rule that `decode` must agree with: the value of allowed types whose encoding is the data."""
    try:
        value = cbor2.loads(
            data,
            semantic_decoders=cbor.NO_TAGS,
            allow_duplicate_keys=False,
            allow_indefinite=False,
            max_depth=cbor.MAX_DEPTH,
        )
        if is_allowed(value) and cbor2.dumps(value, canonical=True) == data:
            return value
    except (cbor2.CBORError, ValueError):
        pass
    return Reason.CARD_MALFORMED


def is_allowed(value: object) -> bool:
    match value:
        case bool():
            return False
        case int() | bytes() | str():
            return True
        case list() | tuple():
            return all(map(is_allowed, value))
        case Mapping():
            return all(type(key) in {int, str} for key in value) and all(map(is_allowed, value.values()))
        case cbor2.CBORTag():
            return is_allowed(value.value)
    return False


def heads(major: int, number: int) -> st.SearchStrategy[bytes]:
    """A head of this number, in any size that holds it."""
    sizes = [size for size in (1, 2, 4, 8) if number < 1 << 8 * size]
    said = [
        bytes((major << 5 | 24 + size.bit_length() - 1,)) + number.to_bytes(size, "big") for size in sizes
    ]
    return st.sampled_from([bytes((major << 5 | number,)), *said] if number < 24 else said)


@st.composite
def items(draw: st.DrawFn, depth: int = 4) -> bytes:
    """An item of a type that the format allows: often with a head that is too long, or a map out of order."""
    major = draw(st.sampled_from((0, 1, 2, 3, 4, 5, 6) if depth else (0, 1, 2, 3)))
    number = draw(st.sampled_from((0, 1, 23, 24, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**64 - 1)))
    match major:
        case 0 | 1:
            return draw(heads(major, number))
        case 2 | 3:
            text = draw(st.sampled_from(("", "a", "b", "é", "aa", "x" * 23, "é" * 12, "y" * 256))).encode()
            return draw(heads(major, len(text))) + text
        case 4 | 5:
            inner = draw(st.lists(items(depth - 1), max_size=4))
            inner = inner[: len(inner) // 2 * 2] if major == 5 else inner
            return draw(heads(major, len(inner) // (major - 3))) + b"".join(inner)
    return b"\xd2" + draw(items(depth - 1))


@settings(max_examples=500)
@given(items() | st.builds(lambda item, more: item + more, items(), st.binary(max_size=2)))
def test_fuzz_the_size_of_a_value_tells_what_encoding_it_again_would_tell(data):
    assert decoded(data) == encoded_again(data)


@given(values, st.integers(0, 200), st.binary(min_size=1, max_size=3))
def test_fuzz_a_changed_encoding_is_judged_as_by_encoding_it_again(value, at, put):
    data = cbor2.dumps(value, canonical=True)
    at = min(at, len(data))
    changed = data[:at] + put + data[at + len(put) :]
    assert decoded(changed) == encoded_again(changed)


ORDERS = {
    "a shorter key first": ("a2 1818 00 6161 00", True),
    "a longer key first": ("a2 190100 00 00 00", False),
    "a number above before one below zero": ("a2 00 00 20 00", True),
    "a number below zero first": ("a2 20 00 00 00", False),
    "numbers below zero ascend by their content": ("a2 20 00 21 00", True),
    "and do not descend": ("a2 21 00 20 00", False),
    "texts ascend by their bytes": ("a2 6161 00 6162 00", True),
    "a text that is shorter but greater first": ("a2 6162 00 626161 00", True),
    "a text that is longer first": ("a2 626161 00 6162 00", False),
}


@pytest.mark.parametrize(("hexes", "is_taken"), ORDERS.values(), ids=ORDERS)
def test_the_keys_of_a_map_ascend(hexes, is_taken):
    data = bytes.fromhex(hexes)
    assert (decoded(data) is not Reason.CARD_MALFORMED) == is_taken
    assert decoded(data) == encoded_again(data)


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
