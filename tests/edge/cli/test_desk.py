"""`doorward desk`: its verbs and its output."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from conftest import ROOT
from nacl.public import PrivateKey
from peers.web_server import Web, reply
from samples.traces import Haystack
from worlds.venues.desk import NOW, PASSPORT, booking, guest, on
from worlds.venues.desk_house import House

from edge.__main__ import main
from edge.delivery.sealed_box import unseal
from edge.trust.time import clock_file
from edge.trust.time.trusted_clock import ClockMemory
from edge.venues.desk.arrivals.folder import log_name


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.close()


Said = pytest.CaptureFixture[str]


def test_a_pair_of_keys_is_made_once(tmp_path: Path, capsys: Said) -> None:
    key = tmp_path / "desk.key"
    assert main(["desk", "key", str(key)]) == 0
    before = key.read_bytes()
    assert key.stat().st_mode & 0o077 == 0
    assert main(["desk", "key", str(key)]) == 2
    assert "there is a key already" in capsys.readouterr().err
    assert key.read_bytes() == before


def test_an_import_prints_bookings_and_mistakes(house: House, capsys: Said) -> None:
    file = house.folder / "today.csv"
    file.write_text(
        "reference,arrival,departure,family_name\nR-1,2026-06-15,2026-06-18,Silva\nR-2,x,y,Costa\n"
    )
    assert house.run("import", str(file)) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "today.csv: bookings 1, guests 1",
        "  line 3: arrival is not a day such as 2026-01-31",
    ]
    assert house.run("import", str(file), "--json") == 1
    row = json.loads(capsys.readouterr().out)
    assert row["mistakes"] == [{"line": 3, "reason": "arrival is not a day such as 2026-01-31"}]


def test_work_imports_lists_and_prints_them(house: House, capsys: Said) -> None:
    (house.folder / "inbox").mkdir()
    (house.folder / "inbox" / "a.jsonl").write_text(json.dumps(booking("R-1", "Silva, Maria")))
    (house.folder / "inbox" / "b.csv").write_text("nonsense")
    capsys.readouterr()
    assert house.run("work") == 1
    said = capsys.readouterr()
    assert f"{log_name('a.jsonl')}: bookings 1" in said.out
    assert f"{log_name('b.csv')}: line 1: no column reference" in said.err
    house.world.now = NOW
    assert house.world.comes(guest("Silva")) == "in"


def test_show_prints_counts_and_no_names(house: House, capsys: Said) -> None:
    house.expect(booking("R-1", "Mustermann, Erika"))
    house.world.comes(guest("Mustermann", "Erika"))
    capsys.readouterr()
    assert house.run("show") == 0
    said = capsys.readouterr().out
    assert "expected       bookings 1" in said
    assert "registrations  1" in said
    assert "Mustermann" not in said
    assert house.run("show", "--json") == 0
    assert json.loads(capsys.readouterr().out)["registrations"] == 1


def test_an_export_opens_the_register(house: House, capsys: Said) -> None:
    house.expect(booking("R-1001", "Silva, Maria", "=cmd, Ana"))
    house.world.comes(guest("Silva"))
    house.world.comes(guest("=cmd", "Ana"))
    capsys.readouterr()
    assert house.run("export", "--key", str(house.key)) == 0
    first, second = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (first["reference"], first["family_name"], first["document_number"]) == (
        "R-1001",
        "Silva",
        "CD4471902",
    )
    assert first["birth_date"] == ""
    assert second["family_name"] == "'=cmd"  # a spreadsheet does not read it as a formula
    out = house.folder / "guests.jsonl"
    assert house.run("export", "--key", str(house.key), "--format", "jsonl", "--out", str(out)) == 0
    assert [json.loads(line)["family_name"] for line in out.read_text().splitlines()] == ["Silva", "=cmd"]
    assert out.stat().st_mode & 0o077 == 0


def test_another_key_opens_nothing(house: House, capsys: Said) -> None:
    house.expect(booking("R-1", "Silva, Maria"))
    house.world.comes(guest("Silva"))
    other = house.folder / "other.key"
    main(["desk", "key", str(other)])
    capsys.readouterr()
    assert house.run("export", "--key", str(other)) == 2
    said = capsys.readouterr()
    assert "sealed to another key" in said.err
    assert "Silva" not in said.out
    assert house.run("export") == 2
    assert house.run("export", "--key", str(house.folder / "nowhere")) == 2


def test_registration_cards_are_printed_in_many_scripts(house: House, capsys: Said) -> None:
    pytest.importorskip("reportlab")
    house.expect(
        booking("R-1", "Silva, Inês"), booking("R-2", "歐陽, 小明"), booking("R-3", "ივანიშვილი, Ana")
    )
    for who in (guest("Silva", "Inês"), guest("歐陽", "小明"), guest("ივანიშვილი", "Ana")):
        assert house.world.comes(who) == "in"
    out = house.folder / "cards.pdf"
    assert house.run("export", "--key", str(house.key), "--format", "pdf", "--out", str(out)) == 0
    pdf = out.read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 3
    assert b"(Silva)" in pdf
    assert "Inês".encode("cp1252") in pdf or rb"In\352s" in pdf
    assert b"MSung-Light" in pdf  # 歐 is in no national character set of the mainland
    assert b"cannot be printed in this font" in pdf  # Georgian: the card tells that it is missing
    assert pdf.count(b"cannot be printed") == 1
    assert house.run("export", "--key", str(house.key), "--format", "pdf") == 2
    font = house.folder / "no.ttf"
    font.write_bytes(b"no font")
    assert (
        house.run(
            "export", "--key", str(house.key), "--format", "pdf", "--out", str(out), "--font", str(font)
        )
        == 2
    )
    assert out.read_bytes() == pdf
    capsys.readouterr()


def test_a_font_of_the_property_is_embedded_for_its_letters(house: House) -> None:
    reportlab = pytest.importorskip("reportlab")
    house.expect(booking("R-1", "Đorđević, Ana"), booking("R-2", "ივანიშვილი, Ana"))
    for who in (guest("Đorđević", "Ana"), guest("ივანიშვილი", "Ana")):
        assert house.world.comes(who) == "in"
    out, font = house.folder / "cards.pdf", Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
    options = ("--key", str(house.key), "--format", "pdf", "--out", str(out), "--font", str(font))
    assert house.run("export", *options) == 0
    pdf = out.read_bytes()
    assert pdf.count(b"/FontFile2") == 1
    assert pdf.count(b"cannot be printed") == 1  # Georgian, which this font does not have either


def test_the_hotel_and_the_authority_get_sealed_and_signed_messages(
    tmp_path: Path, web: Web, capsys: Said
) -> None:
    office = tmp_path / "authority.key"
    main(["desk", "key", str(office)])
    house = House(
        tmp_path,
        webhook=f"{web.url}pms/hook",
        authority=f"{web.url}reports",
        authority_key="authority.key.pub",
    )
    for path in ("pms/hook", "reports"):
        web.answers[path] = lambda handler: reply(handler, 200, b"")
    house.expect(booking("R-1001", "Silva, Maria"))
    house.world.comes(guest("Silva"))
    assert house.run("work", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["delivered"] == 2
    told = dict(zip(web.names, map(json.loads, web.bodies), strict=True))
    hotel, authority = told["pms/hook"], told["reports"]
    assert (hotel["device"], hotel["seq"], hotel["site"]) == ("desk-1", 101, "harbour-hotel/desk")
    record = json.loads(unseal(b64decode(hotel["sealed"]), house.world.private))
    assert record["attributes"] == {"family_name": "Silva", "given_name": "Maria"} | PASSPORT
    assert json.loads(unseal(b64decode(hotel["booking"]), house.world.private))["reference"] == "R-1001"
    report = json.loads(unseal(b64decode(authority["sealed"]), PrivateKey(office.read_bytes())))
    assert report["attributes"]["family_name"] == "Silva"
    assert "booking" not in authority
    assert house.run("show") == 0
    house.close()


def test_a_report_can_be_handed_over_by_hand(tmp_path: Path, capsys: Said) -> None:
    house = House(tmp_path, authority="http://127.0.0.1:9/reports", report_h=1)
    house.world.now = NOW
    house.expect(booking("R-1", "Silva, Maria"))
    house.world.comes(guest("Silva"))  # in June; now it is later: overdue
    capsys.readouterr()
    assert house.run("show") == 1
    assert "1 overdue" in capsys.readouterr().out
    out = tmp_path / "report.jsonl"
    assert house.run("report", "--key", str(house.key), "--out", str(out)) == 0
    assert json.loads(out.read_text())["family_name"] == "Silva"
    assert house.run("report", "--confirm", str(out)) == 0
    assert "1 reports are recorded as handed over" in capsys.readouterr().out
    assert house.run("show") == 0
    assert house.run("report", "--confirm", str(house.config)) == 2
    house.close()


def test_refused_messages_are_shown_and_sent_again_by_retry(tmp_path: Path, web: Web, capsys: Said) -> None:
    house = House(tmp_path, webhook=f"{web.url}hook")
    web.answers["hook"] = lambda handler: reply(handler, 422, b"")
    house.expect(booking("R-1", "Silva, Maria"))
    house.world.comes(guest("Silva"))
    assert house.run("work") == 1
    capsys.readouterr()
    assert house.run("show") == 1
    assert "refused      desk 101: answer 422" in capsys.readouterr().out
    web.answers["hook"] = lambda handler: reply(handler, 200, b"")
    assert house.run("retry") == 0
    assert house.run("work") == 0
    house.close()


ERASED = {  # the time that has passed for certain, as the running device stored it, and how many are erased
    "nothing is stored": (None, 0),
    "a clock that is ahead, and no newer signature": (on("2026-06-10"), 0),
    "the day before": (on("2026-06-18"), 0),
    "the day after": (on("2026-06-20"), 1),
}


@pytest.mark.parametrize(("vouched", "count"), ERASED.values(), ids=ERASED)
def test_a_registration_is_erased_at_a_time_that_has_passed_for_certain(
    tmp_path: Path, capsys: Said, vouched: datetime | None, count: int
) -> None:
    """It was due months ago by this machine's clock."""
    house = House(tmp_path, retain_days=0)
    house.world.now = NOW
    house.expect(booking("R-1", "Silva, Maria"))
    house.world.comes(guest("Silva"))
    if vouched is not None:
        (tmp_path / "state").mkdir()
        memory = ClockMemory(vouched, vouched, None, vouched)
        (tmp_path / "state" / clock_file.NAME).write_bytes(clock_file.encode(memory))
    assert house.run("work") == 0
    assert house.world.office.store.count() == 1 - count
    assert f"{count} erased" in capsys.readouterr().out
    house.close()


def test_names_and_numbers_are_in_the_list_and_the_export_only(
    tmp_path: Path, web: Web, capfd: pytest.CaptureFixture[str]
) -> None:
    house = House(tmp_path, webhook=f"{web.url}hook", authority=f"{web.url}reports", arrivals="inbox")
    web.answers["hook"] = lambda handler: reply(handler, 200, b"")
    inbox = tmp_path / "inbox"
    inbox.mkdir(exist_ok=True)
    people = [  # long names: four letters stand in a megabyte of signatures by chance
        ("Mustermann", "Annegret", "C01X00T478"),
        ("Fernandes", "Bartolomeu", "P77120934"),
        ("歐陽大文", "小明小明", "K99812345"),
    ]
    secrets = [word for person in people for word in person] + [
        "WALLFLOWER-99",
        "1985-11-20",
        "unknown-permit",
    ]
    bookings = [
        booking(f"WALLFLOWER-99{n}", f"{family}, {given}") for n, (family, given, _) in enumerate(people)
    ]
    today = house.world.now.date()
    days = {"arrival": f"{today}", "departure": f"{today}"}
    rows = json.dumps([stay | days for stay in bookings], ensure_ascii=False)
    (inbox / "list.json").write_text(rows, "utf-8")
    assert house.run("work") == 0
    for family, given, number in people:
        who = guest(family, given, document_number=number, birth_date="1985-11-20")
        assert house.world.comes(who) == "in"
    assert house.world.comes(guest("Mustermann", "Unlisted")) == "booking.unknown"
    for verb in ("work", "show", "retry"):
        house.run(verb)
    running = b"".join(file.read_bytes() for file in sorted(tmp_path.rglob("*")) if file.is_file())
    house.close()
    said = capfd.readouterr()
    left = b"".join(file.read_bytes() for file in sorted(tmp_path.rglob("*")) if file.is_file())
    sent = b"".join(web.bodies) + repr(web.asked).encode()
    hay = Haystack(running + left + sent + (said.out + said.err).encode())
    assert {secret: form for secret in secrets if (form := hay.holds(secret.encode()))} == {}
    # The day did happen: the list is imported, the guests are registered, the hotel got a message for each.
    assert house.run("export", "--key", str(house.key), "--format", "jsonl") == 0
    exported = capfd.readouterr().out
    assert all(family in exported and number in exported for family, _, number in people)
    assert len([name for name in web.names if name == "hook"]) == 3


def test_work_with_watch_goes_on_until_sigterm(house: House) -> None:
    (house.folder / "inbox").mkdir()
    (house.folder / "inbox" / "broken.csv").write_text("nonsense")
    command = [
        sys.executable,
        "-m",
        "edge",
        "desk",
        "work",
        "--watch",
        "--json",
        "--config",
        str(house.config),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert (
            json.loads(process.stdout.readline())["overdue"] == 0
        )  # it refused the broken list, and goes on
        (house.folder / "inbox" / "list.json").write_text(json.dumps([booking("R-1", "Silva, Maria")]))
        assert json.loads(process.stdout.readline())["list"] == log_name("list.json")
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 0
    assert f"{log_name('broken.csv')}: line 1: no column reference" in said
    house.world.now = NOW
    assert house.world.comes(guest("Silva")) == "in"
