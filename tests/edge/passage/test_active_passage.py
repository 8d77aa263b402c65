"""One verified card at one door: its texts, its factors, its record, and the wiping of its data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from worlds.passage_site import PIXELS, Site
from worlds.trust import NOW, TRUST

from edge.decision import Deny, Reason
from edge.face.challenge import Phase
from edge.face.engine import FaceEvidence
from edge.face.fusion import Fusion
from edge.face.pad.colour_challenge import LampColour
from edge.face.quality import Coaching
from edge.passage import machine as m
from edge.passage.active_passage import ActivePassage
from edge.passage.events import ChallengeWanted, FaceWanted, Granted
from edge.passage.face.pad_rule import PadRule
from edge.passage.presented import Presented
from edge.passage.requirements.factors import Heard
from edge.policy.obligations import Factor, Obligation, Obligations, StaffNotice
from edge.policy.pin import Pin, verifier
from edge.policy.risk.table import RiskPolicy
from edge.ports import Pixels, Symbol
from edge.screen_text import ScreenText, ScreenTextKind
from edge.trust.time.trust_age import TrustState
from edge.trust.time.trusted_clock import TrustedTime

PIN = Pin(verifier("271828"), verifier("314159"))
HOLDER = FaceEvidence(1, similarity=0.9)
AHEAD = np.eye(64, dtype=np.float32)[0]


class Visit:
    """An active passage with the stages of a simulated door, whose camera sees `sees`."""

    def __init__(
        self,
        *factors: Factor,
        pad_rule: PadRule | None = None,
        risk: RiskPolicy | None = None,
        hosts: tuple[str, ...] = (),
        **terms: object,
    ) -> None:
        """`hosts`: the text of the host for staff; `terms`: more obligations of the venue."""
        self.site = Site(risk=risk)
        self.site.engine.look = self._look  # type: ignore[method-assign]
        self.sees = HOLDER
        self.bursts: list[Fusion] = []
        self.tick_ms = 5_000
        rules = replace(self.site.stages.visit_rules, lines=lambda: hosts)
        self.stages = replace(self.site.stages, pad_rule=pad_rule or PadRule(), visit_rules=rules)
        self.record = self.site.verifier._point.recorder.builder
        self.state = self.stages.weigh(TRUST, TrustedTime(NOW))
        asked = tuple(Obligation(factor, Reason.RISK_HIGH) for factor in factors)
        self.site.venue.obligations = Obligations(asked, pin=PIN, **terms)  # type: ignore[arg-type]
        self.passage = self._passage()

    def _passage(self) -> ActivePassage:
        self.record.begin(self.state, self.tick_ms)
        text = self.site.code()
        found = self.stages.present([Symbol(text, text.encode(), "sim")], TRUST, self.state)
        assert isinstance(found, Presented)
        self.record.card(found.card)
        return ActivePassage(self.stages, found, self.record, self._ground)

    def _ground(self) -> tuple[object, TrustState]:
        return TRUST, self.state

    def _look(self, _: Pixels, burst: Fusion) -> FaceEvidence:
        burst.add(AHEAD, 1.0)
        if burst not in self.bursts:
            self.bursts.append(burst)
        return self.sees

    def look(self) -> m.PassageEvent | None:
        self.tick_ms += 200
        return self.passage.look(PIXELS, self.tick_ms)[1]

    def type(self, keys: str) -> m.PassageEvent | None:
        self.tick_ms += 200
        return self.passage.hear(Heard(self.tick_ms, keys=keys))

    @property
    def noted(self) -> Obligations:
        assert self.record.obligations is not None
        return self.record.obligations


def moves(prompts: int) -> PadRule:
    return PadRule(prompts=prompts, random_below=lambda _: 0)


def test_a_holder_is_challenged_once_the_face_matches_at_a_door_that_asks_for_movements() -> None:
    for prompts in (0, 1):
        visit = Visit(pad_rule=moves(prompts))
        assert not visit.passage.challenged
        assert visit.passage.begin() == FaceWanted()
        assert not visit.passage.challenged
        assert isinstance(visit.look(), ChallengeWanted if prompts else Granted)
        assert visit.passage.challenged is bool(prompts)


def test_the_text_is_that_of_the_capture_then_that_of_the_factor_then_none() -> None:
    visit = Visit(Factor.PIN)
    assert visit.passage.prompt is None
    visit.passage.begin()
    visit.sees = FaceEvidence(1, reason=Reason.FACE_QUALITY, coaching=Coaching.COME_CLOSER)
    assert visit.look() is None
    assert visit.passage.prompt == Coaching.COME_CLOSER
    visit.sees = HOLDER
    assert isinstance(visit.look(), m.FactorWanted)
    assert visit.passage.prompt == "type your PIN"
    visit.passage.wipe()
    assert visit.passage.prompt is None


def test_the_light_has_a_colour_only_while_the_face_must_answer_to_it() -> None:
    visit = Visit(pad_rule=PadRule(flash=True, random_below=lambda _: 0))
    assert visit.passage.colour is None
    visit.passage.begin()
    assert visit.passage.colour is None
    assert visit.look() is None
    assert visit.passage.colour is next(iter(LampColour))
    assert visit.passage.prompt == Phase.LOOK


def test_embeddings_and_reference_are_overwritten_at_the_end() -> None:
    visit = Visit(Factor.PIN)
    visit.passage.begin()
    visit.look()
    assert repr(visit.bursts) == "[Fusion(frames=1)]"
    visit.passage.wipe()
    assert repr(visit.bursts) == "[Fusion(frames=0)]"
    assert all(reference.wiped for reference in visit.site.engine.references)


def test_a_second_capture_of_a_passage_begins_without_the_embeddings_of_the_first() -> None:
    """A similarity close to the threshold is a risk signal, for which the table asks for movements."""
    visit = Visit(pad_rule=moves(0), risk=RiskPolicy(margin=0.05))
    visit.sees = FaceEvidence(1, similarity=0.42)
    visit.passage.begin()
    assert visit.look() is None
    assert [item.factor for item in visit.noted.required] == [Factor.CHALLENGE]
    assert repr(visit.bursts) == "[Fusion(frames=0)]"
    assert isinstance(visit.look(), ChallengeWanted)
    assert repr(visit.bursts) == "[Fusion(frames=0), Fusion(frames=1)]"


def test_the_screen_rests_before_the_next_factor_is_asked_for() -> None:
    visit = Visit(Factor.NONCE, Factor.PIN)
    visit.passage.begin()
    visit.look()
    assert visit.site.board.text is not None
    visit.site.clock.advance(1_000)
    visit.state = visit.stages.weigh(TRUST, TrustedTime(visit.site.clock.now()))
    visit.site.answer()
    [answer] = visit.site.reader.in_view
    told = visit.passage.hear(Heard(visit.tick_ms, [Symbol(answer, answer.encode(), "sim")]))
    assert isinstance(told, m.FactorWanted)
    assert visit.site.board.text is None


MANY = frozenset({StaffNotice.WRONG_PINS})


@pytest.mark.parametrize("before", [frozenset(), MANY], ids=["new", "noted before"])
@pytest.mark.parametrize("end", ["out of time", "a wrong entry"])
def test_the_record_tells_staff_of_many_wrong_pins_whatever_ends_the_passage(
    end: str, before: frozenset[StaffNotice]
) -> None:
    visit = Visit(Factor.PIN, notices=before)
    for _ in range(2):
        visit.stages.visit_rules.pin_tries.enter(PIN, visit.tick_ms)
    visit.passage.begin()
    visit.look()
    assert visit.noted.notices == before
    if end == "out of time":
        visit.stages.visit_rules.pin_tries.enter(PIN, visit.tick_ms)
        assert visit.passage.give_up() == m.Denied(Deny(Reason.FACTOR_ABSENT))
    else:
        assert visit.type("000000#") == m.Denied(Deny(Reason.FACTOR_WRONG))
    assert visit.noted.notices == MANY


@pytest.mark.parametrize(
    ("hosts", "shown"), [((), ["locker 7"]), (("owes 3 books",), ["owes 3 books"])], ids=["silent", "speaks"]
)
def test_staff_see_the_text_of_the_host_or_else_that_of_the_venue(
    hosts: tuple[str, ...], shown: list[str]
) -> None:
    visit = Visit(Factor.HOST, hosts=hosts, lines=(ScreenText(ScreenTextKind.STAFF, "locker 7"),))
    visit.passage.begin()
    visit.look()
    visit.site.venue.says = Reason.PATRON_BLOCKED
    assert visit.passage.hear(Heard(visit.tick_ms)) == m.Denied(Deny(Reason.PATRON_BLOCKED))
    assert [line.words for line in visit.noted.lines] == shown
