from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.journals import passage

from edge.audit.errors import JournalBroken
from edge.audit.record import (
    MAX_RECORD_BYTES,
    Cause,
    ClockTrust,
    DevicePart,
    DoorChange,
    Faulted,
    JournalEntry,
    Outcome,
    Passage,
    Path,
    Started,
    StopCause,
    Stopped,
    TrustAge,
    Visited,
    decode,
    encode,
    utc_ms,
)
from edge.decision import Reason
from edge.errors import Fault, StorageFault
from edge.ports import DoorEventKind

idents = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,39}\Z")
sites = st.from_regex(r"\A[a-z0-9][a-z0-9-]{0,20}(/[a-z0-9][a-z0-9-]{0,20}){0,2}\Z")
common: dict[str, Any] = {
    "time_ms": st.integers(0, 253_402_300_799_999),
    "tick_ms": st.integers(0, 2**53 - 1),
    "door": sites,
    "version": st.from_regex(r"\A[0-9][a-z0-9.+-]{0,39}\Z"),
}


@st.composite
def passages(draw: st.DrawFn) -> Passage:
    outcome = draw(st.sampled_from(Outcome))
    compared = draw(st.booleans())
    milli = st.integers(-1000, 1000)
    return Passage(
        **{name: draw(values) for name, values in common.items()},
        outcome=outcome,
        reason=None if outcome is Outcome.GRANT else draw(st.sampled_from(Reason)),
        card=draw(st.none() | st.from_regex(r"\A[0-9a-f]{12}\Z")),
        issuer=draw(st.none() | st.binary(min_size=1, max_size=32).map(bytes.hex)),
        assurance=draw(st.none() | st.integers(0, 3)),
        similarity_milli=draw(milli) if compared else None,
        threshold_milli=draw(milli) if compared else None,
        model=draw(st.none() | idents),
        policy=draw(st.none() | idents),
        clock=draw(st.sampled_from(ClockTrust)),
        trust=tuple(
            draw(
                st.lists(
                    st.builds(
                        TrustAge,
                        part=idents,
                        issued_s=st.integers(0, 253_402_300_799),
                        age_s=st.integers(-(2**40), 2**40),
                    ),
                    max_size=8,
                )
            )
        ),
        stages_us=draw(st.dictionaries(idents, st.integers(0, 3_600_000_000), max_size=16)),
        visit=draw(
            st.just(msgspec.UNSET)
            | st.builds(
                Visited,
                venue=idents,
                path=st.sampled_from(Path),
                risk_signals=st.lists(idents, max_size=10).map(tuple),
                required=st.lists(idents, max_size=8).map(tuple),
                given=st.lists(idents, max_size=8).map(tuple),
                notices=st.lists(idents, max_size=8).map(tuple),
                waited_ms=st.integers(0, 2**53 - 1),
            )
        ),
    )


records = st.one_of(
    passages(),
    st.builds(
        DoorChange,
        **common,
        change=st.sampled_from(DoorEventKind),
        cause=st.none() | st.sampled_from(Cause),
        decision=st.none() | st.integers(0, 2**53 - 1),
        number=st.none() | st.integers(0, 2**30 - 1),
        controller_ms=st.none() | st.integers(0, 2**30 - 1),
    ),
    st.builds(Started, **common, model=st.none() | idents, policy=st.none() | idents),
    st.builds(Stopped, **common, cause=st.sampled_from(StopCause)),
    st.builds(Faulted, **common, part=st.sampled_from(DevicePart)),
)


@given(st.builds(JournalEntry, seq=st.integers(0, 2**53 - 1), record=records))
def test_a_record_is_read_back(entry: JournalEntry) -> None:
    body = encode(entry)
    assert decode(body) == entry
    assert body.isascii()
    assert b" " not in body
    keys = list(json.loads(body, object_pairs_hook=lambda pairs: [key for key, _ in pairs]))
    assert keys == sorted(keys)


def test_a_record_has_these_canonical_bytes() -> None:
    stopped = Stopped(time_ms=5, tick_ms=7, door="tower-1/lobby", version="0.1.0", cause=StopCause.SIGNAL)
    assert encode(JournalEntry(seq=3, record=stopped)) == (
        b'{"record":{"cause":"signal","door":"tower-1/lobby","kind":"stop","tick_ms":7,"time_ms":5,'
        b'"version":"0.1.0"},"seq":3,"v":1}'
    )


def test_the_largest_record_fits() -> None:
    longest = msgspec.structs.replace(
        passage(2**53 - 1 - 1_767_340_800_000),
        time_ms=253_402_300_799_999,
        door="a" * 80,
        version="1" * 40,
        issuer="ab" * 32,
        model="m" * 40,
        policy="p" * 40,
        trust=(TrustAge(part="t" * 40, issued_s=253_402_300_799, age_s=-(2**40)),) * 8,
        stages_us={f"{n:040}": 3_600_000_000 for n in range(16)},
        visit=Visited(
            venue="v" * 40,
            path=Path.NO_FACE,
            risk_signals=("s" * 40,) * 10,
            required=("a" * 40,) * 8,
            given=("g" * 40,) * 8,
            notices=("n" * 40,) * 8,
            waited_ms=2**53 - 1,
        ),
    )
    assert len(encode(JournalEntry(seq=2**53 - 1, record=longest))) <= MAX_RECORD_BYTES


BODY = encode(JournalEntry(seq=0, record=passage()))
NOT_CANONICAL = {
    "a space": BODY.replace(b'"seq":0', b'"seq": 0'),
    "keys in another order": b'{"v":1,' + BODY[1:].replace(b',"v":1', b""),
    "a key twice": BODY.replace(b'"seq":0', b'"seq":0,"seq":0'),
    "a float": BODY.replace(b'"seq":0', b'"seq":0.0'),
    "minus zero": BODY.replace(b'"seq":0', b'"seq":-0'),
    "an exponent": BODY.replace(b'"seq":0', b'"seq":0e0'),
    "a boolean": BODY.replace(b'"seq":0', b'"seq":false'),
    "a number as text": BODY.replace(b'"seq":0', b'"seq":"0"'),
    "an escaped letter": BODY.replace(b"tower-1", b"\\u0074ower-1"),
    "a newline at the end": BODY + b"\n",
    "a newline in an identifier": BODY.replace(b'"policy":"1"', b'"policy":"1\\n"'),
    "an unknown key": BODY.replace(b'"seq":0', b'"seq":0,"tag":1'),
    "an unknown key in the record": BODY.replace(b'"assurance":2', b'"assurance":2,"author":"x"'),
    "a missing key": BODY.replace(b'"seq":0,', b""),
    "a default left out": BODY.replace(b'"clock":"trusted",', b""),
    "another version": BODY.replace(b'"v":1', b'"v":2'),
    "an unknown kind": BODY.replace(b'"kind":"passage"', b'"kind":"visit"'),
    "an unknown reason": BODY.replace(b"card.revoked", b"card.disliked"),
    "a denial without a reason": BODY.replace(b'"reason":"card.revoked"', b'"reason":null'),
    "a grant with a reason": BODY.replace(b'"deny"', b'"grant"'),
    "a similarity without a threshold": BODY.replace(b'"threshold_milli":412', b'"threshold_milli":null'),
    "a similarity above one": BODY.replace(b'"similarity_milli":512', b'"similarity_milli":1001'),
    "an upper-case pseudonym": BODY.replace(b"0123456789ab", b"0123456789AB"),
    "a pseudonym too long": BODY.replace(b"0123456789ab", b"0123456789abc"),
    "half a byte of key id": BODY.replace(b"a1b2c3d4e5f60718", b"a1b2c3d4e5f6071"),
    "a huge integer": BODY.replace(b'"seq":0', b'"seq":' + b"9" * 400),
    "deep nesting": b"[" * 3_000,
    "too long": b" " * (MAX_RECORD_BYTES + 1),
    "empty": b"",
    "no JSON": b"\xff\xfe",
    "half of a body": BODY[: len(BODY) // 2],
}


@pytest.mark.parametrize("body", NOT_CANONICAL.values(), ids=NOT_CANONICAL.keys())
def test_a_body_that_is_not_canonical_is_refused(body: bytes) -> None:
    assert body != BODY
    with pytest.raises(JournalBroken):
        decode(body)


@given(st.binary(max_size=300) | st.integers(0, 8 * len(BODY) - 1).map(lambda bit: _flip(BODY, bit)))
def test_fuzz_decode_accepts_the_one_encoding_or_raises_journal_broken(body: bytes) -> None:
    try:
        entry = decode(body)
    except JournalBroken:
        return
    assert encode(entry) == body


def _flip(body: bytes, bit: int) -> bytes:
    flipped = bytearray(body)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("door", "Ada Lovelace"),
        ("door", "tower-1/łobby"),
        ("card", "P1234567"),
        ("card", "Ada Lovelace"),
        ("issuer", "Ministry of Doors"),
        ("model", "Ada Lovelace"),
        ("policy", "EC1:NCFOXN%TSMAHN"),
        ("version", "Ada"),
        ("reason", "because Ada"),
        ("stages_us", {"Ada Lovelace": 1}),
        ("similarity_milli", 0.512),
    ],
)
def test_a_personal_value_cannot_be_written_and_is_not_in_the_error(field: str, value: object) -> None:
    with pytest.raises(StorageFault) as caught:
        encode(JournalEntry(seq=0, record=msgspec.structs.replace(passage(), **{field: value})))
    assert "Ada" not in str(caught.value) + caught.value.hint
    assert "EC1" not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize(
    "change",
    [{"outcome": Outcome.GRANT}, {"reason": None}, {"threshold_milli": None}, {"similarity_milli": None}],
)
def test_a_passage_that_contradicts_itself_cannot_be_made(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"come together|has a reason"):
        msgspec.structs.replace(passage(), **change)


def test_every_fault_has_a_device_part() -> None:
    names = {
        fault.__name__.removesuffix("Fault").removesuffix("Link").lower()
        for fault in Fault.__subclasses__()
        if fault.__module__ == "edge.errors"  # faults of tools are not recorded by a device
    }
    assert names <= {part.value for part in DevicePart}


def test_utc_ms_cuts_below_the_millisecond() -> None:
    assert utc_ms(datetime(1970, 1, 1, 0, 0, 1, 2_999, tzinfo=UTC)) == 1_002
