"""Record batches: one encoding for each batch, and refusal of all other bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from worlds.fleet import History

from edge.audit.merkle import Frontier
from edge.audit.record import MAX_RECORD_BYTES, ClockTrust
from edge.errors import EdgeError, InputError
from edge.upload.batch import (
    MAX_HEAD_BYTES,
    MAX_PACKED_BYTES,
    MAX_PLAIN_BYTES,
    MAX_RECORDS,
    DeviceStatus,
    RecordBatch,
    TooLarge,
    decode,
    encode,
    entries,
    inflate,
    pack,
    unpack,
)

HISTORY = History(6)
PARCEL = HISTORY.batch(2, 5)
HASHES = st.binary(min_size=32, max_size=32)


@st.composite
def batches(draw: st.DrawFn) -> RecordBatch:
    first = draw(st.integers(0, 2**53 - 1))
    peaks = draw(st.lists(HASHES, min_size=first.bit_count(), max_size=first.bit_count()))
    seconds = st.none() | st.integers(0, 2**33)
    lines = st.binary(max_size=40).map(lambda line: line.replace(b"\n", b" "))
    return RecordBatch(
        device=draw(st.from_regex(r"\A[a-z0-9][a-z0-9.-]{0,39}\Z")),
        base=Frontier(first, tuple(peaks)),
        bodies=tuple(draw(st.lists(lines, max_size=5))),
        note=draw(st.text(max_size=300).filter(lambda text: text.isprintable() or "\n" in text)),
        proof=tuple(draw(st.lists(HASHES, max_size=64))),
        sent_ms=draw(st.integers(0, 2**42)),
        hub_ms=draw(st.integers(0, 2**42)),
        status=DeviceStatus(
            software="0.1.0",
            clock=draw(st.sampled_from(ClockTrust)),
            keys_issued_s=draw(seconds),
            lists_issued_s=draw(seconds),
            time_issued_s=draw(seconds),
            free_mb=draw(seconds),
        ),
    )


@given(batches())
def test_a_packed_batch_is_unpacked(batch: RecordBatch) -> None:
    assert unpack(pack(batch)) == batch


@given(batches())
def test_a_head_is_ascii_and_one_line(batch: RecordBatch) -> None:
    head, _, _ = encode(batch).partition(b"\n")
    assert head.isascii()
    assert json.loads(head)["count"] == len(batch.bodies)


@given(batches(), st.data())
def test_a_batch_has_one_encoding(batch: RecordBatch, data: st.DataObject) -> None:
    plain = encode(batch)
    at = data.draw(st.integers(0, len(plain) - 1))
    other = plain[:at] + data.draw(st.binary(max_size=2)) + plain[at + data.draw(st.integers(0, 2)) :]
    try:
        again = decode(other)
    except InputError:
        return
    assert encode(again) == other


def test_records_are_parsed_only_by_entries() -> None:
    assert [entry.seq for entry in entries(PARCEL)] == [2, 3, 4]
    assert unpack(pack(replace(PARCEL, bodies=(b"no record",)))).bodies == (b"no record",)


BAD_RECORDS = {
    "no record": (b"{}", b"record 2: record does not have a known form"),
    "the seq of another record": (HISTORY.bodies[3], b"record 2: it holds the seq 3"),
    "white space": (b" " + HISTORY.bodies[2], b"record 2: record is not in its canonical encoding"),
    "not ASCII": (HISTORY.bodies[2].replace(b"lobby", b"l\xc3\xb6bb"), b"record 2: record is not ASCII"),
    "too long": (b"x" * (MAX_RECORD_BYTES + 1), b"record 2: record has 4097 bytes, at most 4096 are allowed"),
}


@pytest.mark.parametrize("case", BAD_RECORDS)
def test_a_record_is_canonical_and_has_its_seq(case: str) -> None:
    body, message = BAD_RECORDS[case]
    with pytest.raises(InputError, match=message.decode()):
        entries(replace(PARCEL, bodies=(body,)))


def with_head(change: Callable[[dict], object]) -> bytes:
    head, _, rest = encode(PARCEL).partition(b"\n")
    fields = json.loads(head)
    change(fields)
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode() + b"\n" + rest


BAD_HEADS: dict[str, Callable[[dict], object]] = {
    "an unknown key": lambda head: head.update(extra=1),
    "a missing key": lambda head: head.pop("note"),
    "another version": lambda head: head.update(v=2),
    "a float": lambda head: head.update(sent_ms=1.0),
    "fewer records than it says": lambda head: head.update(count=4),
    "more records than it says": lambda head: head.update(count=2),
    "an invalid device name": lambda head: head.update(device="Lobby/1"),
    "a number below zero": lambda head: head.update(first=-1),
    "a base of another size": lambda head: head.update(first=3),
    "a hash that is short": lambda head: head.update(proof=["AAAA"]),
    "no base64": lambda head: head.update(proof=["*"]),
    "a status with another key": lambda head: head["status"].update(name="Anna"),
}


@pytest.mark.parametrize("case", BAD_HEADS)
def test_a_head_with_another_value_is_refused(case: str) -> None:
    assert decode(with_head(dict)) == PARCEL
    with pytest.raises(InputError):
        decode(with_head(BAD_HEADS[case]))


BAD_ENCODINGS = {
    "white space": lambda plain: plain.replace(b'"count":3', b'"count": 3'),
    "a key twice": lambda plain: plain.replace(b'"count":3', b'"count":3,"count":3'),
    "a needless escape": lambda plain: plain.replace(b'"count":3', b'"\\u0063ount":3'),
    "UTF-8": lambda plain: plain.replace(b"\\u2014", "—".encode()),
    "no last line end": lambda plain: plain[:-1],
    "one line end too many": lambda plain: plain + b"\n",
    "carriage returns": lambda plain: plain.replace(b"\n", b"\r\n"),
    "nothing": lambda _: b"",
    "no head": lambda plain: plain.partition(b"\n")[2],
    "a head that is too long": lambda plain: b" " * MAX_HEAD_BYTES + plain,
}


@pytest.mark.parametrize("case", BAD_ENCODINGS)
def test_another_encoding_is_refused(case: str) -> None:
    plain = encode(PARCEL)
    other = BAD_ENCODINGS[case](plain)
    assert other != plain
    with pytest.raises(InputError):
        decode(other)


# -- compression -------------------------------------------------------------------------------------------


def frame(content: bytes, **options: object) -> bytes:
    return zstandard.ZstdCompressor(**options).compress(content)


def block(kind: int, size: int, data: bytes, *, last: bool) -> bytes:
    return struct.pack("<I", size << 3 | kind << 1 | last)[:3] + data


def bomb(says: int, blocks: int) -> bytes:
    """A frame that states one size but holds another, in blocks of 128 kB from four bytes each."""
    run = [block(1, 128 * 1024, b"a", last=number == blocks - 1) for number in range(blocks)]
    return bytes.fromhex("28b52ffd a0") + struct.pack("<I", says) + b"".join(run)


BAD_FRAMES = {
    "nothing": b"",
    "no frame": b"plain",
    "a cut frame": frame(b"content")[:-1],
    "two frames": frame(b"content") * 2,
    "a frame and more": frame(b"content") + b"x",
    "a skippable frame": b"\x50\x2a\x4d\x18\x04\0\0\0abcd",
    "a frame that hides its size": frame(b"content", write_content_size=False),
    "a frame of more than we read": frame(bytes(MAX_PLAIN_BYTES + 1)),
    "a bomb that states its size": bomb(2**31, 16_384),
    "a bomb that states a small size": bomb(1_000, 30_000),
    "a frame that holds less than its size": bomb(200_000, 1),
    "a frame that is too large itself": b"x" * (MAX_PACKED_BYTES + 1),
    "an unknown dictionary": bytes.fromhex("28b52ffd 23 01000000 07") + block(0, 7, b"content", last=True),
}


@pytest.mark.parametrize("case", BAD_FRAMES)
def test_a_body_is_one_complete_frame_of_known_size(case: str) -> None:
    with pytest.raises(InputError):
        inflate(BAD_FRAMES[case])


def test_the_largest_batch_of_the_largest_records_fits() -> None:
    bodies = (b"x" * MAX_RECORD_BYTES,) * MAX_RECORDS
    assert unpack(pack(replace(PARCEL, bodies=bodies))).bodies == bodies


def test_a_batch_with_one_record_too_many_is_refused() -> None:
    with pytest.raises(InputError):
        encode(replace(PARCEL, bodies=(b"x",) * (MAX_RECORDS + 1)))


def test_records_that_do_not_compress_are_too_large() -> None:
    random = Random(4)
    bodies = tuple(random.randbytes(2_000).replace(b"\n", b" ") for _ in range(1_000))
    with pytest.raises(TooLarge):
        pack(replace(PARCEL, bodies=bodies))
    assert len(pack(replace(PARCEL, bodies=bodies[:400]))) < MAX_PACKED_BYTES


# -- fuzzing -----------------------------------------------------------------------------------------------


@given(st.binary(max_size=400))
def test_fuzz_any_bytes_are_a_batch_or_an_error_of_ours(data: bytes) -> None:
    for parse in (unpack, decode):
        try:
            entries(parse(data))
        except EdgeError:
            continue


@given(st.data())
def test_fuzz_a_damaged_batch_is_a_batch_or_an_error_of_ours(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([encode(PARCEL), pack(PARCEL)]))
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    for parse in (unpack, decode):
        try:
            entries(parse(bytes(damaged)))
        except EdgeError:
            continue
