"""Measures an issuing office: one enrolment in a register of any size, and lists of people."""

from __future__ import annotations

import os
import secrets
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.bench.growth.sqlite_steps import counted
from tools.issuer.office import REGISTER, IssuingOffice, OfficeConfig
from tools.issuing.issuer import CardApplication
from tools.issuing.register import CardStanding, Register
from tools.issuing.wallet import Wallet

if TYPE_CHECKING:
    from typing import TypeAlias

    Told: TypeAlias = dict[str, float]

NOW: Final = datetime(2026, 6, 15, 6, tzinfo=UTC)
ROUNDS: Final = 9
STRIDE: Final = 10  # indexes of a list for each card in it
# Cards of an office of a release before indexes: the first command brings the register up to date.
_OLD_TABLE: Final = """CREATE TABLE cards (idx INTEGER PRIMARY KEY, card_id TEXT, part TEXT, standing TEXT,
issued_at INTEGER, expires INTEGER, box TEXT, subject TEXT, label TEXT)"""
_OLD_ROWS: Final = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
INSERT INTO cards SELECT i * ?2, lower(hex(randomblob(8))), 'card',
CASE WHEN i % 100 THEN 'good' ELSE 'revoked' END, ?3, ?4, '', lower(hex(randomblob(11))), '' FROM n"""


def enrolment(folder: Path, size: int) -> Told:
    """One enrolment among `size` cards, on a tenth of the indexes of their list."""
    office = _old_office(folder, size)
    told: Told = {}
    started = time.perf_counter()
    with office.open():
        told["migration_s"] = time.perf_counter() - started
    key = Wallet(secrets.token_bytes(32)).holder_key
    application = CardApplication(holder_key=key, expires=NOW + timedelta(days=30))
    times = []
    os.sync()  # what was written so far is not part of an enrolment
    for _ in range(ROUNDS):
        started = time.perf_counter()
        with office.open() as issuer:
            issuer.enrol(application, now=NOW)
        times.append(1e3 * (time.perf_counter() - started))
    told["enrol_ms"] = statistics.median(times)
    with closing(sqlite3.connect(folder / REGISTER, isolation_level=None)) as db:
        register = Register(STRIDE * size, db=db)
        card = register.find(register.page(STRIDE * (size // 2), 1)[0].card_id)
        with counted(db) as steps:
            register.allocate(1, now=NOW, randbelow=lambda _: 1)
            (found,) = register.named(card.card_id.hex())
            register.stand(found.index, CardStanding.REVOKED)
    told["steps"] = steps.count
    return told


def enrolment_memory(folder: Path, size: int) -> Told:
    """The peak of memory of a process that enrols one card in the office that `enrolment` has made."""
    del size
    office = IssuingOffice(folder)
    key = Wallet(secrets.token_bytes(32)).holder_key
    with office.open() as issuer:
        issuer.enrol(CardApplication(holder_key=key, expires=NOW + timedelta(days=30)), now=NOW)
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    return {"rss_mb": int(line.split()[1]) / 1024}


def people_list(folder: Path, size: int) -> Told:
    """`enrol --from` for a list of `size` people without pictures, with new wallets."""
    _create(folder, STRIDE * size)
    people = folder / "people.csv"
    rows = (f"holder-{number}.wallet,none,Holder {number},Name{number}\n" for number in range(size))
    people.write_text("file,photo,label,family_name\n" + "".join(rows), "utf-8")
    office = Path(__file__).parents[2] / "issuer"
    words = (office, "enrol", folder, "--from", people, "--out", folder / "out", "--new-subject")
    os.sync()
    started = time.perf_counter()
    subprocess.run([sys.executable, *map(str, words)], check=True, stdout=subprocess.DEVNULL)
    return {"card_ms": 1e3 * (time.perf_counter() - started) / size}


def _create(folder: Path, capacity: int) -> IssuingOffice:
    office = IssuingOffice(folder)
    office.create(OfficeConfig("city", "https://city.example/s", capacity, ["*"], ["*"], NOW))
    return office


def _old_office(folder: Path, size: int) -> IssuingOffice:
    office = _create(folder, STRIDE * size)
    at = int(NOW.timestamp())
    with closing(sqlite3.connect(folder / REGISTER, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = OFF")
        db.execute(_OLD_TABLE)
        db.execute(_OLD_ROWS, (size, STRIDE, at, at + 30 * 86_400))
    return office
