"""Two independent SIP2 programs: PyPI pysip2 answers our client, PyPI Sip2 asks our simulator."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from conftest import ROOT

from edge import config
from edge.app.venues.library import open_library
from edge.errors import HostFault
from edge.venues.library.lending import Lend, TakeBack
from edge.venues.library.sip2.client import Library
from edge.venues.library.sip2.replies import Flag
from hw.sim.library import SimItem, SimLibrary, SimPatron

PEERS = ROOT / "tests" / "peers" / "sip2_peers.py"
needs_server = pytest.mark.skipif(find_spec("pysip2") is None, reason="pip install pysip2")
needs_client = pytest.mark.skipif(find_spec("Sip2") is None, reason="pip install Sip2")


@pytest.fixture(params=["utf-8", "cp850"])
def pysip2(request: pytest.FixtureRequest) -> Iterator[config.LibraryConfig]:
    with subprocess.Popen(
        [sys.executable, PEERS, "server", request.param],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        port = json.loads(process.stdout.readline())
        yield config.LibraryConfig(
            host="127.0.0.1", port=port, tls=False, institution="MAIN", location="gate", user="gate",
            password_file="password", encoding=request.param, reply_ms=30_000, connect_ms=30_000,
        )  # fmt: skip
        process.stdin.close()


def library(settings: config.LibraryConfig, folder: Path, password: str) -> Library:
    file = folder / "password"
    file.touch(mode=0o600)
    file.write_text(password)
    return open_library(settings, folder)


@needs_server
def test_a_visit_with_pysip2_as_the_library_system(pysip2: config.LibraryConfig, tmp_path: Path) -> None:
    ours = library(pysip2, tmp_path, "secret\n")
    system = ours.connect()
    assert (system.name, system.institution, system.version) == ("Biblioteca Central", "MAIN", "2.00")
    assert {"patron information", "checkout", "checkin", "login", "end session"} <= set(system.messages)
    ada = ours.patron("P1")
    assert (ada.is_valid, ada.flags, str(ada.owed), ada.holds_ready) == (True, frozenset(), "1.50", 2)
    assert ada.lines == ("Olá, é bom vê-lo", "second line")
    assert ours.patron("P-LOST").flags == {Flag.CARD_LOST}
    assert ours.patron("P-UNKNOWN").is_valid is False
    lent = ours.circulate(Lend("P1", "B1234"))
    assert (lent.done, lent.title, lent.due) == (True, "Blue Nights", "2026-02-02")
    held = ours.circulate(Lend("P1", "B-HELD"))
    assert (held.done, held.lines) == (False, ("on hold",))
    back = ours.circulate(TakeBack("B1234"))
    assert (back.done, back.alert) == (True, True)
    ours.end_session("P1")
    ours.close()


@needs_server
def test_pysip2_refuses_a_wrong_password(pysip2: config.LibraryConfig, tmp_path: Path) -> None:
    with pytest.raises(HostFault, match="refuses our login"):
        library(pysip2, tmp_path, "guess").connect()


@needs_client
def test_sip2_understands_our_simulator(tmp_path: Path) -> None:
    with SimLibrary(login=("gate", "secret")) as simulated:
        simulated.patrons["P1"], simulated.items["B1234"] = SimPatron(holds=3), SimItem()
        said = subprocess.run(
            [sys.executable, PEERS, "client", str(simulated.port)],
            capture_output=True, text=True, check=True, cwd=tmp_path,
        )  # fmt: skip
    answers = {name: (fixed, more) for name, _, _, fixed, more in map(json.loads, said.stdout.splitlines())}
    assert answers["login"][0]["Ok"] == "1"
    assert answers["status"][0]["OnlineStatus"] == "Y"
    assert answers["status"][1]["AO"] == ["MAIN"]
    assert answers["patron"][0]["HoldItemsCount"] == "0003"
    assert (answers["patron"][1]["AA"], answers["patron"][1]["BL"]) == (["P1"], ["Y"])
    assert answers["patron status"][1]["AE"] == ["Ada Chan"]
    assert (answers["checkout"][0]["Ok"], answers["checkout"][1]["AH"]) == ("1", ["2026-02-02"])
    assert answers["checkin"][0]["Ok"] == "1"
    assert answers["end"][0]["EndSession"] == "Y"
