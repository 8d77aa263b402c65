"""The thread that talks to the library system, so that the passage never waits for it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from edge.decision import Reason
from edge.errors import HostFault, StorageFault
from edge.retry import RetrySchedule
from edge.screen_text import ScreenText, ScreenTextKind
from edge.venues.library.lending import Finish, Lend, TakeBack
from edge.venues.library.rules import PatronVerdict, SeenPatron, judge, judge_offline, may_be_alone
from edge.venues.library.sip2.messages import Malformed, UnusableField

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.ports import Clock
    from edge.venues.library.hours import StaffedHours
    from edge.venues.library.lending import Act
    from edge.venues.library.offline_queue import OfflineEntry
    from edge.venues.library.rules import LibraryRules
    from edge.venues.library.sip2.client import Library
    from edge.venues.library.sip2.replies import Circulated
    from edge.venues.library.store import LibraryStore
    from edge.vouched_time import VouchedTime

T = TypeVar("T")

RETRY: Final = RetrySchedule(0.5, 30.0)  # a system that was restarted is found again within half a minute
IDLE_MS: Final = 60_000  # many systems close a connection that is silent for some minutes
EXPIRE_MS: Final = 3_600_000
MAX_ACTS: Final = 200  # items that wait for their reply: more than a patron carries
MAX_NEWS: Final = 50
_TURN_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class ItemResult:
    """Result for one item. `kept`: stored, to be sent when the system is back; `lines`: for the screen."""

    act: Lend | TakeBack = field(repr=False)
    done: bool
    kept: bool = False
    title: str = field(default="", repr=False)
    due: str = ""
    alert: bool = False
    lines: tuple[str, ...] = field(default=(), repr=False)

    @property
    def line(self) -> ScreenText:
        """One line for the patron at the screen."""
        return ScreenText(ScreenTextKind.ITEM, self._line)

    @property
    def _line(self) -> str:
        what = self.title or self.act.item
        if not self.done:
            return f"{what}: {'; '.join(self.lines) or 'not possible, please ask staff'}"
        if isinstance(self.act, Lend):
            return f"{what}: yours until {self.due}" if self.due else f"{what}: yours"
        return f"{what}: thank you, please give it to staff" if self.alert else f"{what}: thank you"


class Worker:
    """Asks one library system, stores loans and returns while it is offline, and sends them later.

    `passed`: the time by which old entries may be deleted. `tell`: is called with the fault when the system
    goes offline, and with None when it is back.
    """

    def __init__(
        self,
        library: Library,
        store: LibraryStore,
        rules: LibraryRules,
        hours: StaffedHours,
        *,
        clock: Clock,
        keep_days: int,
        passed: Callable[[], VouchedTime],
        tell: Callable[[HostFault | StorageFault | None], None],
    ) -> None:
        self._library, self._store, self._rules, self._hours = library, store, rules, hours
        self._clock, self._keep_days, self._passed, self._tell = clock, keep_days, passed, tell
        self._changed = threading.Condition()
        self._inquiry: tuple[int, str] | None = None
        self._verdict: tuple[int, PatronVerdict] | None = None
        self._acts: deque[Act] = deque()
        self._news: deque[ItemResult] = deque(maxlen=MAX_NEWS)
        self._closing = False
        self._away: HostFault | StorageFault | None = None
        self._failures, self._next_try_ms = 0, 0
        self._talked_ms, self._expired_ms = clock.tick_ms(), -EXPIRE_MS
        self._thread = threading.Thread(target=self._run, name="library", daemon=True)
        self._thread.start()

    def ask(self, number: int, patron: str) -> None:
        """Ask about a patron. An earlier question without an answer is dropped."""
        with self._changed:
            self._inquiry = number, patron
            self._changed.notify_all()

    def verdict(self, number: int) -> PatronVerdict | None:
        """The answer to the question with this number; None before it comes."""
        with self._changed:
            return self._verdict[1] if self._verdict and self._verdict[0] == number else None

    def offline(self, patron: str) -> PatronVerdict:
        """The verdict of the rules without the system, from memory.

        A system that sends invalid replies is not offline: an attacker who disturbs its replies must not get
        the rules for an offline system. One whose replies arrive whole, with a field that cannot be used,
        counts as offline: that is its own fault, and lasts.
        """
        if not self._thread.is_alive():  # a bug of ours must not let patrons in unasked
            return PatronVerdict(Reason.HOST_UNAVAILABLE, ("This device has failed: restart it.",))
        away = self._away
        if isinstance(away, Malformed) and not isinstance(away, UnusableField):
            return PatronVerdict(Reason.HOST_UNAVAILABLE, ("The library system sends invalid replies.",))
        now = self._clock.now()
        today = self._hours.today(now)
        return judge_offline(
            self._store.seen(patron),
            self._rules,
            staffed=self._hours.staffed(now),
            today=today,
            unusable=away.message if isinstance(away, UnusableField) else "",
        )

    def do(self, acts: Sequence[Act]) -> None:
        """Queue loans, returns and ends of sessions, in this order."""
        with self._changed:
            self._acts.extend(acts[: MAX_ACTS - len(self._acts)])
            self._changed.notify_all()

    def news(self) -> Sequence[ItemResult]:
        """Results for items since the last call: the newest 50, the oldest first."""
        with self._changed:
            news = tuple(self._news)
            self._news.clear()
        return news

    @property
    def away(self) -> HostFault | StorageFault | None:
        """The fault because of which the system is offline; None while it answers."""
        return self._away

    def close(self) -> None:
        """Stop. Entries that were not sent stay in the store."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._library.stop()
        self._thread.join()
        self._library.close()

    def _run(self) -> None:
        more = False
        while True:
            with self._changed:
                if not (more or self._inquiry or self._acts or self._closing):
                    self._changed.wait(_TURN_S)
                if self._closing:
                    break
                inquiry, self._inquiry = self._inquiry, None
            more = False
            try:
                more = self._turn(inquiry)
            except StorageFault as fault:
                self._gone(fault)
        self._keep_the_rest()

    def _turn(self, inquiry: tuple[int, str] | None) -> bool:
        """Do the most urgent thing: the question about a visitor, then stored entries, then new items.

        Returns whether more entries may wait to be sent.
        """
        if inquiry is not None:
            number, patron = inquiry
            verdict = self._ask(patron)
            with self._changed:
                self._verdict = number, verdict
        elif self._is_back() and self._tell_first():
            return True
        elif act := self._next_act():
            self._circulate(act)
        else:
            self._rest()
        return False

    def _ask(self, patron: str) -> PatronVerdict:
        now = self._clock.now()
        today = self._hours.today(now)
        try:
            if not self._is_back():
                return self.offline(patron)
            said = self._library.patron(patron)
            verdict = judge(said, self._rules, staffed=self._hours.staffed(now), today=today)
        except HostFault as fault:
            self._gone(fault)
            return self.offline(patron)
        self._talked()
        try:
            if verdict.reason is None:
                self._store.remember(patron, SeenPatron(today, may_be_alone(said, self._rules, today)))
            elif verdict.reason != Reason.SCHEDULE_CLOSED:
                self._store.forget(patron)
        except StorageFault as fault:
            self._tell(fault)  # the verdict also holds if the disk is full
        return verdict

    def _circulate(self, act: Act) -> None:
        if isinstance(act, Finish):
            if self._is_back():
                self._attempt(lambda: self._library.end_session(act.patron))
            return
        result = self._attempt(lambda: self._library.circulate(act)) if self._is_back() else None
        if result is None:
            news = self._kept(act)
        else:
            news = ItemResult(act, result.done, False, result.title, result.due, result.alert, result.lines)
        with self._changed:
            self._news.append(news)

    def _kept(self, act: Lend | TakeBack) -> ItemResult:
        try:
            entry = self._store.add(act, self._clock.now())
        except StorageFault as fault:
            self._tell(fault)
            return ItemResult(act, done=False, lines=("Please take it to the desk.",))
        due = self._library.due(entry.at) if isinstance(act, Lend) else ""
        return ItemResult(act, done=True, kept=True, due=due)

    def _tell_first(self) -> bool:
        """Send the oldest stored entry; whether one was sent."""
        if self._store.first() is None:
            return False

        def tell(entry: OfflineEntry) -> Circulated:
            return self._library.circulate(entry.act, done_at=entry.at)

        with self._store.alone():
            return self._attempt(lambda: self._store.tell_first(tell)) is not None

    def _attempt(self, ask: Callable[[], T]) -> T | None:
        try:
            result = ask()
        except HostFault as fault:
            self._gone(fault)
            return None
        self._talked()
        return result

    def _is_back(self) -> bool:
        """Whether there is a connection; opens a new one when the pause is over."""
        if self._library.is_connected:
            return True
        if self._clock.tick_ms() < self._next_try_ms:
            return False
        return self._attempt(self._library.connect) is not None

    def _rest(self) -> None:
        """Idle work: read new bindings, check the connection, delete old entries."""
        now_ms = self._clock.tick_ms()
        self._store.refresh()
        if self._is_back() and now_ms - self._talked_ms >= IDLE_MS:
            self._attempt(self._library.status)
        if now_ms - self._expired_ms >= EXPIRE_MS:
            self._expired_ms = now_ms
            self._store.expire(
                self._passed(), seen_days=self._rules.offline_days, refused_days=self._keep_days
            )

    def _next_act(self) -> Act | None:
        with self._changed:
            return self._acts.popleft() if self._acts else None

    def _keep_the_rest(self) -> None:
        """At a stop, store the items that still wait."""
        try:
            while act := self._next_act():
                if not isinstance(act, Finish):
                    self._store.add(act, self._clock.now())
        except StorageFault as fault:
            self._tell(fault)

    def _gone(self, fault: HostFault | StorageFault) -> None:
        self._failures += 1
        self._next_try_ms = self._clock.tick_ms() + int(RETRY.wait_s(self._failures) * 1_000)
        if self._closing:
            return
        self._away, was = fault, self._away
        if was is None or was.message != fault.message:
            self._tell(fault)

    def _talked(self) -> None:
        self._talked_ms, self._failures = self._clock.tick_ms(), 0
        if self._away is not None:
            self._away = None
            self._tell(None)
