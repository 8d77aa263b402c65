"""A new connection always gets in, unless the hub works for all others; no stranger takes the place of a device."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.hub.connections.budget import (
    BODY_S,
    HEAD_S,
    KNOWN_PEERS,
    MOST_KNOWN,
    MOST_OF_A_STRANGER,
    MOST_STRANGERS,
    WAIT_S,
    Client,
    ConnectionBudget,
    Wait,
    peer_of,
)


class Door:
    """A budget, and the connections that it ended."""

    def __init__(self) -> None:
        self.budget = ConnectionBudget()
        self.cut: list[str] = []

    def enter(self, name: str, *, peer: str = "", at_s: float = 0.0) -> Client | None:
        return self.budget.enter(peer or name, at_s, lambda: self.cut.append(name))


def test_the_oldest_silent_connection_of_the_largest_peer_makes_room() -> None:
    door = Door()
    for number in range(MOST_STRANGERS - 40):
        door.enter(f"other-{number}")
    for number in range(41):
        door.enter(f"flood-{number}", peer="flood", at_s=1 + number)
    assert door.cut == ["flood-0"]


def test_one_address_has_a_part_of_the_budget() -> None:
    door = Door()
    for number in range(MOST_OF_A_STRANGER + 5):
        door.enter(str(number), peer="flood", at_s=number)
    assert (door.cut, len(door.budget)) == (["0", "1", "2", "3", "4"], MOST_OF_A_STRANGER)


def test_a_connection_for_which_the_hub_works_is_never_ended() -> None:
    door = Door()
    for number in range(MOST_OF_A_STRANGER):
        client = door.enter(str(number), peer="busy")
        assert client
        client.waits(Wait.NOTHING, 0)
    assert door.enter("more", peer="busy") is None
    door.budget.sweep(1e9)
    assert door.cut == []
    assert door.enter("another")


def test_a_slow_body_makes_room_after_silent_connections() -> None:
    door = Door()
    slow = door.enter("slow", peer="site")
    assert slow
    slow.waits(Wait.BODY, 1)
    for number in range(MOST_OF_A_STRANGER + 1):
        door.enter(str(number), peer="site", at_s=2 + number)
    assert door.cut == ["0", "1"]


def test_a_client_that_came_just_now_makes_no_room_for_the_next_one() -> None:
    door = Door()
    for number in range(MOST_OF_A_STRANGER):
        slow = door.enter(f"slow-{number}", peer="site")
        assert slow
        slow.waits(Wait.BODY, 1 + number / 1000)
    for number in range(5):
        door.enter(f"new-{number}", peer="site", at_s=10 + number / 10)
    assert door.cut == [f"slow-{number}" for number in range(5)]


def test_strangers_take_no_place_from_a_device() -> None:
    door = Door()
    door.budget.vouch("device")
    door.enter("device")
    for number in range(1_000):
        door.enter(f"stranger-{number}")
    assert "device" not in door.cut
    assert len(door.budget) == MOST_STRANGERS + 1


def test_known_addresses_take_no_place_from_strangers() -> None:
    door = Door()
    door.enter("health")
    door.budget.vouch("proxy")
    for number in range(MOST_KNOWN + 10):
        door.enter(f"proxy-{number}", peer="proxy")
    assert "health" not in door.cut
    assert len(door.budget) == MOST_KNOWN + 1


def test_an_address_is_known_with_the_connections_that_it_has() -> None:
    door = Door()
    client = door.enter("device")
    door.budget.vouch("device")
    assert client
    assert client.known


def test_the_memory_of_known_addresses_is_bounded() -> None:
    door = Door()
    for number in range(KNOWN_PEERS + 1):
        door.budget.vouch(str(number))
    first, last = door.enter("0"), door.enter(str(KNOWN_PEERS))
    assert first
    assert last
    assert (first.known, last.known) == (False, True)


@pytest.mark.parametrize("wait", Wait)
def test_each_wait_ends_at_its_deadline(wait: Wait) -> None:
    door = Door()
    client = door.enter("slow")
    assert client
    client.waits(wait, 0)
    door.budget.sweep(min(WAIT_S[wait], 1e9))
    assert door.cut == []
    door.budget.sweep(WAIT_S[wait] + 1)
    assert door.cut == ([] if wait is Wait.NOTHING else ["slow"])


def test_a_byte_now_and_then_prolongs_no_wait() -> None:
    door = Door()
    client = door.enter("slow")
    assert client
    for second in range(int(HEAD_S)):
        client.waits(Wait.HEAD, second)
    door.budget.sweep(HEAD_S + 1)
    assert door.cut == ["slow"]


def test_the_hub_answers_to_a_slow_body_before_it_ends_the_connection() -> None:
    from tools.hub.upload import BODY_S as ANSWERED_S

    assert ANSWERED_S < BODY_S


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(Wait), st.booleans()), max_size=400))
def test_in_any_order_the_budget_holds(steps: list[tuple[int, Wait, bool]]) -> None:
    door = Door()
    for now_s, (peer, wait, vouched) in enumerate(steps):
        if vouched and peer > 3:
            door.budget.vouch(str(peer))
        client = door.enter("x", peer=str(peer), at_s=now_s)
        if client:
            client.waits(wait, now_s)
        assert len(door.budget) <= MOST_KNOWN + MOST_STRANGERS


PEERS = {
    "192.0.2.7": "192.0.2.7",
    "::ffff:192.0.2.7": "192.0.2.7",
    "2001:db8:1:2::7": "2001:db8:1:2::/64",
    "2001:db8:1:2:ffff::": "2001:db8:1:2::/64",
    "2001:db8:1:3::7": "2001:db8:1:3::/64",
    "fe80::1%eth0": "fe80::/64",
    "": "",
}


@pytest.mark.parametrize("host", PEERS)
def test_a_peer_is_a_subscriber(host: str) -> None:
    assert peer_of(host) == PEERS[host]
