"""Ends of messages: line breaks inside a text, other ends than CR, and none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.venues.library.sip2.layouts import Sip2MessageId
from edge.venues.library.sip2.messages import Dialect, Sip2Message, checksum
from edge.venues.library.sip2.session import MAX_LINE_BREAKS, Replied, Sip2Session

ASK = Sip2Message(
    Sip2MessageId.PATRON_INFORMATION, ("000", "20260105    120000", " " * 10), (("AO", ""), ("AA", "P1"))
)
HEAD = b"64              00120260105    120000000000000000000000000000AOMAIN|AAP1|BLY|"


def sealed(body: bytes, sequence: int = 0) -> bytes:
    body += b"AY%dAZ" % sequence
    return body + checksum(body)


def asked(*, checksums: bool = True) -> Sip2Session:
    session = Sip2Session(Dialect(checksum=checksums), timeout_ms=1_000)
    session.ask(ASK, 0)
    return session


def replies(session: Sip2Session, *pieces: bytes) -> list[Sip2Message]:
    """The replies to these pieces, in which the session asks for nothing again."""
    told: list[Sip2Message] = []
    for piece in pieces:
        out, events = session.receive(piece, 0)
        assert out == b""
        told += [event.message for event in events if isinstance(event, Replied)]
    return told


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\n\r", b"  \r\n"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n", b"\n\n"])
def test_a_text_may_have_line_breaks_under_a_checksum_that_holds(line_end: bytes, end: bytes) -> None:
    text = line_end.join([b"AFone", b"two", b"three|PCADULT|"])
    (reply,) = replies(asked(), sealed(HEAD + text) + end)
    assert " ".join((reply.get("AF") or "").split()) == "one two three"
    assert reply.get("PC") == "ADULT"


@given(st.integers(1, 40), st.integers(0, MAX_LINE_BREAKS))
def test_a_text_with_line_breaks_may_come_in_pieces(size: int, breaks: int) -> None:
    message = sealed(HEAD + b"AF" + b"\n".join(b"line %d" % n for n in range(breaks + 1)) + b"|") + b"\r"
    pieces = [message[at : at + size] for at in range(0, len(message), size)]
    session = asked()
    told = [event for piece in pieces for event in session.receive(piece, 0)[1]]
    assert [type(event) for event in told] == [Replied]


def test_without_checksums_a_line_break_in_a_text_is_part_of_it() -> None:
    (reply,) = replies(asked(checksums=False), HEAD + b"AFone\ntwo|PCADULT|\r")
    assert reply.get("AF") == "one two"


def test_a_message_without_an_end_is_taken_when_no_more_comes() -> None:
    session, message = asked(), sealed(HEAD)
    assert replies(session, message[:50], message[50:]) == []
    assert [reply.get("AA") for reply in replies(session, b"")] == ["P1"]
    session.ask(ASK, 0)
    assert replies(session, b"", sealed(HEAD, 1), b"")[0].sequence == 1


def test_the_first_half_of_a_message_is_not_taken_for_a_message() -> None:
    assert replies(asked(), sealed(HEAD)[:-1], b"", b"") == []
    assert replies(asked(checksums=False), HEAD, b"", b"") == []


def test_a_damaged_message_is_asked_for_again_at_once_and_does_not_spoil_the_next() -> None:
    session = asked()
    out, events = session.receive(b"nonsense\r", 0)
    assert (out[:2], events) == (b"97", ())
    assert len(replies(session, sealed(HEAD) + b"\r")) == 1


def test_a_wrong_checksum_is_asked_for_again_also_with_line_breaks() -> None:
    session, message = asked(), sealed(HEAD + b"AFone\ntwo|")
    out, events = session.receive(message.replace(b"P1", b"P2") + b"\r", 0)
    assert (out[:2], events) == (b"97", ())
