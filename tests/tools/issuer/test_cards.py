"""Verbs of issued cards: labels stay in the office, and a change of standing is asked about first."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from worlds.terminal import Terminal

from edge.errors import Exit
from edge.sqlite import make_tables
from tools.issuer import cli as issuer
from tools.issuing.wallet import Wallet

AT = ["--now", "2026-03-02T08:00:00Z"]
ADA = "Ad\u00e1 Lovelace, guard"
SUBJECT = "kf2Jq0T8QhW3sZ5nXbYv7A"
VERBS = {"suspend": "suspended", "revoke": "revoked", "reinstate": "good"}


def run(*args) -> int:
    return issuer.main([str(arg) for arg in args])


def enrol(office: Path, name: str, *more) -> Path:
    out = office.parent / name
    assert run("enrol", office, "--no-face", "--out", out, *AT, *more) == Exit.OK
    return out


@pytest.fixture
def office(tmp_path, capsys, monkeypatch) -> Path:
    """An office with the card of Ada, with a document, and with a card that has neither label nor subject."""
    monkeypatch.chdir(tmp_path)
    folder = Path("office")
    run("init", folder, "--name", "tower-1", "--uri", "https://t.example/s", "--capacity", 50, *AT)
    enrol(folder, "ada", "--subject", SUBJECT, "--label", ADA, "--document", "passport:K1:2031-05-04")
    enrol(folder, "other")
    capsys.readouterr()
    return folder


@pytest.fixture
def said(capsys):
    """The rows of `list --json`; with text, of `list --find`."""

    def call(*more: str) -> list[dict]:
        capsys.readouterr()
        assert run("list", "office", "--json", *more) == Exit.OK
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return call


def of_ada(said) -> dict:
    (row,) = said("--find", SUBJECT)
    return row


def test_a_label_is_in_the_register_and_in_nothing_that_leaves_the_office(office):
    assert run("publish", office, "--to", "trust", *AT) == Exit.OK
    left = [Path("ada"), *(path for path in Path("trust").rglob("*") if path.is_file())]
    assert [path for path in left if b"Lovelace" in path.read_bytes()] == []
    claims = Wallet.from_bytes(Path("ada").read_bytes()).claims()
    assert claims.subject == SUBJECT
    assert ADA.encode() in (office / "register.db").read_bytes()


def test_enrol_prints_issuer_and_subject(office, capsys):
    enrol(office, "ben", "--subject", "ben-1")
    assert "issuer tower-1, subject ben-1\n" in capsys.readouterr().out
    enrol(office, "carl")
    assert "issuer tower-1, subject none: no site can enrol this holder\n" in capsys.readouterr().out


def test_a_new_subject_is_random_and_in_card_and_register(office, said):
    subjects = {
        Wallet.from_bytes(enrol(office, n, "--new-subject").read_bytes()).claims().subject for n in "xyz"
    }
    assert len(subjects) == 3
    assert {len(subject) for subject in subjects} == {22}
    assert subjects <= {row["subject"] for row in said()}


def test_list_shows_subject_and_label(office, said, capsys):
    rows = {row["subject"]: row["label"] for row in said()}
    assert rows == {SUBJECT: ADA, None: None}
    assert run("list", office) == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert any(line.endswith(f"{SUBJECT}  {ADA}") for line in lines)
    assert any(line.endswith("Z  -                       -") for line in lines)


@pytest.mark.parametrize("text", ["lovelace", "ada LOVE", "AD\u00c1", "guard", "jq0t8", SUBJECT])
def test_a_card_is_found_by_a_part_of_its_label_or_subject(office, said, text):
    assert [row["label"] for row in said("--find", text)] == [ADA]


@pytest.mark.parametrize("key", ["card", "pseudonym"])
def test_a_card_is_found_by_its_id_or_pseudonym(office, said, key):
    assert said("--find", of_ada(said)[key].upper()) == [of_ada(said)]


def test_a_text_that_no_card_has_is_an_error(office, capsys):
    assert run("list", office, "--find", "zacharias") == Exit.USAGE
    assert "no card has this text" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "  ", "x" * 81, "two\nlines", "bell\a", "\x1b[31m", "\udcff"])
def test_a_label_that_is_not_one_line_of_text_is_refused(office, capsys, text):
    assert run("enrol", office, "--no-face", "--out", "w", "--label", text) == Exit.USAGE
    assert "--label" in capsys.readouterr().err
    assert not Path("w").exists()


def test_a_label_is_composed_and_stripped(office, said):
    enrol(office, "m", "--label", "  Molie\u0300re ")
    assert [row["label"] for row in said("--find", "moliere")] == ["Moli\u00e8re"]


def test_a_label_is_changed_and_deleted(office, said, capsys):
    card = of_ada(said)["card"]
    assert run("label", office, card, "Ada King") == Exit.OK
    assert "label Ada King" in capsys.readouterr().out
    assert of_ada(said)["label"] == "Ada King"
    assert run("label", office, card, "--remove") == Exit.OK
    assert of_ada(said)["label"] is None
    assert run("label", office, card) == Exit.USAGE


def make_older(office: Path, *columns: str) -> None:
    """Turns a register into one of a release before indexes, which lacks these columns too."""
    with closing(sqlite3.connect(office / "register.db")) as db:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql <> ''"
        ).fetchall():
            db.execute(f"DROP INDEX {name}")
        for column in ("pseudonym", *columns):
            db.execute(f"ALTER TABLE cards DROP COLUMN {column}")
        db.execute("PRAGMA user_version = 0")
        db.commit()


def test_an_office_older_than_labels_is_read_and_gets_them(office, said):
    make_older(office, "label", "subject")
    assert [(row["label"], row["subject"]) for row in said()] == [(None, None)] * 2
    card = said()[0]["card"]
    assert run("label", office, card, "Grace") == Exit.OK
    assert [row["card"] for row in said("--find", "grace")] == [card]


def test_an_office_older_than_indexes_keeps_its_cards_and_finds_them_by_their_pseudonyms(office, said):
    before = said()
    make_older(office)
    assert run("revoke", office, of_ada(said)["pseudonym"], "--yes") == Exit.OK
    assert said() == [row | ({"standing": "revoked"} if row["label"] == ADA else {}) for row in before]
    make_older(office)
    enrol(office, "third")
    assert len(said()) == 3
    assert run("publish", office, "--to", "trust", *AT) == Exit.OK


def test_a_register_of_a_later_release_is_refused_and_not_changed(office, capsys):
    with closing(sqlite3.connect(office / "register.db")) as db:
        db.execute("PRAGMA user_version = 2")
        db.commit()
    before = (office / "register.db").read_bytes()
    assert run("list", office) == Exit.DEVICE
    assert "the register has format 2, not 1" in capsys.readouterr().err
    assert (office / "register.db").read_bytes() == before


def test_a_migration_that_is_interrupted_is_done_by_the_next_command(office, said, monkeypatch):
    before = said()
    make_older(office, "label", "subject")

    scripts: list[str] = []

    def interrupted(db: sqlite3.Connection, script: str) -> None:
        scripts.append(script)
        if "INDEX" in script:
            raise KeyboardInterrupt
        make_tables(db, script)

    with monkeypatch.context() as patch:
        patch.setattr("tools.issuing.card_table.make_tables", interrupted)
        assert run("list", "office") == Exit.INTERRUPTED
    assert len(scripts) == 2
    assert [row["pseudonym"] for row in said()] == [row["pseudonym"] for row in before]
    assert run("revoke", "office", before[0]["pseudonym"], "--yes") == Exit.OK


def test_two_cards_of_one_pseudonym_are_told_apart_by_their_ids(office, said, capsys):
    first, second = said()
    with closing(sqlite3.connect(office / "register.db")) as db:
        db.execute("UPDATE cards SET pseudonym = '0123456789ab'")
        db.commit()
    assert run("revoke", office, "0123456789ab", "--yes") == Exit.USAGE
    assert "2 cards have this pseudonym" in capsys.readouterr().err
    assert run("revoke", office, second["card"], "--yes") == Exit.OK
    assert [row["standing"] for row in said()] == ["good", "revoked"]
    assert [row["card"] for row in said()] == [first["card"], second["card"]]


@pytest.mark.parametrize(("verb", "standing"), VERBS.items())
def test_a_change_names_the_card_and_asks_at_a_terminal(office, said, capsys, monkeypatch, verb, standing):
    card = of_ada(said)["card"]
    if verb == "reinstate":
        assert run("suspend", office, card, "--yes") == Exit.OK
    before = of_ada(said)["standing"]
    for typed in ("n\n", "\n", "", "yess\n"):
        monkeypatch.setattr("sys.stdin", Terminal(typed))
        assert run(verb, office, card) == Exit.REFUSED
        err = capsys.readouterr().err
        for part in (ADA, SUBJECT, card, "1 linked document", "doorward-issuer publish", "[y/N]"):
            assert part in err
        assert err.endswith("nothing was changed\n")
        assert of_ada(said)["standing"] == before
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert run(verb, office, card) == Exit.OK
    assert f"label {ADA}, subject {SUBJECT}: {standing}\n" in capsys.readouterr().out
    assert of_ada(said)["standing"] == standing


@pytest.mark.parametrize("verb", ["suspend", "revoke"])
def test_a_change_without_a_terminal_needs_yes(office, said, capsys, monkeypatch, verb):
    card = of_ada(said)["card"]
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert run(verb, office, card) == Exit.USAGE
    err = capsys.readouterr().err
    assert "error: nothing was changed: the command asks first, and standard input is no terminal\n" in err
    assert "hint: add --yes" in err
    assert of_ada(said)["standing"] == "good"
    assert run(verb, office, card, "--yes") == Exit.OK
    assert of_ada(said)["standing"] == VERBS[verb]


def test_the_register_is_not_locked_while_the_operator_reads_the_question(office, said, capsys, monkeypatch):
    card = of_ada(said)["card"]

    class Enrols(Terminal):
        def readline(self, *_: object) -> str:
            enrol(office, "meanwhile")
            return "y\n"

    monkeypatch.setattr("sys.stdin", Enrols())
    assert run("revoke", office, card) == Exit.OK
    assert len(said()) == 3
    assert of_ada(said)["standing"] == "revoked"


def test_no_question_is_asked_where_nothing_can_change(office, said, capsys, monkeypatch):
    card = of_ada(said)["card"]
    monkeypatch.setattr("sys.stdin", Terminal(""))
    assert run("reinstate", office, card) == Exit.OK
    assert "is good already; nothing was changed" in capsys.readouterr().out
    assert run("revoke", office, card, "--yes") == Exit.OK
    assert run("suspend", office, card) == Exit.USAGE
    assert "this card is revoked, which is final" in capsys.readouterr().err


def test_the_question_says_that_a_card_is_over(office, said, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", Terminal(""))
    run("revoke", office, of_ada(said)["card"], "--now", "2027-01-01T00:00:00Z")
    assert "which is over" in capsys.readouterr().err
