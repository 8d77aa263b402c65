"""The repository of an authority, read by python-tuf's client: publication, rotation and interruption."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.exceptions import ExpiredMetadataError, RepositoryError
from tuf.api.metadata import Metadata, TargetFile
from worlds.trust_repository import NOW, Client, RepositoryWorld

from edge.app.parts.trust_folder import open_files
from edge.errors import InputError
from edge.sync import names
from tools.issuing import roles, rotation
from tools.issuing.draft import MetadataDraft, metadata_path
from tools.issuing.pruning import obsolete
from tools.issuing.repository import Repository
from tools.issuing.tufsigner import SEED_BYTES, SeedSigner

LIST = "revocation/00112233aabbccdd-01234567.cwt"
ISSUER = "issuers/00112233aabbccdd.json"


@pytest.fixture
def world(tmp_path) -> RepositoryWorld:
    return RepositoryWorld(tmp_path)


@pytest.fixture
def client(world, tmp_path) -> Client:
    return Client(tmp_path / "device", world.anchor)


def new_key() -> SeedSigner:
    return SeedSigner(secrets.token_bytes(SEED_BYTES))


def turned(world: RepositoryWorld, role: str, *, lost: bool = False) -> dict[str, bytes]:
    """The files that give a role a new key. The new key is among the world's keys from then on."""
    old, new = world.keys[role][0], new_key()
    keys = world.keyring(role) if lost else world.keyring()
    keys |= {key.key_id: key for key in (new, *world.keys[role][1:])}
    world.keys[role] = (new, *world.keys[role][1:])
    repository, now = world.repository(), world.later()
    if role in roles.DELEGATED:
        return rotation.rotate(repository, role, new, keys, now=now)
    proposed = rotation.next_root(repository, now=now, role=role, new=new, drop=old.key_id[:8])
    assert rotation.sign_root(repository, proposed, keys) == 0
    return rotation.adopt_root(repository, proposed, keys, now=now)


def test_client_gets_every_file_from_the_first_root_on(world, client):
    contents = {LIST: b"list", ISSUER: b"issuer", "models/m.tflite": b"model", "firmware/d.uf2": b"image"}
    world.publish(contents)
    assert {name: client.read(world.folder, name) for name in contents} == contents
    assert json.loads(client.read(world.folder, names.TIME)) == {
        "issued_at": f"{world.now:%Y-%m-%dT%H:%M:%SZ}"
    }


def test_file_names_follow_the_specification(world):
    world.publish({ISSUER: b"issuer", "sealed/tower-1_lobby.00112233aabbccdd.boxes": b"boxes"})
    metadata = re.compile(
        r"metadata/(timestamp|[1-9][0-9]*\.(root|targets|snapshot|revocation|models|firmware))\.json"
    )
    target = re.compile(r"targets/(issuers|revocation|sealed)/[0-9a-f]{64}\.[^/]+")
    for name in world.files.names():
        assert metadata.fullmatch(name) or target.fullmatch(name), name


def test_root_is_two_of_three_and_delegations_end_the_search(world):
    repository = world.repository()
    assert repository.root.roles["root"].threshold == 2
    assert len(repository.root.roles["root"].keyids) == 3
    assert repository.root.consistent_snapshot is True
    delegated = repository.targets("targets").delegations.roles
    assert {name: role.paths for name, role in delegated.items()} == {
        "revocation": ["revocation/*", "sealed/*"],
        "models": ["models/*"],
        "firmware": ["firmware/*"],
    }
    assert all(role.terminating for role in delegated.values())
    every = [*repository.root.keys, *repository.targets("targets").delegations.keys]
    assert len(set(every)) == 9, "no key serves two roles"


def test_lists_need_online_keys_only(world, client):
    world.publish({LIST: b"1"}, world.online)
    world.publish({LIST: b"2"}, world.online)
    assert client.read(world.folder, LIST) == b"2"
    world.publish({LIST: None}, world.online)
    assert client.read(world.folder, LIST) is None


@pytest.mark.parametrize(
    ("name", "role"),
    [
        (ISSUER, "targets"),
        ("policy/default.toml", "targets"),
        ("models/m", "models"),
        ("firmware/f", "firmware"),
    ],
)
def test_everything_else_needs_its_offline_key(world, name, role):
    before = world.files.names()
    with pytest.raises(InputError, match=f"the key of {role} was not found"):
        world.publish({name: b"x"}, world.keyring(role))
    assert world.files.names() == before


def test_an_unchanged_file_needs_no_offline_key(world):
    world.publish({ISSUER: b"issuer"})
    world.publish({ISSUER: b"issuer", LIST: b"1"}, world.online)
    assert world.repository().metadata["targets"].signed.version == 2


def test_online_keys_cannot_sign_issuers(world, client):
    """An attacker on the machine that publishes can change the lists, but not the issuers."""
    stolen = MetadataDraft(world.online, old=world.repository().metadata)
    stolen.targets("revocation").targets[ISSUER] = TargetFile.from_data(ISSUER, b"mine", ["sha256"])
    world.write(stolen.sign(world.later()))
    assert client.look(world.folder).get_targetinfo(ISSUER) is None


@pytest.mark.parametrize("name", ["issuers/a/b", "elsewhere/x", "x", "", "policy/", "/x", "revocation"])
def test_a_name_without_a_role_is_refused(world, name):
    with pytest.raises(InputError, match="no role signs"):
        world.publish({name: b"x"})


@pytest.mark.parametrize("role", sorted(roles.KEY_COUNTS))
def test_a_device_follows_the_rotation_of_any_role(world, client, tmp_path, role):
    world.publish({LIST: b"before", ISSUER: b"issuer"})
    assert client.read(world.folder, LIST) == b"before"
    old = world.keys[role][0]
    world.write(turned(world, role))
    world.publish({LIST: b"after"}, world.online)  # without the old key
    newcomer = Client(tmp_path / "newcomer", world.anchor)
    for device in (client, newcomer):
        assert device.read(world.folder, LIST) == b"after"
        assert device.read(world.folder, ISSUER) == b"issuer"
    repository = world.repository()
    assert old.key_id not in repository.root.keys | repository.targets("targets").delegations.keys


@pytest.mark.parametrize("role", sorted(roles.SIGN_FIRST))
def test_a_replaced_key_signs_no_role(world, client, role):
    old = world.keys[role]
    world.write(turned(world, role))
    assert client.read(world.folder, names.TIME)
    world.keys[role] = old
    name = {"targets": ISSUER, "models": "models/m", "firmware": "firmware/f"}.get(role, LIST)
    with pytest.raises(InputError, match=f"the key of {role} was not found"):
        world.publish({name: b"x"})


CHANGES = {
    "a publication": lambda world: world.repository().publish(
        {LIST: b"2", ISSUER: b"2"}, world.keyring(), now=world.later()
    ),
    **{
        f"a new key of {role}": lambda world, role=role: turned(world, role)
        for role in sorted(roles.KEY_COUNTS)
    },
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_client_during_a_publication_sees_all_of_it_or_nothing(world, client, tmp_path, change):
    world.publish({LIST: b"1", ISSUER: b"1"})
    client.look(world.folder)
    expected = {b"1", b"2"} if change is CHANGES["a publication"] else {b"1"}
    for count, cut in enumerate(world.cut_off(change(world), tmp_path)):
        known = tmp_path / f"known-{count}"
        shutil.copytree(client.memory, known, symlinks=True)
        for device in (Client(known, world.anchor), Client(tmp_path / f"new-{count}", world.anchor)):
            seen = [device.read(cut, name) for name in (LIST, ISSUER)]
            assert seen[0] == seen[1]
            assert seen[0] in expected


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
def test_a_lost_key_is_replaced_and_the_next_publication_repairs_an_interrupted_one(
    world, client, tmp_path, role
):
    world.publish({LIST: b"1", ISSUER: b"1"})
    client.look(world.folder)
    files = turned(world, role, lost=True)
    assert next(iter(files)) == metadata_path("root", 2), "a client between the two writes retries"
    for cut in world.cut_off(files, tmp_path):
        if not (cut / metadata_path("root", 2)).exists():
            continue
        mended = Repository.load(open_files(cut)).publish({LIST: b"2"}, world.keyring(), now=world.later())
        for name, data in mended.items():
            open_files(cut).write(name, data)
        assert client.read(cut, LIST) == b"2"


def test_one_root_key_changes_nothing(world):
    repository = world.repository()
    proposed = rotation.next_root(repository, now=NOW, role="timestamp", new=new_key())
    one = {key.key_id: key for key in world.keys["root"][:1]}
    assert rotation.sign_root(repository, proposed, one) == 1
    with pytest.raises(InputError, match="the key of root was not found"):
        rotation.adopt_root(repository, proposed, world.keyring("root"), now=world.later())


def test_signatures_of_two_sticks_are_merged(world, client):
    repository = world.repository()
    proposed = rotation.next_root(repository, now=NOW)
    first, second, _ = ({key.key_id: key} for key in world.keys["root"])
    assert rotation.sign_root(repository, proposed, first) == 1
    proposed = Metadata.from_bytes(proposed.to_bytes())
    assert rotation.sign_root(repository, proposed, second) == 0
    world.write(rotation.adopt_root(repository, proposed, world.online, now=world.later()))
    client.look(world.folder)
    assert world.repository().root.version == 2


def test_two_new_root_keys_cannot_take_over(world):
    """The new root is signed by its own threshold, but not by that of the old root."""
    repository, thieves = world.repository(), (new_key(), new_key())
    proposed = rotation.next_root(repository, now=NOW)
    for old, new in zip(world.keys["root"][:2], thieves, strict=True):
        proposed.signed.revoke_key(old.key_id, "root")
        proposed.signed.add_key(new.public_key, "root")
    held = {key.key_id: key for key in thieves}
    assert rotation.sign_root(repository, proposed, held) == 2
    with pytest.raises(InputError):
        rotation.adopt_root(repository, proposed, held | world.online, now=world.later())


def test_a_root_with_a_threshold_of_one_is_refused(world):
    repository = world.repository()
    proposed = rotation.next_root(repository, now=NOW)
    proposed.signed.roles["root"].threshold = 1
    assert rotation.sign_root(repository, proposed, world.keyring()) == 0
    with pytest.raises(InputError, match="is 1, below 2"):
        rotation.adopt_root(repository, proposed, world.keyring(), now=world.later())


def test_a_staged_root_with_an_old_version_is_refused(world):
    repository = world.repository()
    staged = rotation.next_root(repository, now=NOW)
    rotation.sign_root(repository, staged, world.keyring())
    world.write(rotation.adopt_root(repository, staged, world.keyring(), now=world.later()))
    with pytest.raises(InputError, match="does not follow"):
        rotation.adopt_root(world.repository(), staged, world.keyring(), now=world.later())


def test_a_root_key_is_named_by_the_beginning_of_its_id(world):
    with pytest.raises(InputError, match="root has 3 keys"):
        rotation.next_root(world.repository(), now=NOW, new=new_key())
    with pytest.raises(InputError, match="0 keys of root begin"):
        rotation.next_root(world.repository(), now=NOW, new=new_key(), drop="x")


def test_a_device_does_not_go_back_to_an_old_root_or_an_old_publication(world, client, tmp_path):
    world.publish({LIST: b"1"})
    old = tmp_path / "old"
    shutil.copytree(world.folder, old)
    world.write(turned(world, "timestamp"))
    world.publish({LIST: b"2"})
    assert client.read(world.folder, LIST) == b"2"
    with pytest.raises(RepositoryError):
        client.look(old)


def test_a_repository_with_another_root_is_refused(world, client, tmp_path):
    client.look(world.folder)
    stranger = RepositoryWorld(tmp_path / "stranger")
    with pytest.raises(RepositoryError):
        client.look(stranger.folder)
    with pytest.raises(RepositoryError):
        Client(tmp_path / "fresh", world.anchor).look(stranger.folder)


def test_a_publication_expires_in_days_and_may_have_a_longer_life(tmp_path):
    week_ago = NOW - timedelta(days=7)
    world = RepositoryWorld(tmp_path, now=week_ago)
    client = Client(tmp_path / "device", world.anchor)
    world.publish({}, world.online)
    with pytest.raises(ExpiredMetadataError):
        client.look(world.folder)
    world.write(world.repository().publish({}, world.online, now=world.later(), life=timedelta(days=10)))
    client.look(world.folder)


@pytest.mark.parametrize("life", [timedelta(0), timedelta(days=-1), timedelta(days=91)])
def test_an_impossible_life_is_refused(world, life):
    with pytest.raises(InputError, match="is not above 0 and at most"):
        world.repository().publish({}, world.keyring(), now=world.later(), life=life)


def test_roles_of_online_keys_expire_with_the_timestamp(world):
    world.write(world.repository().publish({}, world.online, now=world.later(), life=timedelta(days=60)))
    ends = {role: metadata.signed.expires for role, metadata in world.repository().metadata.items()}
    assert ends["timestamp"] == ends["snapshot"] == ends["revocation"] == world.now + timedelta(days=60)


def test_a_clock_behind_the_last_publication_publishes_nothing(world):
    with pytest.raises(InputError, match="the last publication"):
        world.repository().publish({}, world.keyring(), now=NOW - timedelta(seconds=11))


@pytest.mark.parametrize("role", [role for role in roles.KEY_COUNTS if role != "root"])
def test_renewal_signs_a_role_for_its_whole_life(world, client, role):
    world.now += timedelta(minutes=30)
    world.write(rotation.renew(world.repository(), role, world.keyring(), now=world.now))
    signed = world.repository().metadata[role].signed
    assert (signed.version, signed.expires) == (2, world.now + roles.LIVES[role])
    client.look(world.folder)


def damaged(data: bytes) -> bytes:
    return data.replace(b'"version":', b'"version":1', 1)


def test_a_file_altered_in_the_folder_is_not_signed_again(world):
    """The folder is on a web server; a publication must not sign a file that an attacker put there."""
    world.publish({LIST: b"1"})
    repository = world.repository()
    paths = [metadata_path(role, metadata.signed.version) for role, metadata in repository.metadata.items()]
    for path in paths:
        good = (world.folder / path).read_bytes()
        for bad in (damaged(good), b"", b"{}", good[:-1], good.replace(b'"sig":"', b'"sig":"0')):
            (world.folder / path).write_bytes(bad)
            with pytest.raises(InputError) as caught:
                world.repository()
            assert caught.value.hint
        (world.folder / path).write_bytes(good)
    (found,) = (world.folder / "targets/revocation").glob("*.cwt")
    found.write_bytes(b"2")
    with pytest.raises(InputError, match="not the file that was published"):
        world.repository().read(LIST)


def test_an_attacker_cannot_serve_metadata_of_another_role(world):
    shutil.copy(world.folder / "metadata/1.models.json", world.folder / "metadata/1.firmware.json")
    with pytest.raises(InputError, match=r"1\.firmware\.json"):
        world.repository()


def test_metadata_that_clients_refuse_is_not_published(world):
    many = {f"issuers/{number:016x}.json": b"" for number in range(40_000)}
    with pytest.raises(InputError, match="bytes of metadata"):
        world.publish(many)


def prune(world: RepositoryWorld, keep: int) -> None:
    for name in obsolete(world.repository(), world.files, keep=keep):
        (world.folder / name).unlink()


def test_old_files_stay_for_a_while_and_roots_for_ever(world, client):
    world.write(turned(world, "timestamp"))
    for number in range(5):
        world.publish({LIST: bytes([number]), ISSUER: b"same"})
        prune(world, 3)
    left = set(world.files.names())
    assert {metadata_path("root", 1), metadata_path("root", 2)} <= left
    newest = world.repository().metadata["snapshot"].signed.version
    assert len([name for name in left if name.endswith(".snapshot.json")]) == 3
    assert metadata_path("snapshot", newest - 3) not in left
    lists = {(world.folder / name).read_bytes() for name in left if name.endswith(LIST.rpartition("/")[2])}
    assert lists == {b"\2", b"\3", b"\4"}
    assert client.read(world.folder, ISSUER) == b"same"


def test_a_download_that_began_before_a_publication_succeeds(world, client):
    world.publish({LIST: b"1"})
    slow = client.look(world.folder)
    info = slow.get_targetinfo(LIST)
    world.publish({LIST: b"2"})
    prune(world, 2)
    assert Path(slow.download_target(info)).read_bytes() == b"1"


def test_files_that_were_never_published_are_removed(world):
    world.files.write("metadata/9.models.json", b"{}")
    world.files.write("targets/revocation/left.over", b"")
    world.files.write("index.html", b"<p>ours? no")
    world.publish({})
    assert set(obsolete(world.repository(), world.files, keep=9)) == {
        "metadata/9.models.json",
        "targets/revocation/left.over",
    }
