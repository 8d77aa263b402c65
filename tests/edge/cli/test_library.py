"""`doorward library`: its verbs, with a simulated library system."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from peers.tls import make_certificate, server_context

from edge.__main__ import main
from edge.app.venues.library import open_store
from edge.config import parse_config
from edge.errors import ConfigError
from edge.venues.library.lending import Lend, TakeBack
from edge.venues.library.offline_queue import OfflineState
from hw.sim.library import FaultMode, SimItem, SimLibrary, SimPatron

AT = datetime(2026, 1, 7, 11, tzinfo=UTC)
Run = Callable[..., int]


@pytest.fixture
def library() -> Iterator[SimLibrary]:
    library = SimLibrary(login=("gate", "secret"))
    library.patrons = {
        "P1": SimPatron(holds=1, owed="2.50"),
        "P2": SimPatron(flags="    Y         ", message="\u202eSee the desk"),
    }
    library.items = {"B1001": SimItem(), "B1002": SimItem(on_hold=True)}
    with library:
        yield library


@pytest.fixture
def run(library: SimLibrary, tmp_path: Path) -> Run:
    """`doorward library VERB ...` at an entrance whose library system is the one above."""
    (tmp_path / "password").touch(mode=0o600)
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "library.toml").write_text(settings(library.port))
    return lambda verb, *more: main(["library", verb, "--config", str(tmp_path / "library.toml"), *more])


def settings(port: int, more: str = "") -> str:
    return f"""
[door]
venue = "library"
[library]
host = "127.0.0.1"
port = {port}
tls = false
user = "gate"
password_file = "password"
institution = "MAIN"
reply_ms = 30000
connect_ms = 30000
{more}
"""


def keep(folder: Path, *acts: Lend | TakeBack) -> None:
    """Puts loans and returns into the offline queue."""
    config = parse_config((folder / "library.toml").read_bytes(), folder / "library.toml").library
    with open_store(config, folder) as store:
        for act in acts:
            store.add(act, AT)


def waiting(folder: Path) -> int:
    config = parse_config((folder / "library.toml").read_bytes(), folder / "library.toml").library
    with open_store(config, folder) as store:
        return store.count(OfflineState.WAITING)


def test_status_prints_what_the_system_supports(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("status") == 0
    said = capsys.readouterr().out
    assert "Central Library, institution MAIN" in said
    assert "SIP2 2.00; timeout of a reply 3 s" in said
    assert "patron information" in said
    assert run("status", "--json") == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["name"], row["checkout"], row["offline"], row["retries"]) == (
        "Central Library",
        True,
        True,
        3,
    )


def test_a_system_that_is_down_is_a_fault_with_a_hint(
    run: Run, library: SimLibrary, capsys: pytest.CaptureFixture[str]
) -> None:
    library.stop()
    assert run("status") == 3
    assert "the connection was refused" in (said := capsys.readouterr().err)
    assert "hint: " in said


def test_a_password_that_is_wrong(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "password").write_text("guess")
    assert run("status") == 3
    said = capsys.readouterr().err
    assert "refuses our login" in said
    assert "guess" not in said


def test_a_password_that_others_can_read(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "password").chmod(0o644)
    assert run("status") == 2
    assert "others can read or change the password" in capsys.readouterr().err


def test_patron_prints_the_answer_of_the_entrance(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("patron", "P1") == 0
    said = capsys.readouterr().out
    assert "admitted now" in said
    assert "owes       2.50" in said
    assert run("patron", "P2") == 1
    said = capsys.readouterr().out
    assert "denied: patron.blocked" in said
    assert "\\u202eSee the desk" in said
    assert run("patron", "P9", "--json") == 1
    row = json.loads(capsys.readouterr().out)
    assert (row["result"], row["reason"], row["valid"]) == ("deny", "patron.unknown", False)


def test_a_text_that_is_not_a_patrons_number(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("patron", "P1|BLY") == 2
    assert "not a patron's number" in capsys.readouterr().err


def test_a_message_with_a_wrong_checksum_is_a_fault(
    run: Run, library: SimLibrary, capsys: pytest.CaptureFixture[str]
) -> None:
    library.fault_mode = FaultMode.WRONG_CHECKSUM
    assert run("patron", "P1") == 3
    assert "wrong checksum" in capsys.readouterr().err


def test_patrons_are_bound_and_unbound(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "patrons.csv").write_text("issuer,subject,patron\nCN-GD,s1,P1\nCN-GD,s2,P2\n")
    assert run("bind", str(tmp_path / "patrons.csv")) == 0
    assert "2 bound" in capsys.readouterr().out
    assert run("unbind", "CN-GD", "s1") == 0
    config = parse_config((tmp_path / "library.toml").read_bytes(), tmp_path / "library.toml").library
    with open_store(config, tmp_path) as store:
        assert len(store.roll) == 1


HEAD = "issuer,subject,patron\n"
LISTS = {
    "no columns": ("CN-GD,s1,P1\n", 'line 1: unknown column "cn-gd"'),
    "no issuer": ("subject,patron\ns1,P1\n", "line 1: no column issuer"),
    "four cells": (HEAD + "A,s1,P1,x\n", "line 2: more values than columns"),
    "two columns of one name": ("issuer,subject,patron,Patron\n", 'line 1: two columns "patron"'),
    "an empty issuer": (HEAD + ",s1,P1\n", "line 2: is not an issuer"),
    "no number": (HEAD + "A,s1,\n", "line 2: not a patron's number"),
    "no pseudonym": (HEAD + "A,,P1\n", "line 2: is not an issuer, a pseudonym"),
    "a quote without an end": (HEAD + 'A,s1,P1\nA,s1,"P1\n', "line 3: not CSV"),
    "a NUL character": (HEAD + "A,s1,P\0\n", "line 2: a NUL character"),
    "nothing": ("", "line 1: no column issuer, subject, patron"),
    "a header alone": (HEAD, "no bindings in it can be used"),
}


_TWO = "issuer,subject,patron\nCN-GD,s1,P1\nCN-GD,s2,P2\n"
TABLES = {
    "a byte order mark": b"\xef\xbb\xbf" + _TWO.encode(),
    "UTF-16 with tabs": _TWO.replace(",", "\t").encode("utf-16"),
    "semicolons": _TWO.replace(",", ";").encode(),
    "CR": _TWO.replace("\n", "\r").encode(),
    "blanks": _TWO.replace(",", " , ").encode(),
    "other letters and another order": b"Patron,ISSUER,Subject\nP1,A,s1\nP2,A,s2\n",
}


@pytest.mark.parametrize(("text", "error"), LISTS.values(), ids=LISTS)
def test_a_list_with_a_mistake_binds_no_patron(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, error: str
) -> None:
    (tmp_path / "patrons.csv").write_text(text)
    assert run("bind", str(tmp_path / "patrons.csv")) == 2
    assert error in capsys.readouterr().err
    assert not (tmp_path / "gate.db").exists()


@pytest.mark.parametrize("data", TABLES.values(), ids=TABLES)
def test_a_list_is_bound_in_every_form_that_spreadsheets_write(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    (tmp_path / "patrons.csv").write_bytes(data)
    assert run("bind", str(tmp_path / "patrons.csv")) == 0
    assert "2 bound" in capsys.readouterr().out


def test_a_list_that_is_not_text_or_not_there(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "patrons.csv").write_bytes(b"issuer,subject,patron\n\xff\xff")
    assert run("bind", str(tmp_path / "patrons.csv")) == 2
    assert run("bind", str(tmp_path / "missing.csv")) == 2
    said = capsys.readouterr().err
    assert "is not UTF-8 text" in said
    assert "no such file" in said


def test_the_queue_names_patrons_only_with_the_option(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("queue") == 0
    assert "no entry waits" in capsys.readouterr().out
    keep(tmp_path, Lend("P1", "B1001"), TakeBack("B1002"))
    assert run("queue") == 0
    lend, back = capsys.readouterr().out.splitlines()
    assert "2026-01-07T11:00:00Z  lend    B1001  waiting" in lend
    assert "return  B1002" in back
    assert "P1" not in lend
    assert run("queue", "--json", "--patrons") == 0
    rows = list(map(json.loads, capsys.readouterr().out.splitlines()))
    assert [row.get("patron") for row in rows] == ["P1", None]


def test_upload_sends_everything_and_reports_refused_entries(
    run: Run, library: SimLibrary, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(tmp_path, Lend("P1", "B1001"), Lend("P1", "B1002"), TakeBack("B1001"))
    assert run("upload") == 1
    said = capsys.readouterr().out
    assert "3 sent, 1 of them refused" in said
    assert "B1002  refused  Item is on hold for another patron" in said
    assert library.patrons["P1"].loans == set(), "lent and brought back, in this order"
    assert waiting(tmp_path) == 0
    assert run("settle", "1") == 2
    assert run("settle", "2") == 0
    capsys.readouterr()
    assert run("upload", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"result": "uploaded", "told": 0, "refused": 0}
    assert run("queue") == 0
    assert "no entry waits" in capsys.readouterr().out


def test_an_upload_without_a_system_loses_nothing(
    run: Run, library: SimLibrary, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(tmp_path, Lend("P1", "B1001"))
    library.stop()
    assert run("upload") == 3
    assert "the connection was refused" in capsys.readouterr().err
    assert waiting(tmp_path) == 1
    library.start()
    assert run("upload") == 0
    assert library.patrons["P1"].loans == {"B1001"}


def test_the_old_command_with_an_old_configuration_prints_the_same(
    run: Run, library: SimLibrary, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(tmp_path, Lend("P1", "B1001"))
    assert run("queue", "--json") == 0
    today = capsys.readouterr().out
    old = tmp_path / "door.toml"
    old.write_text(settings(library.port).replace('"library"', '"gate"').replace("[library]", "[gate]"))
    assert main(["gate", "queue", "--config", str(old), "--json"]) == 0
    assert capsys.readouterr().out == today
    assert json.loads(today)["item"] == "B1001"
    assert main(["config", "check", str(old), "--text"]) == 0


CONTRADICTIONS = {
    "an entrance without a library system": ('[door]\nvenue = "library"\n', "[library] host is required"),
    "a zone that does not exist": ('[library]\nzone = "Asia/Macao City"\n', '[library] zone: "Asia/Macao City" is not a time zone'),
    "a password in the clear": (
        '[library]\nhost = "lms.example"\ntls = false\nuser = "a"\npassword_file = "p"\n', "tls = false sends the password unencrypted",
    ),
    "a password without a user": ('[library]\npassword_file = "p"\n', "[library] password_file needs user"),
    "no registered patrons": ('[library]\nunstaffed = "registered"\n', "needs unstaffed_kinds or unstaffed_age"),
    "hours that are not hours": ('[library]\nstaffed = ["monday"]\n', "staffed"),
    "a text with the separator of fields": ('[library]\ninstitution = "MAIN|AOOTHER"\n', "institution"),
    "a flag that SIP2 does not have": ('[library]\nblocks = ["tall"]\n', "blocks"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "error"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_configuration_that_contradicts_itself(text: str, error: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), Path("library.toml"))
    assert error in str(caught.value)


def test_tls_trusts_the_configured_certificates_only(
    library: SimLibrary, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_certificate(tmp_path)
    file = tmp_path / "tls.toml"
    with SimLibrary(tls=server_context(tmp_path)) as secure:
        plain = f'[library]\nhost = "localhost"\nport = {secure.port}\nreply_ms = 30000\nconnect_ms = 30000\n'
        file.write_text(plain + 'ca = "cert.pem"\n')
        assert main(["library", "status", "--config", str(file)]) == 0
        file.write_text(plain)
        assert main(["library", "status", "--config", str(file)]) == 3
        assert "its certificate is not trusted" in capsys.readouterr().err
    file.write_text(f'[library]\nhost = "localhost"\nport = {library.port}\nca = "cert.pem"\n')
    assert main(["library", "status", "--config", str(file)]) == 3
