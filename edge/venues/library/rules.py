"""Entry rules of a library, with the answer of its system, and without it while the system is offline.

Pure: values in, a verdict out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge.decision import Reason
from edge.policy.obligations import Obligations
from edge.screen_text import staff_texts
from edge.venues.library.sip2.messages import UnusableField
from edge.venues.library.sip2.replies import Flag

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from edge.venues.library.sip2.replies import Patron


class Offline(StrEnum):
    """The patrons who come in while the library system is offline."""

    DENY = "deny"
    MEMBERS = "members"  # patrons whom it admitted in the last `offline_days`
    EVERYONE = "everyone"  # all patrons whose card has a number here


class Unstaffed(StrEnum):
    """The patrons who come in while no staff are there."""

    NONE = "none"
    REGISTERED = "registered"  # patrons of the kinds and the age that the library names
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class LibraryRules:
    """The entry rules of one library. `blocks`: the flags that refuse entry."""

    blocks: frozenset[Flag] = frozenset({Flag.CHARGE_DENIED, Flag.CARD_LOST})
    fee_limit: Decimal | None = None
    offline: Offline = Offline.DENY
    offline_days: int = 30
    unstaffed: Unstaffed = Unstaffed.REGISTERED
    unstaffed_kinds: frozenset[str] = frozenset()
    unstaffed_age: int | None = None


@dataclass(frozen=True, slots=True)
class PatronVerdict:
    """Whether a patron may come in. `reason`: of a refusal, or None. `lines`: for staff only."""

    reason: Reason | None
    lines: tuple[str, ...] = field(default=(), repr=False)

    @property
    def answer(self) -> Obligations | Reason:
        """The verdict as the answer of a `Host`."""
        return Obligations(lines=staff_texts(self.lines)) if self.reason is None else self.reason


@dataclass(frozen=True, slots=True)
class SeenPatron:
    """The last entry of a patron. `alone`: the patron may also come in hours without staff."""

    day: date
    alone: bool


WORDS: Final = {
    Flag.CHARGE_DENIED: "may not borrow",
    Flag.RENEWAL_DENIED: "may not renew",
    Flag.RECALL_DENIED: "may not recall items",
    Flag.HOLD_DENIED: "may not place holds",
    Flag.CARD_LOST: "card reported lost",
    Flag.TOO_MANY_CHARGED: "has borrowed as many items as allowed",
    Flag.TOO_MANY_OVERDUE: "too many items are overdue",
    Flag.TOO_MANY_RENEWALS: "has renewed too often",
    Flag.TOO_MANY_CLAIMS: "too many items are said to be returned",
    Flag.TOO_MANY_LOST: "too many items are lost",
    Flag.EXCESSIVE_FINES: "owes too much in fines",
    Flag.EXCESSIVE_FEES: "owes too much in fees",
    Flag.RECALL_OVERDUE: "has not brought back an item that was recalled",
    Flag.TOO_MANY_BILLED: "too many items were billed",
}

_OFFLINE: Final = "The library system is offline"


def judge(patron: Patron, rules: LibraryRules, *, staffed: bool, today: date) -> PatronVerdict:
    """The verdict of library system and library rules on a patron. `today`: local date of the library.

    Raises UnusableField, which names the field, if a rule needs a value that cannot be read.
    """
    if not patron.is_valid:  # also if the reply has no BL: then the system has not confirmed the patron
        return PatronVerdict(Reason.PATRON_UNKNOWN, ("The library does not know this patron.", *patron.lines))
    against = [WORDS[flag] for flag in sorted(patron.flags & rules.blocks)]
    if rules.fee_limit is not None and patron.owed is not None and patron.owed > rules.fee_limit:
        against.append(f"owes {patron.owed}, limit {rules.fee_limit}")
    if against:
        return PatronVerdict(
            Reason.PATRON_BLOCKED, (f"Blocked by the library: {'; '.join(against)}.", *patron.lines)
        )
    _check_read(patron, rules)
    if not staffed and (why := _not_alone(patron, rules, today)):
        return PatronVerdict(Reason.SCHEDULE_CLOSED, (why,))
    notes = [WORDS[flag] for flag in sorted(patron.flags)]
    lines = [f"May enter. Note: {'; '.join(notes)}."] if notes else []
    if patron.holds_ready:
        lines.append(f"Holds on the shelf: {patron.holds_ready}.")
    return PatronVerdict(None, (*lines, *patron.lines))


def may_be_alone(patron: Patron, rules: LibraryRules, today: date) -> bool:
    """Whether this patron may come in without staff; stored for times when the system is offline."""
    return _not_alone(patron, rules, today) is None


def judge_offline(
    seen: SeenPatron | None, rules: LibraryRules, *, staffed: bool, today: date, unusable: str = ""
) -> PatronVerdict:
    """The verdict by the last entry and the rules while the library system is offline.

    `unusable`: the reason, if it answers and the answer cannot be used.
    """
    away = f"The library system's answer cannot be used ({unusable})" if unusable else _OFFLINE
    if rules.offline == Offline.DENY:
        return PatronVerdict(Reason.HOST_UNAVAILABLE, (f"{away}: staff admit patrons.",))
    known = seen is not None and 0 <= (today - seen.day).days <= rules.offline_days
    if rules.offline == Offline.MEMBERS and not known:
        days = f"in the last {rules.offline_days} days"
        return PatronVerdict(Reason.HOST_UNAVAILABLE, (f"{away}. This patron did not enter {days}.",))
    if not staffed:
        alone = known and seen is not None and seen.alone
        if rules.unstaffed == Unstaffed.NONE or (rules.unstaffed == Unstaffed.REGISTERED and not alone):
            return PatronVerdict(
                Reason.SCHEDULE_CLOSED, (f"{away}. This patron may not enter without staff.",)
            )
    return PatronVerdict(None, (f"{away}. Admitted by the rule offline = {rules.offline}.",))


def _not_alone(patron: Patron, rules: LibraryRules, today: date) -> str | None:
    """The line for staff if a patron may not come in without staff, or None. Unknown data counts as no."""
    match rules.unstaffed:
        case Unstaffed.EVERYONE:
            return None
        case Unstaffed.NONE:
            return "No entry without staff."
    if rules.unstaffed_kinds and patron.kind not in rules.unstaffed_kinds:
        return "Not registered for hours without staff."
    if rules.unstaffed_age is not None and (
        patron.born is None or patron.born.is_aged(rules.unstaffed_age, today) is not True
    ):
        return f"Under {rules.unstaffed_age}, or age unknown: no entry without staff."
    return None


def _check_read(patron: Patron, rules: LibraryRules) -> None:
    """Raises UnusableField if a value that a rule needs of this patron cannot be read.

    An unknown kind or age refuses entry without staff already, so it is not here.
    """
    if flags := patron.unread_flags & rules.blocks:
        name = min(flags).name.lower().replace("_", "-")
        raise UnusableField(
            f"the patron's status: place {min(flags) + 1} ({name}) is not Y, N or blank",
            hint=f"ask the operator of the library system, or take {name} out of [library] blocks",
        )
    if rules.fee_limit is not None and (why := patron.unread.get("BV")):
        raise UnusableField(
            f"field BV {why}, and [library] fee_limit needs the amount",
            hint="ask the operator of the library system, or leave out [library] fee_limit",
        )
