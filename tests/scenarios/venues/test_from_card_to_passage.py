"""From the enrolment of a card to a granted passage, with nothing but what the commands print.

The issuer's office makes a random subject; the site's people read it from the code on the phone.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT
from PIL import Image

from hw.sim.library import SimLibrary, SimPatron

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
FILM = '[camera]\nkind = "film"\ndevice = "visit"\nfps = 4\n'
DOOR = f'[door]\nsite = "tower-1/lobby"\nface = "none"\n[permits]\nrules = "site.toml"\n{FILM}'
SITE = """
version = "1"
zone = "Asia/Macau"
groups = ["staff"]
[[permits]]
groups = ["staff"]
doors = ["tower-1"]
"""
GATE = '[door]\nsite = "library-1/gate"\nvenue = "library"\n[library]\nhost = "127.0.0.1"\ntls = false\n'


@dataclass
class Lab:
    """A folder in which all commands run."""

    folder: Path

    def run(self, module: str, *words: str, code: int = 0) -> str:
        """The output of a command; it ends with this exit code."""
        done = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=self.folder,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    def issuer_and_subject(self) -> tuple[str, str]:
        """Those of the code on the phone."""
        self.show("phone.png")
        said = self.run("edge", "code", "verify", "--trust", "trust", "phone.png")
        found = re.search(r"^  issuer   (\S+)\n  subject  (\S+)$", said, re.MULTILINE)
        assert found, said
        return found[1], found[2]

    def enrol(self, who: str) -> None:
        """The office signs a card with a random subject, and a label that stays in the office."""
        card = ("--no-face", "--out", f"{who}.wallet", "--new-subject", "--label", f"{who} Lovelace")
        self.run("tools.issuer", "enrol", "office", *card)

    def show(self, picture: str, who: str = "ada") -> None:
        """The phone shows its code now."""
        self.run("tools.wallet", "show", f"{who}.wallet", "--held-up", picture)

    def visit(self, who: str = "ada") -> str:
        """The decision on one visit. After a start, a card that was here just now waits for a newer code."""
        self.show("visit/1.png", who)
        return self.run("edge", "run", "--config", "door.toml", "--passages", "1").splitlines()[-1]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A folder with an office, the cards of Ada and of Ben, and the trust of a door."""
    lab = Lab(tmp_path)
    (tmp_path / "visit").mkdir()
    empty = Image.new("L", (640, 480), 128)
    for number in range(10, 30):  # five seconds in which the library system answers
        empty.save(tmp_path / "visit" / f"{number}.png")
    lab.run("tools.issuer", "init", "office", "--name", "city-id", "--uri", "https://id.example/s")
    for who in ("ada", "ben"):
        lab.enrol(who)
    lab.run("tools.issuer", "publish", "office", "--to", "trust")
    return lab


def test_a_manager_lets_a_person_in(lab: Lab) -> None:
    (lab.folder / "door.toml").write_text(DOOR)
    (lab.folder / "site.toml").write_text(SITE)
    issuer, subject = lab.issuer_and_subject()
    (lab.folder / "people.csv").write_text(f"issuer,subject,groups\n{issuer},{subject},staff\n")
    assert lab.run("edge", "people", "import", "people.csv") == "taken     1\nenrolled  1\n"
    assert "now        tower-1/lobby: passes\n" in lab.run("edge", "people", "show", issuer, subject)
    assert lab.visit().startswith("grant ")
    assert "person.unknown" in lab.visit("ben")
    lab.run("edge", "people", "remove", issuer, subject)
    lab.run("edge", "people", "show", issuer, subject, code=2)


def test_a_revoked_card_is_found_by_its_label_and_refused(lab: Lab) -> None:
    (lab.folder / "door.toml").write_text(DOOR.partition("[permits]")[0] + FILM)
    assert lab.visit().startswith("grant ")
    card = lab.run("tools.issuer", "list", "office", "--find", "ADA love").split()[1]
    lab.run("tools.issuer", "revoke", "office", card, code=2)  # no terminal, and no --yes
    assert " good " in lab.run("tools.issuer", "list", "office", "--find", card)
    lab.run("tools.issuer", "revoke", "office", card, "--yes")
    lab.run("tools.issuer", "publish", "office", "--to", "trust")
    assert "card.revoked" in lab.visit()


def test_a_library_lets_a_patron_in(lab: Lab) -> None:
    with SimLibrary() as system:
        system.patrons = {"20001": SimPatron()}
        (lab.folder / "door.toml").write_text(f"{GATE}port = {system.port}\n{FILM}")
        issuer, subject = lab.issuer_and_subject()
        (lab.folder / "patrons.csv").write_text(f"issuer,subject,patron\n{issuer},{subject},20001\n")
        bind = ("library", "bind", "--config", "door.toml", "patrons.csv")
        assert lab.run("edge", *bind).startswith("1 bound")
        assert lab.visit().startswith("grant ")
        assert "patron.unknown" in lab.visit("ben")
