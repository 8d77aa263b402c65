"""The phone in a terminal."""

from __future__ import annotations

import importlib.util
import json
import signal
import stat
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
from office import HOLDER, NOW, enrolment, new_issuer
from terminal_pixels import pixels, text_of

from edge.card.code import parse_code
from edge.card.ecard import decode
from edge.errors import Exit
from edge.issuing.wallet import Wallet

TOOL = Path(__file__).resolve().parents[2] / "tools" / "wallet.py"
AT = ["--now", "2026-03-02T08:00:07Z"]

spec = importlib.util.spec_from_file_location("tool_wallet", TOOL)
tool = importlib.util.module_from_spec(spec)
sys.modules["tool_wallet"] = tool
spec.loader.exec_module(tool)


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


def test_code_on_the_terminal_is_the_code_that_text_prints(wallet, capsys):
    assert run("show", wallet, *AT) == Exit.OK
    shown = text_of(pixels(capsys.readouterr().out))
    assert run("show", wallet, "--text", *AT) == Exit.OK
    assert capsys.readouterr().out == shown + "\n"
    assert decode(parse_code(shown)).presentation.presented_at == NOW


@pytest.mark.parametrize("option", ["--png", "--held-up"])
def test_picture_of_the_code_reads(wallet, tmp_path, option, capsys):
    assert run("show", wallet, option, tmp_path / "out.png", "--text", *AT) == Exit.OK
    picture = cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_GRAYSCALE)
    assert text_of(picture) + "\n" == capsys.readouterr().out
    if option == "--held-up":
        assert picture.shape == (720, 1280)


def test_drawing_of_the_code_is_svg(wallet, tmp_path, capsys):
    assert run("show", wallet, "--svg", tmp_path / "out.svg", *AT) == Exit.OK
    assert b"<svg" in (tmp_path / "out.svg").read_bytes()
    assert capsys.readouterr().out == ""


def test_code_is_for_the_site_and_the_nonce_that_were_named(wallet, capsys):
    assert (
        run("show", wallet, "--text", "--aud", "tower-1/lobby", "--nonce", "00112233aabbccdd", *AT) == Exit.OK
    )
    shown = decode(parse_code(capsys.readouterr().out.removesuffix("\n"))).presentation
    assert shown.audience == "tower-1/lobby"
    assert shown.nonce == bytes.fromhex("00112233aabbccdd")


def test_info_says_what_the_card_says_and_no_secret(wallet, capsys, card):
    assert run("info", wallet, "--json") == Exit.OK
    out = capsys.readouterr().out
    row = json.loads(out)
    assert row["issuer"] == "tower-1"
    assert row["expires"] == "2026-04-01T08:00:07Z"
    assert row["face"] == "template in the card, format 100, model mfn1"
    assert row["scope"] == ["tower-1"]
    assert row["card_bytes"] == len(card)
    assert row["qr"].endswith("-L")
    assert HOLDER.hex() not in out
    assert run("info", wallet) == Exit.OK
    assert "tower-1" in capsys.readouterr().out


def test_holder_makes_a_key_gives_its_public_half_and_accepts_the_card(tmp_path, capsys):
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
        (["new", "WALLET"], "is there already"),
    ],
)
def test_mistake_is_named_with_a_hint_and_leaves_the_wallet_alone(
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
def test_argument_that_cannot_be_meant_ends_with_usage(wallet, arguments):
    with pytest.raises(SystemExit) as ended:
        run("show", wallet, *arguments)
    assert ended.value.code == Exit.USAGE


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
