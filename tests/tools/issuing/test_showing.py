"""From enrolment to a verified card, through real files and a real picture."""

from __future__ import annotations

from datetime import timedelta

import pytest
from worlds.office import HOLDER, NOW, enrolment, new_issuer

from edge.app.parts.code_readers import open_code_reader
from edge.app.parts.trust_folder import open_files, open_trust
from edge.card.claims import Card
from edge.card.code import one_code
from edge.card.ecard import decode
from edge.decision import Reason
from edge.errors import Refused
from edge.trust.replay import ReplayMemory
from edge.trust.scope import Scope
from edge.trust.verify import VerificationContext, verify
from hw.sim.pictures.phone import phone
from hw.sim.pictures.scene import hold_up
from tools.issuing.wallet import Wallet

GATE = VerificationContext(site="tower-1/lobby")
LATER = NOW + timedelta(minutes=5)


def publish(issuer, folder, now):
    """Publish into a real folder, and load it as trust."""
    for name, data in issuer.publish(now):
        open_files(folder).write(name, data)
    return open_trust(folder)


def seen(*codes: str, dark: bool = False):
    """The symbols that the door's reader finds on phones with these codes."""
    frame = hold_up(*(phone(code, dark=dark) for code in codes), seed=len(codes))
    return open_code_reader().read(frame[..., 1].copy())


def outcome(codes, trust, *, now, gate=GATE, replay=None) -> Reason | None:
    """None for an accepted card, else the reason of its refusal."""
    try:
        card = verify(decode(one_code(seen(*codes))), trust, now=now, context=gate)
        if replay is not None:
            replay.admit(card, now)
    except Refused as refused:
        return refused.reason
    assert isinstance(card, Card)
    return None


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ([], None),
        (["suspend"], Reason.CARD_SUSPENDED),
        (["suspend", "reinstate"], None),
        (["revoke"], Reason.CARD_REVOKED),
        (["suspend", "revoke"], Reason.CARD_REVOKED),
    ],
)
def test_door_reads_the_standing_of_a_card_from_the_next_list(tmp_path, acts, expected):
    issuer = new_issuer()
    issued = issuer.enrol(enrolment(), now=NOW)
    wallet = Wallet(HOLDER, issued.card)
    assert outcome([wallet.code(NOW)], publish(issuer, tmp_path, NOW), now=NOW) is None
    for act in acts:
        getattr(issuer, act)(issued.entries[0].index)
    assert outcome([wallet.code(LATER)], publish(issuer, tmp_path, LATER), now=LATER) is expected


@pytest.mark.parametrize(
    ("enrolled", "shown", "at", "expected"),
    [
        ({}, {}, timedelta(seconds=29), None),
        ({}, {}, timedelta(seconds=31), Reason.CODE_STALE),
        ({}, {}, timedelta(seconds=-11), Reason.CODE_STALE),
        ({"expires": NOW + timedelta(seconds=5)}, {}, timedelta(seconds=6), Reason.CARD_EXPIRED),
        ({"not_before": NOW + timedelta(hours=1)}, {}, timedelta(0), Reason.CARD_NOT_YET_VALID),
        ({}, {"aud": "tower-1/lobby"}, timedelta(0), None),
        ({}, {"aud": "tower-2"}, timedelta(0), Reason.CODE_AUDIENCE),
        ({}, {"cnonce": b"12345678"}, timedelta(0), Reason.CODE_NONCE),
    ],
)
def test_door_refuses_a_code_outside_its_time_and_place(tmp_path, enrolled, shown, at, expected):
    issuer = new_issuer()
    before = NOW - timedelta(hours=1)
    wallet = Wallet(HOLDER, issuer.enrol(enrolment(**enrolled), now=before).card)
    trust = publish(issuer, tmp_path, before)
    assert outcome([wallet.code(NOW, **shown)], trust, now=NOW + at) is expected


def test_code_opens_once_and_the_next_code_opens_again(tmp_path):
    issuer = new_issuer()
    wallet = Wallet(HOLDER, issuer.enrol(enrolment(), now=NOW).card)
    trust, replay = publish(issuer, tmp_path, NOW), ReplayMemory()
    first, second = wallet.code(NOW), wallet.code(NOW + timedelta(seconds=20))
    soon = NOW + timedelta(seconds=21)
    assert outcome([first], trust, now=NOW, replay=replay) is None
    assert outcome([first], trust, now=NOW + timedelta(seconds=3), replay=replay) is Reason.CARD_REPLAYED
    assert outcome([second], trust, now=soon, replay=replay) is None


def test_two_phones_in_view_are_refused(tmp_path):
    issuer = new_issuer()
    wallet = Wallet(HOLDER, issuer.enrol(enrolment(), now=NOW).card)
    codes = [wallet.code(NOW), wallet.code(NOW + timedelta(seconds=1))]
    assert outcome(codes, publish(issuer, tmp_path, NOW), now=NOW) is Reason.CODE_SEVERAL


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"seed": 2}, Reason.ISSUER_UNKNOWN),
        ({"scope": Scope(("desk",), ("*",), ("*",))}, Reason.ISSUER_SCOPE),
        ({"scope": Scope(("door",), ("tower-2",), ("*",))}, Reason.ISSUER_SCOPE),
    ],
)
def test_card_of_an_unknown_issuer_is_refused(tmp_path, other, expected):
    stranger = new_issuer(**other)
    known = stranger if "seed" not in other else new_issuer()
    wallet = Wallet(HOLDER, stranger.enrol(enrolment(), now=NOW).card)
    assert outcome([wallet.code(NOW)], publish(known, tmp_path, NOW), now=NOW) is expected


def test_dark_mode_verifies_like_light_mode(tmp_path):
    issuer = new_issuer()
    wallet = Wallet(HOLDER, issuer.enrol(enrolment(), now=NOW).card)
    trust = publish(issuer, tmp_path, NOW)
    (symbol,) = seen(wallet.code(NOW), dark=True)
    assert verify(decode(one_code([symbol])), trust, now=NOW, context=GATE).issuer == "tower-1"
