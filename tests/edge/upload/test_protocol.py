"""Signatures of requests, and parsing of answers."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.fleet import KEY, OTHER_KEY, History

from edge.errors import InputError
from edge.upload import protocol as wire

DEVICE = "lobby-1"
BODY = b"a body"
GOOD = wire.sign(wire.upload_message(DEVICE, BODY), KEY)
NOW_S = 1_767_340_800


def test_a_signature_of_the_device_for_this_body_is_valid() -> None:
    wire.check_signature(wire.upload_message(DEVICE, BODY), GOOD, KEY.verify_key)


FORGED = {
    "another body": (wire.upload_message(DEVICE, b"another"), GOOD),
    "another device": (wire.upload_message("lobby-2", BODY), GOOD),
    "another purpose": (wire.next_message(DEVICE, NOW_S), GOOD),
    "another key": (
        wire.upload_message(DEVICE, BODY),
        wire.sign(wire.upload_message(DEVICE, BODY), OTHER_KEY),
    ),
    "no signature": (wire.upload_message(DEVICE, BODY), ""),
    "another scheme": (wire.upload_message(DEVICE, BODY), GOOD.replace("ed25519", "rsa")),
    "half a signature": (wire.upload_message(DEVICE, BODY), GOOD[:50]),
    "zeros": (wire.upload_message(DEVICE, BODY), "ed25519=" + "A" * 86 + "=="),
    "no base64": (wire.upload_message(DEVICE, BODY), "ed25519=***"),
    "no ASCII": (wire.upload_message(DEVICE, BODY), "ed25519=é"),
}


@pytest.mark.parametrize("case", FORGED)
def test_every_other_signature_is_refused(case: str) -> None:
    message, header = FORGED[case]
    with pytest.raises(InputError):
        wire.check_signature(message, header, KEY.verify_key)


def test_a_signed_request_is_no_checkpoint_and_a_checkpoint_is_no_request() -> None:
    origin = History(1).note().partition("\n")[0]
    for message in (wire.upload_message(DEVICE, BODY), wire.next_message(DEVICE, NOW_S)):
        first = message.decode().partition("\n")[0]
        assert first != origin
        with pytest.raises(InputError):
            wire.device_name(first.removeprefix("doorward/"))


TIMES = {
    "now": (NOW_S, True),
    "five minutes slow": (NOW_S - 300, True),
    "five minutes fast": (NOW_S + 300, True),
    "slower": (NOW_S - 301, False),
    "faster": (NOW_S + 301, False),
    "a year ahead": (NOW_S + 366 * 86_400, False),
    "1970": (0, False),
}


@pytest.mark.parametrize("case", TIMES)
def test_a_get_is_of_now(case: str) -> None:
    asked, good = TIMES[case]
    if good:
        assert wire.check_time(str(asked), NOW_S) == asked
    else:
        with pytest.raises(InputError, match="clocks differ"):
            wire.check_time(str(asked), NOW_S)


@pytest.mark.parametrize("header", ["", "-1", "1e9", "\u0661", "1" * 13, " 1"])
def test_a_time_is_digits(header: str) -> None:
    with pytest.raises(InputError):
        wire.check_time(header, NOW_S)


@pytest.mark.parametrize("name", ["lobby-1", "a", "0.x", "a" * 40])
def test_names_of_devices(name: str) -> None:
    assert wire.device_name(name) == name


@pytest.mark.parametrize("name", ["", "Lobby", "-a", "a/b", "a\n", "a" * 41, "..", "ä"])
def test_an_invalid_name_of_a_device_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        wire.device_name(name)


def test_answers() -> None:
    assert wire.parse_next(b'{"next":7}') == wire.Next(7)
    assert wire.parse_next(b'{"next": 7, "later": "keys"}') == wire.Next(7)
    seen = b'{"next":7,"sightings":{"0123456789ab":{"tower-1/lobby":1767340800000}}}'
    assert wire.parse_next(seen).sightings == {"0123456789ab": {"tower-1/lobby": 1_767_340_800_000}}
    assert wire.parse_error(b'{"error":"unknown","detail":"add it"}') == wire.Error("unknown", "add it")


def test_an_answer_cannot_write_on_a_terminal() -> None:
    said = wire.parse_error(b'{"error":"x","detail":"a\\u001b[2J\\nb\\u202e"}')
    assert said.detail == "a[2Jb"
    assert len(wire.parse_error(b'{"error":"x","detail":"%s"}' % (b"a" * 3_000)).detail) == 200


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"next":-1}', b'{"next":"7"}', b'{"next":1e400}', b"\xff"]
)
def test_malformed_bytes_are_no_answer(body: bytes) -> None:
    with pytest.raises(InputError):
        wire.parse_next(body)
    assert wire.parse_error(body) == wire.Error("")


@given(st.binary(max_size=200))
def test_fuzz_any_bytes_are_an_answer_or_an_error_of_ours(data: bytes) -> None:
    wire.parse_error(data)
    with contextlib.suppress(InputError):
        assert wire.parse_next(data).next >= 0


@given(st.text(max_size=120))
def test_fuzz_any_header_is_a_signature_or_an_error_of_ours(header: str) -> None:
    with pytest.raises(InputError):
        wire.check_signature(b"message", header, KEY.verify_key)
    with contextlib.suppress(InputError):
        wire.check_time(header, NOW_S)
