"""The wallet of a holder in a terminal."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import cv2
import pytest
import segno
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from samples.terminal_pixels import pixels, text_of
from worlds.office import HOLDER, NOW, enrolment, new_holder, new_issuer

from edge.card import cose
from edge.card.attributes import Attribute
from edge.card.code import parse_code
from edge.card.documents import DisclosedDocument, DocumentType
from edge.card.ecard import decode
from edge.errors import Exit, InputError
from edge.request.code import KnownRequest, RequestSigner
from edge.request.request import Request
from tools.issuing.wallet import Wallet
from tools.wallet import cli as tool

TOOL = ROOT / "tools" / "wallet"
AT = ["--now", "2026-03-02T08:00:07Z"]

consent = tool.consent


def run(*args) -> int:
    return tool.main([str(arg) for arg in args])


@pytest.fixture(scope="module")
def card() -> bytes:
    return new_issuer().enrol(enrolment(scope=("tower-1",)), now=NOW).card


@pytest.fixture
def wallet(tmp_path, card) -> Path:
    path = tmp_path / "a.wallet"
    path.write_bytes(Wallet(HOLDER, card).to_bytes())
    return path


def test_code_on_the_terminal_is_the_code_of_the_text(wallet, capsys):
    assert run("show", wallet, *AT) == Exit.OK
    shown = text_of(pixels(capsys.readouterr().out))
    assert run("show", wallet, "--text", *AT) == Exit.OK
    assert capsys.readouterr().out == shown + "\n"
    assert decode(parse_code(shown)).presentation.presented_at == NOW


@pytest.mark.parametrize("option", ["--png", "--held-up"])
def test_picture_of_the_code_is_readable(wallet, tmp_path, option, capsys):
    assert run("show", wallet, option, tmp_path / "out.png", "--text", *AT) == Exit.OK
    picture = cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_GRAYSCALE)
    assert text_of(picture) + "\n" == capsys.readouterr().out
    if option == "--held-up":
        assert picture.shape == (720, 1280)


def test_drawing_of_the_code_is_svg(wallet, tmp_path, capsys):
    assert run("show", wallet, "--svg", tmp_path / "out.svg", *AT) == Exit.OK
    assert b"<svg" in (tmp_path / "out.svg").read_bytes()
    assert capsys.readouterr().out == ""


def test_code_has_the_site_and_the_nonce_of_the_options(wallet, capsys):
    assert (
        run("show", wallet, "--text", "--aud", "tower-1/lobby", "--nonce", "00112233aabbccdd", *AT) == Exit.OK
    )
    shown = decode(parse_code(capsys.readouterr().out.removesuffix("\n"))).presentation
    assert shown.audience == "tower-1/lobby"
    assert shown.nonce == bytes.fromhex("00112233aabbccdd")


def test_info_has_the_claims_of_the_card_and_no_secret(wallet, capsys, card):
    assert run("info", wallet, "--json") == Exit.OK
    out = capsys.readouterr().out
    row = json.loads(out)
    assert row["issuer"] == "tower-1"
    assert row["subject"] is None
    assert row["expires"] == "2026-04-01T08:00:07Z"
    assert row["face"] == "template in the card, format 100, model mfn1"
    assert row["scope"] == ["tower-1"]
    assert row["card_bytes"] == len(card)
    assert row["qr"].endswith("-L")
    assert HOLDER.hex() not in out
    assert run("info", wallet) == Exit.OK
    assert "tower-1" in capsys.readouterr().out


def test_holder_makes_a_key_and_accepts_the_card(tmp_path, capsys):
    wallet, card = tmp_path / "new.wallet", tmp_path / "a.card"
    assert run("new", wallet) == Exit.OK
    assert stat.S_IMODE(wallet.stat().st_mode) == 0o600
    key = bytes.fromhex(capsys.readouterr().out)
    card.write_bytes(new_issuer().enrol(enrolment(holder_key=key), now=NOW).card)
    assert run("show", wallet) == Exit.USAGE
    assert run("accept", wallet, card) == Exit.OK
    assert run("show", wallet) == Exit.OK
    assert stat.S_IMODE(wallet.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "none.wallet"], "none.wallet"),
        (["show", "CARD"], "not a wallet"),
        (["show", "WALLET", "--aud", "a b"], "aud"),
        (["show", "WALLET", "--nonce", "00"], "cnonce"),
        (["accept", "WALLET", "CARD"], "another key"),
        (["accept", "WALLET", "WALLET"], "not a card"),
        (["new", "WALLET"], "exists already"),
    ],
)
def test_mistake_is_named_with_a_hint_and_does_not_change_the_wallet(
    wallet, tmp_path, capsys, arguments, message
):
    stranger = tmp_path / "stranger.card"
    stranger.write_bytes(new_issuer().enrol(enrolment(holder_key=Wallet(b"o" * 32).holder_key), now=NOW).card)
    before = wallet.read_bytes()
    places = {"WALLET": wallet, "CARD": stranger, "none.wallet": tmp_path / "none.wallet"}
    assert run(*(places.get(word, word) for word in arguments)) == Exit.USAGE
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert message in err
    assert "\nhint: " in err
    assert wallet.read_bytes() == before


@pytest.mark.parametrize("arguments", [["--nonce", "xyz"], ["--now", "soon"]])
def test_impossible_argument_is_a_usage_error(wallet, arguments):
    assert run("show", wallet, *arguments) == Exit.USAGE


# -- requests ----------------------------------------------------------------------------------------------

DEVICE = b"d" * 32
ADA = {
    Attribute.FAMILY_NAME: "Lovelace",
    Attribute.GIVEN_NAME: "Ada",
    Attribute.BIRTH_DATE: "1815-12-10",
    Attribute.ADDRESS: "St James's Square 12",
}
REQUEST = Request(
    site="inn/desk",
    purpose="to register you as a guest",
    needed=(Attribute.FAMILY_NAME, Attribute.GIVEN_NAME),
    optional=(Attribute.BIRTH_DATE,),
    documents=(DocumentType.PASSPORT,),
    retention_days=30,
    issuers=("tower-1", "CN-GD"),
)


def asked(office, request: Request = REQUEST, *, at=NOW) -> str:
    certificate = office.certify(
        cose.public_key(DEVICE),
        "inn",
        "Pousada",
        askable=[*ADA, Attribute.PATRON],
        retention_days=30,
        now=NOW,
    )
    return RequestSigner(DEVICE, request, certificate).at(at, b"12345678")


@pytest.fixture
def ada(tmp_path) -> Path:
    """A wallet with attributes and a passport."""
    office = new_issuer()
    paper = DisclosedDocument(DocumentType.PASSPORT, "K1234567", date(2031, 5, 4))
    path = tmp_path / "ada.wallet"
    path.write_bytes(new_holder(office, attributes=ADA, papers=(paper,)).to_bytes())
    return path


def test_request_is_printed_in_plain_words(ada, capsys):
    assert run("request", ada, asked(new_issuer()), *AT) == Exit.OK
    said = capsys.readouterr().out
    for words in (
        "Pousada (inn/desk) asks; certified by tower-1",
        "to register you as a guest",
        "family name, given name",
        "birth date: you may leave it out",
        "passport, linked to your card",
        "for 30 days",
        "cards of tower-1, CN-GD",
    ):
        assert words in said
    assert "refused" not in said
    assert "Lovelace" not in said


def test_request_is_read_from_the_picture_of_a_screen(ada, tmp_path, capsys):
    segno.make_qr(asked(new_issuer()), error="L").save(tmp_path / "screen.png", scale=4, border=4)
    assert run("request", ada, tmp_path / "screen.png", "--json", *AT) == Exit.OK
    row = json.loads(capsys.readouterr().out)
    assert (row["operator"], row["nonce"], row["lacking"]) == ("Pousada", b"12345678".hex(), [])


def test_holder_reads_what_the_card_does_not_have(wallet, ada, capsys):
    holding = Wallet.from_bytes(wallet.read_bytes())
    wallet.write_bytes(Wallet(HOLDER, holding.card, (), (new_issuer().authority,)).to_bytes())
    plain = replace(REQUEST, issuers=("elsewhere",), retention_days=0)
    assert run("request", wallet, asked(new_issuer(), plain), "--json", *AT) == Exit.OK
    lacking = ["family name", "given name", "passport", "issuer that counts here"]
    assert json.loads(capsys.readouterr().out)["lacking"] == lacking
    assert run("request", wallet, asked(new_issuer(), plain), *AT) == Exit.OK
    said = capsys.readouterr().out
    assert "your card has no passport: you may be refused" in said
    assert "until your visit is over" in said


CONSENTS = {
    "no option": ([], set()),
    "all required attributes": (["--disclose", "needed"], {"family_name", "given_name"}),
    "one required attribute": (["--disclose", "family_name"], {"family_name"}),
    "required and optional attributes": (
        ["--disclose", "needed, birth_date"],
        {"family_name", "given_name", "birth_date"},
    ),
}


@pytest.mark.parametrize(("options", "told"), CONSENTS.values(), ids=CONSENTS)
def test_code_discloses_the_chosen_attributes_and_names_the_venue(ada, capsys, options, told):
    assert run("code", ada, "--for", asked(new_issuer()), "--text", *options, *AT) == Exit.OK
    out, err = capsys.readouterr()
    shown = decode(parse_code(out.removesuffix("\n"))).presentation
    assert {each.attribute.value for each in shown.disclosures} == told
    assert (shown.audience, shown.nonce) == ("inn/desk", b"12345678")
    assert err.startswith(f"discloses {', '.join(sorted(told)) or 'nothing'} to Pousada (inn/desk)")
    assert ("may refuse you without" in err) is not {"family_name", "given_name"}.issubset(told)


@given(st.lists(st.sampled_from([*Attribute, "needed", "", "shoe_size"]), max_size=6))
def test_only_requested_attributes_are_disclosed_for_any_option(said):
    known = KnownRequest(
        request=REQUEST, operator="Pousada", authority="tower-1", asked_at=NOW, nonce=b"n" * 8
    )
    try:
        agreed = consent(known, ",".join(said))
    except InputError:
        return
    named = {Attribute(word) for word in said if word in list(Attribute)}
    assert agreed == named | (set(REQUEST.needed) if "needed" in said else set())
    assert agreed <= REQUEST.attributes


def stranger() -> str:
    """The request of a device whose certificate is from an office unknown to this wallet."""
    return asked(new_issuer(seed=9))


REFUSED = {
    "a device with an unknown certificate": (
        stranger,
        [],
        Exit.REFUSED,
        "does not know the issuer",
        "disclose nothing",
    ),
    "a request of yesterday": (
        lambda: asked(new_issuer(), at=NOW - timedelta(days=1)),
        [],
        Exit.REFUSED,
        "not made within 60 s",
        "clock",
    ),
    "not a request": (lambda: "EQ1:BB8", [], Exit.REFUSED, "card.malformed", "disclose nothing"),
    "half a request": (lambda: "EQ1:NONSENSE", [], Exit.REFUSED, "not base45", "whole"),
    "an attribute that is not in the request": (
        lambda: asked(new_issuer()),
        ["--disclose", "address"],
        Exit.USAGE,
        "the request does not ask for address",
        "leave it out",
    ),
    "an unknown attribute": (
        lambda: asked(new_issuer()),
        ["--disclose", "shoe_size"],
        Exit.USAGE,
        "not an attribute",
        "family_name",
    ),
    "an attribute that the card does not have": (
        lambda: asked(new_issuer(), replace(REQUEST, optional=(Attribute.PATRON,))),
        ["--disclose", "patron"],
        Exit.USAGE,
        "has no such attribute",
        "info",
    ),
}


@pytest.mark.parametrize(
    ("request_text", "options", "code", "message", "hint"), REFUSED.values(), ids=REFUSED
)
def test_no_code_is_made_for_a_request_that_is_refused(
    ada, capsys, request_text, options, code, message, hint
):
    assert run("code", ada, "--for", request_text(), "--text", *options, *AT) == code
    out, err = capsys.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first.startswith("error: ")
    assert message in first
    assert hint in second


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\nbroken"])
def test_file_without_a_request_is_named_with_a_hint(ada, tmp_path, capsys, content):
    (tmp_path / "screen").write_bytes(content)
    assert run("request", ada, tmp_path / "screen", *AT) in {Exit.REFUSED, Exit.USAGE}
    assert "\nhint: " in capsys.readouterr().err


def test_watch_runs_as_a_file_shows_a_code_and_ends_with_control_c(wallet):
    with subprocess.Popen(
        [sys.executable, TOOL, "show", wallet, "--watch"], stdout=subprocess.PIPE, text=True
    ) as watch:
        printed = [watch.stdout.readline()]
        side = len(printed[0].strip("\n"))  # two rows of modules a line
        printed += [watch.stdout.readline() for _ in range((side + 1) // 2 - 1)]
        watch.send_signal(signal.SIGINT)
        printed += watch.stdout.readlines()
    assert watch.returncode == Exit.OK
    assert text_of(pixels("".join(printed))).startswith("EC1:")
