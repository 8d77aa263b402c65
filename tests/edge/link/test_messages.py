"""The numbers on the wire. A controller of any age has them in its own firmware, so they never change."""

from __future__ import annotations

import re
from enum import IntFlag
from pathlib import Path

import pytest

from edge.link import limits
from edge.link import messages as m

PAGE = Path(m.__file__).parents[2].joinpath("firmware", "LINK.md").read_text("utf-8")
# From number 1 on, or from 0 where a state without a name would be another; each flag is the next bit.
NAMES = {
    m.Lock: (1, "FAIL_SECURE FAIL_SAFE"),
    m.Mode: (0, "NORMAL LOCK_DOWN FREE_ACCESS"),
    m.DoorState: (
        0,
        "NORMAL RELEASED EGRESS OPEN PRE_ALARM OPEN_TOO_LONG FORCED_OPEN FAULT LOCK_DOWN FREE_ACCESS FIRE",
    ),
    m.ControllerInputs: (0, "CONTACT_OPEN REX TAMPER FIRE SERVICE"),
    m.Outputs: (0, "STRIKE PASSAGE_FREE BUZZER TAMPER_ALARM"),
    m.Flags: (0, "TAMPER_OPEN NO_KEY WATCHDOG FAULT"),
    m.LinkEventKind: (
        1,
        "BOOT RELEASED RELOCKED OPENED CLOSED REX FORCED_OPEN PRE_ALARM OPEN_TOO_LONG TAMPER FIRE MODE FAULT"
        " SESSION ALARM_OVER EVENTS_LOST REX_STUCK KEY_SET",
    ),
    m.DenyCode: (
        1,
        "MALFORMED BUSY NO_KEY LOCK_KIND WRONG_TAG LOCK_DOWN FAULT TAMPER NOT_NOW LIMIT EXPIRED VERSION",
    ),
}


def test_a_message_has_the_type_of_the_page() -> None:
    rows = re.findall(r"(?m)^\| 0x([0-9A-F]{2}) (\w+) \|", PAGE)
    assert {each.name: each.value for each in m.MessageType} == {name: int(code, 16) for code, name in rows}


@pytest.mark.parametrize("kind", NAMES, ids=lambda kind: kind.__name__)
def test_each_name_keeps_its_number(kind: type[m.DoorState]) -> None:
    first, names = NAMES[kind]
    numbers = {name: number for number, name in enumerate(names.split(), first)}
    if issubclass(kind, IntFlag):
        numbers = {name: 1 << number for name, number in numbers.items()}
    assert {each.name: each.value for each in kind} == numbers


def test_a_session_ends_long_before_its_counter_does() -> None:
    assert limits.LAST_COUNTER < limits.TICKS


def test_the_times_of_the_link_are_those_of_its_page() -> None:
    assert (limits.PING_EVERY_MS, limits.SILENCE_MS, limits.FRESH_MS) == (250, 1_000, 1_000)
    assert (limits.FREE_ACCESS_MS, limits.RENEW_MS) == (60_000, 20_000)
    assert (limits.TICKS, limits.LAST_COUNTER) == (2**30, 2**30 - 1)
    assert (limits.KEY_BYTES, limits.NONCE_BYTES, limits.TAG_BYTES) == (32, 16, 8)
