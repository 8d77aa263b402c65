"""The firmware under a real MicroPython: the same rules, no memory allocated in the loop, a host over a real pty."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import door_table
import pytest
from conftest import ROOT
from door_cases import CASES
from door_walk import walk
from peers.micropython_controller import (
    CONTACT,
    REX,
    STRIKE,
    Host,
    MicroPython,
    Served,
    commissioned,
    micropythons,
    tick_ms,
)
from x25519_cases import PRODUCTS

from edge.link import messages as m
from edge.link.session import LinkPairing, LinkSession

if TYPE_CHECKING:
    from collections.abc import Iterator

PEERS = ROOT / "tests" / "peers"
FOUND = micropythons()


@pytest.fixture(scope="module", params=sorted(FOUND))
def micropython(request: pytest.FixtureRequest) -> MicroPython:
    found = FOUND[request.param]
    if isinstance(found, str):
        pytest.skip(found)
    return found


def test_every_rule_holds_no_step_allocates_memory_and_both_pythons_agree(micropython: MicroPython) -> None:
    done = micropython.run("run_cases")
    said = done.stdout.splitlines()
    pairs = len(door_table.SITUATIONS) * len(door_table.HAPPENINGS)
    assert said[-1:] == [f"{len(CASES) + pairs} passed, 0 failed"], done.stdout + done.stderr
    assert said[-3:-1] == [" ".join(map(str, ["walk", seed, *walk(seed)])) for seed in (1, 2)]


def test_products_on_the_curve_are_those_of_the_rfc(micropython: MicroPython) -> None:
    done = micropython.run("run_x25519")
    assert done.stdout.split() == [expected for _, _, expected in PRODUCTS], done.stderr


def test_a_step_that_takes_memory_is_noticed(micropython: MicroPython) -> None:
    done = micropython.run("run_greedy")
    assert "MemoryError" in done.stdout + done.stderr


@pytest.fixture
def served(micropython: MicroPython) -> Iterator[Served]:
    pytest.importorskip("serial", reason="pyserial is not installed")
    served = Served(micropython)
    yield served
    served.close()


def session(pair: LinkPairing) -> LinkSession:
    return LinkSession(pair, fresh=lambda: secrets.token_bytes(16))


def test_a_grant_moves_the_strike_and_is_answered_over_a_real_line(served: Served) -> None:
    with Host(served.path, session(commissioned(served))) as host:
        host.ask(lambda session: session.release(300, grant=7, tick_ms=tick_ms()))
        host.until(lambda: host.happened(m.LinkEventKind.RELOCKED))
    served.until(lambda: [level for _, pin, level in served.moves if pin == STRIKE][:2] == [1, 0])


def test_rex_frees_without_a_host(served: Served) -> None:
    commissioned(served)
    served.set({REX: 0})
    served.until(lambda: served.level(STRIKE) == 1)


def test_the_strike_relocks_when_its_host_is_killed(served: Served) -> None:
    pair = commissioned(served)
    host = subprocess.Popen(
        [sys.executable, str(PEERS / "micropython_controller.py"), served.path, pair.key.hex()],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
    )
    try:
        served.until(lambda: served.level(STRIKE) == 1)
        host.send_signal(signal.SIGKILL)
        served.until(lambda: served.level(STRIKE) == 0)
    finally:
        host.kill()
        host.wait()
        host.stdout.close()


def test_a_forced_leaf_is_an_event(served: Served) -> None:
    with Host(served.path, session(commissioned(served))) as host:
        host.open()
        served.set({CONTACT: 1})
        host.until(lambda: host.happened(m.LinkEventKind.FORCED_OPEN))
    assert served.level(STRIKE) == 0
