"""Filters of `doorward log show`: the records of a reason, of a card, or of a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from edge.audit.record import ClockChange, DoorChange, Erased, Faulted, Passage, Stopped
from edge.cli.log.explain import unknown_reason
from edge.reasons.table import find

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.audit.reading.examined import ExaminedRecord
    from edge.audit.record import AuditRecord


def reason_codes(word: str) -> frozenset[str]:
    """The codes of `--reason`: one, those of a group (`card` or `card.`), or those that end in the word."""
    rows = find(word.removesuffix("."))
    if not rows:
        raise unknown_reason(word, command="--reason")
    return frozenset(row.code for row in rows)


def codes_of(record: AuditRecord) -> Iterator[str]:
    """Every code of `edge.reasons` that a record holds."""
    match record:
        case Passage():
            yield from _codes_of_passage(record)
        case DoorChange(change=change, cause=cause):
            yield f"door.{change.value}"
            if cause is not None:
                yield f"cause.{cause.value}"
        case Faulted(part=part):
            yield f"fault.{part.value}"
        case ClockChange(event=event):
            yield f"clock.{event.value}"
        case Stopped(cause=cause):
            yield f"stop.{cause.value}"
        case Erased(cause=cause):
            yield f"erased.{cause.value}"


def _codes_of_passage(record: Passage) -> Iterator[str]:
    if record.reason is not None:
        yield record.reason.value
    if record.fta is not None:
        yield f"fta.{record.fta}"
    if record.visit is not msgspec.UNSET:
        yield from record.visit.risk_signals
        # The notice of an officer ends with the role: `officer.guard`.
        yield from (f"notice.{notice.partition('.')[0]}" for notice in record.visit.notices)


def wanted(
    codes: frozenset[str] | None, card: str | None, since_ms: int | None
) -> Callable[[ExaminedRecord], bool] | None:
    """Whether a record is shown; None: all are.

    A record that does not fit is always shown: what an attacker wrote into it must not hide it.
    """
    if codes is None and card is None and since_ms is None:
        return None

    def shown(found: ExaminedRecord) -> bool:
        if found.entry is None or found.misfit is not None:
            return True
        record = found.entry.record
        return (
            (codes is None or not codes.isdisjoint(codes_of(record)))
            and (card is None or (isinstance(record, Passage) and record.card == card))
            and (since_ms is None or record.time_ms >= since_ms)
        )

    return shown
