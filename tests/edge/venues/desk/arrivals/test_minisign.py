"""Lists signed with minisign 0.11 of Debian 12: the real program made the pair and the signature."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import blake2b

import pytest

from edge.errors import InputError
from edge.venues.desk.arrivals.minisign import check, parse_key

PUB = (
    "untrusted comment: minisign public key 8FAE8FB5E5EB6CB\n"
    "RWTLtl5e++j6CLspmpwyQx7BNbxHewL0w0oxOwm/0PYFaYNXSutLH8l/\n"
)
CONTENT = b"hello\n"
SIGNATURE = (
    "untrusted comment: signature from minisign secret key\n"
    "RUTLtl5e++j6CMDoEItnjuUFsAN94AAz29NT7WVxMFIKmJHG/FGxdLcFjBrpHRGSOvKszlbosm4vuWSurIZ2L6kYMgLmlx3FpAs=\n"
    "trusted comment: arrivals\n"
    "ABAyRZzKa3dlgEnYmGIHZlCUhfolO3zBXOzHV4s1O9CEITXHpZroDMTbNODBLWlY50AoDQBs6ZpoFRlIsbd+Dg==\n"
)
COMMENT, FIRST, TRUSTED, SECOND = SIGNATURE.splitlines()


def flipped(line: str, at: int) -> str:
    data = bytearray(b64decode(line))
    data[at] ^= 1
    return b64encode(data).decode()


def test_a_signature_of_minisign_is_valid() -> None:
    check(SIGNATURE, blake2b(CONTENT).digest(), parse_key(PUB))
    check(SIGNATURE, blake2b(CONTENT).digest(), parse_key(PUB.splitlines()[1]))


BROKEN = {
    "another file": (SIGNATURE, b"hello", "for another content"),
    "a signature with a bit changed": (
        "\n".join((COMMENT, flipped(FIRST, 40), TRUSTED, SECOND)),
        CONTENT,
        "for another content",
    ),
    "another key id": ("\n".join((COMMENT, flipped(FIRST, 2), TRUSTED, SECOND)), CONTENT, "another key"),
    "the old format": ("\n".join((COMMENT, flipped(FIRST, 1), TRUSTED, SECOND)), CONTENT, "old format"),
    "another trusted comment": (SIGNATURE.replace("arrivals", "departures"), CONTENT, "for another content"),
    "a line missing": (f"{COMMENT}\n{FIRST}\n{TRUSTED}", CONTENT, "not a minisign signature"),
    "no trusted comment": (f"{COMMENT}\n{FIRST}\n{COMMENT}\n{SECOND}", CONTENT, "not a minisign signature"),
    "not base64": ("\n".join((COMMENT, "é" + FIRST, TRUSTED, SECOND)), CONTENT, "not a minisign"),
    "a short one": ("\n".join((COMMENT, FIRST[:96], TRUSTED, SECOND)), CONTENT, "not a minisign signature"),
    "nothing": ("", CONTENT, "not a minisign signature"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_everything_else_is_refused(name: str) -> None:
    signature, content, message = BROKEN[name]
    with pytest.raises(InputError, match=message):
        check(signature, blake2b(content).digest(), parse_key(PUB))


@pytest.mark.parametrize("text", ["", "RW", "!" * 56, SIGNATURE, "RW" + "A" * 53])
def test_a_text_that_is_not_a_key_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a minisign"):
        parse_key(text)
