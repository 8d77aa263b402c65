"""Who comes in: the library's word, its rules, the hours, and what is left when it says nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decision import Reason
from edge.errors import HostFault
from edge.venues.library.hours import staffed_hours
from edge.venues.library.rules import (
    LibraryRules,
    Offline,
    SeenPatron,
    Unstaffed,
    judge,
    judge_offline,
    may_be_alone,
)
from edge.venues.library.sip2.layouts import Sip2MessageId
from edge.venues.library.sip2.messages import Dialect, Sip2Message, decode
from edge.venues.library.sip2.replies import (
    Flag,
    Lied,
    Malformed,
    Patron,
    accepted,
    circulated,
    patron,
    system,
)

TODAY = date(2026, 3, 1)
ADULTS = LibraryRules(unstaffed=Unstaffed.REGISTERED, unstaffed_age=18)
SIGNED = LibraryRules(unstaffed=Unstaffed.REGISTERED, unstaffed_kinds=frozenset({"AGREED"}))
BOTH = LibraryRules(unstaffed=Unstaffed.REGISTERED, unstaffed_kinds=frozenset({"AGREED"}), unstaffed_age=18)


@dataclass(frozen=True)
class Case:
    expect: Reason | None
    patron: dict[str, object] = field(default_factory=dict)
    rules: LibraryRules = field(default_factory=LibraryRules)
    staffed: bool = True
    line: str = ""


JUDGED = {
    "whom the library vouches for comes in": Case(None),
    "whom it does not know stays out": Case(Reason.PATRON_UNKNOWN, {"is_valid": False}),
    "whom it says nothing of stays out": Case(Reason.PATRON_UNKNOWN, {"is_valid": None}),
    "a card reported lost": Case(Reason.PATRON_BLOCKED, {"flags": {Flag.CARD_LOST}}, line="reported lost"),
    "who may not borrow": Case(Reason.PATRON_BLOCKED, {"flags": {Flag.CHARGE_DENIED}}, line="may not borrow"),
    "what is overdue is no reason, and staff see it": Case(
        None, {"flags": {Flag.TOO_MANY_OVERDUE}}, line="overdue"
    ),
    "unless the library says so": Case(
        Reason.PATRON_BLOCKED,
        {"flags": {Flag.TOO_MANY_OVERDUE}},
        LibraryRules(blocks=frozenset({Flag.TOO_MANY_OVERDUE})),
    ),
    "who owes as much as the limit": Case(
        None, {"owed": Decimal("10.00")}, LibraryRules(fee_limit=Decimal(10))
    ),
    "who owes a cent more": Case(
        Reason.PATRON_BLOCKED,
        {"owed": Decimal("10.01")},
        LibraryRules(fee_limit=Decimal(10)),
        line="owes 10.01",
    ),
    "who owes nothing that was said": Case(None, {"owed": None}, LibraryRules(fee_limit=Decimal(0))),
    "what the system wants to say is for staff": Case(
        None, {"lines": ("Happy birthday",)}, line="Happy birthday"
    ),
    "holds on the shelf": Case(None, {"holds_ready": 2}, line="Holds on the shelf: 2."),
    "without staff nobody, by that rule": Case(
        Reason.SCHEDULE_CLOSED, {}, LibraryRules(unstaffed=Unstaffed.NOBODY), staffed=False
    ),
    "without staff everybody, by that rule": Case(
        None, {}, LibraryRules(unstaffed=Unstaffed.EVERYBODY), staffed=False
    ),
    "without staff who is eighteen today": Case(None, {"born": date(2008, 3, 1)}, ADULTS, staffed=False),
    "without staff who is eighteen tomorrow": Case(
        Reason.SCHEDULE_CLOSED, {"born": date(2008, 3, 2)}, ADULTS, staffed=False
    ),
    "who was born on 29 February is eighteen on 1 March": Case(
        None, {"born": date(2008, 2, 29)}, ADULTS, staffed=False
    ),
    "without staff who has no age": Case(Reason.SCHEDULE_CLOSED, {}, ADULTS, staffed=False),
    "with staff who has no age": Case(None, {}, ADULTS),
    "without staff who has signed": Case(None, {"kind": "AGREED"}, SIGNED, staffed=False),
    "without staff who has not signed": Case(
        Reason.SCHEDULE_CLOSED, {"kind": "STAFF"}, SIGNED, staffed=False
    ),
    "a child who has signed": Case(
        Reason.SCHEDULE_CLOSED, {"kind": "AGREED", "born": date(2015, 1, 1)}, BOTH, staffed=False
    ),
    "who is blocked is told so, not that it is closed": Case(
        Reason.PATRON_BLOCKED,
        {"flags": {Flag.CARD_LOST}},
        LibraryRules(unstaffed=Unstaffed.NOBODY),
        staffed=False,
    ),
}


@pytest.mark.parametrize("case", JUDGED.values(), ids=JUDGED)
def test_what_is_known(case: Case) -> None:
    said = Patron("P1", **{"is_valid": True, **case.patron})  # type: ignore[arg-type]
    verdict = judge(said, case.rules, staffed=case.staffed, today=TODAY)
    assert verdict.reason == case.expect
    assert case.line in " ".join(verdict.lines)
    assert "P1" not in repr(verdict) + " ".join(verdict.lines)


DAY = timedelta(days=1)
MEMBERS = LibraryRules(offline=Offline.MEMBERS, offline_days=30)
OFFLINE = {
    "nobody, by the first rule": (LibraryRules(), SeenPatron(TODAY, alone=True), True, Reason.HOST_UNAVAILABLE),
    "members, who came today": (MEMBERS, SeenPatron(TODAY, alone=False), True, None),
    "members, on the last day": (MEMBERS, SeenPatron(TODAY - 30 * DAY, alone=False), True, None),
    "members, a day later": (MEMBERS, SeenPatron(TODAY - 31 * DAY, alone=False), True, Reason.HOST_UNAVAILABLE),
    "members, whom a wrong clock saw tomorrow": (MEMBERS, SeenPatron(TODAY + DAY, alone=False), True, Reason.HOST_UNAVAILABLE),
    "members, who never came": (MEMBERS, None, True, Reason.HOST_UNAVAILABLE),
    "everybody": (LibraryRules(offline=Offline.EVERYBODY), None, True, None),
    "everybody, but not without staff": (
        LibraryRules(offline=Offline.EVERYBODY, unstaffed=Unstaffed.REGISTERED), None, False, Reason.SCHEDULE_CLOSED,
    ),
    "everybody, where everybody may be alone": (
        LibraryRules(offline=Offline.EVERYBODY, unstaffed=Unstaffed.EVERYBODY), None, False, None,
    ),
    "members who may be alone": (MEMBERS, SeenPatron(TODAY, alone=True), False, None),
    "members who may not": (MEMBERS, SeenPatron(TODAY, alone=False), False, Reason.SCHEDULE_CLOSED),
    "a child whom nobody knows any more may not": (
        LibraryRules(offline=Offline.EVERYBODY, offline_days=1), SeenPatron(TODAY - 9 * DAY, alone=True), False, Reason.SCHEDULE_CLOSED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OFFLINE.values(), ids=OFFLINE)
def test_while_the_system_is_away(case: tuple[LibraryRules, SeenPatron | None, bool, Reason | None]) -> None:
    rules, seen, staffed, expect = case
    assert judge_offline(seen, rules, staffed=staffed, today=TODAY).reason == expect


def test_what_is_remembered_for_later_is_what_would_hold_now() -> None:
    adult, child = Patron("P1", True, born=date(1990, 1, 1)), Patron("P2", True, born=date(2020, 1, 1))
    assert may_be_alone(adult, ADULTS, TODAY)
    assert not may_be_alone(child, ADULTS, TODAY)


HOURS = staffed_hours(
    ["mon-fri 09:00-18:00", "sat 10:00-14:00", "fri-sun 22:00-24:00", "holiday 10:00-12:00"],
    ["2026-07-14", "12-24..01-02"],
    ZoneInfo("Europe/Lisbon"),
)
CLOCKS = {
    "2026-01-07T09:00": True,  # a Wednesday in winter
    "2026-01-07T08:59": False,
    "2026-01-07T18:00": False,
    "2026-07-08T08:00": True,  # nine in summer
    "2026-07-08T17:00": False,  # six in summer
    "2026-01-10T13:59": True,  # Saturday
    "2026-01-11T13:00": False,  # Sunday
    "2026-01-11T23:59": True,  # over the weekend, until midnight
    "2026-01-12T00:00": False,
    "2026-07-14T08:30": False,  # a Tuesday, and a holiday
    "2026-07-14T09:30": True,
    "2027-01-01T14:00": False,  # a Friday of a yearly holiday
}


@pytest.mark.parametrize(("moment", "staffed"), CLOCKS.items())
def test_staffed_hours_are_the_librarys_own(moment: str, staffed: bool) -> None:
    assert HOURS.staffed(datetime.fromisoformat(moment + "Z")) is staffed


def test_a_library_that_names_no_hours_has_staff() -> None:
    assert staffed_hours((), (), ZoneInfo("UTC")).staffed(datetime.fromisoformat("2026-01-07T03:00Z"))


@pytest.mark.parametrize(
    ("entries", "holidays", "wrong"),
    [
        ([""], [], '"": not an entry such as'),
        (["monday 09:00-18:00"], [], '"monday 09:00-18:00": "monday" is not one of'),
        (["mon 09:00-18:00", "mon 9-18"], [], '"mon 9-18"'),
        (["mon 09:00-24:01"], [], "not a time from"),
        (["mon 09:00-09:00"], [], "start and end are equal"),
        ([], ["2026-02-30"], "not a day of the calendar"),
    ],
)
def test_a_text_that_is_no_time_is_quoted(entries: list[str], holidays: list[str], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        staffed_hours(entries, holidays, ZoneInfo("UTC"))


HEAD = "64              00120260105    120000000200000000000000000000"
PLAIN = Dialect(checksum=False)


def heard(text: str) -> Sip2Message:
    return decode(text.encode(), PLAIN)


def test_what_a_patron_is_made_of() -> None:
    said = patron(
        heard(HEAD + "AAP1|AEAda|BLY|BV12,50|PCAGREED|PB19900102    |AF|AFhello|"),
        "P1",
        kind_field="PC",
        birth_field="PB",
    )
    assert (said.is_valid, said.owed, said.kind, said.born) == (
        True,
        Decimal("12.50"),
        "AGREED",
        date(1990, 1, 2),
    )
    assert (said.holds_ready, said.lines) == (2, ("hello",))
    assert "Ada" not in repr(said)
    assert "12.50" not in repr(said)


WRONG = {
    "somebody else": ("AAP2|BLY|", Lied),
    "nearly the same": ("AAP1 |BLY|", Lied),
    "valid or not": ("AAP1|BLX|", Malformed),
    "money in words": ("AAP1|BLY|BVten|", Malformed),
    "debts below nothing": ("AAP1|BLY|BV-5.00|", Malformed),
    "a birthday that is none": ("AAP1|BLY|PB20260230|", Malformed),
    "a birthday in words": ("AAP1|BLY|PBtoday|", Malformed),
}


@pytest.mark.parametrize(("fields", "error"), WRONG.values(), ids=WRONG)
def test_what_is_said_of_a_patron_that_cannot_be(fields: str, error: type[HostFault]) -> None:
    with pytest.raises(error):
        patron(heard(HEAD + fields), "P1", birth_field="PB")


@given(
    st.lists(
        st.tuples(st.sampled_from(["AA", "AE", "BL", "BV", "PB", "PC", "AF", "CC"]), st.text(max_size=12))
    )
)
def test_whatever_a_message_says_it_is_a_patron_or_our_own_error(fields: list[tuple[str, str]]) -> None:
    text = HEAD + "".join(f"{name}{value}|" for name, value in fields)
    try:
        said = patron(decode(text.encode(), PLAIN), "P1", kind_field="PC", birth_field="PB")
    except Malformed:
        return
    assert ("AA", "P1") in fields
    assert said.number == "P1"


def test_flags_are_read_by_their_places() -> None:
    for flag in Flag:
        text = "64" + "".join("Y" if place == flag else " " for place in range(14)) + HEAD[16:] + "AAP1|"
        assert patron(heard(text), "P1").flags == {flag}


def test_an_item_that_is_another_one() -> None:
    reply = heard("121NNY20260105    120000AOM|AAP1|ABB1|AJBlue|AH2026-02-02|")
    assert circulated(reply, "B1", "P1").due == "2026-02-02"
    with pytest.raises(Lied):
        circulated(reply, "B2", "P1")
    with pytest.raises(Lied):
        circulated(reply, "B1", "P2")


def test_a_login_that_is_not_accepted() -> None:
    accepted(Sip2Message(Sip2MessageId.LOGIN_REPLY, ("1",)))
    with pytest.raises(HostFault, match="does not accept our login"):
        accepted(Sip2Message(Sip2MessageId.LOGIN_REPLY, ("0",)))


def test_a_system_that_says_little_and_one_that_says_much() -> None:
    head = "98YYNNNN03000320260105    1200002.00AOMAIN|"
    assert system(heard(head)).messages == ()
    assert system(heard(head + "BXYNNNNNNN|")).messages == ("patron status",)
    assert system(heard(head + "BX" + "Y" * 40 + "|")).messages[-1] == "renew all"
