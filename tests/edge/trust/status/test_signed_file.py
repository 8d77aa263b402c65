"""Manifests and their bitmaps: signed, in a trust folder, mapped from files."""

from __future__ import annotations

import gc
import os
from dataclasses import replace

import cbor2
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from typing_extensions import Buffer
from worlds.trust import DAY, ISSUER, KID, LIST, NOW, SEED, URI, standing, verified

from edge.app.parts.trust_folder import open_trust
from edge.card import cose
from edge.card.claims import StatusPointer
from edge.decision import Reason
from edge.errors import InputError, Refused, StorageFault, TrustFault
from edge.trust import folder as bundle
from edge.trust import issuer_file as issuerfile
from edge.trust.status import signed_file
from edge.trust.status.status import Bitmaps, StatusManifest

KEY_NAME, KEY_DATA = issuerfile.issuer_file(ISSUER)
STEM = bundle.status_stem(KID, URI)
NAME, REVOKED, SUSPENDED = f"{STEM}.cwt", f"{STEM}.revoked", f"{STEM}.suspended"
BITS = Bitmaps(20, b"\x02\x00\x08", b"\x04\x00\x00")  # 1 and 19 revoked, 2 suspended
MANIFEST = StatusManifest.of(BITS, serial=7, issued_at=LIST.issued_at, expires=NOW + 30 * DAY)


def signed(manifest: StatusManifest) -> bytes:
    return signed_file.encode(manifest, issuer=ISSUER.name, uri=URI, issuer_seed=SEED)


DATA = signed(MANIFEST)
FILES = {KEY_NAME: KEY_DATA, NAME: DATA, REVOKED: BITS.revoked, SUSPENDED: BITS.suspended}


@given(
    st.builds(
        StatusManifest,
        st.integers(1, 2**31),
        st.integers(1, 2**32 - 1),
        st.binary(min_size=32, max_size=32),
        st.binary(min_size=32, max_size=32),
        st.just(NOW),
        st.just(NOW + DAY),
    )
)
def test_a_manifest_is_read_back_from_its_file(manifest):
    data = signed(manifest)
    assert len(data) <= signed_file.MAX_MANIFEST_BYTES
    assert signed_file.decode(data, ISSUER) == (URI, manifest)


def test_a_list_beside_its_manifest_is_the_list():
    trust = bundle.load(FILES)
    status = trust.status_lists[KID, URI]
    assert status == MANIFEST.check(BITS)
    assert trust.floor == MANIFEST.issued_at
    revoked = [index for index in range(20) if standing(status, index) is Reason.CARD_REVOKED]
    assert (revoked, standing(status, 2), standing(status, 3)) == ([1, 19], Reason.CARD_SUSPENDED, None)


def test_a_list_ends_at_its_number_of_cards_and_not_of_bits():
    status = bundle.load(FILES).status_lists[KID, URI]
    assert [standing(status, index) for index in (20, 23, 24, 2**32 - 1, -1)] == [Reason.STATUS_UNKNOWN] * 5


def test_a_manifest_verifies_a_card_like_a_list_does():
    trust = bundle.load(FILES)
    assert verified(NOW, trust=trust).list_issued_at == MANIFEST.issued_at
    with pytest.raises(Refused, match=Reason.CARD_REVOKED.value):
        verified(NOW, trust=trust, status=StatusPointer(URI, 19))


def edited(edits: dict[int, object], typ: str = "application/ec1-status-manifest+cwt") -> bytes:
    """A signed manifest with changed claims."""
    body = cbor2.loads(cbor2.loads(DATA).value[2]) | edits
    return cose.sign(
        {1: -8, 4: KID, 16: typ}, {key: value for key, value in body.items() if value is not ...}, SEED
    )


def hashes(*values: object) -> bytes:
    return edited({-65542: list(values)})


H = bytes(32)
RAW_NAME, RAW_DATA = bundle.status_file(LIST, issuer=ISSUER, uri=URI, issuer_seed=SEED)
OTHER = bundle.status_stem(KID, URI + "0")
BROKEN = {
    "no revoked": ({REVOKED: None}, f"{REVOKED}: missing"),
    "no suspended": ({SUSPENDED: None}, f"{SUSPENDED}: missing"),
    "a bitmap that is empty": ({REVOKED: b""}, f"{REVOKED}: 0 bytes, not 3"),
    "a bitmap cut short": ({REVOKED: b"\x02\x00"}, f"{REVOKED}: 2 bytes, not 3"),
    "a bitmap with a byte more": ({SUSPENDED: b"\x04\0\0\0"}, f"{SUSPENDED}: 4 bytes, not 3"),
    "a bitmap with a bit taken out": ({REVOKED: b"\0\0\x08"}, f"{REVOKED}: not the bitmap that the issuer signed"),
    "the two exchanged": ({REVOKED: BITS.suspended, SUSPENDED: BITS.revoked}, "not the bitmap"),
    "bits past the end": ({REVOKED: b"\x02\x00\x18"}, "bits past the end"),
    "no manifest": ({NAME: None}, "without a manifest"),
    "a list that holds its bitmaps, and bitmaps": ({NAME: RAW_DATA}, "without a manifest"),
    "a bitmap of another list": ({f"{OTHER}.revoked": b"\0"}, f"{OTHER}.revoked: a bitmap without a manifest"),
    "a bitmap by another name": ({f"{STEM}.expired": b"\0"}, "not a name"),
    "no issuer": ({KEY_NAME: None}, "of its issuer"),
    "one bit changed": ({NAME: DATA[:-1] + bytes([DATA[-1] ^ 1])}, "signature.bad"),
    "no cards": ({NAME: hashes(0, 1, H, H)}, "size"),
    "more cards than any list": ({NAME: hashes(2**31 + 1, 1, H, H)}, "size"),
    "serial 0": ({NAME: hashes(20, 0, H, H)}, "serial"),
    "a serial of 33 bits": ({NAME: hashes(20, 2**32, H, H)}, "serial"),
    "a short hash": ({NAME: hashes(20, 1, H[1:], H)}, "revoked"),
    "a long hash": ({NAME: hashes(20, 1, H, H + H)}, "suspended"),
    "three hashes": ({NAME: hashes(20, 1, H, H, H)}, "hashes"),
    "one hash": ({NAME: hashes(20, 1, H)}, "hashes"),
    "the claim of a list too": ({NAME: edited({-65541: [8, b"\0", b"\0"]})}, "list: not a map"),
    "the claim of a list instead": ({NAME: edited({-65542: ..., -65541: [8, b"\0", b"\0"]})}, "list: not a map"),
    "the typ of a list": ({NAME: edited({}, typ="application/ec1-status+cwt")}, "list: not a map"),
    "a typ of neither": ({NAME: edited({}, typ="application/ec1-status-manifest")}, "typ"),
    "an end before its beginning": ({NAME: edited({4: 1})}, "exp"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), BROKEN.values(), ids=BROKEN)
def test_a_wrong_manifest_is_a_fault_with_a_hint(changes, message):
    files = {name: data for name, data in (FILES | changes).items() if data is not None}
    with pytest.raises(TrustFault) as caught:
        bundle.load(files)
    assert message in caught.value.message
    assert caught.value.hint


def with_lists(count: int, content: Bitmaps) -> dict[str, Buffer]:
    manifest = StatusManifest.of(content, serial=1, issued_at=MANIFEST.issued_at, expires=MANIFEST.expires)
    files: dict[str, Buffer] = {KEY_NAME: KEY_DATA}
    for number in range(count):
        uri = f"{URI}{number}"
        name, data = bundle.status_file(manifest, issuer=ISSUER, uri=uri, issuer_seed=SEED)
        stem = bundle.status_stem(KID, uri)
        files |= {name: data, f"{stem}.revoked": content.revoked, f"{stem}.suspended": content.suspended}
    return files


def test_the_number_of_large_lists_is_limited_by_the_files_that_a_device_can_map():
    large = Bitmaps.zeroed(bundle.READ_BYTES * 8 + 1)
    assert len(bundle.load(with_lists(bundle.MAX_MAPPED, large)).status_lists) == bundle.MAX_MAPPED
    with pytest.raises(TrustFault, match="129 lists of more than 1048576 cards, at most 128"):
        bundle.load(with_lists(bundle.MAX_MAPPED + 1, large))


def test_lists_whose_bitmaps_are_read_have_no_limit_of_their_own():
    assert len(bundle.load(with_lists(300, BITS)).status_lists) == 300


@pytest.mark.parametrize(
    "changes", [{"size": 0}, {"size": 2**31 + 1}, {"serial": 0}, {"revoked_sha256": b""}]
)
def test_no_manifest_is_written_that_a_device_would_refuse(changes):
    with pytest.raises(InputError, match="invalid status list"):
        bundle.status_file(replace(MANIFEST, **changes), issuer=ISSUER, uri=URI, issuer_seed=SEED)


@pytest.fixture
def folder(tmp_path):
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def test_a_device_keeps_its_mapped_bitmaps_when_new_files_take_their_names(folder):
    trust = open_trust(folder)
    status = trust.status_lists[KID, URI]
    assert type(status.revoked) is memoryview
    for name in (REVOKED, SUSPENDED):
        (folder / "next").write_bytes(b"\xff\xff\x0f")
        (folder / "next").replace(folder / name)
    gc.collect()
    assert status == MANIFEST.check(BITS)
    with pytest.raises(TrustFault, match="not the bitmap that the issuer signed"):
        open_trust(folder)


def test_an_empty_bitmap_file_is_a_fault_and_not_a_crash(folder):
    (folder / REVOKED).write_bytes(b"")
    with pytest.raises(TrustFault, match="0 bytes, not 3"):
        open_trust(folder)


def test_a_bitmap_that_is_a_link_counts_as_missing(folder):
    (folder / REVOKED).rename(folder / "elsewhere")
    (folder / REVOKED).symlink_to(folder / "elsewhere")
    with pytest.raises(TrustFault, match="missing, but its manifest exists"):
        open_trust(folder)


@pytest.mark.parametrize("more", [0, 1])
def test_a_bitmap_of_a_million_cards_is_read_and_a_larger_one_is_mapped(tmp_path, more):
    for name, data in with_lists(3, Bitmaps.zeroed(8 * bundle.READ_BYTES + more)).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  of this process
    trust = open_trust(tmp_path)
    assert len(os.listdir("/proc/self/fd")) - before == 2 * 3 * more  # noqa: PTH208  likewise
    assert len(trust.status_lists) == 3


def test_a_bitmap_larger_than_any_list_is_not_mapped(folder):
    os.truncate(folder / REVOKED, bundle.MAX_BITMAP_BYTES + 1)  # a sparse file: it takes no space on the disk
    with pytest.raises(StorageFault, match="larger than 268435456 bytes"):
        open_trust(folder)


@given(st.sampled_from([NAME, REVOKED, SUSPENDED]), st.binary(max_size=40))
def test_fuzz_any_bytes_in_place_of_a_file_are_a_fault(name, data):
    assume(data != FILES[name])
    with pytest.raises(TrustFault) as caught:
        bundle.load(FILES | {name: data})
    assert caught.value.hint


@given(st.data())
def test_fuzz_a_changed_manifest_is_a_fault(data):
    changed = bytearray(DATA)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(TrustFault):
        bundle.load(FILES | {NAME: bytes(changed)})


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.binary(max_size=40) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.integers(-9, 9), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([1, 2, 4, 6, -65541, -65542]), anything, min_size=1, max_size=3))
def test_fuzz_signed_claims_of_any_kind_are_a_list_or_a_fault(edits):
    try:
        trust = bundle.load(FILES | {NAME: edited(edits)})
    except TrustFault:
        return
    assert trust.status_lists[KID, URI].revoked == BITS.revoked
