"""The request of a configuration, its screen, and wallets that accept it."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from peers.waiting import until
from worlds.folders import write_secret

from edge.app.parts.request_display import document_keys, open_board, open_notice, open_request, request_of
from edge.card import cose
from edge.card.attributes import Attribute
from edge.config import parse_config
from edge.errors import ConfigError
from edge.passage.requirements.request_display import DisplayMode, RequestDisplay
from edge.request.certificate import Certificate, CertificateAuthority, sign_certificate
from edge.request.code import read_request
from hw.signals.screens.picture import NAME

NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
ISSUER, DEVICE = b"i" * 32, b"d" * 32
HOTEL = """
[door]
venue = "desk"
site = "inn/desk"
[desk]
request = ["family_name", "document_number"]
retain_days = 30
[request]
purpose = "to register you"
optional = ["address", "family_name"]
documents = ["travel-permit", "id-card"]
certificate = "inn.cert"
board = "picture"
folder = "board"
"""
DOOR = """
[request]
needed = ["booking"]
retention_days = 2
"""


def configured(text: str):
    return parse_config(text.encode(), Path("door.toml"))


@pytest.fixture
def base(tmp_path) -> Path:
    certificate = Certificate(
        authority="CN-GD",
        site="inn",
        operator="Pousada",
        device_key=cose.public_key(DEVICE),
        issued_at=NOW,
        expires=NOW + timedelta(days=90),
        askable=frozenset(Attribute),
        retention_days=30,
    )
    (tmp_path / "inn.cert").write_bytes(sign_certificate(certificate, ISSUER))
    return tmp_path


def test_a_desk_adds_its_own_attributes_and_retention():
    request = request_of(configured(HOTEL))
    assert request.needed == (Attribute.FAMILY_NAME, Attribute.DOCUMENT_NUMBER)
    assert request.optional == (Attribute.ADDRESS,)
    assert (request.documents, request.retention_days) == ((1, 3), 30)
    door = request_of(configured(DOOR))
    assert (door.needed, door.retention_days) == ((Attribute.BOOKING,), 2)


def test_a_wallet_accepts_the_code_of_the_screen(base):
    whole = configured(HOTEL)
    signer = open_request(whole, base, DEVICE)
    with open_board(whole, base) as board:
        display = RequestDisplay(board, signer.at, lambda: b"1" * 8, DisplayMode.OFFERED)
        display.turn(NOW, 0)
        until((base / "board" / NAME).exists)
    known = read_request(
        signer.at(NOW, display.nonce), [CertificateAuthority("CN-GD", cose.public_key(ISSUER))], now=NOW
    )
    assert known.request == request_of(whole)
    assert known.nonce == b"1" * 8


def test_without_certificate_and_screen_there_is_no_request(base):
    assert open_request(configured(DOOR), base, DEVICE) is None
    with open_board(configured(DOOR), base) as board:
        assert board is None


MISTAKES = {
    "no such file": (HOTEL.replace("inn.cert", "no.cert"), DEVICE, "no.cert"),
    "that of another device": (HOTEL, b"x" * 32, "another device's key"),
    "longer retention than allowed": (HOTEL.replace("= 30", "= 31"), DEVICE, "longer"),
    "for another site": (HOTEL.replace("inn/desk", "house"), DEVICE, "another site"),
}


@pytest.mark.parametrize(("text", "seed", "complaint"), MISTAKES.values(), ids=MISTAKES)
def test_a_certificate_that_does_not_fit_is_a_configuration_error(base, text, seed, complaint):
    with pytest.raises(ConfigError, match=complaint) as caught:
        open_request(configured(text), base, seed)
    assert caught.value.message.startswith("[request] certificate: ")
    assert caught.value.hint


KEYS = '[request]\ndocument_keys = "papers"\n'


def test_document_keys_are_found_by_the_key_of_their_issuer(base):
    (base / "papers").mkdir()
    write_secret(base / "papers" / "0011223344556677.key", b"k" * 32)
    (base / "papers" / "README").write_text("whose keys these are")
    assert document_keys(configured(KEYS), base) == {bytes.fromhex("0011223344556677"): b"k" * 32}
    assert document_keys(configured(""), base) == {}


@pytest.mark.parametrize(
    ("name", "content", "mode", "complaint"),
    [
        ("0011223344556677.key", b"k" * 32, 0o644, "others"),
        ("0011223344556677.key", b"k" * 31, 0o600, "is not a key for documents"),
        ("0011223344556677.key", b"k" * 33, 0o600, "is not a key for documents"),
        ("001122.key", b"k" * 32, 0o600, "not named after a key"),
        ("documents.key", b"k" * 32, 0o600, "not named after a key"),
    ],
)
def test_a_wrong_document_key_is_named(base, name, content, mode, complaint):
    (base / "papers").mkdir()
    (base / "papers" / name).write_bytes(content)
    (base / "papers" / name).chmod(mode)
    with pytest.raises(ConfigError, match=complaint):
        document_keys(configured(KEYS), base)


@pytest.mark.parametrize(
    ("show", "needed"),
    [("", True), ('show = "needed"', True), ('show = "offered"', False), ('show = "on-demand"', False)],
)
def test_a_door_with_a_screen_needs_its_number_unless_the_site_says_otherwise(base, show: str, needed: bool):
    """A code without a number can be signed ahead, on a phone whose clock was set."""
    with ExitStack() as stack:
        display = open_notice(configured(HOTEL + show), base, stack, DEVICE)
        assert display is not None
        assert display.needed is needed
