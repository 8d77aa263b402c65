"""The codec: it decodes each message that it encodes, judges what decides, and refuses the rest with Malformed."""

from __future__ import annotations

import json
import string
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from edge.venues.library.sip2.layouts import LAYOUTS, ONCE, Sip2MessageId
from edge.venues.library.sip2.messages import (
    MAX_MESSAGE_BYTES,
    Dialect,
    Malformed,
    Sip2Message,
    Sip2Receiver,
    decode,
    encode,
)

VECTORS = sorted((ROOT / "tests" / "vectors" / "sip2").glob("frame_*.json"))
LATIN = "".join(map(chr, [*range(0x20, 0x7C), *range(0x7D, 0x7F), *range(0xA0, 0x100)]))
DIALECTS = st.builds(
    Dialect, st.sampled_from(["utf-8", "cp850", "latin-1"]), st.sampled_from(["\r", "\r\n"]), st.booleans()
)
SAYABLE = (
    *"YNU019", "000", "080", "999", "2.00", "1.00", "    ", "0000", "0042", " " * 10, "Y" + " " * 9,
    " " * 14, "Y" * 14, "N" * 14, " " * 4 + "Y" + " " * 9, "20260105    120000", "20260105   Z235959", " " * 18,
)  # fmt: skip
OTHERS = [first + second for first in "ABCPZ" for second in string.ascii_uppercase + string.digits]
VALUES = {
    part.name: [text for text in SAYABLE if len(text) == part.width and part.pattern.fullmatch(text)]
    for layout in LAYOUTS.values()
    for part in layout.fixed
}


@st.composite
def messages(draw: st.DrawFn) -> tuple[Sip2Message, Dialect]:
    """Any message that can be sent, in any dialect."""
    dialect = draw(DIALECTS)
    code = draw(st.sampled_from(Sip2MessageId))
    fixed = tuple(draw(st.sampled_from(VALUES[part.name])) for part in LAYOUTS[code].fixed)
    letters = "".join(c for c in LATIN if c.encode(dialect.encoding, "ignore"))
    text = st.text(letters, max_size=60)
    names = [*LAYOUTS[code].required, *draw(st.lists(st.sampled_from(OTHERS), max_size=5, unique=True))]
    unique = [name for name in dict.fromkeys(names) if name not in ("AY", "AZ")]
    repeated = draw(st.lists(st.sampled_from(["AF", "AG", "AS"]), max_size=3))
    fields = tuple((name, draw(text)) for name in [*unique, *repeated])
    numbered = dialect.checksum and code not in (Sip2MessageId.RESEND_TO_SYSTEM, Sip2MessageId.RESEND_TO_US)
    return Sip2Message(code, fixed, fields, draw(st.integers(0, 9)) if numbered else None), dialect


def frame(message: Sip2Message, dialect: Dialect) -> bytes:
    return encode(message, dialect).removesuffix(dialect.terminator.encode())


@given(messages())
def test_a_message_is_decoded_as_it_was_encoded(drawn: tuple[Sip2Message, Dialect]) -> None:
    message, dialect = drawn
    data = encode(message, dialect)
    assert [decode(bytes(part), dialect) for part in Sip2Receiver().feed(data)] == [message]


@given(st.binary(max_size=300), DIALECTS)
def test_any_bytes_are_a_message_or_malformed(data: bytes, dialect: Dialect) -> None:
    for part in Sip2Receiver().feed(data + b"\r"):
        assert isinstance(part, bytes)
        try:
            decode(part, dialect)
        except Malformed:
            continue


@given(messages(), st.data())
def test_a_message_with_one_changed_byte_is_malformed(
    drawn: tuple[Sip2Message, Dialect], data: st.DataObject
) -> None:
    message, dialect = drawn
    sealed = replace(dialect, checksum=True)
    numbered = message.code not in (Sip2MessageId.RESEND_TO_SYSTEM, Sip2MessageId.RESEND_TO_US)
    good = frame(replace(message, sequence=(message.sequence or 0) if numbered else None), sealed)
    at = data.draw(st.integers(0, len(good) - 1))
    same = good[at : at + 1].lower() if at >= len(good) - 4 else good[at : at + 1]  # 0a is 0A in a checksum
    other = data.draw(st.integers(0, 255).filter(lambda byte: bytes([byte]) not in (same, good[at : at + 1])))
    with pytest.raises(Malformed):
        decode(good[:at] + bytes([other]) + good[at + 1 :], sealed)


def test_a_checksum_does_not_detect_bytes_that_trade_places() -> None:
    dialect = Dialect()
    good = frame(Sip2Message(Sip2MessageId.LOGIN_REPLY, ("1",), (("AF", "12.50 owed"),), 3), dialect)
    assert decode(good.replace(b"12.50", b"21.50"), dialect).get("AF") == "21.50 owed"


@pytest.mark.parametrize("file", VECTORS, ids=lambda file: file.stem)
def test_vector(file: Path) -> None:
    vector = json.loads(file.read_text("utf-8"))
    dialect = Dialect(vector["encoding"], checksum=vector["checksum"])
    data = vector["frame"].encode("latin-1")
    if vector["expect"] == "malformed":
        with pytest.raises(Malformed):
            decode(data, dialect)
    elif vector["expect"] == "read":
        said = decode(data, dialect)
        assert said.get("AA") == "P1"
        assert said.get("BL") == ("Y" if said.code == Sip2MessageId.PATRON_INFORMATION_REPLY else None)
        assert "\x1b" not in "".join(value for _, value in said.fields)
    else:
        assert frame(decode(data, dialect), dialect) == data


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 50


SAYS_NOT = {
    "a bar in a value": Sip2Message(Sip2MessageId.LOGIN, ("0", "0"), (("CN", "a|b"), ("CO", ""))),
    "a line end in a value": Sip2Message(Sip2MessageId.LOGIN, ("0", "0"), (("CN", "a\rb"), ("CO", ""))),
    "a value of more than 255 bytes": Sip2Message(
        Sip2MessageId.LOGIN, ("0", "0"), (("CN", "é" * 128), ("CO", ""))
    ),
    "a letter that the encoding does not have": Sip2Message(
        Sip2MessageId.LOGIN, ("0", "0"), (("CN", "圖"), ("CO", ""))
    ),
    "a fixed field too few": Sip2Message(Sip2MessageId.LOGIN, ("0",), (("CN", "a"), ("CO", ""))),
    "a fixed field of another kind": Sip2Message(Sip2MessageId.LOGIN, ("0", "x"), (("CN", "a"), ("CO", ""))),
    "no sequence number": Sip2Message(Sip2MessageId.LOGIN, ("0", "0"), (("CN", "a"), ("CO", "")), None),
    "a field too few": Sip2Message(Sip2MessageId.LOGIN, ("0", "0"), (("CN", "a"),)),
    "a field twice": Sip2Message(Sip2MessageId.LOGIN, ("0", "0"), (("CN", "a"), ("CN", "b"), ("CO", ""))),
}


@pytest.mark.parametrize("message", SAYS_NOT.values(), ids=SAYS_NOT)
def test_a_message_that_no_system_can_read_is_not_encoded(message: Sip2Message) -> None:
    numbered = message if message is SAYS_NOT["no sequence number"] else replace(message, sequence=1)
    encoding = "cp850" if message is SAYS_NOT["a letter that the encoding does not have"] else "utf-8"
    with pytest.raises(Malformed):
        encode(numbered, Dialect(encoding))


@given(
    st.lists(st.binary(min_size=1, max_size=20).map(lambda b: b.replace(b"\r", b"x").replace(b"\n", b"x"))),
    st.data(),
)
def test_frames_do_not_depend_on_how_they_arrive(frames: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(part + data.draw(st.sampled_from([b"\r", b"\n", b"\r\n"])) for part in frames)
    receiver, heard, at = Sip2Receiver(), [], 0
    while at < len(stream):
        size = data.draw(st.integers(1, 30))
        heard += list(receiver.feed(stream[at : at + size]))
        at += size
    assert heard == frames


def test_a_frame_without_an_end_is_malformed_once_and_skipped() -> None:
    receiver = Sip2Receiver()
    told = [part for _ in range(40) for part in receiver.feed(b"x" * 1_000)]
    assert [type(part) for part in told] == [Malformed]
    assert list(receiver.feed(b"x\r96\r")) == [b"96"]
    assert MAX_MESSAGE_BYTES < 40_000


def test_patron_item_and_validity_occur_at_most_once() -> None:
    assert {"AA", "AB", "BL"} <= ONCE


def test_no_value_is_in_the_repr() -> None:
    shown = repr(Sip2Message(Sip2MessageId.LOGIN, ("0", "0"), (("CN", "gate"), ("CO", "secret")), 1))
    assert "secret" not in shown
    assert "gate" not in shown
