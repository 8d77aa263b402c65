from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import cbor2
import nacl.bindings
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.trust import DAY, ISSUER, KEY, KID, LIST, NOW, SEED, TRUST, URI

from edge.card import cose
from edge.card.claims import TemplateReference
from edge.errors import InputError, TrustFault
from edge.trust import folder
from edge.trust import issuer_file as issuerfile
from edge.trust.scope import Scope
from edge.trust.sealed_template import seal
from edge.trust.snapshot import TrustSnapshot
from edge.trust.status import signed_file
from edge.trust.status.status import StatusList

KEY_NAME, KEY_DATA = issuerfile.issuer_file(ISSUER)
LIST_NAME, LIST_DATA = folder.status_file(LIST, issuer=ISSUER, uri=URI, issuer_seed=SEED)
REFERENCE, BOX = seal(TemplateReference(101, "mfn1", bytes(64)), b"k" * 16)
BOX_NAME, BOX_DATA = folder.sealed_file(BOX)
FILES = {KEY_NAME: KEY_DATA, LIST_NAME: LIST_DATA, BOX_NAME: BOX_DATA}
OTHER_SEED = b"o" * 32
OTHER_KID = cose.kid_of(cose.public_key(OTHER_SEED))
OTHER_NAME, OTHER_DATA = issuerfile.issuer_file(
    replace(ISSUER, kid=OTHER_KID, public_key=cose.public_key(OTHER_SEED))
)


def test_a_device_loads_the_files_that_an_issuer_publishes():
    trust = folder.load(FILES)
    assert dict(trust.issuers) == {KID: ISSUER}
    assert dict(trust.status_lists) == {(KID, URI): LIST}
    assert dict(trust.sealed) == {REFERENCE.hash: BOX}
    assert trust.floor == TRUST.floor == LIST.issued_at


def test_the_names_match_the_content():
    assert f"issuers/{KID.hex()}.json" == KEY_NAME
    assert LIST_NAME.startswith(f"status/{KID.hex()}-")
    assert f"sealed/{REFERENCE.hash.hex()}.box" == BOX_NAME


def test_a_snapshot_cannot_be_changed():
    trust = folder.load(FILES)
    with pytest.raises(TypeError):
        trust.issuers[b"x"] = ISSUER
    with pytest.raises(TypeError):
        trust.status_lists[b"x", URI] = LIST


def test_other_files_and_hidden_files_are_ignored():
    beside = {
        "readme.txt": b"\xff",
        "models/x.tflite": b"",
        "issuers/.new.json": b"{",
        "status/.DS_Store": b"",
    }
    assert folder.load(FILES | beside) == folder.load(FILES)


def edited(**edits: object) -> bytes:
    content = json.loads(KEY_DATA) | edits
    return json.dumps({key: value for key, value in content.items() if value is not ...}).encode()


def signed(payload: object = None, seed: bytes = SEED, **header: object) -> bytes:
    """A signed list with changed claims or a changed header."""
    good = cbor2.loads(LIST_DATA).value
    protected = {1: -8, 4: KID, 16: "application/ec1-status+cwt"}
    protected |= {{"alg": 1, "kid": 4, "typ": 16}[name]: value for name, value in header.items()}
    return cose.sign(protected, cbor2.loads(good[2]) if payload is None else payload, seed)


def listed(edits: dict[int, object]) -> bytes:
    body = cbor2.loads(cbor2.loads(LIST_DATA).value[2]) | edits
    return signed({key: value for key, value in body.items() if value is not ...})


SMALL = "x" * 8_200
SCOPE = {"venues": ["*"], "sites": ["*"], "jurisdictions": ["*"]}
OLD_SCOPE = {"venues": ["*"], "sites": ["*"]}
BROKEN = {
    "no issuers at all": ({KEY_NAME: None, LIST_NAME: None}, "no issuer keys"),
    "an empty file": ({KEY_NAME: b""}, KEY_NAME),
    "no JSON": ({KEY_NAME: b"\x89PNG\r\n"}, KEY_NAME),
    "JSON that is not UTF-8": ({KEY_NAME: b'{"name": "\xff"}'}, KEY_NAME),
    "a JSON array": ({KEY_NAME: b"[]"}, KEY_NAME),
    "deep JSON": ({KEY_NAME: b"[" * 4_000}, KEY_NAME),
    "an unknown field": ({KEY_NAME: edited(extra=1)}, "extra"),
    "a field that is missing": ({KEY_NAME: edited(scope=...)}, "scope"),
    "a name with a space": ({KEY_NAME: edited(name="CN GD")}, "name"),
    "an empty name": ({KEY_NAME: edited(name="")}, "name"),
    "a key that is too short": ({KEY_NAME: edited(public_key="AAAA")}, "public_key"),
    "a key with padding": ({KEY_NAME: edited(public_key=json.loads(KEY_DATA)["public_key"] + "=")}, "public_key"),
    "a key that is not ASCII": ({KEY_NAME: edited(public_key="\u00e4" * 43)}, "public_key"),
    "a key of zeros, of low order": ({KEY_NAME: edited(public_key="A" * 43)}, "public_key"),
    "a key of order 1": ({KEY_NAME: edited(public_key="AQ" + "A" * 41)}, "public_key"),
    "a key of another name": ({f"issuers/{OTHER_KID.hex()}.json": KEY_DATA}, f"has the id {KID.hex()}"),
    "a scope of nothing": ({KEY_NAME: edited(scope=SCOPE | {"venues": []})}, "scope.venues"),
    "no sites": ({KEY_NAME: edited(scope=SCOPE | {"sites": []})}, "scope.sites"),
    "a site in upper case": ({KEY_NAME: edited(scope=SCOPE | {"sites": ["Tower"]})}, "scope.sites"),
    "no jurisdiction": ({KEY_NAME: edited(scope=SCOPE | {"jurisdictions": []})}, "scope.jurisdictions"),
    "a file from before there were jurisdictions": ({KEY_NAME: edited(scope=OLD_SCOPE)}, "jurisdictions"),
    "a jurisdiction in lower case": ({KEY_NAME: edited(scope=SCOPE | {"jurisdictions": ["mo"]})}, "ISO 3166"),
    "a jurisdiction by its name": ({KEY_NAME: edited(scope=SCOPE | {"jurisdictions": ["Macau"]})}, "ISO 3166"),
    "a jurisdiction and half": ({KEY_NAME: edited(scope=SCOPE | {"jurisdictions": ["CN-"]})}, "ISO 3166"),
    "too many jurisdictions": ({KEY_NAME: edited(scope=SCOPE | {"jurisdictions": ["MO"] * 65})}, "1 to 64"),
    "a time without a zone": ({KEY_NAME: edited(valid_from="2026-01-01T00:00:00")}, "valid_from"),
    "a time that is no time": ({KEY_NAME: edited(valid_from="yesterday")}, "valid_from"),
    "a time of the year 1": ({KEY_NAME: edited(valid_from="0001-01-01T00:00:00+14:00")}, KEY_NAME),
    "a time that would stop the clock": ({KEY_NAME: edited(issued_at="9999-12-31T23:59:59Z")}, "1970 to 2100"),
    "an end before its beginning": ({KEY_NAME: edited(valid_until="2020-01-01T00:00:00Z")}, "valid_until"),
    "a file that is too large": ({KEY_NAME: edited(name=SMALL)}, "at most 8192 are allowed"),
    "a name in upper case": ({f"issuers/{KID.hex().upper()}.json": KEY_DATA}, "not a name"),
    "a backup beside the file": ({f"{KEY_NAME}~": KEY_DATA}, "not a name"),
    "a folder too deep": ({f"issuers/old/{KID.hex()}.json": KEY_DATA}, "not a name"),
    "a list without its issuer": ({KEY_NAME: None, OTHER_NAME: OTHER_DATA}, "of its issuer"),
    "an empty list file": ({LIST_NAME: b""}, LIST_NAME),
    "a truncated list": ({LIST_NAME: LIST_DATA[:-1]}, LIST_NAME),
    "a list with a byte more": ({LIST_NAME: LIST_DATA + b"\0"}, LIST_NAME),
    "a list with one bit changed": ({LIST_NAME: LIST_DATA[:-1] + bytes([LIST_DATA[-1] ^ 1])}, "signature.bad"),
    "a list signed by another key": ({LIST_NAME: signed(seed=OTHER_SEED)}, "signature.bad"),
    "a list under another key id": ({LIST_NAME: signed(kid=OTHER_KID)}, "issuer.unknown"),
    "a list of another type": ({LIST_NAME: signed(typ=293)}, "typ"),
    "a list for a type": ({LIST_NAME: signed(typ=["application/ec1-status+cwt"])}, "typ"),
    "a list without suspended cards": ({LIST_NAME: listed({-65541: [16, bytes(2)]})}, "bits"),
    "a list with a third bitmap": ({LIST_NAME: listed({-65541: [16, *[bytes(2)] * 3]})}, "bits"),
    "a list by another algorithm": ({LIST_NAME: signed(alg=-7)}, "alg"),
    "another issuer's list": ({LIST_NAME: listed({1: "CN-GX"})}, "another issuer's list"),
    "a list of another name": ({LIST_NAME: listed({2: URI + "0"})}, "does not match its URI"),
    "a list with an unknown claim": ({LIST_NAME: listed({9: 1})}, "list: not a map"),
    "a list without an end": ({LIST_NAME: listed({4: ...})}, "list: not a map"),
    "a list that ends before it begins": ({LIST_NAME: listed({4: 1})}, "exp"),
    "a list of no cards": ({LIST_NAME: listed({-65541: [0, b"", b""]})}, "size"),
    "a list of too many cards": ({LIST_NAME: listed({-65541: [10_000_001, b"", b""]})}, "size"),
    "a bitmap that is too short": ({LIST_NAME: listed({-65541: [16, b"\0", b"\0\0"]})}, "revoked"),
    "a bitmap that is too long": ({LIST_NAME: listed({-65541: [16, b"\0\0", b"\0\0\0"]})}, "suspended"),
    "bits past the end": ({LIST_NAME: listed({-65541: [12, b"\0\x10", b"\0\0"]})}, "past the end"),
    "one bitmap only": ({LIST_NAME: listed({-65541: [16, b"\0\0"]})}, "bits"),
    "a box with one bit changed": ({BOX_NAME: BOX_DATA[:-1] + bytes([BOX_DATA[-1] ^ 1])}, "SHA-256"),
    "a box with the wrong ending": ({BOX_NAME.replace(".box", ".bin"): BOX_DATA}, "not a name"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), BROKEN.values(), ids=BROKEN)
def test_a_wrong_folder_is_a_fault_with_a_hint(changes, message):
    files = {name: data for name, data in {**FILES, **changes}.items() if data is not None}
    with pytest.raises(TrustFault) as caught:
        folder.load(files)
    assert message in caught.value.message
    assert caught.value.hint


def test_a_folder_with_too_many_files_is_a_fault():
    with pytest.raises(TrustFault, match="files, at most 65536"):
        folder.load({f"status/{number}": b"" for number in range(folder.MAX_FILES + 1)})


def test_an_oversized_list_is_not_parsed():
    with pytest.raises(TrustFault, match="more bytes"):
        folder.load(FILES | {LIST_NAME: bytes(folder.MAX_FILE_BYTES + 1)})


def test_the_largest_list_fits_into_a_file():
    whole = bytes(signed_file.MAX_CARDS // 8)
    large = replace(LIST, size=signed_file.MAX_CARDS, revoked=whole, suspended=whole)
    name, data = folder.status_file(large, issuer=ISSUER, uri=URI, issuer_seed=SEED)
    assert len(data) <= folder.MAX_FILE_BYTES
    assert folder.load({KEY_NAME: KEY_DATA, name: data}).status_lists[KID, URI] == large


def test_times_in_another_zone_are_the_same_times():
    elsewhere = replace(ISSUER, valid_from=ISSUER.valid_from.astimezone(timezone(timedelta(hours=8))))
    name, data = issuerfile.issuer_file(elsewhere)
    issuer = folder.load({name: data}).issuers[KID]
    assert issuer == ISSUER
    assert issuer.valid_from.tzinfo is UTC


NOT_ISSUERS = {
    "a scope of nothing": {"scope": Scope((), ("*",), ("*",))},
    "a name with a space": {"name": "CN GD"},
    "another key id": {"kid": OTHER_KID},
    "a key of zeros": {"public_key": bytes(32)},
    "an end before its beginning": {"valid_until": NOW - 500 * DAY},
    "a time beyond our clocks": {"issued_at": datetime(2101, 1, 1, tzinfo=UTC)},
}


@pytest.mark.parametrize("changes", NOT_ISSUERS.values(), ids=NOT_ISSUERS)
def test_no_issuer_is_written_that_a_device_would_refuse(changes):
    with pytest.raises(InputError, match="invalid issuer"):
        issuerfile.issuer_file(replace(ISSUER, **changes))


NOT_LISTS = {
    "a bitmap that is too short": (StatusList(16, b"\0", b"\0\0", NOW, NOW + DAY), SEED, URI),
    "no cards": (StatusList(0, b"", b"", NOW, NOW + DAY), SEED, URI),
    "an end at its beginning": (StatusList(8, b"\0", b"\0", NOW, NOW), SEED, URI),
    "the key of another issuer": (LIST, OTHER_SEED, URI),
    "a URI with a space": (LIST, SEED, "https://s.example/1 2"),
}


@pytest.mark.parametrize(("status", "seed", "uri"), NOT_LISTS.values(), ids=NOT_LISTS)
def test_no_list_is_written_that_a_device_would_refuse(status, seed, uri):
    with pytest.raises(InputError, match="invalid status list"):
        folder.status_file(status, issuer=ISSUER, uri=uri, issuer_seed=seed)


def test_an_issuer_key_outside_the_main_subgroup_is_no_key():
    """libsodium verifies with a key of order 8 L, so the trust store has to refuse it."""
    torsion = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")  # of order 8
    for key in (torsion, nacl.bindings.crypto_core_ed25519_add(KEY, torsion), b"\xff" * 32):
        with pytest.raises(InputError, match="invalid issuer"):
            issuerfile.issuer_file(replace(ISSUER, public_key=key, kid=cose.kid_of(key)))


def loaded(files: dict[str, bytes]) -> TrustSnapshot | TrustFault:
    try:
        return folder.load(files)
    except TrustFault as fault:
        return fault


def is_a_fault_with_a_hint(outcome: TrustSnapshot | TrustFault) -> bool:
    return isinstance(outcome, TrustFault) and bool(outcome.hint)


names = st.sampled_from(
    [KEY_NAME, LIST_NAME, BOX_NAME, "status/x", "issuers/", "sealed/x.box", "policy.toml"]
)


@given(st.dictionaries(names | st.text(max_size=30), st.binary(max_size=300), max_size=4))
def test_fuzz_any_files_are_trust_or_a_fault(files):
    outcome = loaded(FILES | files)
    assert is_a_fault_with_a_hint(outcome) or outcome == folder.load(FILES)


@given(st.sampled_from([KEY_NAME, LIST_NAME, BOX_NAME]), st.data())
def test_fuzz_changed_files_are_trust_or_a_fault(name, data):
    content = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    outcome = loaded(FILES | {name: bytes(content)})
    assert is_a_fault_with_a_hint(outcome) or outcome.issuers[KID].public_key == KEY
    if name != KEY_NAME and content != FILES[name]:
        assert isinstance(outcome, TrustFault)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
FIELDS = list(json.loads(KEY_DATA))


@given(st.dictionaries(st.sampled_from(FIELDS), json_values, min_size=1, max_size=3))
def test_fuzz_issuer_fields_of_any_kind_are_trust_or_a_fault(edits):
    outcome = loaded({KEY_NAME: json.dumps(json.loads(KEY_DATA) | edits).encode()})
    assert is_a_fault_with_a_hint(outcome) or outcome.issuers[KID].public_key == KEY
