"""The stages of a passage: from symbols to a presented card, and what a face and a factor change in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from worlds.passage_site import FACE, Site
from worlds.trust import ISSUER, KID, LIST, NOW, TRUST, URI

from edge.card.attributes import Attribute
from edge.card.claims import Card, StatusPointer
from edge.decision import Deny, Grant, Reason
from edge.face.engine import FaceEvidence
from edge.passage.face.pad_rule import PadRule
from edge.passage.presented import Presented, TurnedAway
from edge.passage.stages import Stages
from edge.policy.decide import FaceRule
from edge.policy.obligations import Factor, Obligation, Obligations, StaffNotice
from edge.policy.pin import Pin, verifier
from edge.policy.risk.table import RiskPolicy
from edge.ports import Symbol
from edge.request.request import Request
from edge.trust.sealed_template import seal
from edge.trust.site_policy import SitePolicy
from edge.trust.snapshot import TrustSnapshot
from edge.trust.time.phone_clock_offset import ENOUGH, HALF_A_CODE
from edge.trust.time.trust_age import TrustState
from edge.trust.time.trusted_clock import ClockAnomaly, TrustedTime

PIN = Pin(verifier("271828"), verifier("314159"))
MOVES = PadRule(random_below=lambda _: 0)
HOLDER = FaceEvidence(1, similarity=0.9)


def requires(*factors: Factor, **terms: object) -> Obligations:
    asked = tuple(Obligation(factor, Reason.RISK_HIGH) for factor in factors)
    return Obligations(asked, pin=PIN, **terms)  # type: ignore[arg-type]


class Door:
    """The stages of a simulated door, with the parts that a test sets."""

    def __init__(
        self,
        terms: Obligations | None = None,
        *,
        face: FaceRule = FaceRule.REQUIRED,
        risk: RiskPolicy | None = None,
        **parts: object,
    ) -> None:
        self.site = Site(face=face, risk=risk)
        self.site.venue.obligations = terms or Obligations()
        self.stages: Stages = replace(self.site.stages, **parts)  # type: ignore[arg-type]
        self.trust = TRUST
        self.at = TrustedTime(NOW)

    def symbols(self, **card: object) -> list[Symbol]:
        text = self.site.code(**card)
        return [Symbol(text, text.encode(), "sim")]

    def present(self, **card: object) -> Presented | TurnedAway | None:
        return self._present(self.symbols(**card))

    def admit(self, **card: object) -> Presented:
        found = self.present(**card)
        assert isinstance(found, Presented)
        return found

    def refusal(self, **card: object) -> Reason:
        found = self.present(**card)
        assert isinstance(found, TurnedAway)
        return found.deny.reason

    def no_code(self) -> Presented | TurnedAway | None:
        return self._present([])

    def again(self, symbols: list[Symbol], *, judged: bool) -> Card | Deny | None:
        return self.stages.again(symbols, self.trust, self._state(), judged=judged)

    def _present(self, symbols: list[Symbol]) -> Presented | TurnedAway | None:
        return self.stages.present(symbols, self.trust, self._state())

    def _state(self) -> TrustState:
        return self.stages.weigh(self.trust, self.at)


# -- codes -------------------------------------------------------------------------------------------------


def test_a_picture_without_a_code_presents_nothing() -> None:
    door = Door()
    assert door.no_code() is None
    for judged in (False, True):
        assert door.again([], judged=judged) is None


@pytest.mark.parametrize("judged", [False, True])
def test_a_second_card_is_judged_by_the_rules_of_the_door_only_where_that_is_asked(judged: bool) -> None:
    door = Door()
    found = door.again(door.symbols(scope=("tower-2",)), judged=judged)
    assert found == Deny(Reason.DOOR_NOT_PERMITTED) if judged else isinstance(found, Card)
    assert isinstance(door.again(door.symbols(card_id=b"another1"), judged=judged), Card)


# -- phones ------------------------------------------------------------------------------------------------

BEHIND = timedelta(seconds=7)
HEARD: dict[str, tuple[dict[str, object], TrustedTime, bool]] = {
    "a card that is accepted": ({}, TrustedTime(NOW), True),
    "a card that is over by the holder's clock": ({"expires": NOW - timedelta(hours=1)}, TrustedTime(NOW), True),
    "a card that is revoked": ({"status": StatusPointer(URI, 1)}, TrustedTime(NOW), False),
    "a clock that is suspect": ({}, TrustedTime(NOW, ClockAnomaly.BEHIND), False),
}  # fmt: skip


@pytest.mark.parametrize("case", HEARD)
def test_a_phone_is_compared_with_our_clock_if_both_signatures_are_valid_and_the_clock_is_trusted(
    case: str,
) -> None:
    card, at, heard = HEARD[case]
    door = Door()
    door.site.clock.jump(NOW - BEHIND - HALF_A_CODE)  # of the phones
    door.at = at
    for number in range(ENOUGH):
        door.present(card_id=b"card%04d" % number, **card)
    assert door.stages.phone_offset.offset == (BEHIND if heard else None)


def test_a_phone_is_not_compared_again_when_it_shows_the_same_code_again() -> None:
    door = Door()
    door.site.clock.jump(NOW - HALF_A_CODE)
    shown = [door.symbols(card_id=b"card%04d" % number) for number in range(ENOUGH)]
    for symbols in shown:
        door._present(symbols)
    door.at = TrustedTime(NOW + BEHIND)
    for symbols in shown:
        found = door._present(symbols)
        assert isinstance(found, TurnedAway)
        assert found.deny.reason is Reason.CARD_REPLAYED
    assert door.stages.phone_offset.offset == timedelta(0)


# -- the face that a visit needs ---------------------------------------------------------------------------

INSTEAD = requires(Factor.PIN, notices=frozenset({StaffNotice.NO_FACE}))
WRITTEN = {rule: SitePolicy("7", "*", NOW, face=rule) for rule in FaceRule}
NEEDS: dict[str, tuple[Obligations, FaceRule, SitePolicy | None, bool]] = {
    "a door that compares faces": (Obligations(), FaceRule.REQUIRED, None, True),
    "a door that compares none": (Obligations(), FaceRule.NONE, None, False),
    "movements that the venue requires": (requires(Factor.CHALLENGE), FaceRule.NONE, None, True),
    "a PIN in place of a face": (INSTEAD, FaceRule.REQUIRED, None, False),
    "a PIN beside the face": (requires(Factor.PIN), FaceRule.REQUIRED, None, True),
    "no face, and nothing in its place": (replace(INSTEAD, required=()), FaceRule.REQUIRED, None, True),
    "a PIN, where the site's policy requires a face": (INSTEAD, FaceRule.REQUIRED, WRITTEN[FaceRule.REQUIRED], True),
    "a PIN, where the site's policy does not": (INSTEAD, FaceRule.REQUIRED, WRITTEN[FaceRule.IF_BOUND], False),
    "a PIN, where the site's policy leaves it to the door": (
        INSTEAD, FaceRule.REQUIRED, SitePolicy("7", "*", NOW), False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NEEDS)
def test_a_face_is_needed_unless_the_rules_of_site_door_and_venue_leave_it_out(case: str) -> None:
    terms, face, written, needed = NEEDS[case]
    door = Door(terms, face=face)
    door.trust = TrustSnapshot.of([ISSUER], {(KID, URI): LIST}, policy=written)
    found = door.admit()
    assert door.stages.needs_face(found) is needed
    assert (found.reference is not None) is needed


def test_a_door_without_its_models_admits_no_card_that_needs_a_face() -> None:
    assert Door(engine=None).refusal() is Reason.DEVICE_FAULT
    assert Door(engine=None, face=FaceRule.NONE).admit().reference is None


@pytest.mark.parametrize("held", [True, False])
def test_a_sealed_template_is_opened_with_the_box_that_the_site_holds(held: bool) -> None:
    sealed, box = seal(FACE, b"k" * 16)
    door = Door()
    door.trust = replace(TRUST, sealed={sealed.hash: box} if held else {})
    if held:
        assert door.admit(face=sealed).reference is not None
    else:
        assert door.refusal(face=sealed) is Reason.FACE_TEMPLATE


# -- movements ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("own", "asked"), [(0, 1), (1, 1), (3, 3)])
def test_movements_that_the_venue_requires_are_at_least_one_and_never_fewer_than_the_doors_own(
    own: int, asked: int
) -> None:
    rule = replace(MOVES, prompts=own)
    assert Door(requires(Factor.CHALLENGE), pad_rule=rule).admit().pad_rule.prompts == asked
    assert Door(pad_rule=rule).admit().pad_rule.prompts == own


def test_a_door_that_cannot_ask_for_movements_admits_no_card_that_must_make_them() -> None:
    assert Door(requires(Factor.CHALLENGE), pad_rule=PadRule()).refusal() is Reason.DEVICE_FAULT


@pytest.mark.parametrize(("prompts", "given"), [(0, {Factor.PIN}), (1, {Factor.PIN, Factor.CHALLENGE})])
def test_a_face_that_matches_has_given_the_movements_that_it_was_asked_for(
    prompts: int, given: set[Factor]
) -> None:
    door = Door(pad_rule=replace(MOVES, prompts=prompts))
    visit = door.admit().with_given(Factor.PIN, Obligations())
    for _ in range(2):
        visit = door.stages.matched(visit, HOLDER)
        assert visit.given == given
        assert visit.face is HOLDER


NEAR = FaceEvidence(1, similarity=0.42)


@pytest.mark.parametrize(
    ("face", "able", "prompts"),
    [(HOLDER, True, 0), (NEAR, True, 1), (NEAR, False, 0)],
    ids=["far above the threshold", "close to it", "close to it, at a door that cannot ask"],
)
def test_a_similarity_close_to_the_threshold_asks_for_movements(
    face: FaceEvidence, able: bool, prompts: int
) -> None:
    door = Door(risk=RiskPolicy(margin=0.05), pad_rule=MOVES if able else PadRule())
    visit = door.stages.matched(door.admit(), face)
    assert visit.pad_rule.prompts == prompts
    assert visit.lacks_challenge is (face is NEAR)
    assert visit.looks_again is bool(prompts)
    assert isinstance(door.stages.conclude(visit), Deny if face is NEAR else Grant)


# -- disclosed attributes ----------------------------------------------------------------------------------

TOLD = ((Attribute.FAMILY_NAME, "Erin"), (Attribute.BIRTH_DATE, "1990-01-01"))


@pytest.mark.parametrize(
    ("request_", "seen"),
    [(None, TOLD), (Request(site="tower-1", purpose="a visit", needed=(Attribute.FAMILY_NAME,)), TOLD[:1])],
    ids=["no request", "a request for the name"],
)
def test_a_venue_sees_only_the_attributes_that_it_asked_for(
    request_: Request | None, seen: tuple[tuple[Attribute, str], ...]
) -> None:
    door = Door()
    rules = replace(door.stages.visit_rules, request=request_)
    card = replace(door.admit().card, disclosed=TOLD)
    visit = replace(door.stages, visit_rules=rules).visit(card, door._state())
    assert visit.card.disclosed == seen
