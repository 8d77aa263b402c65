"""`enrol --from`: everyone in a list gets a card, all mistakes are told at once, and a stop costs one chunk."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from edge.errors import Exit
from edge.files.durable import write_all_durably
from tools.issuer import batch
from tools.issuer import cli as issuer
from tools.issuing.wallet import Delivery, Wallet

AT = ["--now", "2026-03-02T08:00:00Z"]
HOLDER = Wallet(bytes(range(32)))
SUBJECT = "kf2Jq0T8QhW3sZ5nXbYv7A"


def run(*args) -> int:
    return issuer.main([str(arg) for arg in args])


@pytest.fixture
def office(tmp_path, capsys, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = Path("office")
    assert (
        run("init", folder, "--name", "tower-1", "--uri", "https://t.example/s", "--capacity", 50, *AT) == 0
    )
    capsys.readouterr()
    return folder


def enrol(text: str, *more) -> int:
    Path("people.csv").write_text(text, "utf-8")
    return run("enrol", "office", "--from", "people.csv", "--out", "cards", *AT, *more)


def listed(capsys) -> list[dict]:
    capsys.readouterr()
    assert run("list", "office", "--json") == Exit.OK
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def written() -> set[str]:
    return {path.name for path in Path("cards").iterdir()} if Path("cards").exists() else set()


def people(count: int) -> str:
    return "file,photo\n" + "".join(f"card-{number},none\n" for number in range(count))


def wallet(name: str) -> Wallet:
    return Wallet.from_bytes((Path("cards") / name).read_bytes())


def test_each_row_becomes_a_card_with_its_own_columns_and_the_options_of_all(office, capsys):
    text = (
        "file;photo;label;subject;scope;document;family_name\n"
        f"ada;none;Ada, guard;{SUBJECT};tower-1/a tower-1/b;passport:K1:2031-05-04;Lovelace\n"
        "ben;none;;;;;\n"
    )
    assert enrol(text, "--scope", "tower-1", "--assurance", 2, "--new-subject", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == {"enrolled": 2, "there_before": 0, "wrong": 0}
    ada, ben = wallet("ada").claims(), wallet("ben").claims()
    assert (ada.scope, ben.scope) == (("tower-1/a", "tower-1/b"), ("tower-1",))
    assert (ada.assurance, ben.assurance) == (2, 2)
    assert [len(ada.documents), len(ben.documents)] == [1, 0]
    assert [disclosure.value for disclosure in wallet("ada").disclosures] == ["Lovelace"]
    assert ada.subject == SUBJECT
    assert ben.subject is not None
    rows = {row["card"]: (row["label"], row["subject"]) for row in listed(capsys)}
    assert rows == {ada.card_id.hex(): ("Ada, guard", SUBJECT), ben.card_id.hex(): (None, ben.subject)}
    assert {path.stat().st_mode & 0o777 for path in Path("cards").iterdir()} == {0o600}


def test_a_holder_with_a_key_gets_a_card_for_it_and_no_private_key(office):
    assert enrol(f"file,photo,holder_key\nada,none,{HOLDER.holder_key.hex()}\n") == Exit.OK
    data = (Path("cards") / "ada").read_bytes()
    assert HOLDER.accept(Delivery.from_bytes(data)).claims().holder_key == HOLDER.holder_key


MISTAKES = [
    ("ada,,,", "line 2: photo: is empty"),
    ("ada,gone.png,,", "line 2: photo: no such file"),
    (",none,,", "line 2: file: is empty"),
    ("../ada,none,,", "line 2: file: is not a name for a file"),
    ("ada,none,x\ty,", "line 2: label: holds a control character"),
    ("ada,none,,usa", "line 2: nationality: not such an attribute"),
    ("ada,none,,,more", "line 2: more values than columns"),
]


@pytest.mark.parametrize(("row", "message"), MISTAKES)
def test_a_wrong_row_is_named_by_line_and_column(office, capsys, row, message):
    assert enrol(f"file,photo,label,nationality\n{row}\nben,none,,\n") == Exit.USAGE
    assert f"error: people.csv: {message}" in capsys.readouterr().err
    assert written() == set()


def test_all_mistakes_are_told_at_once_before_a_card_is_made(office, capsys):
    rows = [
        "file,photo,label,holder_key,document", "good,none,,,", "ada,,,zz,passport:1",
        "good,none,,,", "ben,none,,,passport:K1:2020-01-01",
    ]  # fmt: skip
    assert enrol("\n".join(rows)) == Exit.USAGE
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert [error.split(": ")[2:4] for error in errors] == [
        ["line 3", "photo"],
        ["line 3", "holder_key"],
        ["line 3", "document"],
        ["line 4", "file"],
        ["line 5", "this document has expired"],
    ]
    assert written() == set()
    assert listed(capsys) == []


def test_an_error_quotes_no_cell_of_a_holder(office, capsys):
    assert enrol("file,photo,document,nationality\nada,none,passport:K7654321,Atlantis\n") == Exit.USAGE
    err = capsys.readouterr().err
    assert "K7654321" not in err
    assert "Atlantis" not in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,photo\n", "no people"),
        ("file\nada\n", "no column photo"),
        ("file,photo,shoe\n", 'unknown column "shoe"'),
        ("file,photo\n" + "".join(f"c{n},none\n" for n in range(51)), "0 of 50 indexes are in use, and 51"),
    ],
)
def test_a_list_that_cannot_be_enrolled_whole_is_refused(office, capsys, text, message):
    assert enrol(text) == Exit.USAGE
    assert message in capsys.readouterr().err
    assert listed(capsys) == []


def test_a_missing_list_is_an_error(office, capsys):
    assert run("enrol", office, "--from", "gone.csv", "--out", "cards") == Exit.USAGE
    assert "gone.csv: no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--days", 0), "exp: not after nbf"),
        (("--assurance", 9), "assurance: not a whole number from 0 to 3"),
        (("--scope", "NO SITE"), "scope: not a site"),
        (("--days", "1e9"), "'1e9' is not a number from 0 to 36500"),
    ],
)
def test_an_option_that_makes_no_card_is_told_once_and_not_for_every_row(office, capsys, options, message):
    assert enrol(people(5), *options) == Exit.USAGE
    (error,) = (line for line in capsys.readouterr().err.splitlines() if line.startswith("error:"))
    assert message in error
    assert "line" not in error


def test_a_list_is_a_file_and_its_cards_are_in_a_folder(office, capsys):
    os.mkfifo("pipe")
    assert run("enrol", office, "--from", "pipe", "--out", "cards") == Exit.USAGE
    assert "pipe: not a file" in capsys.readouterr().err
    Path("cards").touch()
    assert enrol(people(1)) == Exit.USAGE
    assert "--out: cards is a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option",
    [
        ("--label", "Ada"), ("--subject", SUBJECT), ("--holder-key", HOLDER.holder_key.hex()),
        ("--document", "passport:K1:2031-05-04"), ("--attribute", "family_name=Lovelace"),
    ],
)  # fmt: skip
def test_an_option_of_one_holder_does_not_go_with_a_list(office, capsys, option):
    assert enrol(people(1), *option) == Exit.USAGE
    assert f"{option[0]} is for one holder" in capsys.readouterr().err


def test_after_a_stop_the_next_run_makes_the_cards_that_are_missing(office, capsys, monkeypatch):
    monkeypatch.setattr(batch, "CHUNK", 3)
    chunks = []

    def stopped(folder: Path, files: dict[str, bytes], *, mode: int) -> None:
        if len(chunks) == 2:
            raise KeyboardInterrupt
        chunks.append(files)
        write_all_durably(folder, files, mode=mode)

    monkeypatch.setattr(batch, "write_all_durably", stopped)
    assert enrol(people(10)) == Exit.INTERRUPTED
    before = {path.name: path.read_bytes() for path in Path("cards").iterdir()}
    assert len(before) == 6
    monkeypatch.setattr(batch, "write_all_durably", write_all_durably)
    assert enrol(people(10), "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == {"enrolled": 4, "there_before": 6, "wrong": 0}
    assert written() == {f"card-{number}" for number in range(10)}
    assert {name: (Path("cards") / name).read_bytes() for name in before} == before
    # every card is registered, with three more whose files were never written
    assert len(listed(capsys)) == 13


def test_a_person_who_is_added_to_the_list_is_the_only_one_that_a_second_run_enrols(office, capsys):
    assert enrol(people(3)) == Exit.OK
    assert enrol(people(4), "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["enrolled"] == 1
    assert len(listed(capsys)) == 4


@pytest.mark.parametrize("count", [4, 40])
def test_the_disk_is_flushed_and_the_register_opened_once_a_chunk_and_not_once_a_card(
    office, monkeypatch, count
):
    monkeypatch.setattr(batch, "CHUNK", count // 4)
    flushes = []
    monkeypatch.setattr("os.sync", lambda: flushes.append(1))
    opened = []
    real = batch.IssuingOffice.open
    monkeypatch.setattr(batch.IssuingOffice, "open", lambda self: opened.append(1) or real(self))
    assert enrol(people(count)) == Exit.OK
    assert (len(flushes), len(opened)) == (4, 4 + 2)  # besides, to check the list and the free indexes


def test_cards_of_one_shape_are_checked_by_one(office, monkeypatch):
    signed = []
    monkeypatch.setattr("tools.issuing.issuer.Issuer.check", lambda *args, **_: signed.append(args))
    assert enrol(people(30)) == Exit.OK
    assert len(signed) == 2  # besides, one of the options alone


def test_a_picture_without_a_face_is_told_at_the_end_and_the_others_are_enrolled(
    office, capsys, built_models, photos
):
    Image.new("RGB", (320, 240), (120, 120, 120)).save("blank.png")
    face = photos / "astronaut.png"
    rows = f"file,photo\nada,{face}\nben,blank.png\ncy,none\n"
    assert enrol(rows, "--variant", "B") == Exit.USAGE
    err = capsys.readouterr().err
    assert "people.csv: line 3: photo: no face in the picture" in err
    assert written() == {"ada", "cy"}
    assert wallet("ada").claims().face is not None
    assert wallet("cy").claims().face is None
    assert len(list((office / "sealed").iterdir())) == 1
