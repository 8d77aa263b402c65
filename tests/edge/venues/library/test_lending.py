"""Items: lent after a grant, taken back without one, sent later, and conflicts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import HostFault
from edge.keyed_digest import KEY_BYTES
from edge.venues.library.identity import Vault
from edge.venues.library.lending import REPEAT_MS, Act, Finish, Lend, Lending, TakeBack
from edge.venues.library.offline_queue import OfflineEntry, OfflineState
from edge.venues.library.sip2.messages import Malformed
from edge.venues.library.sip2.replies import Circulated
from edge.venues.library.sip2.requests import Terminal
from edge.venues.library.store import LibraryStore

NOW = datetime(2026, 1, 7, 11, tzinfo=UTC)
SESSION_MS = 60_000


def lending(*, returns: bool = True) -> Lending:
    return Lending(session_ms=SESSION_MS, returns=returns)


def test_after_a_grant_items_are_lent_to_that_patron() -> None:
    entrance = lending()
    assert entrance.granted("P1", 0) == ()
    assert entrance.scanned("B1001", 10) == (Lend("P1", "B1001"),)
    assert entrance.scanned("B1002", 20) == (Lend("P1", "B1002"),)


def test_an_item_that_stays_in_view_is_lent_once() -> None:
    entrance = lending()
    entrance.granted("P1", 0)
    told = [act for tick in range(0, 50_000, 500) for act in entrance.scanned("B1001", tick)]
    assert told == [Lend("P1", "B1001")]


def test_the_next_patron_ends_the_session_before() -> None:
    entrance = lending()
    entrance.granted("P1", 0)
    assert entrance.granted("P2", 10) == (Finish("P1"),)
    assert entrance.scanned("B1001", 20) == (Lend("P2", "B1001"),)


def test_a_session_ends_a_minute_after_its_last_item() -> None:
    entrance = lending()
    entrance.granted("P1", 0)
    entrance.scanned("B1001", SESSION_MS - 1)
    assert entrance.step(2 * SESSION_MS - 2) == ()
    assert entrance.is_open
    assert entrance.step(2 * SESSION_MS - 1) == (Finish("P1"),)
    assert not entrance.is_open


def test_an_item_after_the_session_is_not_lent_to_its_patron() -> None:
    entrance = lending()
    entrance.granted("P1", 0)
    assert entrance.scanned("B1001", SESSION_MS) == (Finish("P1"), TakeBack("B1001"))


def test_without_a_session_an_item_is_taken_back_once() -> None:
    entrance = lending()
    assert entrance.scanned("B1001", 0) == (TakeBack("B1001"),)
    assert entrance.scanned("B1001", REPEAT_MS - 1) == ()
    assert entrance.scanned("B1001", 2 * REPEAT_MS - 2) == ()
    assert entrance.scanned("B1001", 3 * REPEAT_MS) == (TakeBack("B1001"),)


def test_a_lent_item_that_stays_in_view_at_the_end_of_the_session_is_not_returned() -> None:
    entrance = lending()
    entrance.granted("P1", 0)
    entrance.scanned("B1001", 0)
    entrance.scanned("B1001", SESSION_MS - 100)
    entrance.finished()
    assert entrance.scanned("B1001", SESSION_MS + 100) == ()


def test_without_returns_no_item_is_taken_back() -> None:
    assert lending(returns=False).scanned("B1001", 0) == ()


ITEMS = {
    "Code 39 with its start and stop": ("*B1001*", "B1001"),
    "Codabar": ("A30001234567890B", "A30001234567890B"),
    "ITF": ("30001234567890", "30001234567890"),
    "EAN": ("9789993710011", "9789993710011"),
    "a code with a blank in it": ("LIB 000123", "LIB 000123"),
    "a line end behind it": ("B1001\r\n", "B1001"),
}
NO_ITEMS = {
    "a card": "EC1:NCFOXN%TSMAHN-H",
    "a card in small letters": "ec1:NCFOXN",
    "nothing": "",
    "two characters": "B1",
    "more characters than a code has": "B" * 41,
    "a bar": "B1001|BOY",
    "an address": "https://library.example/?item=1",
    "a letter that no code has": "B1001é",
    "a line end within": "B1001\rB1002",
}


@pytest.mark.parametrize(("text", "item"), ITEMS.values(), ids=ITEMS)
def test_an_item_is_taken_back(text: str, item: str) -> None:
    assert lending().scanned(text, 0) == (TakeBack(item),)


@pytest.mark.parametrize("text", NO_ITEMS.values(), ids=NO_ITEMS)
def test_a_text_that_is_not_an_item_is_ignored(text: str) -> None:
    assert lending().scanned(text, 0) == ()


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 70_000), st.sampled_from(["P1", "P2", "B1001", "B1002", "finish", "step", "EC1:X"])
    ),
    max_size=40,
)


@given(EVENTS)
def test_items_are_lent_only_to_the_last_granted_patron(
    events: list[tuple[int, str]],
) -> None:
    entrance, tick, inside, since = lending(), 0, None, 0
    for passed, what in events:
        tick += passed
        acts: tuple[Act, ...]
        if what[0] == "P":
            acts, inside, since = entrance.granted(what, tick), what, tick
        elif what == "finish":
            acts, inside = entrance.finished(), None
        elif what == "step":
            acts = entrance.step(tick)
        else:
            acts = entrance.scanned(what, tick)
        for act in acts:
            if isinstance(act, Lend):
                assert act.patron == inside
                assert tick - since < SESSION_MS
        if entrance.is_open and what[0] == "B":
            since = tick


LENT, BACK = Lend("P1", "B1001"), TakeBack("B1001")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[LibraryStore]:
    with LibraryStore(tmp_path / "gate.db", Vault(bytes(KEY_BYTES))) as store:
        store.add(LENT, NOW)
        store.add(BACK, NOW + timedelta(minutes=5))
        yield store


def test_stored_entries_are_sent_in_order_and_deleted(kept: LibraryStore) -> None:
    told = []

    def tell(entry: OfflineEntry) -> Circulated:
        told.append(entry.act)
        return Circulated(done=True, item="B1001")

    while kept.tell_first(tell):
        pass
    assert told == [LENT, BACK]
    assert kept.entries() == ()


def test_without_a_reply_no_entry_overtakes_another(kept: LibraryStore) -> None:

    def tell(_: OfflineEntry) -> Circulated:
        raise HostFault("away")

    for _ in range(2):
        with pytest.raises(HostFault):
            kept.tell_first(tell)
    assert [entry.act for entry in kept.entries(OfflineState.WAITING)] == [LENT, BACK]


def test_a_refused_entry_is_kept_for_staff_and_the_next_is_sent(kept: LibraryStore) -> None:
    first = kept.tell_first(lambda _: Circulated(done=False, item="B1001", lines=("on hold",)))
    second = kept.tell_first(lambda _: Circulated(done=True, item="B1001"))
    assert first is not None
    assert first.refused == ("on hold",)
    assert second is not None
    assert second.refused is None
    assert [(entry.state, entry.lines) for entry in kept.entries()] == [(OfflineState.REFUSED, ("on hold",))]


def test_an_invalid_reply_is_a_conflict_and_does_not_stop_the_next(kept: LibraryStore) -> None:

    def tell(_: OfflineEntry) -> Circulated:
        raise Malformed("wrong checksum")

    told = kept.tell_first(tell)
    assert told is not None
    assert told.refused == ("wrong checksum",)
    assert [entry.act for entry in kept.entries(OfflineState.WAITING)] == [BACK]


def test_a_stored_loan_or_return_is_sent_with_its_time_and_no_block() -> None:
    terminal = Terminal(ZoneInfo("Asia/Macau"), institution="MAIN", loan=timedelta(days=21))
    told = terminal.checkout("P1", "B1001", NOW + timedelta(hours=3), done_at=NOW)
    assert told.fixed == ("N", "Y", "20260107    190000", "20260128    190000")
    now = terminal.checkout("P1", "B1001", NOW)
    assert now.fixed == ("N", "N", "20260107    190000", "20260107    190000")
    back = terminal.checkin("B1001", NOW + timedelta(hours=3), done_at=NOW)
    assert back.fixed == ("Y", "20260107    220000", "20260107    190000")


def test_no_patron_and_no_item_is_in_a_repr(kept: LibraryStore) -> None:
    assert "P1" not in repr(LENT) + repr(BACK) + repr(kept.entries())
    assert "B1001" not in repr(LENT) + repr(BACK) + repr(kept.entries())
