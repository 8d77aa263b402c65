"""Two trusted issuers number their holders alike: no venue takes the holder of one for that of the other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from worlds.trust import DAY, NOW

from edge.card import cose, ecard
from edge.card.claims import Card, Claims, StatusPointer
from edge.card.code import parse_code
from edge.card.encode import sign_card, sign_presentation
from edge.decision import Grant, Reason
from edge.errors import Refused
from edge.keyed_digest import KEY_BYTES
from edge.passage.lane.party import Parties
from edge.passage.requirements.factors import AskDocument, Given, Heard
from edge.policy.risk.history import RecentPast
from edge.ports import Symbol
from edge.trust.scope import ANYWHERE, IssuerKey, Scope
from edge.trust.snapshot import TrustSnapshot
from edge.trust.status.status import StatusList
from edge.trust.verify import VerificationContext, verify
from edge.venues.check.venue import CheckVenue, Purpose
from edge.venues.desk.name_digests import Digests
from edge.venues.door.person import person_name
from edge.venues.library.identity import Roll, Vault

KEY = bytes(KEY_BYTES)
PHONE_A, PHONE_B = b"h" * 32, b"m" * 32
SEEDS = {"university": b"A" * 32, "gym": b"B" * 32}


def _issuer(name: str) -> IssuerKey:
    key = cose.public_key(SEEDS[name])
    scope = Scope((ANYWHERE,), (ANYWHERE,), (ANYWHERE,))
    return IssuerKey(cose.kid_of(key), name, key, scope, NOW - 400 * DAY, NOW + 400 * DAY, NOW - 400 * DAY)


ISSUERS = {name: _issuer(name) for name in SEEDS}
LIST = StatusList(16, b"\0\0", b"\0\0", NOW - timedelta(hours=1), NOW + 30 * DAY)
TRUST = TrustSnapshot.of(
    ISSUERS.values(), {(one.kid, f"https://{one.name}.example/1"): LIST for one in ISSUERS.values()}
)


def shown(issuer: str, phone: bytes, subject: str | None = "u-1001", **changes: object) -> Card:
    """A card of this issuer, shown on this phone and verified at the door."""
    plain: dict[str, object] = {
        "issuer": issuer, "subject": subject, "issued_at": NOW - DAY, "not_before": NOW - DAY,
        "expires": NOW + 30 * DAY, "card_id": issuer.encode()[:8].ljust(8, b"."),
        "holder_key": cose.public_key(phone), "status": StatusPointer(f"https://{issuer}.example/1", 3),
    }  # fmt: skip
    signed = sign_card(Claims(**(plain | changes)), SEEDS[issuer])  # type: ignore[arg-type]
    code = parse_code(sign_presentation(signed, phone, iat=NOW))
    return verify(ecard.decode(code), TRUST, now=NOW, context=VerificationContext(site="place/entrance"))


ALICE, MALLORY = shown("university", PHONE_A), shown("gym", PHONE_B)


def test_a_library_binds_the_patron_to_the_issuer_too() -> None:
    vault = Vault(KEY)
    roll = Roll(vault, {vault.person(ALICE.person): vault.seal("20001")})
    assert roll.patron_of(ALICE) == "20001"
    with pytest.raises(Refused) as refused:
        roll.patron_of(MALLORY)
    assert refused.value.reason is Reason.PATRON_UNKNOWN


def test_a_desk_has_not_registered_the_other_before() -> None:
    digests = Digests(KEY)
    assert digests.person(ALICE.person) != digests.person(MALLORY.person)


def test_a_host_gets_two_pseudonyms() -> None:
    check = CheckVenue(Purpose(name="age"), KEY, None)  # type: ignore[arg-type]
    assert check.pseudonym(ALICE.person) != check.pseudonym(MALLORY.person)


def test_a_card_without_a_subject_is_not_the_holder_whose_subject_reads_as_its_pseudonym() -> None:
    plain = shown("university", PHONE_A, None)
    forged = shown("gym", PHONE_B, plain.pseudonym)
    own = shown("university", PHONE_B, plain.card_id.decode())
    check = CheckVenue(Purpose(name="age"), KEY, None)  # type: ignore[arg-type]
    assert len({check.pseudonym(one.person) for one in (plain, forged, own)}) == 3


def test_a_building_knows_two_people() -> None:
    assert person_name(ALICE.person, KEY) != person_name(MALLORY.person, KEY)


def test_the_other_holder_has_no_new_key() -> None:
    past = RecentPast("place/entrance")
    past.learn(ALICE, Grant(1), NOW)
    assert not past.other_key(MALLORY)
    assert past.other_key(shown("university", PHONE_B))


def test_a_card_of_another_issuer_joins_no_party() -> None:
    scope = ("place", "party/2/k7f3ac")
    parties = Parties()
    parties.began(shown("university", PHONE_A, scope=scope), 0)
    assert parties.objection(shown("gym", PHONE_B, scope=scope), 1) is not None
    assert parties.objection(shown("university", PHONE_B, "u-1002", scope=scope), 1) is None


def test_a_second_document_with_the_id_of_the_first_is_another_card() -> None:
    first = shown("university", PHONE_A, card_id=b"card0001")
    second = shown("gym", PHONE_A, card_id=b"card0001")
    answer = AskDocument(first, lambda *_: second, None, NOW).hear(
        Heard(0, symbols=(Symbol("", b"", "test", ((0, 0),) * 4),))
    )
    assert isinstance(answer, Given)
