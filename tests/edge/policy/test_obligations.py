"""The obligations of several parts of a venue together."""

from __future__ import annotations

from worlds.trust import NOW, verified_card

from edge.decision import Reason
from edge.policy.obligations import Factor, Obligation, Obligations, OpenVenue, StaffNotice, Visit, merge
from edge.policy.pin import Pin

ANN, BOB = Pin(b"a"), Pin(b"b")
VISIT = Visit(verified_card("anna"), "tower-1", NOW)


def asked(*factors: Factor, reason: Reason = Reason.FACTOR_WRONG) -> Obligations:
    return Obligations(required=tuple(Obligation(factor, reason) for factor in factors))


def test_each_factor_is_asked_for_once_the_lightest_first_for_its_first_reason() -> None:
    both = merge([asked(Factor.STAFF, Factor.PIN), asked(Factor.PIN, Factor.NONCE, reason=Reason.RISK_HOUR)])
    assert both.required == (
        Obligation(Factor.NONCE, Reason.RISK_HOUR),
        Obligation(Factor.PIN, Reason.FACTOR_WRONG),
        Obligation(Factor.STAFF, Reason.FACTOR_WRONG),
    )


def test_the_longest_release_the_first_pin_and_all_notices_count() -> None:
    parts = [
        Obligations(release_ms=4_000, notices=frozenset({StaffNotice.DURESS})),
        Obligations(release_ms=9_000, pin=ANN),
        Obligations(pin=BOB, notices=frozenset({StaffNotice.PASSBACK})),
    ]
    both = merge(parts)
    assert (both.release_ms, both.pin) == (9_000, ANN)
    assert both.notices == {StaffNotice.DURESS, StaffNotice.PASSBACK}


def test_no_parts_ask_for_nothing() -> None:
    assert merge([]) == OpenVenue().evaluate(VISIT) == Obligations()


def test_the_repr_of_a_visit_shows_no_card() -> None:
    assert "anna" not in repr(VISIT)
    assert VISIT.card.pseudonym not in repr(VISIT)
