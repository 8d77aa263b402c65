"""The door link over a real pty, with the controller's own program at the other end, and with all faults."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import ROOT
from limits import HEARTBEAT_MS
from peers import cpython_controller
from peers.cpython_controller import KEY, LEAF_OPEN, PATIENCE_MS, REX, SHUT, TAMPER, OnPty, let_it_crawl
from peers.waiting import until
from samples.proofs import DOOR, proof
from strike import FAIL_SAFE

from edge.decision import Signal
from edge.errors import DoorDenied, DoorLinkFault
from edge.link import faults, frame
from edge.link import messages as m
from edge.link.limits import FREE_ACCESS_MS, RENEW_MS
from edge.link.session import LinkPairing
from edge.on_record import LockMovement, OnRecord
from edge.ports import Cause, DoorEvent, DoorEventKind

pytest.importorskip("serial")

from hw.door.link import ANSWER_S, DoorLink

K = DoorEventKind
Opened = Callable[..., DoorLink]


@pytest.fixture(autouse=True)
def long_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    let_it_crawl(monkeypatch)


@pytest.fixture
def real_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the timeout of a real door, for answers that never come."""
    monkeypatch.setattr("hw.door.link.ANSWER_S", ANSWER_S)


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[OnPty]:
    controller = OnPty(tmp_path)
    yield controller
    controller.close()


@pytest.fixture
def opened(controller: OnPty) -> Iterator[Opened]:
    """A function that opens a link to the controller. All links are closed after the test."""
    with ExitStack() as stack:

        def open_link(
            key: bytes = KEY, lock: m.Lock = m.Lock.FAIL_SECURE, port: Path | None = None
        ) -> DoorLink:
            link = DoorLink(str(port or controller.path), LinkPairing(key, lock), clock=controller.clock)
            stack.callback(link.close)
            return link

        yield open_link


@pytest.fixture
def link(opened: Opened) -> DoorLink:
    link = opened()
    link.wait_until_ready()
    link.recount(None)
    return link


def is_down(link: DoorLink) -> bool:
    try:
        link.events()
    except DoorLinkFault:
        return True
    return False


class Ear:
    """All events of a link so far."""

    def __init__(self, link: DoorLink) -> None:
        self.link = link
        self.heard: list[DoorEvent] = []

    def until(self, *kinds: DoorEventKind) -> list[DoorEventKind]:
        """Read events until all these kinds have come. Return the kinds of all events, in order."""

        def all_told() -> bool:
            try:
                self.heard += self.link.events()
            except DoorLinkFault:
                return False
            return set(kinds) <= {event.kind for event in self.heard}

        until(all_told)
        return [event.kind for event in self.heard]

    def numbers(self) -> list[int]:
        return [event.mark.number for event in self.heard if event.mark]


# -- in order -------------------------------------------------------------------------------------


def test_a_link_knows_its_controller_and_how_the_door_stands(link: DoorLink) -> None:
    assert link.firmware == m.Welcomed((0, 2, 0), m.Flags(0))
    assert link.status.state is m.DoorState.NORMAL
    assert link.status.mode is m.Mode.NORMAL


def test_a_release_has_its_record_and_a_relock_its_cause(controller: OnPty, link: DoorLink) -> None:
    ear = Ear(link)
    link.release(10_000, proof(77))
    controller.set(LEAF_OPEN)
    controller.set(SHUT)
    assert ear.until(K.CLOSED)[-4:] == [K.RELEASED, K.OPENED, K.RELOCKED, K.CLOSED]
    released, _, relocked, _ = ear.heard[-4:]
    assert released.grant == 77
    assert relocked.cause is Cause.OPENED
    ticks = [event.tick_ms for event in ear.heard]
    assert ticks == sorted(ticks)
    assert abs(ticks[-1] - controller.clock.tick_ms()) < 60_000  # of the host's clock, not the controller's


STORIES = {
    "a door levered open": ([LEAF_OPEN, SHUT], [K.OPENED, K.FORCED, K.CLOSED, K.ALARM_OVER]),
    "a person leaves": ([REX, SHUT], [K.REX]),
    "the lid comes off": ([TAMPER, SHUT], [K.TAMPER, K.TAMPER_OVER]),
    "fire": ([cpython_controller.FIRE, SHUT], [K.FIRE, K.RELOCKED, K.FIRE_OVER]),
}


@pytest.mark.parametrize("story", STORIES)
def test_every_alarm_and_every_input_is_an_event(story: str, controller: OnPty, link: DoorLink) -> None:
    wires, kinds = STORIES[story]
    ear = Ear(link)
    ear.until(K.BOOT)
    for inputs in wires:
        controller.set(inputs)
    assert set(ear.until(*kinds)[1:]) == set(kinds)


def test_a_mode_is_set_and_is_an_event(controller: OnPty, link: DoorLink) -> None:
    ear = Ear(link)
    link.set_mode(m.Mode.LOCK_DOWN)
    assert controller.controller.door.mode == m.Mode.LOCK_DOWN
    with pytest.raises(DoorDenied, match="lock-down") as caught:
        link.release(1_000, proof())
    assert "doorward door mode normal" in caught.value.hint
    link.set_mode(m.Mode.FREE_ACCESS, proof(movement=LockMovement.FREE_ACCESS))
    assert controller.energised
    link.set_mode(m.Mode.NORMAL)
    assert not controller.energised
    ear.until(K.LOCK_DOWN, K.FREE_ACCESS, K.NORMAL_MODE)


def free(seq: int, *, door: str = DOOR, journal: bytes = b"journal") -> OnRecord:
    return proof(seq, LockMovement.FREE_ACCESS, door=door, journal=journal)


def test_one_record_renews_its_free_access_until_it_ends(controller: OnPty, link: DoorLink) -> None:
    link.set_mode(m.Mode.FREE_ACCESS, free(7))
    link.release(1_000, proof(8))  # a visitor shows a code nevertheless
    link.set_mode(m.Mode.FREE_ACCESS, free(7))
    link.set_mode(m.Mode.FREE_ACCESS, free(9))
    link.set_mode(m.Mode.NORMAL)
    with pytest.raises(DoorLinkFault, match="used before"):
        link.set_mode(m.Mode.FREE_ACCESS, free(9))
    assert not controller.energised


@pytest.mark.parametrize(
    "allowed", [None, proof(9), free(7), free(9, door="tower-1/inner"), free(9, journal=b"other")]
)
def test_free_access_that_no_record_orders_does_not_begin(
    allowed: OnRecord | None, controller: OnPty, link: DoorLink
) -> None:
    link.release(1_000, proof(8))
    link.relock()
    with pytest.raises(DoorLinkFault, match="the lock does not move"):
        link.set_mode(m.Mode.FREE_ACCESS, allowed)
    assert not controller.energised


def test_a_panel_on_the_controllers_wires_gets_one_number_for_one_record(
    controller: OnPty, link: DoorLink
) -> None:
    link.wiegand(26, 0b10_1010, proof(7))
    for allowed in (proof(7), free(8)):
        with pytest.raises(DoorLinkFault, match="the lock does not move"):
            link.wiegand(26, 0b10_1010, allowed)
    assert len(controller.panel) == 1


@pytest.mark.parametrize("mode", [m.Mode.LOCK_DOWN, m.Mode.FREE_ACCESS])
def test_a_mode_is_set_again_after_the_controller_lost_its_power(
    mode: m.Mode, controller: OnPty, link: DoorLink
) -> None:
    link.set_mode(mode, proof(movement=LockMovement.FREE_ACCESS))
    controller.pull_cable()
    until(lambda: is_down(link))
    controller.boot()
    assert controller.controller.door.mode == m.Mode.NORMAL
    controller.plug_in()
    until(lambda: controller.controller.door.mode == mode)


def pass_time(link: DoorLink, controller: OnPty, ms: int) -> None:
    """So much time passes, in which both are alive."""
    for _ in range(ms // 1_000):
        controller.clock.push(1_000)
        before = link.status  # None until the first answer of a session
        until(lambda: link.status not in (None, before))  # noqa: B023


def test_free_access_ends_by_itself_unless_it_is_set_again(controller: OnPty, link: DoorLink) -> None:
    link.set_mode(m.Mode.FREE_ACCESS, proof(movement=LockMovement.FREE_ACCESS))
    pass_time(link, controller, RENEW_MS)
    link.set_mode(m.Mode.FREE_ACCESS, proof(movement=LockMovement.FREE_ACCESS))
    pass_time(link, controller, FREE_ACCESS_MS - 10_000)  # this machine's own time passes, too
    assert controller.energised
    pass_time(link, controller, 11_000)
    until(lambda: not controller.energised)
    assert controller.controller.door.mode == m.Mode.NORMAL


def test_free_access_is_asked_for_again_for_what_is_left_of_its_time_and_not_after_it(
    controller: OnPty, link: DoorLink
) -> None:
    link.set_mode(m.Mode.FREE_ACCESS, proof(movement=LockMovement.FREE_ACCESS))
    pass_time(link, controller, FREE_ACCESS_MS // 2)
    controller.pull_cable()
    until(lambda: is_down(link))
    controller.boot()
    controller.plug_in()
    until(lambda: controller.energised)
    pass_time(link, controller, FREE_ACCESS_MS // 2 + 1_000)
    until(lambda: not controller.energised)
    controller.pull_cable()
    until(lambda: is_down(link))
    controller.plug_in()
    link.wait_until_ready()
    pass_time(link, controller, 2_000)
    assert not controller.energised


@pytest.mark.usefixtures("real_timeout")
def test_free_access_whose_end_was_not_answered_is_not_asked_for_again(
    controller: OnPty, link: DoorLink
) -> None:
    link.set_mode(m.Mode.FREE_ACCESS, proof(movement=LockMovement.FREE_ACCESS))
    controller.is_deaf = True  # an attacker drops the end of it
    with pytest.raises(faults.LinkDown):
        link.set_mode(m.Mode.NORMAL)
    controller.pull_cable()
    until(lambda: is_down(link))
    controller.boot()
    controller.is_deaf = False
    controller.plug_in()
    link.wait_until_ready()
    pass_time(link, controller, 2_000)
    assert not controller.energised


DENIALS = {
    "lock-down": (lambda c: c.controller.door.set_mode(1, 0, 0), m.DenyCode.LOCK_DOWN, Cause.MODE),
    "the lid is off": (lambda c: c.set(TAMPER), m.DenyCode.TAMPER, Cause.TAMPER),
    "the door was forced": (lambda c: c.set(LEAF_OPEN), m.DenyCode.NOT_NOW, Cause.OPENED),
    "the controller is broken": (lambda c: c.controller.door.set_fault(3, 0), m.DenyCode.FAULT, None),
}


@pytest.mark.parametrize("why", DENIALS)
def test_a_denied_release_has_its_reason_in_words(why: str, controller: OnPty, link: DoorLink) -> None:
    happen, code, _ = DENIALS[why]
    happen(controller)
    with pytest.raises(faults.ControllerDenied) as caught:
        link.release(1_000, proof())
    assert caught.value.code is code
    assert caught.value.hint
    assert not controller.energised


@pytest.mark.parametrize("why", DENIALS)
def test_a_door_that_stays_locked_is_reported_and_is_not_a_defect(
    why: str, controller: OnPty, link: DoorLink
) -> None:
    happen, _, cause = DENIALS[why]
    happen(controller)
    with pytest.raises(DoorLinkFault) as caught:
        link.release(1_000, proof(77))
    assert isinstance(caught.value, DoorDenied) == (cause is not None)
    ear = Ear(link)
    ear.until(K.BOOT, *([K.DENIED] if cause else [K.FAULT]))
    denials = [event for event in ear.heard if event.kind is K.DENIED]
    assert [(event.cause, event.grant, event.mark) for event in denials] == [(cause, 77, None)] * bool(cause)


def test_a_denied_mode_is_not_a_failed_grant(controller: OnPty, link: DoorLink) -> None:
    controller.set(TAMPER)
    with pytest.raises(faults.ControllerDenied):
        link.set_mode(m.Mode.FREE_ACCESS, proof(movement=LockMovement.FREE_ACCESS))
    ear = Ear(link)
    assert K.DENIED not in ear.until(K.TAMPER)


def test_a_card_number_goes_to_the_panel(controller: OnPty, link: DoorLink) -> None:
    link.wiegand(26, 0b10_1010, proof())
    assert controller.panel == [(26, (0b10_1010 << 38).to_bytes(8, "big"))]


def test_a_card_number_is_denied_while_another_is_sent(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    controller = OnPty(tmp_path / "other", panel=False)
    link = DoorLink(str(controller.path), LinkPairing(KEY, m.Lock.FAIL_SECURE), clock=controller.clock)
    try:
        link.wait_until_ready()
        with pytest.raises(faults.ControllerDenied, match="another card number"):
            link.wiegand(26, 1, proof())
        with pytest.raises(faults.ControllerDenied, match="does not know this message"):
            link.wiegand(0, 0, proof())
    finally:
        link.close()
        controller.close()


# -- lamps ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signal", "number"),
    [
        (Signal.LOOK_HERE, 1),
        (Signal.TRY_AGAIN, 2),
        (Signal.WAIT, 3),
        (Signal.ASK_STAFF, 4),
        (Signal.WELCOME, 5),
    ],
)
def test_each_signal_has_its_lamp(signal: Signal, number: int, controller: OnPty, link: DoorLink) -> None:
    link.signals.show(signal)
    until(lambda: controller.signal == number)
    link.signals.show(None)
    until(lambda: controller.signal == 0)


def test_a_lamp_is_on_again_after_the_cable_was_pulled(controller: OnPty, link: DoorLink) -> None:
    controller.pull_cable()
    until(lambda: is_down(link))
    link.signals.show(Signal.ASK_STAFF)  # it does not arrive, and the call does not wait
    controller.boot()
    controller.plug_in()
    until(lambda: controller.signal == 4)


# -- the cable ------------------------------------------------------------------------------------


def test_a_pulled_cable_is_a_fault_until_it_is_back(controller: OnPty, link: DoorLink) -> None:
    controller.pull_cable()
    until(lambda: is_down(link))
    with pytest.raises(DoorLinkFault) as caught:
        link.release(1_000, proof())
    assert "check the cable" in caught.value.hint
    controller.plug_in()
    link.wait_until_ready()
    link.release(10_000, proof())
    assert controller.energised


def test_with_the_cable_out_no_event_is_lost_or_repeated(controller: OnPty, link: DoorLink) -> None:
    ear = Ear(link)
    ear.until(K.BOOT)
    controller.pull_cable()
    until(lambda: is_down(link))
    controller.set(LEAF_OPEN)
    controller.set(SHUT)
    controller.plug_in()
    ear.until(K.FORCED, K.ALARM_OVER)
    controller.set(REX)
    kinds = ear.until(K.REX)
    assert [kind for kind in kinds if kind in {K.FORCED, K.REX}] == [K.FORCED, K.REX]
    assert ear.numbers() == sorted(set(ear.numbers()))


def test_events_that_are_lost_are_told_of_once_and_in_their_place(controller: OnPty, link: DoorLink) -> None:
    ear = Ear(link)
    ear.until(K.BOOT)
    heard = len(ear.heard)
    controller.pull_cable()
    until(lambda: is_down(link))
    for number in range(100):
        controller.set(LEAF_OPEN * (number % 2))
    controller.set(TAMPER)
    controller.plug_in()
    assert ear.until(K.TAMPER).count(K.EVENTS_LOST) == 1
    assert ear.heard[heard].kind is K.EVENTS_LOST
    assert ear.heard[heard].mark is None


def test_a_controller_that_boots_with_the_cable_is_told_of_as_a_boot(
    controller: OnPty, link: DoorLink
) -> None:
    ear = Ear(link)
    ear.until(K.BOOT)
    controller.pull_cable()
    until(lambda: is_down(link))
    controller.boot(cause=1)
    controller.plug_in()
    assert ear.until(K.WATCHDOG).count(K.BOOT) == 1


def test_a_restarted_program_gets_the_events_since_its_last_record(controller: OnPty, opened: Opened) -> None:
    first = opened()
    first.wait_until_ready()
    ear = Ear(first)
    ear.until(K.BOOT)
    last = ear.heard[-1].mark
    first.close()
    controller.set(LEAF_OPEN)
    second = opened()
    second.wait_until_ready()
    second.recount(last)
    again = Ear(second)
    assert K.BOOT not in again.until(K.FORCED)


@pytest.mark.usefixtures("real_timeout")
def test_a_controller_that_hangs_is_a_fault(controller: OnPty, link: DoorLink) -> None:
    controller.is_deaf = True
    with pytest.raises(faults.LinkDown, match="does not answer") as caught:
        link.release(1_000, proof())
    assert caught.value.hint
    controller.clock.push(PATIENCE_MS + 100)
    until(lambda: is_down(link))
    controller.is_deaf = False
    link.wait_until_ready()


def test_a_port_that_accepts_no_more_bytes_is_a_fault_without_waiting(
    controller: OnPty, link: DoorLink
) -> None:
    def flood() -> None:
        while True:
            link._line.write(bytes(100))

    controller.is_deaf = True
    with link._guard, pytest.raises(DoorLinkFault, match="timed out"):
        flood()
    controller.is_deaf = False
    until(lambda: not is_down(link))


@pytest.mark.usefixtures("real_timeout")
def test_a_release_with_a_lost_answer_is_revoked(controller: OnPty, link: DoorLink) -> None:
    controller.is_mute = True
    with pytest.raises(faults.LinkDown):
        link.release(10_000, proof())
    until(lambda: [level for _, level in controller.levels][-2:] == [1, 0])


def test_garbage_on_the_line_has_no_effect(controller: OnPty, link: DoorLink) -> None:
    for _ in range(50):
        controller.say(secrets.token_bytes(40) + b"\0")
        controller.say(frame.encode(bytes([m.MessageType.PONG]) + secrets.token_bytes(20)))
    link.release(10_000, proof())
    assert controller.energised
    assert link.firmware is not None


def test_a_programming_error_of_the_link_is_raised_to_the_caller(
    link: DoorLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    def is_raised() -> bool:
        try:
            link.events()
        except ZeroDivisionError:
            return True
        return False

    monkeypatch.setattr("edge.link.session.LinkSession.step", broken)
    until(is_raised)
    with pytest.raises(ZeroDivisionError):
        link.release(1_000, proof())


# -- mistakes of a technician ---------------------------------------------------------------------


def test_a_missing_port_is_named(opened: Opened, tmp_path: Path) -> None:
    link = opened(port=tmp_path / "nothing")
    until(lambda: link.fault)
    with pytest.raises(DoorLinkFault, match=r"nothing: no such file") as caught:
        link.wait_until_ready(0.01)
    assert "[strike] port" in caught.value.hint


def test_each_call_raises_a_new_fault(opened: Opened, tmp_path: Path) -> None:
    """A fault that is kept and raised again for days collects a traceback entry for each call."""
    link = opened(port=tmp_path / "nothing")
    until(lambda: link.fault)
    depths = []
    for ask in [link.events, lambda: link.release(1_000, proof())] * 5:
        with pytest.raises(DoorLinkFault, match="no such file") as caught:
            ask()
        depths.append(len(caught.traceback))
    assert depths == depths[:2] * 5


def test_two_programs_cannot_open_one_controller(opened: Opened, link: DoorLink) -> None:
    second = opened()
    until(lambda: second.fault)
    with pytest.raises(DoorLinkFault) as caught:
        second.wait_until_ready(0.01)
    assert "doorward run" in caught.value.hint


def erase(controller: OnPty, _: pytest.MonkeyPatch) -> None:
    controller.keys.erase()
    controller.boot()


def update(_: OnPty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("session.VERSION", 3)


MISTAKES = {
    "another key": ({"key": bytes(32)}, None, r"its key differs from"),
    "the other kind of lock": ({"lock": m.Lock.FAIL_SAFE}, None, r"other kind of lock"),
    "a controller that was never commissioned": ({}, erase, r"no key"),
    "a controller of a version to come": ({}, update, r"another version of the link, doorward has 2"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_pair_that_does_not_fit_says_why(
    mistake: str, controller: OnPty, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, happen, words = MISTAKES[mistake]
    if happen:
        happen(controller, monkeypatch)
    link = opened(**pair)
    hints: list[str] = []

    def says_why() -> bool:
        with pytest.raises(faults.LinkDown) as caught:
            link.wait_until_ready(0.01)
        hints.append(caught.value.hint)
        return re.search(words, caught.value.message) is not None

    until(says_why)
    assert hints[-1].startswith("check the cable first, because any device on it can send this")
    assert not controller.energised


@pytest.mark.parametrize(
    ("version", "firmware", "words"),
    [
        (2, (0, 1, 9), r"firmware is 0\.1\.9, older than 0\.2\.0"),
        (1, (0, 1, 0), r"has protocol 1 \(firmware 0\.1\.0\), doorward has 2"),
    ],
)
def test_a_firmware_that_does_not_fit_is_named(
    version: int, firmware: tuple[int, ...], words: str, controller: OnPty, opened: Opened, monkeypatch
) -> None:
    monkeypatch.setattr("session.VERSION", version)
    controller.controller.session._firmware = bytes(firmware)
    with pytest.raises(faults.WrongFirmware, match=words) as caught:
        opened().wait_until_ready(is_patient=False)
    assert caught.value.hint


LIES = {
    "another version": bytes([m.MessageType.WELCOME, 1, 9, 9, 9, 0]) + bytes(24),
    "a version to come": bytes([m.MessageType.WELCOME, 9]) + bytes(28),
    "another key": bytes([m.MessageType.WELCOME, 2, 0, 2, 0, 0]) + bytes(24),
    "no key": bytes([m.MessageType.REFUSED, m.DenyCode.NO_KEY]),
    "a session": bytes([m.MessageType.READY]) + bytes(16),
    "a key that was set": bytes([m.MessageType.KEY_SET]) + bytes(8),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_an_attacker_says_before_the_controller_keeps_no_door_from_being_opened(
    lie: str, controller: OnPty, opened: Opened
) -> None:
    wire, write = frame.encode(LIES[lie]), controller.controller._write

    def lie_first(buffer: bytearray, length: int) -> None:
        write(bytearray(wire), len(wire))
        write(buffer, length)

    controller.controller._write = lie_first
    link = opened()
    link.wait_until_ready()
    link.release(10_000, proof())
    assert controller.energised


def test_a_closed_link_holds_its_port_no_longer(opened: Opened, link: DoorLink) -> None:
    link.close()
    second = opened()
    second.wait_until_ready()


def test_fail_safe_is_energised_until_it_is_released(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    controller = OnPty(tmp_path / "other", stored=(FAIL_SAFE, KEY))
    link = DoorLink(str(controller.path), LinkPairing(KEY, m.Lock.FAIL_SAFE), clock=controller.clock)
    try:
        link.wait_until_ready()
        assert controller.energised
        link.release(10_000, proof())
        assert not controller.energised
        link.relock()
        assert controller.energised
    finally:
        link.close()
        controller.close()


@pytest.mark.usefixtures("real_timeout")
def test_waiting_for_an_answer_ends_at_its_timeout(controller: OnPty, link: DoorLink) -> None:
    assert ANSWER_S <= 0.2  # a visitor waits in front of the door
    controller.is_deaf = True
    began = time.monotonic()
    with pytest.raises(faults.LinkDown):
        link.release(1_000, proof())
    assert time.monotonic() - began >= ANSWER_S


def test_the_door_relocks_after_its_host_is_killed(
    controller: OnPty, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 of a host whose release has nine seconds left. `make bench-link` measures the time to the relock."""
    monkeypatch.setattr("session.HEARTBEAT_MS", HEARTBEAT_MS)
    host = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("door_link_host.py"), controller.path, KEY.hex()],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        assert host.stdout.readline() == b"released\n"
    finally:
        host.kill()
        host.wait()
        host.stdout.close()
    assert [level for _, level in controller.levels][:1] == [1]
    until(lambda: not controller.energised)
    link = opened()
    link.wait_until_ready()
    link.recount(None)
    ear = Ear(link)
    ear.until(K.RELOCKED)
    assert next(event.cause for event in ear.heard if event.kind is K.RELOCKED) is Cause.HEARTBEAT
