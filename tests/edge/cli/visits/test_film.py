"""`doorward film`: a film of one visitor, from a wallet and a portrait, that a door takes for a visit."""

from __future__ import annotations

import json
import stat
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from worlds.office import new_holder, new_issuer
from worlds.trust import shown

from edge.__main__ import main
from edge.app.film import FPS, LENGTH
from edge.app.parts.code_readers import open_picture_readers
from edge.card.code import parse_code
from edge.card.ecard import decode
from edge.cli.visits import film as cli
from edge.errors import Exit


@pytest.fixture
def portrait(photos: Path) -> Path:
    return photos / "astronaut.png"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def frames(path: Path) -> list[np.ndarray]:
    film = cv2.VideoCapture(str(path))
    assert film.get(cv2.CAP_PROP_FPS) == FPS
    read = []
    while (taken := film.read())[0]:
        read.append(cv2.cvtColor(taken[1], cv2.COLOR_BGR2GRAY))
    return read


def test_a_film_shows_nothing_then_a_phone_then_a_face_then_nothing(
    folder: Path, portrait: Path, engine, built_models: Path
) -> None:
    code = shown()
    assert main(["film", code, str(portrait)]) == Exit.OK
    read = frames(folder / "visit.avi")
    assert len(read) == LENGTH
    reader = open_picture_readers()[0]
    seen = []
    for frame in read[:: FPS // 2]:
        if codes := reader.read(frame):
            assert [symbol.text for symbol in codes] == [code]
            seen.append("code")
        else:
            seen.append("face" if engine.people(cv2.cvtColor(frame, cv2.COLOR_GRAY2RGB)) else "empty")
    assert [seen[0], *(after for before, after in pairwise(seen) if before != after)] == [
        "empty",
        "code",
        "face",
        "empty",
    ]


@pytest.mark.slow
def test_a_wallet_makes_a_code_of_this_moment(
    folder: Path, portrait: Path, built_models: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    (folder / "ada.wallet").write_bytes(new_holder(new_issuer()).to_bytes())
    assert main(["film", "ada.wallet", str(portrait), "--out", "ada.avi", "--json"]) == Exit.OK
    row = json.loads(capsys.readouterr().out)
    assert row["file"] == "ada.avi"
    assert row["seconds"] == LENGTH // FPS
    until = datetime.fromisoformat(row["code_valid_until"])
    assert timedelta(0) < until - datetime.now(UTC) <= timedelta(seconds=30)
    (symbol, *_) = (
        found for frame in frames(folder / "ada.avi") for found in open_picture_readers()[0].read(frame)
    )
    presented = decode(parse_code(symbol.text)).presentation
    assert abs(presented.presented_at - datetime.now(UTC)) < timedelta(minutes=1)


def pictures(folder: Path, portrait: Path) -> None:
    upright = Image.open(portrait).convert("RGB")
    upright.transpose(Image.Transpose.ROTATE_180).save(folder / "turned.png")
    two = Image.new("RGB", (1024, 512))
    two.paste(upright, (0, 0))
    two.paste(upright, (512, 0))
    two.save(folder / "two.png")
    Image.new("RGB", (320, 240), "grey").save(folder / "empty.png")


WRONG = {
    "no wallet": (
        ["missing.wallet", "good.png"],
        "missing.wallet: there is no such file",
        "doorward-issuer enrol",
    ),
    "a picture of a turned face": (
        ["CODE", "turned.png"],
        "turned.png is turned by 180 degrees",
        "rotate = 180",
    ),
    "two people": (["CODE", "two.png"], "two.png: 2 faces in the picture", "one person"),
    "a picture without a face": (["CODE", "empty.png"], "empty.png: no face in the picture", "portrait"),
    "no picture": (["CODE", "missing.png"], "missing.png: there is no such file", "path"),
    "another kind of file": (["CODE", "good.png", "--out", "visit.mp4"], "does not end in .avi", "visit.avi"),
    "a folder that is missing": (["CODE", "good.png", "--out", "no/visit.avi"], "cannot be written", "--out"),
    "a code that is none": (["EC1:hello", "good.png"], "not a code", "wallet"),
    "a file that is no wallet": (["a.txt", "good.png"], "not a wallet", "doorward-issuer enrol"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_named_and_leaves_no_film(
    case: str, folder: Path, portrait: Path, built_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, message, hint = WRONG[case]
    pictures(folder, portrait)
    (folder / "a.txt").write_text("not a wallet")
    (folder / "good.png").write_bytes(portrait.read_bytes())
    before = sorted(folder.iterdir())
    code = main(["film", *(shown() if word == "CODE" else word for word in words)])
    error, told = capsys.readouterr().err.splitlines()
    assert code in (Exit.USAGE, Exit.DEVICE)
    assert message in error
    assert hint in told
    assert sorted(folder.iterdir()) == before


def test_without_the_wallets_program_the_hint_says_what_to_install(
    folder: Path, portrait: Path, built_models: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    (folder / "ada.wallet").write_bytes(b"a wallet")
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", str(folder))
    assert main(["film", "ada.wallet", str(portrait)]) == Exit.USAGE
    assert "doorward[office]" in capsys.readouterr().err


def test_a_wallets_program_that_does_not_end_is_named(
    folder: Path, portrait: Path, built_models: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    (folder / "ada.wallet").write_bytes(b"a wallet")
    program = folder / "doorward-wallet"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setattr(cli, "_MAKES_S", 0.1)
    assert main(["film", "ada.wallet", str(portrait)]) == Exit.USAGE
    assert "doorward-wallet does not work" in capsys.readouterr().err
