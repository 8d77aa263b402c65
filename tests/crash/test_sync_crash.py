"""Power failures while a device syncs: SIGKILL after a random number of lines of our code and of ngclient's.

The child counts its own lines, so that each of them can be the last, also one that takes no time. SIGKILL shows that
the process may die at any instruction; only a real power cut shows that the disk keeps the data after fsync.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import tuf.ngclient
from crash.dying import folders, lines_run
from worlds.publishing import Authority, Gate

import edge.files.durable
import edge.sync
from edge.card import cbor
from edge.sync import names
from edge.trust.snapshot import TrustSnapshot
from hw.sim.source import SimSource

# Few for a normal run of the tests; `make test-crash` sets more rounds. A round kills once or twice.
ROUNDS = int(os.environ.get("DOORWARD_CRASH_ROUNDS", "10"))
# pytest-xdist has its own threads; the child uses none of them.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

COUNTED = (*folders(edge.sync, tuf.ngclient), edge.files.durable.__file__)


def synced_in_a_child(gate: Gate, authority: Authority, *, lines: int | None) -> int:
    """Sync in a process that is killed after `lines` lines. Returns the lines that ran, or 0 if it died."""
    return lines_run(lambda: gate.sync(SimSource(authority.files), now=authority.now), COUNTED, lines=lines)


def editions(*, manifest: bool) -> Authority:
    authority = Authority(capacity=4_000)
    authority.manifest = manifest
    for _ in range(40):
        authority.revoke_one()
    authority.publish_lists()
    return authority


def publish_another(authority: Authority, round_number: int) -> None:
    authority.later()
    authority.revoke_one()
    authority.publish_lists()
    boxes = [bytes([round_number % 256, number]) * 40 for number in range(5)]
    authority.publish(
        {
            names.boxes(None, authority.issuer.kid): cbor.encode(boxes),
            "models/manifest.toml": b"%d" % round_number,
        }
    )


def revoked(trust: TrustSnapshot) -> int:
    (status,) = trust.status_lists.values()
    return sum(byte.bit_count() for byte in status.revoked)


@pytest.mark.parametrize("manifest", [False, True], ids=["whole lists", "bitmaps and deltas"])
def test_a_sync_that_dies_leaves_the_old_trust_or_the_new(
    tmp_path: Path, manifest: bool, record_property: Callable
) -> None:
    dice = random.Random(20_260_302 + manifest)
    authority = editions(manifest=manifest)
    gate = Gate(tmp_path, authority.root, models=True)
    gate.sync(authority.files, now=authority.now)
    publish_another(authority, 0)
    lines = synced_in_a_child(gate, authority, lines=None)
    assert lines > 500
    died = 0
    for number in range(1, ROUNDS + 1):
        publish_another(authority, number)
        before, after = gate.trust.published_at, authority.now
        # Half of them die a second time, while they clean up after the first.
        for _ in range(dice.choice((1, 2))):
            died += synced_in_a_child(gate, authority, lines=dice.randrange(1, lines)) == 0
            assert gate.trust.published_at in (before, after)
        in_force = gate.trust
        assert revoked(in_force) == 41 + number - (in_force.published_at == before)
        gate.sync(authority.files, now=authority.now)
        assert gate.trust.published_at == authority.now
        assert revoked(gate.trust) == 41 + number
        assert len(gate.trust.sealed) == 5
        assert (tmp_path / "trust" / "models" / "manifest.toml").read_bytes() == b"%d" % number
        assert len(gate.generations()) == 2
        assert list((tmp_path / "state" / "partial").iterdir()) == []
        assert not any((tmp_path / "state" / "tuf").glob("tmp*"))
    record_property("kills", (f"sync, {'bitmaps and deltas' if manifest else 'whole lists'}", died))
    assert died >= ROUNDS


def test_a_first_sync_that_dies_leaves_no_trust_or_all_of_it(
    tmp_path: Path, record_property: Callable
) -> None:
    dice = random.Random(7)
    authority = editions(manifest=True)
    lines = synced_in_a_child(Gate(tmp_path / "whole", authority.root), authority, lines=None)
    died = 0
    for number in range(max(ROUNDS // 4, 3)):
        gate = Gate(tmp_path / str(number), authority.root)
        (tmp_path / str(number)).mkdir()
        died += synced_in_a_child(gate, authority, lines=dice.randrange(1, lines)) == 0
        if (gate.folder / "trust").exists():
            assert revoked(gate.trust) == 40
        gate.sync(authority.files)
        assert revoked(gate.trust) == 40
    record_property("kills", ("first sync", died))
    assert died > ROUNDS // 8
