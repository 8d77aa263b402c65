"""Entry of patrons: the library system's answer, the rules, the hours, and the rules while it is offline."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.card.birth_date import BirthDate
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
from edge.venues.library.sip2.messages import Dialect, Sip2Message, UnusableField, decode
from edge.venues.library.sip2.replies import (
    Flag,
    Malformed,
    Patron,
    WrongSubject,
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
    "a valid patron": Case(None),
    "a patron who is not valid": Case(Reason.PATRON_UNKNOWN, {"is_valid": False}),
    "a patron without a word about validity": Case(Reason.PATRON_UNKNOWN, {"is_valid": None}),
    "a card reported lost": Case(Reason.PATRON_BLOCKED, {"flags": {Flag.CARD_LOST}}, line="reported lost"),
    "a patron who may not borrow": Case(
        Reason.PATRON_BLOCKED, {"flags": {Flag.CHARGE_DENIED}}, line="may not borrow"
    ),
    "overdue items do not block, and staff see them": Case(
        None, {"flags": {Flag.TOO_MANY_OVERDUE}}, line="overdue"
    ),
    "overdue items block by the rules": Case(
        Reason.PATRON_BLOCKED,
        {"flags": {Flag.TOO_MANY_OVERDUE}},
        LibraryRules(blocks=frozenset({Flag.TOO_MANY_OVERDUE})),
    ),
    "owed: as much as the limit": Case(None, {"owed": Decimal("10.00")}, LibraryRules(fee_limit=Decimal(10))),
    "owed: a cent more": Case(
        Reason.PATRON_BLOCKED,
        {"owed": Decimal("10.01")},
        LibraryRules(fee_limit=Decimal(10)),
        line="owes 10.01",
    ),
    "owed: not known": Case(None, {"owed": None}, LibraryRules(fee_limit=Decimal(0))),
    "the system's text is for staff": Case(None, {"lines": ("Happy birthday",)}, line="Happy birthday"),
    "holds on the shelf": Case(None, {"holds_ready": 2}, line="Holds on the shelf: 2."),
    "without staff, rule none": Case(
        Reason.SCHEDULE_CLOSED, {}, LibraryRules(unstaffed=Unstaffed.NONE), staffed=False
    ),
    "without staff, rule everyone": Case(None, {}, LibraryRules(unstaffed=Unstaffed.EVERYONE), staffed=False),
    "without staff, eighteen today": Case(None, {"born": BirthDate(2008, 3, 1)}, ADULTS, staffed=False),
    "without staff, eighteen tomorrow": Case(
        Reason.SCHEDULE_CLOSED, {"born": BirthDate(2008, 3, 2)}, ADULTS, staffed=False
    ),
    "a patron born on 29 February is eighteen on 1 March": Case(
        None, {"born": BirthDate(2008, 2, 29)}, ADULTS, staffed=False
    ),
    "without staff, age unknown": Case(Reason.SCHEDULE_CLOSED, {}, ADULTS, staffed=False),
    "with staff, age unknown": Case(None, {}, ADULTS),
    "without staff, agreement signed": Case(None, {"kind": "AGREED"}, SIGNED, staffed=False),
    "without staff, agreement not signed": Case(
        Reason.SCHEDULE_CLOSED, {"kind": "STAFF"}, SIGNED, staffed=False
    ),
    "without staff, a child, agreement signed": Case(
        Reason.SCHEDULE_CLOSED, {"kind": "AGREED", "born": BirthDate(2015, 1, 1)}, BOTH, staffed=False
    ),
    "without staff, a year of birth in which the patron turns eighteen": Case(
        Reason.SCHEDULE_CLOSED, {"born": BirthDate(2008)}, ADULTS, staffed=False
    ),
    "without staff, a year of birth that is early enough": Case(
        None, {"born": BirthDate(2007)}, ADULTS, staffed=False
    ),
    "without staff, a date of birth that cannot be read": Case(
        Reason.SCHEDULE_CLOSED, {"unread": {"PB": "cannot be read"}}, ADULTS, staffed=False
    ),
    "with staff, a date of birth that cannot be read": Case(
        None, {"unread": {"PB": "cannot be read"}}, ADULTS
    ),
    "a credit": Case(None, {"owed": Decimal(-5)}, LibraryRules(fee_limit=Decimal(0))),
    "an amount that cannot be read, and no limit": Case(None, {"unread": {"BV": "cannot be read"}}),
    "an amount that cannot be read, and a card reported lost": Case(
        Reason.PATRON_BLOCKED,
        {"unread": {"BV": "cannot be read"}, "flags": {Flag.CARD_LOST}},
        LibraryRules(fee_limit=Decimal(10)),
    ),
    "a flag that cannot be read and blocks nothing": Case(None, {"unread_flags": {Flag.TOO_MANY_LOST}}),
    "a block comes before the hours": Case(
        Reason.PATRON_BLOCKED,
        {"flags": {Flag.CARD_LOST}},
        LibraryRules(unstaffed=Unstaffed.NONE),
        staffed=False,
    ),
}


@pytest.mark.parametrize("case", JUDGED.values(), ids=JUDGED)
def test_the_verdict_on_a_patron(case: Case) -> None:
    said = Patron("P1", **{"is_valid": True, **case.patron})  # type: ignore[arg-type]
    verdict = judge(said, case.rules, staffed=case.staffed, today=TODAY)
    assert verdict.reason == case.expect
    assert case.line in " ".join(verdict.lines)
    assert "P1" not in repr(verdict) + " ".join(verdict.lines)


UNDECIDED = {
    "field BV": ({"unread": {"BV": "cannot be read"}}, LibraryRules(fee_limit=Decimal(10))),
    "place 5 .card-lost.": ({"unread_flags": {Flag.CARD_LOST}}, LibraryRules()),
}


@pytest.mark.parametrize("field_name", UNDECIDED)
def test_a_rule_that_needs_a_value_that_cannot_be_read_names_its_field(field_name: str) -> None:
    said, rules = UNDECIDED[field_name]
    with pytest.raises(UnusableField, match=field_name) as caught:
        judge(Patron("P1", is_valid=True, **said), rules, staffed=True, today=TODAY)  # type: ignore[arg-type]
    assert caught.value.hint


def test_the_rule_for_an_offline_system_names_the_field_that_cannot_be_used() -> None:
    verdict = judge_offline(
        None,
        LibraryRules(offline=Offline.EVERYONE),
        staffed=True,
        today=TODAY,
        unusable="field BV cannot be read",
    )
    assert verdict.reason is None
    assert verdict.lines == (
        "The library system's answer cannot be used (field BV cannot be read). "
        "Admitted by the rule offline = everyone.",
    )


DAY = timedelta(days=1)
MEMBERS = LibraryRules(offline=Offline.MEMBERS, offline_days=30)
OFFLINE = {
    "deny": (LibraryRules(), SeenPatron(TODAY, alone=True), True, Reason.HOST_UNAVAILABLE),
    "members, who came today": (MEMBERS, SeenPatron(TODAY, alone=False), True, None),
    "members, on the last day": (MEMBERS, SeenPatron(TODAY - 30 * DAY, alone=False), True, None),
    "members, a day later": (MEMBERS, SeenPatron(TODAY - 31 * DAY, alone=False), True, Reason.HOST_UNAVAILABLE),
    "members, last seen tomorrow by a wrong clock": (MEMBERS, SeenPatron(TODAY + DAY, alone=False), True, Reason.HOST_UNAVAILABLE),
    "members, who never came": (MEMBERS, None, True, Reason.HOST_UNAVAILABLE),
    "everyone": (LibraryRules(offline=Offline.EVERYONE), None, True, None),
    "everyone, but not without staff": (
        LibraryRules(offline=Offline.EVERYONE, unstaffed=Unstaffed.REGISTERED), None, False, Reason.SCHEDULE_CLOSED,
    ),
    "everyone, also without staff": (
        LibraryRules(offline=Offline.EVERYONE, unstaffed=Unstaffed.EVERYONE), None, False, None,
    ),
    "members who may come without staff": (MEMBERS, SeenPatron(TODAY, alone=True), False, None),
    "members who may not": (MEMBERS, SeenPatron(TODAY, alone=False), False, Reason.SCHEDULE_CLOSED),
    "without staff, last seen too long ago": (
        LibraryRules(offline=Offline.EVERYONE, offline_days=1), SeenPatron(TODAY - 9 * DAY, alone=True), False, Reason.SCHEDULE_CLOSED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OFFLINE.values(), ids=OFFLINE)
def test_the_verdict_while_the_system_is_offline(
    case: tuple[LibraryRules, SeenPatron | None, bool, Reason | None],
) -> None:
    rules, seen, staffed, expect = case
    assert judge_offline(seen, rules, staffed=staffed, today=TODAY).reason == expect


def test_the_stored_permission_for_hours_without_staff_follows_the_rules() -> None:
    adult, child = (
        Patron("P1", True, born=BirthDate(1990, 1, 1)),
        Patron("P2", True, born=BirthDate(2020, 1, 1)),
    )
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
def test_staffed_hours_are_in_the_local_time_of_the_library(moment: str, staffed: bool) -> None:
    assert HOURS.staffed(datetime.fromisoformat(moment + "Z")) is staffed


def test_without_hours_staff_are_always_there() -> None:
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
def test_an_error_quotes_the_wrong_text(entries: list[str], holidays: list[str], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        staffed_hours(entries, holidays, ZoneInfo("UTC"))


HEAD = "64              00120260105    120000000200000000000000000000"
PLAIN = Dialect(checksum=False)


def heard(text: str) -> Sip2Message:
    return decode(text.encode(), PLAIN)


def test_a_patron_has_the_values_of_the_reply() -> None:
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
        BirthDate(1990, 1, 2),
    )
    assert (said.holds_ready, said.lines) == (2, ("hello",))
    assert "Ada" not in repr(said)
    assert "12.50" not in repr(said)


WRONG = {
    "another patron": ("AAP2|BLY|", WrongSubject, "names another patron"),
    "nearly the same number": ("AAP1 |BLY|", WrongSubject, "names another patron"),
    "an unknown validity": ("AAP1|BLX|", UnusableField, "64: field BL is not Y or N"),
    "two validities": ("AAP1|BLY|BLN|", UnusableField, "64: field BL twice"),
    "no patron": ("BLY|", UnusableField, "64: field AA is missing"),
}


@pytest.mark.parametrize(("fields", "error", "why"), WRONG.values(), ids=WRONG)
def test_a_wrong_reply_about_a_patron_is_refused(fields: str, error: type[HostFault], why: str) -> None:
    with pytest.raises(error, match=why):
        patron(heard(HEAD + fields), "P1", birth_field="PB")


UNREAD = {
    "money in words": ("BVten|", "BV"),
    "two amounts": ("BV1.00|BV2.00|", "BV"),
    "a birthday that does not exist": ("PB20260230|", "PB"),
    "a birthday in words": ("PBtoday|", "PB"),
    "a number of a document": ("PB21181091247604|", "PB"),
    "two kinds": ("PCADULT|PCCHILD|", "PC"),
}


@pytest.mark.parametrize(("fields", "name"), UNREAD.values(), ids=UNREAD)
def test_a_value_that_cannot_be_read_is_named_and_left_out(fields: str, name: str) -> None:
    said = patron(heard(HEAD + "AAP1|BLY|" + fields), "P1", kind_field="PC", birth_field="PB")
    assert list(said.unread) == [name]
    assert (said.is_valid, said.owed, said.born, said.kind) == (True, None, None, None)


def test_values_of_other_systems_are_read() -> None:
    reply = heard(HEAD + "AAP1|BLy|BHEUR|BV-5.00|PB2005-11|PC ADULT |AFone\ntwo\x1b[2J|AE\x00|")
    said = patron(reply, "P1", kind_field="PC", birth_field="PB")
    assert (said.is_valid, said.owed, said.born, said.kind) == (
        True,
        Decimal(-5),
        BirthDate(2005, 11),
        "ADULT",
    )
    assert said.lines == ("one two [2J",)
    assert not said.unread


@given(
    st.lists(
        st.tuples(st.sampled_from(["AA", "AE", "BL", "BV", "PB", "PC", "AF", "CC"]), st.text(max_size=12))
    )
)
def test_any_reply_is_a_patron_or_malformed(fields: list[tuple[str, str]]) -> None:
    text = HEAD + "".join(f"{name}{value}|" for name, value in fields)
    try:
        said = patron(decode(text.encode(), PLAIN), "P1", kind_field="PC", birth_field="PB")
    except Malformed:
        return
    assert any(name == "AA" and value.startswith("P1") for name, value in fields)
    assert said.number == "P1"


def test_each_flag_has_its_place() -> None:
    for flag in Flag:
        text = "64" + "".join("Y" if place == flag else " " for place in range(14)) + HEAD[16:] + "AAP1|"
        assert patron(heard(text), "P1").flags == {flag}


@pytest.mark.parametrize("other", ["X", "0", "ß", "\ufb03"])
def test_a_flag_of_another_character_is_unread_and_moves_no_other(other: str) -> None:
    text = "64" + other + "   y" + " " * 9 + HEAD[16:] + "AAP1|"
    said = patron(heard(text), "P1")
    assert (said.flags, said.unread_flags) == ({Flag.CARD_LOST}, {Flag.CHARGE_DENIED})


def test_a_reply_about_another_item_or_patron_is_refused() -> None:
    reply = heard("121NNY20260105    120000AOM|AAP1|ABB1|AJBlue|AH2026-02-02|")
    assert circulated(reply, "B1", "P1").due == "2026-02-02"
    with pytest.raises(WrongSubject):
        circulated(reply, "B2", "P1")
    with pytest.raises(WrongSubject):
        circulated(reply, "B1", "P2")


def test_a_refused_login_is_a_fault() -> None:
    accepted(Sip2Message(Sip2MessageId.LOGIN_REPLY, ("1",)))
    with pytest.raises(HostFault, match="refuses our login"):
        accepted(Sip2Message(Sip2MessageId.LOGIN_REPLY, ("0",)))


def test_a_reply_to_a_login_with_a_third_value_names_its_field() -> None:
    with pytest.raises(UnusableField, match="94: field ok is not 1 or 0"):
        accepted(Sip2Message(Sip2MessageId.LOGIN_REPLY, ("x",)))


@pytest.mark.parametrize("padded", ["3  003", "  3  3", "      ", "n/a???"])
def test_numbers_of_a_system_may_be_padded_or_left_out(padded: str) -> None:
    said = system(heard(f"98YYNNNN{padded}20260105    1200002.0 AOMAIN|"))
    assert (said.online, said.version) == (True, "2.0")
    assert (said.timeout_ds, said.retries) == ((3, 3) if "3" in padded else (None, None))


def test_a_system_that_does_not_say_whether_it_is_online_names_the_field() -> None:
    with pytest.raises(UnusableField, match="98: field online is not Y or N"):
        system(heard("98?YNNNN03000320260105    1200002.00AOMAIN|"))


def test_a_system_with_few_and_one_with_many_messages() -> None:
    head = "98YYNNNN03000320260105    1200002.00AOMAIN|"
    assert system(heard(head)).messages == ()
    assert system(heard(head + "BXYNNNNNNN|")).messages == ("patron status",)
    assert system(heard(head + "BX" + "Y" * 40 + "|")).messages[-1] == "renew all"
