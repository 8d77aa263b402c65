"""Syncs of one device with one authority: changed and unchanged files on the disk, and refused updates."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from worlds.publishing import DAY, NOW, SITE, Authority, Gate

from edge.app.parts.trust_folder import open_trust
from edge.card import cbor
from edge.card.claims import TemplateReference
from edge.errors import FetchError, NoSpace, Refused, SyncError, TrustFault, UpdateRejected
from edge.sync import download, names
from edge.sync.generation import KEPT, read_generation
from edge.trust.sealed_template import seal
from edge.trust.snapshot import TrustSnapshot
from hw.sim.source import SimSource, SourceFault, SourceFaultKind
from tools.issuing.issuer import Issuer

POLICY = b'version = "7"\nissued_at = 2026-03-01T00:00:00Z\nsite = "%s"\n'


@pytest.fixture
def authority() -> Authority:
    authority = Authority()
    authority.publish_lists()
    return authority


@pytest.fixture
def gate(tmp_path: Path, authority: Authority) -> Gate:
    return Gate(tmp_path, authority.root)


def revoked(gate: Gate, issuer: Issuer) -> int:
    """The number of revoked cards in the device's list."""
    status = gate.trust.status_lists[issuer.kid, issuer.uri]
    count = 0
    for index in range(status.size):
        try:
            status.check(index)
        except Refused:
            count += 1
    return count


def listing(folder: Path) -> dict[str, str]:
    """Every file below a folder, and its content."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


def sealed_box(number: int) -> bytes:
    template = TemplateReference(100, "mfn1", bytes([number]) * 64)
    return seal(template, number.to_bytes(16, "big"))[1]


# -- changes ----------------------------------------------------------------------------------------------


def test_a_first_sync_builds_the_trust(gate: Gate, authority: Authority) -> None:
    report = gate.sync(authority.files)
    assert report.changed
    assert [key.kid for key in report.keys_added] == [authority.issuer.kid]
    assert [change.uri for change in report.lists] == [authority.issuer.uri]
    assert gate.in_force == "1"
    assert set(gate.trust.issuers) == {authority.issuer.kid}
    assert gate.trust.published_at == NOW
    assert gate.trust.synced_at == NOW


def test_a_second_sync_without_changes_writes_its_time(gate: Gate, authority: Authority) -> None:
    gate.sync(authority.files)
    source = SimSource(authority.files)
    report = gate.sync(source, now=NOW + timedelta(minutes=15))
    assert not report.changed
    assert report.fetched == 0
    assert [name for name, _ in source.asked] == ["metadata/2.root.json", "metadata/timestamp.json"]
    assert gate.in_force == "1"
    generation = read_generation(gate.folder / "trust")
    assert generation is not None
    assert (generation.synced_at, generation.network_at) == (NOW + timedelta(minutes=15), NOW)


def test_a_revoked_card_is_revoked_at_the_door(gate: Gate, authority: Authority) -> None:
    gate.sync(authority.files)
    assert revoked(gate, authority.issuer) == 0
    authority.later().revoke_one()
    authority.publish_lists()
    report = gate.sync(authority.files, now=authority.now)
    assert [change.uri for change in report.lists] == [authority.issuer.uri]
    assert not report.keys_added
    assert revoked(gate, authority.issuer) == 1


def test_a_removed_key_is_removed_with_its_lists(gate: Gate, authority: Authority) -> None:
    other = Authority(seed=9).issuer
    key = dict(other.publish(NOW))[f"issuers/{other.kid.hex()}.json"]
    authority.publish({names.issuer(other.kid): key})
    gate.sync(authority.files)
    assert len(gate.trust.issuers) == 2
    authority.later().publish({names.issuer(authority.issuer.kid): None})  # its list stays in the repository
    report = gate.sync(authority.files, now=authority.now)
    assert report.keys_removed == (authority.issuer.kid.hex(),)
    assert report.lists_removed == (authority.list_name.signed,)
    assert set(gate.trust.issuers) == {other.kid}
    assert not gate.trust.status_lists


def test_a_nearer_policy_replaces_another_one(gate: Gate, authority: Authority) -> None:
    authority.publish({"policy/default.toml": POLICY % b"*"})
    assert gate.sync(authority.files).policy == "7"
    authority.publish({"policy/tower-1_lobby.toml": (POLICY % b"tower-1/lobby").replace(b"7", b"8", 1)})
    assert gate.sync(authority.files).policy == "8"
    authority.publish({"policy/tower-1_lobby.toml": None, "policy/default.toml": None})
    assert gate.sync(authority.files).policy == "none"
    assert gate.trust.policy is None


def test_a_policy_of_another_site_is_refused(gate: Gate, authority: Authority) -> None:
    gate.sync(authority.files)
    authority.publish({"policy/default.toml": POLICY % b"tower-9"})
    with pytest.raises(UpdateRejected, match="tower-9"):
        gate.sync(authority.files)
    assert gate.trust.policy is None


def test_sealed_templates_are_added_and_removed_with_their_packs(gate: Gate, authority: Authority) -> None:
    boxes = [sealed_box(number) for number in range(4)]
    name, elsewhere = names.boxes(SITE, authority.issuer.kid), names.boxes("tower-9", authority.issuer.kid)
    authority.publish({name: cbor.encode(boxes[:3]), elsewhere: cbor.encode(boxes)})
    assert gate.sync(authority.files).sealed == (name,)
    assert set(gate.trust.sealed.values()) == set(boxes[:3])
    authority.later().publish({name: cbor.encode(boxes[2:])})
    gate.sync(authority.files, now=authority.now)
    assert set(gate.trust.sealed.values()) == set(boxes[2:])
    authority.later().publish()
    source = SimSource(authority.files)
    gate.sync(source, now=authority.now)
    assert set(gate.trust.sealed.values()) == set(boxes[2:])
    assert not any("sealed" in asked for asked, _ in source.asked)
    authority.later().publish({name: None})
    gate.sync(authority.files, now=authority.now)
    assert not gate.trust.sealed


@pytest.mark.parametrize("pack", [b"", b"\x01", b"\x81\x01", b"\xff", b"\x81\x59\x02\x01" + bytes(513)])
def test_a_malformed_pack_is_refused(gate: Gate, authority: Authority, pack: bytes) -> None:
    authority.publish({names.boxes(SITE, authority.issuer.kid): pack})
    with pytest.raises(SyncError):
        gate.sync(authority.files)
    assert not (gate.folder / "trust").exists()


def test_unchanged_files_are_hard_links(gate: Gate, authority: Authority) -> None:
    gate.sync(authority.files)
    authority.later().publish()
    gate.sync(authority.files, now=authority.now)
    key = f"issuers/{authority.issuer.kid.hex()}.json"
    one, two = (gate.folder / "trust.d" / number / key for number in "12")
    assert one.stat().st_ino == two.stat().st_ino


def test_one_generation_before_is_kept(gate: Gate, authority: Authority) -> None:
    for _ in range(4):
        gate.sync(authority.files, now=authority.now)
        authority.later().publish()
    assert gate.generations() == ["3", "4"]
    assert gate.in_force == "4"


# -- large lists: manifests, deltas, full lists ------------------------------------------------------------------


@pytest.fixture
def large() -> Authority:
    """An issuer with 200,000 cards, whose full list is far larger than the delta of a day."""
    authority = Authority(capacity=200_000)
    authority.manifest = True
    authority.revoke_many(4_000)
    authority.publish_lists()
    return authority


def next_day(authority: Authority, cards: int = 5) -> None:
    authority.later()
    for _ in range(cards):
        authority.revoke_one()
    authority.publish_lists()


def kinds(source: SimSource) -> list[str]:
    return [name.rpartition(".")[2] for name, _ in source.asked if name.endswith((".full", ".delta"))]


def bits(gate: Gate, authority: Authority) -> bytes:
    status = gate.trust.status_lists[authority.issuer.kid, authority.issuer.uri]
    return bytes(status.revoked)


def test_one_day_takes_one_delta(tmp_path: Path, large: Authority) -> None:
    gate = Gate(tmp_path, large.root)
    first = SimSource(large.files)
    gate.sync(first)
    assert kinds(first) == ["full"]
    before = bits(gate, large)
    next_day(large)
    source = SimSource(large.files)
    report = gate.sync(source, now=large.now)
    assert kinds(source) == ["delta"]
    assert report.lists[0].serial == 3
    assert report.fetched < 2_500
    assert sum(byte.bit_count() for byte in bits(gate, large)) == 4_005
    old = gate.folder / "trust.d" / "1" / f"status/{large.list_name.stem.rpartition('/')[2]}.revoked"
    assert old.read_bytes() == before  # the generation before is unchanged


def test_several_days_take_the_cheapest_chain_of_deltas(tmp_path: Path, large: Authority) -> None:
    gate = Gate(tmp_path, large.root)
    gate.sync(large.files)
    for _ in range(10):
        next_day(large)
    source = SimSource(large.files)
    gate.sync(source, now=large.now)
    assert kinds(source)
    assert set(kinds(source)) == {"delta"}
    assert sum(byte.bit_count() for byte in bits(gate, large)) == 4_050


def test_an_unchanged_list_that_is_signed_again_takes_its_manifest_only(
    tmp_path: Path, large: Authority
) -> None:
    gate = Gate(tmp_path, large.root)
    gate.sync(large.files)
    large.later().publish_lists()
    source = SimSource(large.files)
    gate.sync(source, now=large.now)
    assert kinds(source) == []
    assert gate.trust.status_lists[large.issuer.kid, large.issuer.uri].issued_at == large.now


def spoil(gate: Gate, large: Authority, kind: str) -> Path:
    file = gate.folder / "trust" / f"status/{large.list_name.stem.rpartition('/')[2]}.{kind}"
    data = bytearray(file.read_bytes())
    data[1_000] ^= 1
    file.write_bytes(data)
    return file


@pytest.mark.parametrize("kind", ["revoked", "suspended"])
def test_a_damaged_base_is_replaced_by_the_full_list(tmp_path: Path, large: Authority, kind: str) -> None:
    gate = Gate(tmp_path, large.root)
    gate.sync(large.files)
    spoil(gate, large, kind)
    next_day(large)
    source = SimSource(large.files)
    gate.sync(source, now=large.now)
    assert kinds(source) == ["delta", "full"]
    assert sum(byte.bit_count() for byte in bits(gate, large)) == 4_005


@pytest.mark.parametrize("kind", ["revoked", "suspended"])
def test_a_lost_base_is_replaced_by_the_full_list(tmp_path: Path, large: Authority, kind: str) -> None:
    gate = Gate(tmp_path, large.root)
    gate.sync(large.files)
    (gate.folder / "trust" / f"status/{large.list_name.stem.rpartition('/')[2]}.{kind}").unlink()
    large.later().publish_lists()  # one edition, signed again
    source = SimSource(large.files)
    gate.sync(source, now=large.now)
    assert kinds(source) == ["full"]


def test_a_list_that_grows_takes_the_full_list(tmp_path: Path) -> None:
    small = Authority(capacity=1_000)
    small.manifest = True
    small.publish_lists()
    gate = Gate(tmp_path, small.root)
    gate.sync(small.files)
    small.issuer.register.capacity = 5_000  # type: ignore[misc]
    next_day(small)
    source = SimSource(small.files)
    gate.sync(source, now=small.now)
    assert kinds(source) == ["full"]
    assert gate.trust.status_lists[small.issuer.kid, small.issuer.uri].size == 5_000


# -- models ------------------------------------------------------------------------------------------------------


def test_models_that_do_not_fit_wait_and_do_not_delay_the_lists(tmp_path: Path, authority: Authority) -> None:
    authority.publish({"models/manifest.toml": b"m" * 500, "models/big.tflite": b"b" * 5_000})
    gate = Gate(tmp_path, authority.root, models=True, max_bytes=3_000)
    report = gate.sync(authority.files)
    assert report.left_out == ("models/big.tflite",)
    assert (gate.folder / "trust" / "models" / "manifest.toml").read_bytes() == b"m" * 500
    again = gate.sync(authority.files)
    assert not again.changed
    assert again.left_out == ("models/big.tflite",)
    roomy = Gate(tmp_path, authority.root, models=True)
    assert roomy.sync(authority.files).models == ("models/big.tflite",)
    assert (gate.folder / "trust" / "models" / "big.tflite").stat().st_size == 5_000


def test_an_update_that_is_larger_than_allowed_is_refused(tmp_path: Path, authority: Authority) -> None:
    gate = Gate(tmp_path, authority.root, max_bytes=500)
    with pytest.raises(FetchError, match=r"but only \d+ may be fetched") as caught:
        gate.sync(authority.files)
    assert "max_mb" in caught.value.hint


# -- rollbacks ---------------------------------------------------------------------------


def test_lost_metadata_allows_no_rollback(gate: Gate, authority: Authority) -> None:
    old = authority.copy()
    authority.later().publish()
    gate.sync(authority.files)
    for file in (gate.folder / "state" / "tuf").glob("*.json"):
        file.unlink()
    with pytest.raises(UpdateRejected, match="rollback: timestamp"):
        gate.sync(old)


def test_a_new_repository_with_an_older_time_is_refused(gate: Gate, authority: Authority) -> None:
    authority.later().publish()
    gate.sync(authority.files, now=authority.now)
    again = Authority(seed=2, now=NOW)
    for _ in range(9):  # its versions are higher, so that only the time reveals it
        again.later(timedelta(minutes=1)).publish()
    elsewhere = Gate(gate.folder, again.root)
    with pytest.raises(UpdateRejected, match="rollback: published"):
        elsewhere.sync(again.files)
    assert gate.trust.published_at == authority.now


def test_an_older_list_of_the_issuer_is_refused_from_any_publication(
    gate: Gate, authority: Authority
) -> None:
    old = authority.repository.read(authority.list_name.signed)
    authority.later().publish_lists()
    gate.sync(authority.files, now=authority.now)
    authority.publish({authority.list_name.signed: old})
    with pytest.raises(UpdateRejected, match=r"rollback: .* was signed before"):
        gate.sync(authority.files, now=authority.now)


def test_metadata_expires_by_signed_time_too(gate: Gate, authority: Authority) -> None:
    """The clock of the device says 1970, but its metadata has expired by a signed time."""
    clock = datetime(1970, 1, 1, tzinfo=UTC)
    frozen = authority.copy()
    gate.sync(frozen, now=clock)
    with pytest.raises(UpdateRejected, match="expired"):
        gate.sync(frozen, now=clock, floor=NOW + 60 * DAY)
    assert not gate.sync(frozen, now=clock, floor=NOW).changed


def test_trust_that_cannot_be_loaded_is_not_linked(tmp_path: Path, authority: Authority) -> None:
    def load(folder: Path) -> TrustSnapshot:
        raise TrustFault("no", hint="h")

    gate = Gate(tmp_path, authority.root)
    gate.sync(authority.files)
    authority.later().publish()
    picky = Gate(tmp_path, authority.root, load=load)
    with pytest.raises(UpdateRejected, match="cannot be loaded: no"):
        picky.sync(authority.files, now=authority.now)
    assert gate.in_force == "1"
    assert gate.generations() == ["1"]


LISTS = {"garbage": b"\x00", "empty": b"", "too large": bytes(3_000_000)}


@pytest.mark.parametrize("what", LISTS)
def test_a_list_that_its_issuer_did_not_sign_is_refused(gate: Gate, authority: Authority, what: str) -> None:
    gate.sync(authority.files)
    before = listing(gate.folder / "trust.d")
    authority.publish({authority.list_name.signed: LISTS[what]})
    with pytest.raises(UpdateRejected):
        gate.sync(authority.files)
    assert listing(gate.folder / "trust.d") == before


def test_a_key_under_another_name_is_refused(gate: Gate, authority: Authority) -> None:
    key = authority.repository.read(names.issuer(authority.issuer.kid))
    authority.publish({names.issuer(b"\x07" * 8): key})
    with pytest.raises(UpdateRejected, match="the key in it has the id"):
        gate.sync(authority.files)


# -- changed folders and files --------------------------------------------------------------


def test_a_trust_folder_made_by_hand_is_not_changed(gate: Gate, authority: Authority) -> None:
    (gate.folder / "trust" / "issuers").mkdir(parents=True)
    with pytest.raises(SyncError, match="by hand") as caught:
        gate.sync(authority.files)
    assert caught.value.hint
    assert listing(gate.folder / "trust") == {}


def test_remains_of_a_killed_sync_are_removed(gate: Gate, authority: Authority) -> None:
    gate.sync(authority.files)
    for name in (".2.new", ".9.new", "2", "77"):
        (gate.folder / "trust.d" / name / "issuers").mkdir(parents=True)
    (gate.folder / ".trust.new").symlink_to("nowhere")
    (gate.folder / "state" / "tuf" / "tmpabcdef").write_bytes(b"half")
    (gate.folder / "state" / "partial" / ("0" * 64 + ".part")).write_bytes(b"half")
    authority.later().publish()
    gate.sync(authority.files, now=authority.now)
    assert gate.generations() == ["1", "2"]
    assert not (gate.folder / "state" / "tuf" / "tmpabcdef").exists()
    assert list((gate.folder / "state" / "partial").iterdir()) == []


@pytest.mark.parametrize("file", ["generation.json", KEPT])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_generation_without_its_list_of_targets_is_built_again(
    gate: Gate, authority: Authority, file: str, content: bytes
) -> None:
    gate.sync(authority.files)
    (gate.folder / "trust" / file).write_bytes(content)
    assert gate.sync(authority.files).changed
    assert gate.in_force == "2"
    assert gate.trust.issuers


def test_a_link_to_nowhere_is_a_first_start(gate: Gate, authority: Authority) -> None:
    gate.sync(authority.files)
    (gate.folder / "trust.d" / "1").rename(gate.folder / "lost")
    gate.sync(authority.files)
    assert gate.trust.issuers


def test_a_second_sync_at_one_time_is_refused(gate: Gate, authority: Authority) -> None:
    def load(folder: Path) -> TrustSnapshot:
        with pytest.raises(SyncError, match="another sync"):
            gate.sync(authority.files)
        return open_trust(folder)

    busy = Gate(gate.folder, authority.root, load=load)
    assert busy.sync(authority.files).changed


def test_a_device_continues_from_its_own_root_when_the_first_is_gone(
    gate: Gate, authority: Authority
) -> None:
    gate.sync(authority.files)
    orphan = Gate(gate.folder, None)
    authority.later().publish()
    assert orphan.sync(authority.files, now=authority.now).changed


def test_a_link_that_ngclient_lost_in_a_power_cut_is_not_needed(gate: Gate, authority: Authority) -> None:
    gate.sync(authority.files)
    (gate.folder / "state" / "tuf" / "root.json").unlink()
    assert not Gate(gate.folder, None).sync(authority.files).changed


# -- the image, and the stick --------------------------------------------------------------------------------------


def test_the_first_start_accepts_the_repository_of_the_image_at_any_age(
    gate: Gate, authority: Authority
) -> None:
    years_later = NOW + 900 * DAY
    with pytest.raises(UpdateRejected, match="expired"):
        gate.sync(authority.files, now=years_later)
    gate.sync(authority.files, now=years_later, baked=True)
    assert gate.trust.published_at == NOW


def test_after_the_first_start_age_counts_again(gate: Gate, authority: Authority) -> None:
    gate.sync(authority.files, now=NOW + 900 * DAY, baked=True)
    with pytest.raises(UpdateRejected, match="expired"):
        gate.sync(authority.files, now=NOW + 900 * DAY)


# -- a full disk -----------------------------------------------------------------------------------------------------


def test_the_space_of_the_journal_is_not_used(tmp_path: Path, authority: Authority) -> None:
    greedy = Gate(tmp_path, authority.root, reserve=1 << 60)
    with pytest.raises(NoSpace, match="have to stay"):
        greedy.sync(authority.files)
    assert not (tmp_path / "trust").exists()


# -- interrupted and resumed downloads --------------------------------------------------------------------------------------------


@pytest.fixture
def heavy(authority: Authority) -> tuple[Authority, str]:
    authority.publish({"models/big.tflite": os.urandom(1_000_000), "models/manifest.toml": b""})
    return authority, authority.target("models/big.tflite")


def test_an_interrupted_file_is_resumed_at_the_next_sync(
    tmp_path: Path, heavy: tuple[Authority, str]
) -> None:
    authority, name = heavy
    gate = Gate(tmp_path, authority.root, models=True)
    broken = SimSource(authority.files, {name: SourceFault(SourceFaultKind.CUT_OFF, 200_000)})
    with pytest.raises(FetchError):
        gate.sync(broken)
    assert [offset for asked, offset in broken.asked if asked == name] == [0, 200_000, 400_000, 600_000]
    source = SimSource(authority.files)
    gate.sync(source)
    assert [offset for asked, offset in source.asked if asked == name] == [800_000]
    assert (gate.folder / "trust/models/big.tflite").read_bytes() == authority.files[name]


def test_a_damaged_part_is_fetched_again_from_its_start(tmp_path: Path, heavy: tuple[Authority, str]) -> None:
    authority, name = heavy
    gate = Gate(tmp_path, authority.root, models=True)
    with pytest.raises(FetchError):
        gate.sync(SimSource(authority.files, {name: SourceFault(SourceFaultKind.SHORT, 100_000)}))
    part = next((gate.folder / "state" / "partial").glob("*.part"))
    part.write_bytes(b"x" * part.stat().st_size)
    source = SimSource(authority.files)
    gate.sync(source)
    assert [offset for asked_name, offset in source.asked if asked_name == name][-1] == 0
    assert (gate.folder / "trust/models/big.tflite").read_bytes() == authority.files[name]


def test_a_sync_ends_at_its_deadline(
    tmp_path: Path, heavy: tuple[Authority, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, _ = heavy
    gate = Gate(tmp_path, authority.root, models=True)
    ticks = itertools.count(step=600)  # each reading of the clock is ten minutes later
    with monkeypatch.context() as slow:
        slow.setattr(download.time, "monotonic", lambda: next(ticks))
        with pytest.raises(FetchError, match="deadline of this sync is over"):
            gate.sync(authority.files)
    assert gate.sync(authority.files).changed


TROUBLE = {
    SourceFaultKind.MISSING: FetchError,
    SourceFaultKind.ERROR_500: FetchError,
    SourceFaultKind.SLOW: FetchError,
    SourceFaultKind.SHORT: FetchError,
    SourceFaultKind.ENDLESS: FetchError,
    SourceFaultKind.GARBAGE: UpdateRejected,
}


@pytest.mark.parametrize("kind", TROUBLE)
def test_a_fault_with_any_file_keeps_the_old_trust(
    tmp_path: Path, authority: Authority, kind: SourceFaultKind
) -> None:
    gate = Gate(tmp_path / "gate", authority.root)
    gate.sync(authority.files)
    before = listing(gate.folder / "trust.d")
    authority.later().revoke_one()
    authority.publish_lists()
    shutil.copytree(tmp_path / "gate", tmp_path / "twin", symlinks=True)
    honest = SimSource(authority.files)
    Gate(tmp_path / "twin", authority.root).sync(honest, now=authority.now)
    asked = [name for name, _ in honest.asked if not name.endswith("root.json")]
    assert len(asked) == 5  # timestamp, snapshot, revocation, time, list
    for name in asked:
        with pytest.raises(TROUBLE[kind] if name.startswith("targets/") else SyncError):
            gate.sync(SimSource(authority.files, {name: SourceFault(kind)}), now=authority.now)
        assert listing(tmp_path / "gate" / "trust.d") == before
    assert gate.sync(authority.files, now=authority.now).changed


def test_an_error_has_a_hint(gate: Gate, authority: Authority) -> None:
    with pytest.raises(UpdateRejected) as caught:
        Gate(gate.folder, Authority(seed=5).root).sync(authority.files)
    assert caught.value.message.startswith("threshold")
    assert "[sync] root" in caught.value.hint
