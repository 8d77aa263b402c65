"""An issuer's key file: each field as it was written, and each limit at its last value."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from string import ascii_letters

import pytest
from worlds.trust import ISSUER, KID

from edge.errors import InputError, TrustFault
from edge.trust.issuer_file import MAX_ISSUER_BYTES, issuer_file, read_issuer
from edge.trust.scope import IssuerKey, Scope

NAME, DATA = issuer_file(ISSUER)
PLACES = Scope(("door", "library"), ("tower-1", "tower-2/lobby"), ("MO", "CN-GD"))


def read(data: bytes = DATA) -> IssuerKey:
    return read_issuer(NAME, KID, data)


def edited(**changes: object) -> bytes:
    return json.dumps(json.loads(DATA) | changes).encode()


@pytest.mark.parametrize("scope", [ISSUER.scope, PLACES])
def test_a_file_is_read_as_it_was_written(scope: Scope) -> None:
    issuer = replace(ISSUER, scope=scope)
    name, data = issuer_file(issuer)
    assert read_issuer(name, KID, data) == issuer


def test_a_file_at_the_limit_is_read_and_a_byte_more_is_refused() -> None:
    whole = DATA + b" " * (MAX_ISSUER_BYTES - len(DATA))
    assert read(whole) == ISSUER
    with pytest.raises(TrustFault, match=f"{MAX_ISSUER_BYTES + 1} bytes"):
        read(whole + b" ")


@pytest.mark.parametrize(
    ("field", "entry", "most"),
    [("venues", "door", 16), ("sites", "tower-1", 64), ("jurisdictions", "MO", 64)],
)
def test_a_scope_has_so_many_entries_at_most(field: str, entry: str, most: int) -> None:
    scope = json.loads(DATA)["scope"]
    assert getattr(read(edited(scope=scope | {field: [entry] * most})).scope, field) == (entry,) * most
    with pytest.raises(TrustFault, match=f"scope.{field}"):
        read(edited(scope=scope | {field: [entry] * (most + 1)}))


def test_a_key_ends_after_it_begins() -> None:
    for until in (ISSUER.valid_from, ISSUER.valid_from - timedelta(seconds=1)):
        with pytest.raises(InputError, match="valid_until is not after valid_from"):
            issuer_file(replace(ISSUER, valid_until=until))
    issuer_file(replace(ISSUER, valid_until=ISSUER.valid_from + timedelta(seconds=1)))


def test_times_are_from_1970_to_2100() -> None:
    first = datetime(1970, 1, 1, tzinfo=UTC)
    assert read(edited(valid_from="1970-01-01T00:00:00Z")).valid_from == first
    for moment in ("1969-12-31T23:59:59.5Z", "2100-01-02T00:00:00Z"):
        with pytest.raises(TrustFault, match="1970 to 2100"):
            read(edited(issued_at=moment))


def test_a_key_has_one_text() -> None:
    """43 letters hold 258 bits, so four texts decode to the same 32 bytes: the other three are refused."""
    text = json.loads(DATA)["public_key"]
    alphabet = f"{ascii_letters[26:]}{ascii_letters[:26]}0123456789-_"
    place = alphabet.index(text[-1])
    others = [text[:-1] + alphabet[place - place % 4 + step] for step in range(4)]
    assert others.count(text) == 1
    for other in set(others) - {text}:
        with pytest.raises(TrustFault, match="public_key: not 32 bytes"):
            read(edited(public_key=other))
