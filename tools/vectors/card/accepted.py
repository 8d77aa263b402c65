"""Vectors of steps 3 to 11 of FORMAT.md section 6: issuer, holder, place, time; and the valid vectors."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import cbor2

from edge.card import cose
from edge.trust import folder
from edge.trust import issuer_file as issuerfile
from edge.trust.scope import ANYWHERE, IssuerKey, Scope
from edge.trust.status.status import StatusList
from tools.vectors.card.make import (
    BOTH,
    CARD,
    CARDS,
    DAY,
    DROP,
    GOOD,
    HOLDER,
    NOW,
    REVOKED,
    SITE,
    SUSPENDED,
    URI,
    CardVector,
    code,
    encoded,
    holder,
    issued,
    moment,
    seed,
    showing,
    shown,
    status,
    template,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP_ORDER: Final = 2**252 + 27742317777372353535851937790883648493  # of Ed25519
IDENTITY: Final = b"\x01" + bytes(31)  # the point of order 1
# R = identity, S = 0. For a weak key, a weak check accepts this signature for every message.
ANYTHING: Final = IDENTITY + bytes(32)


def valid_vectors() -> Iterator[CardVector]:
    """Codes that a verifier must accept."""
    document = [7, b"document", 20_700, 600]
    everything = {2: "kR9v1tQ2mXb8sLw0cYd3fg", 5: NOW - 60, -65537: [document], -65539: [SITE], -65540: 3}
    nonce = bytes(range(8))
    asked = code(shown(CARD.but(everything)).but({3: "lobby", 39: nonce}))
    spaces = next(text for i in range(9_999) if "  " in (text := issued({7: i.to_bytes(8)})))
    sealed = issued({169: DROP, -65538: [b"h" * 16, b"k" * 16]})
    for name, comment, text, gate in (
        ("template", "an ordinary card with a template of 64 bytes", code(shown()), {}),
        ("template_small", "a template of 32 bytes", issued(template(data=bytes(32))), {}),
        ("sealed", "a sealed face instead of a template", sealed, {}),
        ("no_face", "no face at all", issued({169: DROP}), {}),
        ("everything", "every optional claim", asked, {"audience": "lobby", "nonce": nonce.hex()}),
        ("audience_is_site", "aud names the site itself", showing({3: SITE}), {}),
        ("spaces_inside", "two spaces in a row, which are two base45 digits", spaces, {}),
        ("last_second", "one second before exp", issued({4: NOW + 1}), {}),
        ("first_second", "now is nbf", issued({5: NOW}), {}),
        ("ahead_of_clock", "10 seconds before nbf, by two clocks", issued({5: NOW + 10}), {}),
        ("window_behind", "30 seconds old", showing({6: NOW - 30}), {}),
        ("window_ahead", "from a phone whose clock is 10 seconds ahead", showing({6: NOW + 10}), {}),
        (
            "window_drift",
            "47 s old, 10 days after a sync",
            showing({6: NOW - 47}),
            {"since-sync-s": "864000"},
        ),
        (
            "window_widest",
            "120 s old, a year after a sync",
            showing({6: NOW - 120}),
            {"since-sync-s": "31536000"},
        ),
        ("index_between", "an index whose neighbours are revoked", issued(status(GOOD)), {}),
        ("index_last", "the last card of the list", issued(status(CARDS - 1)), {}),
        (
            "document_past_day",
            "an expired document: the policy decides",
            issued({-65537: [[1, b"document", 1, 5]]}),
            {},
        ),
        ("scope_elsewhere", "a card for another door: the policy decides", issued({-65539: ["tower-2"]}), {}),
    ):
        yield CardVector(f"valid_{name}", 12, "valid", comment, text, gate=gate)
    behind = NOW - 3_610
    early = code(shown(CARD.but({5: behind, 6: behind})).but({6: behind}))
    yield CardVector(
        "valid_list_ahead", 12, "valid", "a clock 10 seconds behind the list's iat", early, behind
    )


def flipped(data: bytes) -> bytes:
    """The signature with one bit of its first byte changed."""
    return bytes([data[0] ^ 1]) + data[1:]


def unreduced(signature: bytes) -> bytes:
    """A second encoding of a signature: the group order is added to its scalar."""
    return signature[:32] + (int.from_bytes(signature[32:], "little") + GROUP_ORDER).to_bytes(32, "little")


def issuer_vectors() -> Iterator[CardVector]:
    """Steps 3 and 4: the issuer's key must be the one of the key id."""
    unknown_kid = code(shown(CARD.header_but(kid=bytes(8))))
    for name, comment, text in (
        ("issuer_stranger", "an unknown issuer", issued({}, seed("stranger"))),
        ("issuer_kid_unknown", "a valid signature under an unknown key id", unknown_kid),
        ("issuer_other_name", "a known key under another issuer's name", issued({1: "CN-GX"})),
        ("issuer_name_case", "the issuer's name in lower case", issued({1: "cn-gd"})),
    ):
        yield CardVector(name, 3, "issuer.unknown", comment, text)
    header, loose, _, signature = CARD.tag().value
    changed = cbor2.CBORTag(18, [header, loose, encoded(CARD.but({-65540: 3}).payload), signature])
    for name, comment, card in (
        (
            "kid_of_another",
            "signed by one issuer under the key id of another",
            replace(CARD, seed=seed("other")),
        ),
        ("signature_bit", "one bit of the signature", replace(CARD, signature=flipped)),
        ("signature_zero", "a signature of 64 zeros", replace(CARD, signature=lambda _: bytes(64))),
        (
            "signature_anything",
            "a signature that weak checks accept",
            replace(CARD, signature=lambda _: ANYTHING),
        ),
        ("signature_unreduced", "the signature in a second encoding", replace(CARD, signature=unreduced)),
        ("self_signed", "the holder signed the card", replace(CARD, seed=HOLDER)),
        ("context", "signed as COSE_Sign", replace(CARD, context="Signature")),
    ):
        detail = "not signed by the issuer"
        yield CardVector(f"issuer_{name}", 4, "signature.bad", comment, code(shown(card)), detail=detail)
    raised = code(shown().header_but(kcwt=changed))
    yield CardVector("issuer_claims_changed", 4, "signature.bad", "assurance raised after signing", raised)


def holder_vectors() -> Iterator[CardVector]:
    """Step 6: the holder's key signs the card and the time."""
    other_card = encoded(shown(CARD.but({7: b"card0002"})).header)
    weak = replace(shown(CARD.but(holder(x=IDENTITY))), signature=lambda _: ANYTHING)
    zeros = code(shown(CARD.but(holder(x=bytes(32)))))
    no_point = code(shown(CARD.but(holder(x=b"\x02" + bytes(31)))))
    header, loose, now, signature = shown().tag().value
    stale = shown().but({6: NOW - 900}).tag().value
    fresh = cbor2.CBORTag(18, [*stale[:2], now, stale[3]])
    swapped = cbor2.CBORTag(18, [other_card, loose, now, signature])
    assert header != other_card
    for name, comment, text in (
        ("other", "signed with the key of another holder", code(replace(shown(), seed=seed("stranger")))),
        ("signature_bit", "one bit of the signature", code(replace(shown(), signature=flipped))),
        (
            "signature_unreduced",
            "the signature in a second encoding",
            code(replace(shown(), signature=unreduced)),
        ),
        ("low_order", "a key of order 1, for which weak checks accept every signature", code(weak)),
        ("low_order_zero", "a key of all zeros, of order 4", zeros),
        ("not_a_point", "a key that is not a point of the curve", no_point),
        ("time_changed", "the time of an old presentation changed", code(shown(), lambda _: encoded(fresh))),
        ("card_swapped", "another card of the same holder inside", code(shown(), lambda _: encoded(swapped))),
        ("context", "signed as COSE_Sign", code(replace(shown(), context="Signature"))),
    ):
        detail = "not signed by the holder"
        yield CardVector(f"holder_{name}", 6, "signature.bad", comment, text, detail=detail)


def place_vectors() -> Iterator[CardVector]:
    """Steps 5, 7 and 8: the scope of the issuer's key, the clock, and the dates of the card."""
    lobby, desk = issued({1: "LOBBY"}, seed("lobby")), issued({1: "DESK"}, seed("desk"))
    retired, future = issued({1: "OLD"}, seed("retired")), issued({1: "NEW"}, seed("future"))
    in_time = issued({1: "OLD", 6: NOW - 20 * DAY}, seed("retired"))
    for name, comment, text, site in (
        ("site", "a site outside the issuer's scope", issued({}), "tower-2/lobby"),
        ("site_prefix", "a site whose name only begins the same", issued({}), "tower-10"),
        ("site_parent", "the parent of the issuer's site", lobby, "tower-1"),
        ("venue", "an issuer for desks, at a door", desk, SITE),
        ("key_retired", "a card issued after its key expired", retired, SITE),
        ("key_too_early", "a card issued before its key was valid", future, SITE),
    ):
        yield CardVector(f"scope_{name}", 5, "issuer.scope", comment, text, site=site)
    abroad = issued({1: "MACAU"}, seed("abroad"))
    for name, comment, gate in (
        ("jurisdiction", "an issuer for Macau, at a door in Guangdong", {"jurisdiction": "CN-GD"}),
        ("jurisdiction_unsaid", "an issuer for Macau, at a door without a jurisdiction", {}),
    ):
        yield CardVector(f"scope_{name}", 5, "issuer.scope", comment, abroad, gate=gate)
    for name, comment, clock in (
        ("behind", "a clock 11 seconds behind the list's iat", NOW - 3_611),
        ("lost", "a clock with an empty battery, in 1970", 1),
    ):
        yield CardVector(f"clock_{name}", 7, "clock.untrusted", comment, issued({}), clock)
    for name, expect, comment, text in (
        ("key_retired", "issuer.scope", "issued in time, but its key has expired", in_time),
        ("not_yet", "card.not_yet_valid", "11 seconds before nbf", issued({5: NOW + 11})),
        ("iat_ahead", "card.not_yet_valid", "issued in the future", issued({6: NOW + 60})),
        ("expired", "card.expired", "now is exp", issued({4: NOW})),
    ):
        yield CardVector(f"dates_{name}", 8, expect, comment, text)


def status_vectors() -> Iterator[CardVector]:
    """Step 9: the card's status in the issuer's list."""

    def linked(index: int) -> str:
        return issued({-65537: [[7, b"document", 20_700, index]]})

    silent = issued({1: "SILENT"}, seed("silent"))
    for name, expect, comment, text in (
        ("list_missing", "status.unknown", "a missing list", issued(status(GOOD, "https://s.example/2"))),
        ("list_of_another", "status.unknown", "another issuer's list", silent),
        ("past_end", "status.unknown", "an index past the end, in the last byte", issued(status(CARDS))),
        ("far_past_end", "status.unknown", "the largest index", issued(status(2**32 - 1))),
        ("revoked", "card.revoked", "revoked", issued(status(REVOKED))),
        ("suspended", "card.suspended", "suspended", issued(status(SUSPENDED))),
        ("both", "card.revoked", "revoked and suspended", issued(status(BOTH))),
        ("document_revoked", "card.revoked", "a linked document is revoked", linked(REVOKED)),
        ("document_suspended", "card.suspended", "a linked document is suspended", linked(SUSPENDED)),
        (
            "document_past_end",
            "status.unknown",
            "a linked document with an index past the end",
            linked(CARDS),
        ),
    ):
        yield CardVector(f"status_{name}", 9, expect, comment, text)


def moment_vectors() -> Iterator[CardVector]:
    """Steps 10 and 11: the age, the audience and the nonce of the presentation."""
    ten_days, a_year = {"since-sync-s": "864000"}, {"since-sync-s": "31536000"}
    for name, comment, at, gate in (
        ("stale", "31 seconds old", NOW - 31, {}),
        ("screenshot", "an hour old", NOW - 3_600, {}),
        ("future", "11 seconds in the future", NOW + 11, {}),
        ("far_future", "from the year 2099", 4_090_000_000, {}),
        ("stale_with_drift", "48 seconds old, 10 days after a sync", NOW - 48, ten_days),
        ("stale_at_most", "121 seconds old, a year after a sync", NOW - 121, a_year),
    ):
        yield CardVector(f"window_{name}", 10, "code.stale", comment, showing({6: at}), gate=gate)
    for name, comment, audience in (
        ("other", "made for another gate", "tower-2/lobby"),
        ("parent", "made for the whole building, not for this door", "tower-1"),
    ):
        yield CardVector(f"audience_{name}", 11, "code.audience", comment, showing({3: audience}))
    asked = {"nonce": bytes(range(8)).hex()}
    for name, comment, text, gate in (
        ("missing", "no nonce", showing({}), asked),
        ("wrong", "the nonce of an older request", showing({39: bytes(8)}), asked),
        ("longer", "the nonce and one more byte", showing({39: bytes(range(9))}), asked),
        ("unasked", "a nonce at a gate that asked for none", showing({39: bytes(range(8))}), {}),
    ):
        yield CardVector(f"nonce_{name}", 11, "code.nonce", comment, text, gate=gate)


def trust_files() -> dict[str, bytes]:
    """The files of the trust folder that all vectors use."""
    anywhere = Scope((ANYWHERE,), (ANYWHERE,), (ANYWHERE,))
    files = {}
    for label, name, scope, start, end in (
        ("issuer", "CN-GD", Scope(("door", "desk"), ("tower-1",), (ANYWHERE,)), -400, 400),
        ("other", "CN-GX", anywhere, -400, 400),
        ("silent", "SILENT", anywhere, -400, 400),
        ("lobby", "LOBBY", Scope(("door",), (SITE,), (ANYWHERE,)), -400, 400),
        ("desk", "DESK", Scope(("desk",), (ANYWHERE,), (ANYWHERE,)), -400, 400),
        ("abroad", "MACAU", Scope(("door",), (ANYWHERE,), ("MO",)), -400, 400),
        ("retired", "OLD", anywhere, -400, -10),
        ("future", "NEW", anywhere, 0, 400),
    ):
        key = cose.public_key(seed(label))
        start_at, end_at = moment(NOW + start * DAY), moment(NOW + end * DAY)
        issuer = IssuerKey(cose.kid_of(key), name, key, scope, start_at, end_at, moment(NOW - 400 * DAY))
        path, data = issuerfile.issuer_file(issuer)
        files[path] = data
        if label == "issuer":
            path, data = folder.status_file(_status_list(), issuer=issuer, uri=URI, issuer_seed=seed(label))
            files[path] = data
    return files


def _status_list() -> StatusList:
    def bitmap(*indices: int) -> bytes:
        bits = sum(1 << index for index in indices)
        return bits.to_bytes((CARDS + 7) // 8, "little")

    revoked = bitmap(REVOKED, BOTH, GOOD - 1, GOOD + 1)
    return StatusList(CARDS, revoked, bitmap(SUSPENDED, BOTH), moment(NOW - 3_600), moment(NOW + 30 * DAY))
