"""The housekeeper of one journal: closes its file when it is due, and erases closed files that are."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from edge.audit.record import ErasureCause
from edge.audit.retention import FileProof, closed_files, erasable, erase, free_bytes
from edge.errors import StorageFault
from edge.log import log_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from edge.audit.journal import Journal
    from edge.audit.record import Erased
    from edge.audit.retention import Closed, RetentionRules
    from edge.vouched_time import VouchedTime

# The interval of rotation and retention: a file may grow by a few records beyond its limit.
EVERY_MS: Final = 10_000
# Records that are verified at a time: 5 ms on a desktop, 50 ms on the smallest board. A file takes hours.
AT_ONCE: Final = 256


class Housekeeper:
    """Closes and erases files of one journal. Call `rest` while its door is idle.

    `acknowledged`: the first seq that the hub does not have, None without a hub; `past`: the time that has
    passed for certain; `clock_is_trusted`: whether new records have the right time; `erased`: makes the
    record of an erasure, of all before a seq; `tick_ms`: monotonic.
    """

    def __init__(
        self,
        journal: Journal,
        rules: RetentionRules,
        *,
        acknowledged: Callable[[], int | None],
        past: Callable[[], VouchedTime],
        clock_is_trusted: Callable[[], bool],
        erased: Callable[[int, ErasureCause, VouchedTime], Erased],
        tick_ms: Callable[[], int],
    ) -> None:
        self._journal = journal
        self._rules = rules
        self._acknowledged = acknowledged
        self._past = past
        self._clock_is_trusted = clock_is_trusted
        self._erased = erased
        self._tick_ms = tick_ms
        self._due_ms = tick_ms()
        self._proofs: dict[Path, FileProof] = {}
        self._recorded = 0  # all before this seq is erased, as a record of this run says
        self._told = ""

    def adopt(self, rules: RetentionRules) -> None:
        """Use these rules from now on."""
        self._rules = rules

    def rest(self) -> None:
        """Close and erase files if they are due: about 20 ms, at most every 10 s. A failure is retried.

        If the disk cannot be written, the next append fails, and that passage is denied.
        """
        if self._tick_ms() < self._due_ms:
            return
        self._due_ms = self._tick_ms() + EVERY_MS
        past = self._past()
        if self._clock_is_trusted():  # so that the last record of each closed file has the right time
            with suppress(StorageFault):
                self._journal.rotate_if_due(self._rules.segment, past)
        try:
            self._erase(past)
        except StorageFault as fault:
            self._tell(fault)

    def _erase(self, past: VouchedTime) -> None:
        """Put on record that files are erased, and erase them."""
        gone = erasable(
            self._proven(closed_files(self._journal.path), past),
            self._rules,
            past=past,
            free_bytes=free_bytes(self._journal.path),
            acknowledged=self._acknowledged(),
        )
        if not gone:
            return
        upto = gone[-1].end
        if upto > self._recorded:
            old = all(self._rules.kept(file, past) for file in gone)
            cause = ErasureCause.AGE if old else ErasureCause.SPACE
            self._journal.append(self._erased(upto, cause, past))
            self._recorded = upto
        erase(gone)
        for file in gone:
            self._proofs.pop(file.path, None)

    def _proven(self, closed: Iterable[Closed], past: VouchedTime) -> Iterator[Closed]:
        """The closed files but the newest, with the times that are proven; verifies a few more records.

        The newest stays: a new file continues it, and from its last records a device that starts restores its
        replay memory. A file was written until its last record, or that of the next file, if that is earlier:
        else a clock that was ahead at the end of a file would keep it for years, and all files after it.
        """
        budget = [AT_ONCE]
        for pair in pairwise(closed):
            until: datetime | None = None
            if past.outlived(min(file.last for file in pair), self._rules.keep):
                ends = [end for file in pair if (end := self._end_of(file, budget)) is not None]
                until = min(ends) if len(ends) == len(pair) else None
            yield replace(pair[0], until=until)

    def _end_of(self, file: Closed, budget: list[int]) -> datetime | None:
        """The time of the last record of this file; None until all of its records are verified."""
        proof = self._proofs.setdefault(file.path, FileProof(file.path, self._journal.key))
        if proof.last is None and budget:
            proof.step(budget.pop())
        return proof.last

    def _tell(self, fault: StorageFault) -> None:
        """Log the fault once: the same file is looked at every 10 s."""
        if fault.message != self._told:
            self._told = fault.message
            log_line("journal kept", level="error", why=fault.message, hint=fault.hint)
