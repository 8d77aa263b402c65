"""The replay memory after a start, from the device's own decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from worlds.trust import NOW, verified

from edge.audit.record import DoorChange, JournalEntry, Outcome, Passage, utc_ms
from edge.decision import Reason
from edge.passage.record.replay_restore import MAX_RECORDS, REACH_MS, restore_replay
from edge.ports import DoorEventKind
from edge.trust.replay import ReplayMemory
from edge.trust.time.code_window import MAX_WINDOW
from edge.trust.time.trusted_clock import TrustedTime

S = timedelta(seconds=1)


class Tape:
    """A journal with these passages, which keeps the arguments of each call."""

    def __init__(self, *passages: tuple[timedelta, Reason | None, str | None]) -> None:
        self.asked: list[tuple[int, int]] = []
        self._entries = tuple(
            JournalEntry(
                seq=seq,
                record=Passage(
                    time_ms=utc_ms(NOW + after),
                    tick_ms=0,
                    door="tower-1",
                    version="0",
                    outcome=Outcome.DENY if reason else Outcome.GRANT,
                    reason=reason,
                    card=card,
                ),
            )
            for seq, (after, reason, card) in enumerate(passages)
        )

    def tail(self, since_ms: int, limit: int) -> tuple[JournalEntry, ...]:
        self.asked.append((since_ms, limit))
        return self._entries


def recalled(*passages: tuple[timedelta, Reason | None, str | None], since_sync: timedelta = 0 * S):
    memory, tape = ReplayMemory(), Tape(*passages)
    restore_replay(memory, tape, TrustedTime(NOW, since_sync=since_sync))
    assert tape.asked == [(utc_ms(NOW) - REACH_MS, MAX_RECORDS)]
    return memory


CARD = verified().pseudonym


def test_every_decision_on_a_card_is_restored() -> None:
    for reason in (None, Reason.FACE_NO_MATCH, Reason.FACE_ABSENT, Reason.PASSAGE_INTERRUPTED):
        assert len(recalled((-5 * S, reason, CARD))) == 1


def test_a_decision_without_a_card_is_not_restored() -> None:
    assert len(recalled((-5 * S, Reason.SIGNATURE_BAD, None))) == 0


def test_a_replay_does_not_make_the_holder_wait() -> None:
    memory = recalled((-20 * S, None, CARD), (0 * S, Reason.CARD_REPLAYED, CARD))
    memory.admit(verified(NOW - 5 * S, now=NOW), NOW)


def test_the_wait_grows_with_the_drift_of_a_clock_alone() -> None:
    """30 days at 20 ppm are 52 s: a code 61 s after the record may be the code of that decision."""
    alone = recalled((0 * S, None, CARD), since_sync=timedelta(days=30))
    assert alone._latest[CARD] - NOW > 61 * S
    assert recalled((0 * S, None, CARD))._latest[CARD] - NOW < 11 * S


def test_it_reaches_back_to_every_code_that_may_still_pass() -> None:
    """A code of a phone whose clock is ahead, shown at the end of the widest window."""
    assert timedelta(milliseconds=REACH_MS) >= MAX_WINDOW + (MAX_WINDOW - 20 * S)


def test_a_code_of_the_recorded_millisecond_is_refused() -> None:
    """A record has the beginning of its millisecond; the code may have come at its end."""
    until = recalled((0 * S, None, CARD))._latest[CARD]
    plain = ReplayMemory()
    plain.restore([(CARD, NOW)], ahead=10 * S, now=NOW)
    assert until - plain._latest[CARD] == timedelta(milliseconds=1)


def test_records_other_than_passages_are_no_presentation() -> None:
    class Doors:
        def tail(self, *_: int) -> tuple[JournalEntry, ...]:
            stamp = {"time_ms": utc_ms(NOW), "tick_ms": 0, "door": "tower-1", "version": "0"}
            return (JournalEntry(seq=0, record=DoorChange(**stamp, change=DoorEventKind.OPENED)),)

    memory = ReplayMemory()
    restore_replay(memory, Doors(), TrustedTime(NOW))
    assert len(memory) == 0


def test_a_clock_at_its_beginning_asks_for_the_whole_journal() -> None:
    tape = Tape()
    restore_replay(ReplayMemory(), tape, TrustedTime(datetime.fromtimestamp(1, UTC)))
    assert tape.asked == [(0, MAX_RECORDS)]
