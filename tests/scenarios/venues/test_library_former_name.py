"""A library with the old name of its venue, `gate`, in door.toml, in issuers' scopes and in its journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from samples.journals import open_journal, passage
from worlds.fleet import History, MemoryHub
from worlds.passage_site import Site
from worlds.sim_device import door_verifier
from worlds.trust import GATE, ISSUER, TRUST
from worlds.venues.library import LibraryWorld, see_until_decided

from edge.__main__ import main
from edge.app.venues.visit_rules import open_visit_rules
from edge.audit.record import JournalEntry, Visited, encode
from edge.audit.record import Path as Way
from edge.config import parse_config
from edge.decision import Reason
from edge.trust.scope import Scope
from edge.trust.snapshot import TrustSnapshot

OLD_VISIT = msgspec.structs.replace(passage(), visit=Visited(venue="gate", path=Way.FACE))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LibraryWorld]:
    world = LibraryWorld(tmp_path)
    world.bind(s1="P1")
    with world.library:
        yield world


def visited(world: LibraryWorld, text: str, *, issuer_for: str) -> Site:
    """One passage at a device with this configuration; the card's issuer is for that kind of venue."""
    config = parse_config(text.encode(), world.folder / "door.toml")
    site = Site()
    issuer = replace(ISSUER, scope=Scope((issuer_for,), ("*",), ("*",)))
    site.trust = TrustSnapshot.of([issuer], TRUST.status_lists)
    with ExitStack() as stack:
        rules = open_visit_rules(config, world.folder, stack, seed=bytes(32))
        here = replace(site.stages, visit_rules=rules, context=replace(GATE, venue=config.door.venue))
        site.verifier = door_verifier(  # again: the recorded kind of venue is that of its start
            here, reader=site.reader, strike=site.tape, clock=site.clock, journal=site.tape,
            trust=lambda: site.trust, signals=site.signals, keypad=site.keypad,
        )  # fmt: skip
        site.verifier.start()
        site.reader.in_view, site.engine.who = (site.code(subject="s1"),), "holder"
        host = rules.means.host
        assert host is not None
        see_until_decided(site, host)
    return site


@pytest.mark.parametrize("issuer_for", ["gate", "library"])
@pytest.mark.parametrize("word", ["gate", "library"])
def test_the_door_opens_with_either_name_in_its_file_and_its_issuer(
    world: LibraryWorld, word: str, issuer_for: str
) -> None:
    text = (
        f'[door]\nvenue = "{word}"\n[{word}]\nhost = "127.0.0.1"\ntls = false\nport = {world.library.port}\n'
    )
    text += 'institution = "MAIN"\nreply_ms = 30000\nconnect_ms = 30000\nanswer_ms = 60000\n'
    site = visited(world, text, issuer_for=issuer_for)
    (record,) = site.passages
    assert record.reason is None
    assert "release" in site.tape.entries
    assert record.visit is not None
    assert record.visit.venue == "library"


def test_an_issuer_for_doors_does_not_count_at_a_library(world: LibraryWorld) -> None:
    text = f'[door]\nvenue = "gate"\n[gate]\nhost = "127.0.0.1"\ntls = false\nport = {world.library.port}\n'
    site = visited(world, text, issuer_for="door")
    (record,) = site.passages
    assert record.reason is Reason.ISSUER_SCOPE
    assert "release" not in site.tape.entries


def test_an_old_journal_is_shown_verified_and_simulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "journal.db"
    with open_journal(path) as journal:
        journal.append(OLD_VISIT)
    (tmp_path / "door.toml").write_text('[door]\nvenue = "gate"\n[gate]\nhost = "h"\n')
    assert main(["log", "verify", str(path)]) == 0
    assert main(["log", "show", str(path)]) == 0
    assert main(["simulate", "--journal", str(path), "--policy", str(tmp_path / "door.toml")]) == 0
    capsys.readouterr()
    assert main(["log", "show", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["visit"]["venue"] == "gate"  # signed data does not change


def test_a_hub_takes_an_old_record() -> None:
    history = History(1)
    history.bodies = [encode(JournalEntry(seq=0, record=OLD_VISIT))]
    ((body, entry),) = MemoryHub().give(history.batch(0, 1)).fresh
    assert body == history.bodies[0]
    assert entry.record == OLD_VISIT
