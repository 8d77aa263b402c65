"""After a passage no code and no template is left in memory, whatever ended the passage."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from worlds.memory import reached
from worlds.passage_site import FRAME_MS, REVOKED, ScriptedEngine, ScriptedVenue, Site, Tape
from worlds.trust import KID, URI
from worlds.venues.lane import Border, Eye

from edge.audit.record import DevicePart, StopCause
from edge.card.claims import TemplateReference
from edge.decision import Reason
from edge.face.template import TemplateFormat
from edge.passage.lane.machine import LaneState
from edge.passage.machine import PassageState
from edge.policy.obligations import Factor, Obligation, Obligations
from edge.trust.snapshot import TrustSnapshot

ROOT = Path(__file__).parents[3]
TEMPLATE = bytes((37 * number + 11) % 251 for number in range(64))
DOUBLES = (ScriptedVenue, ScriptedEngine, Tape, Site)


def left(site: Site) -> list[str]:
    """The ways on which the verifier reaches the template or the code."""
    body = site.shown[40:90]
    return [
        path
        for path, data in reached(site.verifier, *DOUBLES)
        if (TEMPLATE in data if isinstance(data, bytes) else body in data)
    ]


def present(site: Site, who: str, frames: int = 4) -> None:
    site.engine.who = who
    site.shown = site.code(face=TemplateReference(TemplateFormat.INT8_64, "sim", TEMPLATE))
    site.reader.in_view = (site.shown,)
    site.see(frames)


def pull_out_the_disk(site: Site) -> None:
    site.tape.full = True
    present(site, "holder")


def revoke(site: Site) -> None:
    site.trust = TrustSnapshot.of(list(site.trust.issuers.values()), {(KID, URI): REVOKED})
    present(site, "holder")


def ask_for_a_document(site: Site) -> None:
    site.venue.obligations = Obligations((Obligation(Factor.DOCUMENT, Reason.FACTOR_ABSENT),))
    present(site, "holder")
    assert site.verifier.state is PassageState.FACTOR


def stop(site: Site) -> None:
    present(site, "empty")
    assert site.verifier.state is PassageState.FACE
    site.verifier.stop(StopCause.END)


def fail(site: Site) -> None:
    present(site, "empty")
    site.verifier.fault(DevicePart.MODEL)


def show_again(site: Site) -> None:
    present(site, "holder")
    site.reader.in_view = ()
    site.see(6_000 // FRAME_MS)
    site.reader.in_view = (site.shown,)
    site.see(3)
    assert site.passages[-1].reason is Reason.CARD_REPLAYED


ENDS: dict[str, Callable[[Site], None]] = {
    "granted": lambda site: present(site, "holder"),
    "another person": lambda site: present(site, "stranger", 20),
    "an attack": lambda site: present(site, "attack", 20),
    "no face": lambda site: present(site, "empty"),
    "a replayed code": show_again,
    "a revoked card": revoke,
    "a full disk": pull_out_the_disk,
    "a second document that does not come": ask_for_a_document,
    "the end of the program": stop,
    "a fault": fail,
}


@pytest.mark.parametrize("end", ENDS)
def test_nothing_of_a_card_is_reached_after_its_passage(end: str) -> None:
    site = Site()
    ENDS[end](site)
    site.reader.in_view = ()
    site.engine.who = "empty"
    site.see(60_000 // FRAME_MS)
    assert site.passages or site.tape.full
    assert left(site) == []


def test_a_template_is_reached_during_its_passage() -> None:
    """The search finds what is there; otherwise the tests above prove nothing."""
    site = Site()
    present(site, "empty")
    assert site.verifier.state is PassageState.FACE
    assert left(site)


@pytest.mark.parametrize("who", ["Erin", "Ada"], ids=["granted", "another person"])
def test_nothing_of_a_card_is_reached_after_a_passage_through_a_lane(who: str) -> None:
    border = Border(joint=True)
    border.until(LaneState.IDLE)
    template = TemplateReference(TemplateFormat.INT8_64, "sim", TEMPLATE)
    code = border.code("Erin", face=template)
    border.present(code, who)
    border.until(LaneState.IDLE)
    border.see(60_000 // 100)
    found = [
        path
        for path, data in reached(border.verifier, Eye, Border)
        if (TEMPLATE in data if isinstance(data, bytes) else code[40:90] in data)
    ]
    assert found == []


def unit_environment() -> dict[str, str]:
    """The variables that the unit of the door sets."""
    unit = (ROOT / "edge" / "app" / "system" / "doorward-run.service").read_text()
    lines = [
        line.removeprefix("Environment=") for line in unit.splitlines() if line.startswith("Environment=")
    ]
    return dict(item.split("=", 1) for line in lines for item in shlex.split(line))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/mem")
def test_no_page_of_the_service_holds_a_template_after_its_passage() -> None:
    """Freed memory counts too: the unit makes the allocator overwrite it."""
    program = Path(__file__).parents[2] / "worlds" / "passage_in_memory.py"
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    run = subprocess.run(
        [sys.executable, str(program)],
        env=os.environ | unit_environment() | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    during, after = map(int, run.stdout.split())
    assert during > 0
    assert after == 0
