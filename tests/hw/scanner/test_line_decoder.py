"""Bytes of scanners: ends, prefixes, answers, half texts, noise and foreign codes."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers.uart import heard
from worlds.trust import shown

from edge.errors import ReaderFault
from hw.scanner.line_decoder import HALF_MS, MAX_LINE_BYTES, Framing, LineDecoder
from hw.scanner.triggers import TRIGGERS

CODE = shown()
OTHER = shown(card_id=b"card0002")
ACK_GM65 = bytes.fromhex("02 00 00 01 00 33 31")
ACK_GM72 = bytes.fromhex("04 D0 00 00 FF 2C")
NAK_GM72 = bytes.fromhex("05 D1 00 00 06 FF 24")
ACK_NEWLAND = b"\x02\x010000#SCNTRG1\x06;\x03"
BAUDS = [9_600, 19_200, 38_400, 57_600, 115_200]


def listening(framing: Framing | None = None) -> LineDecoder:
    """A decoder after the silence that follows opening."""
    decoder = LineDecoder(framing or Framing(expect="EC1:"), opened_ms=0)
    assert decoder.receive(b"", 1_000) == []
    assert decoder.is_ready
    return decoder


def texts(decoder: LineDecoder, *chunks: bytes, tick_ms: int = 1_000) -> list[str]:
    """The texts read from chunks that come directly after each other."""
    return [scan.symbol.text for chunk in chunks for scan in decoder.receive(chunk, tick_ms)]


def silence(decoder: LineDecoder, for_ms: int, *, after_ms: int = 1_000) -> list[str]:
    return [scan.symbol.text for scan in decoder.receive(b"", after_ms + for_ms)]


# -- the end of a text -------------------------------------------------------------------------------------

LINES: dict[str, tuple[Framing, bytes]] = {
    "CR": (Framing(), b"%s\r"),
    "LF": (Framing(), b"%s\n"),
    "CRLF": (Framing(), b"%s\r\n"),
    "CR, configured": (Framing("cr"), b"%s\r"),
    "LF, configured": (Framing("lf"), b"%s\n"),
    "CRLF, configured": (Framing("crlf"), b"%s\r\n"),
    "LF configured, CRLF sent": (Framing("lf"), b"%s\r\n"),
    "CR configured, CRLF sent": (Framing("cr"), b"%s\r\n"),
    "TAB": (Framing("tab"), b"%s\t"),
    "STX and ETX around": (Framing(), b"\x02%s\x03\r"),
    "a prefix": (Framing(prefix="DOOR1>"), b"DOOR1>%s\r"),
    "a configured prefix that is not sent": (Framing(prefix="DOOR1>"), b"%s\r"),
    "an AIM identifier": (Framing(), b"]Q1%s\r"),
    "an AIM identifier before the prefix": (Framing(prefix="#"), b"]Q1#%s\r"),
    "an AIM identifier after the prefix": (Framing(prefix="#"), b"#]Q1%s\r"),
    "the NUL of a wake-up": (Framing(), b"\x00%s\r"),
    "GM65's answer before the text": (Framing(replies=TRIGGERS["gm65"].replies), ACK_GM65 + b"%s\r"),
    "GM72's answer after the text": (Framing(replies=TRIGGERS["gm72"].replies), b"%s" + ACK_GM72 + b"\r"),
    "GM72 refuses": (Framing(replies=TRIGGERS["gm72"].replies), NAK_GM72 + ACK_GM72 + b"%s\r"),
    "Newland's answer before the text": (
        Framing(replies=TRIGGERS["newland"].replies),
        ACK_NEWLAND + b"%s\r\n",
    ),
}


@pytest.mark.parametrize("line", LINES)
def test_a_text_is_read_without_its_frame(line: str) -> None:
    framing, shape = LINES[line]
    decoder = listening(framing)
    sent = shape % CODE.encode()
    assert texts(decoder, sent + sent) == [CODE, CODE]


@pytest.mark.parametrize("line", LINES)
def test_a_text_may_come_in_any_pieces(line: str) -> None:
    framing, shape = LINES[line]
    sent = shape % CODE.encode()
    for cut in range(len(sent)):
        assert texts(listening(framing), sent[:cut], sent[cut:]) == [CODE]
    assert texts(listening(framing), *(sent[i : i + 1] for i in range(len(sent)))) == [CODE]


@pytest.mark.parametrize(
    ("family", "answer"),
    [("gm65", ACK_GM65), ("gm72", ACK_GM72), ("gm72", NAK_GM72), ("newland", ACK_NEWLAND)],
)
def test_an_answer_in_the_middle_of_a_text_is_removed(family: str, answer: bytes) -> None:
    sent = CODE.encode()
    for at in range(0, len(sent) + 1, 7):
        decoder = listening(Framing(replies=TRIGGERS[family].replies))
        assert texts(decoder, sent[:at] + answer[:3], answer[3:] + sent[at:] + b"\r") == [CODE]


def test_spaces_at_both_ends_are_kept() -> None:
    assert texts(listening(), b" EC1:AB \r\n", b"]Q1 X  Y \r") == [" EC1:AB ", " X  Y "]


def test_without_an_end_silence_ends_a_text() -> None:
    decoder = listening(Framing("idle", idle_ms=80))
    assert texts(decoder, CODE[:50].encode(), CODE[50:].encode()) == []
    assert silence(decoder, 79) == []
    assert silence(decoder, 80) == [CODE]
    assert silence(decoder, 160) == []


def test_with_an_idle_end_a_text_may_have_lines() -> None:
    decoder = listening(Framing("idle"))
    assert texts(decoder, b"BEGIN:VCARD\r\nN:Doe\r\n") == []
    assert silence(decoder, 100) == ["BEGIN:VCARD\r\nN:Doe"]


def test_a_scan_has_the_tick_of_its_last_character_and_the_bytes() -> None:
    decoder = listening()
    decoder.receive(b"EC1:", 1_000)
    (scan,) = decoder.receive(b"AB\r", 1_400)
    assert (scan.tick_ms, scan.symbol.payload, scan.symbol.corners) == (1_400, b"EC1:AB", ())


# -- bytes that are not a text -----------------------------------------------------------------------------


@pytest.mark.parametrize("words", [b"%%NoRead", b"NR", b"NOREAD", b"]Q1NR", b"NO-READ"])
def test_a_message_of_no_read_is_not_a_text(words: bytes) -> None:
    decoder = listening()
    assert texts(decoder, words + b"\r\n", CODE.encode() + b"\r\n") == [CODE]
    assert decoder.tally.no_reads == 1


def test_half_a_text_is_dropped_after_a_silence() -> None:
    decoder = listening()
    assert texts(decoder, CODE.encode() + b"\r", CODE[:200].encode()) == [CODE]
    assert silence(decoder, HALF_MS) == []
    assert decoder.tally.halves == 1
    assert texts(decoder, OTHER.encode() + b"\r") == [OTHER]


def test_a_busy_reader_drops_nothing() -> None:
    """Ten seconds between two reads are not a silence of the line: only a read that waited is."""
    decoder = listening()
    decoder.receive(CODE[:200].encode(), 1_000)
    (scan,) = decoder.receive(CODE[200:].encode() + b"\r", 11_000)
    assert scan.symbol.text == CODE


def test_the_end_of_a_text_from_before_opening_is_not_a_text() -> None:
    decoder = LineDecoder(Framing(), opened_ms=0)
    assert texts(decoder, CODE[300:].encode() + b"\r" + OTHER.encode() + b"\r", tick_ms=10) == [OTHER]


def test_lost_bytes_drop_their_text() -> None:
    decoder = listening()
    decoder.receive(CODE[:100].encode(), 1_000)
    decoder.receive(None, 1_000)
    assert texts(decoder, CODE[130:].encode() + b"\r", OTHER.encode() + b"\r") == [OTHER]


@pytest.mark.parametrize("size", [4_096, 1 << 20])
def test_a_megabyte_without_an_end_is_dropped_and_the_next_text_is_read(size: int) -> None:
    decoder = listening()
    for _ in range((1 << 20) // size):
        assert texts(decoder, b"A" * size) == []
        assert len(decoder._held) <= MAX_LINE_BYTES
    assert texts(decoder, b"AAA\r", CODE.encode() + b"\r") == [CODE]
    assert decoder.tally.too_long == 1


def test_a_megabyte_with_an_end_is_not_a_text() -> None:
    decoder = listening()
    assert texts(decoder, b"A" * (1 << 20) + b"\r" + CODE.encode() + b"\r") == [CODE]
    assert decoder.tally.too_long == 1


def test_the_largest_symbol_is_a_text() -> None:
    assert texts(listening(), b"7" * 7_089 + b"\r\n") == ["7" * 7_089]


def test_after_a_megabyte_silence_is_also_an_end() -> None:
    decoder = listening()
    decoder.receive(b"A" * (1 << 20), 1_000)
    decoder.receive(b"", 1_100)
    assert texts(decoder, CODE.encode() + b"\r") == [CODE]


def test_foreign_codes_are_passed_on_unchanged() -> None:
    """The passage refuses them as it refuses all codes, so that the visitor sees the refusal."""
    decoder = listening()
    sent = ["https://example.org/菜单", "WIFI:T:WPA;S:lobby;;", "]C1EC1:ABC"]
    assert texts(decoder, *(f"{text}\r".encode() for text in sent)) == sent
    assert decoder.fault is None


# -- settings that do not fit ------------------------------------------------------------------------------


@pytest.mark.parametrize(("sent", "read"), list(itertools.permutations(BAUDS, 2)))
def test_a_wrong_baud_rate_is_found_by_the_first_code(sent: int, read: int) -> None:
    decoder = listening()
    noise = heard(f"{CODE}\r\n".encode(), sent=sent, read=read)
    assert texts(decoder, noise) == []
    assert silence(decoder, HALF_MS) == []
    with pytest.raises(ReaderFault, match="no text") as caught:
        raise decoder.fault or AssertionError
    assert "baud" in caught.value.hint


@pytest.mark.parametrize(
    ("sent", "read"), [("even", "none"), ("odd", "none"), ("odd", "even"), ("even", "odd")]
)
def test_a_wrong_parity_is_found_by_the_first_code(sent: str, read: str) -> None:
    decoder = listening()
    noise = heard(f"{CODE}\r\n".encode(), sent=9_600, read=9_600, sent_parity=sent, read_parity=read)
    assert CODE not in texts(decoder, noise)
    silence(decoder, HALF_MS)
    assert decoder.fault is not None
    assert "parity" in decoder.fault.hint


def test_the_uart_of_these_tests_is_right_at_its_own_speed() -> None:
    assert heard(CODE.encode(), sent=9_600, read=9_600) == CODE.encode()
    assert heard(CODE.encode(), sent=9_600, read=9_600, sent_parity="odd", read_parity="odd") == CODE.encode()


def test_a_code_that_is_read_ends_the_fault() -> None:
    decoder = listening()
    texts(decoder, heard(f"{CODE}\r".encode(), sent=115_200, read=9_600), b"\r")
    assert decoder.fault is not None
    assert texts(decoder, f"{CODE}\r".encode()) == [CODE]
    assert decoder.fault is None


def test_after_a_code_was_read_no_visitor_can_cause_a_line_fault() -> None:
    decoder = listening()
    texts(decoder, f"{CODE}\r".encode())
    noise = random.Random(1).randbytes(2_000).replace(b"\r", b"").replace(b"\n", b"")
    (scan,) = decoder.receive(noise + b"\r", 1_000)
    assert scan.symbol.text.startswith("EC1:") is False
    texts(decoder, b"ec1>ABC\r", noise)
    silence(decoder, HALF_MS)
    assert decoder.fault is None


def test_texts_without_ends_are_found_by_the_second_one() -> None:
    decoder = listening()
    for tick_ms in (2_000, 9_000):
        assert decoder.fault is None
        texts(decoder, CODE.encode(), tick_ms=tick_ms)
        silence(decoder, HALF_MS, after_ms=tick_ms)
    assert decoder.fault is not None
    assert 'suffix = "idle"' in decoder.fault.hint


@pytest.mark.parametrize("mangled", ["ec1:", "EC1>", "EC!.", "ec1;"])
def test_a_keyboard_that_changes_letters_is_a_fault(mangled: str) -> None:
    decoder = listening()
    texts(decoder, mangled.encode() + b"ABCDEF\r")
    assert decoder.fault is not None
    assert repr(mangled) in decoder.fault.message
    assert "United States" in decoder.fault.hint


@pytest.mark.parametrize("text", ["ECHO", "economy", "HC1:ABC", "https://ec1.example", "EC", ""])
def test_other_texts_are_not_taken_for_a_changed_keyboard(text: str) -> None:
    decoder = listening()
    texts(decoder, text.encode() + b"\r")
    assert decoder.fault is None


# -- anything ----------------------------------------------------------------------------------------------

FRAMINGS = st.builds(
    Framing,
    suffix=st.sampled_from(["any", "cr", "lf", "crlf", "tab", "idle"]),
    prefix=st.sampled_from(["", "#"]),
    replies=st.sampled_from([trigger.replies for trigger in TRIGGERS.values()]),
    expect=st.sampled_from(["", "EC1:"]),
)
CHUNKS = st.lists(
    st.one_of(st.none(), st.binary(max_size=40), st.just(b"\r\n"), st.just(CODE.encode())), max_size=30
)


@given(FRAMINGS, CHUNKS, st.integers(0, 600))
def test_any_bytes_are_bounded_and_not_an_error(
    framing: Framing, chunks: list[bytes | None], step_ms: int
) -> None:
    decoder = LineDecoder(framing, opened_ms=0)
    for number, chunk in enumerate(chunks):
        for scan in decoder.receive(chunk, number * step_ms):
            assert 0 < len(scan.symbol.payload) <= MAX_LINE_BYTES
        assert len(decoder._held) <= MAX_LINE_BYTES


@given(CHUNKS, st.data())
def test_the_pieces_do_not_change_the_texts(chunks: list[bytes | None], data: st.DataObject) -> None:
    whole = b"".join(chunk or b"" for chunk in chunks)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    pieces = [whole[a:b] for a, b in itertools.pairwise([0, *cuts, len(whole)]) if a < b]
    assert texts(listening(), *pieces) == (texts(listening(), whole) if whole else [])
