"""Attacks that TUF stops, against our client in the form of tuf-conformance: a command and a server.

That suite itself is not on the package index; these are its main cases, written anew over a repository of our own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from peers import tuf_client
from peers.web_server import Web, reply, serve
from tuf.api.metadata import Metadata, MetaFile
from worlds.tuf import TOP, Attack, TufWorld

from tools.issuing.tufsigner import SeedSigner

DAY = timedelta(days=1)


class Conformance:
    """A client in a folder, its repository, and the server between them."""

    def __init__(self, world: TufWorld, web: Web, folder: Path) -> None:
        self.world = world
        self.web = web
        self.metadata = folder / "metadata"
        self.targets = folder / "targets"
        self.metadata.mkdir()
        self.targets.mkdir()
        root = folder / "initial_root.json"
        root.write_bytes(world.files["metadata/1.root.json"])
        assert self.call("init", str(root)) == 0

    def arguments(self, *verb: str, target: str = "", more: Sequence[str] = ()) -> list[str]:
        urls = ["--metadata-url", f"{self.web.url}metadata", "--metadata-dir", str(self.metadata)]
        if target:
            for name in (target, *more):
                urls += ["--target-name", name]
            urls += ["--target-base-url", f"{self.web.url}targets"]
            urls += ["--target-dir", str(self.targets)]
        return [*urls, *verb]

    def call(self, *verb: str, target: str = "", more: Sequence[str] = ()) -> int:
        return tuf_client.main(self.arguments(*verb, target=target, more=more))

    def refresh(self) -> int:
        return self.call("refresh")

    def download(self, target: str, *more: str) -> int:
        return self.call("download", target=target, more=more)

    def trusted(self) -> dict[str, int]:
        """The version of every role that the client trusts."""
        return {
            file.stem: Metadata.from_file(str(file)).signed.version for file in self.metadata.glob("*.json")
        }

    def held(self) -> list[bytes]:
        return sorted(file.read_bytes() for file in self.targets.iterdir())


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Conformance]:
    world = TufWorld()
    with serve(world.files) as web:
        yield Conformance(world, web, tmp_path)


# -- normal operation --------------------------------------------------------------------------------------


def test_a_first_refresh_fetches_each_role_once(case: Conformance) -> None:
    assert case.refresh() == 0
    asked = ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]
    assert case.web.names == [f"metadata/{name}" for name in asked]
    assert case.trusted() == dict.fromkeys(TOP, 1)


def test_unchanged_roles_are_not_fetched_again(case: Conformance) -> None:
    case.refresh()
    case.web.asked.clear()
    assert case.refresh() == 0
    assert case.web.names == ["metadata/2.root.json", "metadata/timestamp.json"]


@pytest.mark.parametrize("hashed", [False, True])
def test_a_release_is_followed(case: Conformance, hashed: bool) -> None:
    case.refresh()
    for _ in range(3):
        case.world.release(hashed=hashed)
    assert case.refresh() == 0
    assert case.trusted() == {"root": 1, "timestamp": 4, "snapshot": 4, "targets": 4}


def test_unknown_fields_are_verified_and_kept(case: Conformance) -> None:
    case.world.root.unrecognized_fields["later"] = {"a": [1]}
    case.world.next_root()
    assert case.refresh() == 0
    assert case.trusted()["root"] == 2


@pytest.mark.parametrize("role", TOP)
def test_a_key_can_be_replaced(case: Conformance, role: str) -> None:
    case.refresh()
    case.world.rotate(role)
    case.world.release()
    assert case.refresh() == 0
    assert case.trusted() == {"root": 2, "timestamp": 2, "snapshot": 2, "targets": 2}


def test_many_roots_are_followed_one_by_one(case: Conformance) -> None:
    for _ in range(5):
        case.world.rotate("root")
    assert case.refresh() == 0
    assert case.trusted()["root"] == 6
    assert case.refresh() == 0


@pytest.mark.parametrize("role", ["timestamp", "snapshot"])
def test_a_new_key_recovers_from_a_version_that_is_too_high(case: Conformance, role: str) -> None:
    world = case.world
    world.role(role).version = 90_000
    world.sign(role)
    next_timestamp(world)
    assert case.refresh() == 0
    for rotated in {role, "timestamp"}:
        world.rotate(rotated)
    world.role(role).version = 1
    world.release()
    assert case.refresh() == 0
    assert case.trusted()[role] == 2


def test_a_newer_publication_replaces_an_expired_one(case: Conformance) -> None:
    world = case.world
    for role in ("timestamp", "snapshot", "targets"):
        world.role(role).expires = world.now - DAY
    world.release()
    assert case.refresh() == 1
    for role in ("timestamp", "snapshot", "targets"):
        world.role(role).expires = world.now + DAY
    world.release()
    assert case.refresh() == 0


def test_an_expired_root_still_verifies_the_next_root(case: Conformance) -> None:
    world = case.world
    world.root.expires = world.now - DAY
    world.next_root()
    assert case.refresh() == 1
    world.root.expires = world.now + DAY
    world.next_root()
    assert case.refresh() == 0
    assert case.trusted()["root"] == 3


# -- attacks: after an honest refresh, the word of the refusal ----------------------------------------------------


def old_timestamp(world: TufWorld) -> None:
    world.timestamp.version -= 1
    world.sign("timestamp")


def next_timestamp(world: TufWorld) -> None:
    """A timestamp of the next version, for the current snapshot."""
    world.describe("timestamp", "snapshot")
    world.timestamp.version += 1
    world.sign("timestamp")


def old_snapshot(world: TufWorld) -> None:
    world.snapshot.version -= 1
    world.sign("snapshot")
    next_timestamp(world)


def with_snapshot(change: Attack) -> Attack:
    """A change with a snapshot and a timestamp of their next versions."""

    def attack(world: TufWorld) -> None:
        change(world)
        world.snapshot.version += 1
        world.sign("snapshot")
        next_timestamp(world)

    return attack


def old_targets(world: TufWorld) -> None:
    world.targets.version -= 1
    world.sign("targets")
    world.describe("snapshot", "targets")


def side_is_dropped(world: TufWorld) -> None:
    del world.snapshot.meta["side.json"]


def another_snapshot(world: TufWorld) -> None:
    """The timestamp has one version, and the file of that version has another."""
    world.release()
    newest = world.bytes_of("snapshot")
    world.timestamp.snapshot_meta = MetaFile(world.snapshot.version + 1)
    world.timestamp.version += 1
    world.sign("timestamp")
    world.files[f"metadata/{world.snapshot.version + 1}.snapshot.json"] = newest


def another_targets(world: TufWorld) -> None:
    data = world.bytes_of("targets")
    world.snapshot.meta["targets.json"] = MetaFile(world.targets.version + 1)
    world.files[f"metadata/{world.targets.version + 1}.targets.json"] = data


def mixed(role: str) -> Attack:
    """A correctly signed role that is not the one of the publication."""

    def attack(world: TufWorld) -> None:
        world.release(hashed=True)
        world.role(role).expires += DAY  # as many bytes
        world.sign(role)

    return attack


def expired(role: str) -> Attack:
    def attack(world: TufWorld) -> None:
        world.role(role).expires = world.now - DAY
        if role == "root":
            world.next_root()
        world.release()

    return attack


def signed_by(role: str, keys: Callable[[TufWorld], list[SeedSigner]]) -> Attack:
    """A role that is signed by other keys than its own, or by none."""

    def attack(world: TufWorld) -> None:
        world.keys[role] = keys(world)
        if role == "root":
            world.next_root()
        else:
            world.release()

    return attack


def strangers_key(role: str) -> Attack:
    return signed_by(role, lambda world: [world.new_key()])


def unsigned(role: str) -> Attack:
    return signed_by(role, lambda _: [])


def one_signature_of_two(world: TufWorld, *, times: int = 1) -> None:
    world.root.roles["timestamp"].threshold = 2
    world.root.add_key(world.new_key().public_key, "timestamp")
    world.next_root()
    world.keys["timestamp"] *= times
    world.release()


def one_key_twice(world: TufWorld) -> None:
    one_signature_of_two(world, times=2)


def root_of_new_keys_only(world: TufWorld) -> None:
    world.rotate("root")
    world.sign("root")


def root_of_old_keys_only(world: TufWorld) -> None:
    before = world.keys["root"]
    world.rotate("root")
    world.sign("root", keys=before)


def root_that_skips(world: TufWorld) -> None:
    world.root.version += 2
    world.sign("root")
    world.files["metadata/2.root.json"] = world.files.pop(f"metadata/{world.root.version}.root.json")


def served(name: str, data: bytes) -> Attack:
    def attack(world: TufWorld) -> None:
        world.release()
        world.files[name.replace("N", str(world.snapshot.version))] = data

    return attack


def low_order_key(world: TufWorld) -> None:
    """A key of low order, for which every attacker can sign."""
    key = world.keys["timestamp"][0].public_key
    world.root.keys[key.keyid].keyval["public"] = "01" + "00" * 31
    world.next_root()
    world.release()


def absent(name: str) -> Attack:
    def attack(world: TufWorld) -> None:
        world.release()
        del world.files[name.replace("N", str(world.snapshot.version))]

    return attack


ATTACKS: dict[str, tuple[Attack, str]] = {
    "rollback of the timestamp": (old_timestamp, "UpdateRejected: rollback"),
    "rollback of the snapshot": (old_snapshot, "UpdateRejected: rollback"),
    "rollback of the targets": (with_snapshot(old_targets), "UpdateRejected: rollback"),
    "a role is dropped": (with_snapshot(side_is_dropped), "UpdateRejected: mix-and-match"),
    "a snapshot of another version": (another_snapshot, "UpdateRejected: mix-and-match"),
    "targets of another version": (with_snapshot(another_targets), "UpdateRejected: mix-and-match"),
    "a snapshot of another publication": (mixed("snapshot"), "UpdateRejected: mix-and-match"),
    "targets of another publication": (mixed("targets"), "UpdateRejected: mix-and-match"),
    **{f"expired {role}": (expired(role), "UpdateRejected: expired") for role in TOP},
    **{f"a stranger's {role}": (strangers_key(role), "UpdateRejected: threshold") for role in TOP},
    **{f"an unsigned {role}": (unsigned(role), "UpdateRejected: threshold") for role in TOP},
    "one signature instead of two": (one_signature_of_two, "UpdateRejected: threshold"),
    "one key signs twice": (one_key_twice, "UpdateRejected: "),
    "a root without a signature of the old keys": (root_of_new_keys_only, "UpdateRejected: threshold"),
    "a root without a signature of its own keys": (root_of_old_keys_only, "UpdateRejected: threshold"),
    "a root that skips a version": (root_that_skips, "UpdateRejected: rollback"),
    "a key of low order": (low_order_key, "UpdateRejected: threshold"),
    "an endless timestamp": (served("metadata/timestamp.json", bytes(20_000)), "FetchError: endless"),
    "an endless snapshot": (served("metadata/N.snapshot.json", bytes(300_000)), "FetchError: endless"),
    "garbage for a timestamp": (served("metadata/timestamp.json", b"\xff\x00"), "UpdateRejected: malformed"),
    "half a timestamp": (served("metadata/timestamp.json", b'{"signed": {'), "UpdateRejected: malformed"),
    "an empty timestamp": (served("metadata/timestamp.json", b""), "UpdateRejected: malformed"),
    "a deep timestamp": (served("metadata/timestamp.json", b"[" * 9_000), "UpdateRejected: malformed"),
    "an empty object": (served("metadata/timestamp.json", b"{}"), "UpdateRejected: malformed"),
    "garbage for targets": (served("metadata/N.targets.json", b"[]"), "UpdateRejected: malformed"),
    "no timestamp": (absent("metadata/timestamp.json"), "NotThere: "),
    "no snapshot": (absent("metadata/N.snapshot.json"), "NotThere: "),
    "no targets": (absent("metadata/N.targets.json"), "NotThere: "),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_by_its_name_and_changes_nothing(
    attack: str, case: Conformance, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        case.world.release()
    assert case.refresh() == 0
    honest = (case.metadata / "targets.json").read_bytes()
    act, said = ATTACKS[attack]
    act(case.world)
    for _ in range(2):  # a second refresh is refused too
        assert case.refresh() == 1
        assert capsys.readouterr().err.startswith(said)
    # The newer snapshot of a publication may stay if its targets were then refused.
    assert (case.metadata / "targets.json").read_bytes() == honest


@pytest.mark.parametrize("status", [500, 503, 204])
def test_a_faulty_server_changes_nothing(case: Conformance, status: int) -> None:
    case.refresh()
    case.world.release()
    for name in ("2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"):
        case.web.answers[f"metadata/{name}"] = lambda handler: reply(handler, status, b"")
        assert case.refresh() == 1
        del case.web.answers[f"metadata/{name}"]
    assert case.refresh() == 0


@pytest.mark.parametrize("broken", [b"", b"{}", b"null", b'{"signed": {}, "signatures": []}'])
def test_a_malformed_first_root_is_refused_without_a_request(case: Conformance, broken: bytes) -> None:
    (case.metadata / "root.json").write_bytes(broken)
    assert case.refresh() == 1
    assert case.web.asked == []


# -- targets -----------------------------------------------------------------------------------------------


def test_a_target_is_fetched_once(case: Conformance) -> None:
    path = case.world.put("some/file.txt", b"content")
    case.world.release()
    assert case.download("some/file.txt") == 0
    assert case.held() == [b"content"]
    case.web.asked.clear()
    assert case.download("some/file.txt") == 0
    assert path not in case.web.names


def test_a_changed_target_replaces_the_one_before(case: Conformance) -> None:
    for content in (b"one", b"two"):
        case.world.put("file", content)
        case.world.release()
        assert case.download("file") == 0
        assert case.held() == [content]


def test_a_target_that_is_not_listed_is_not_found(case: Conformance) -> None:
    assert case.download("nothing") == 1
    assert case.trusted() == dict.fromkeys(TOP, 1)


def test_a_delegated_role_signs_only_its_paths(case: Conformance) -> None:
    case.world.put("side/mine", b"mine", role="side")
    case.world.put("elsewhere", b"not mine", role="side")
    case.world.release()
    assert case.download("side/mine") == 0
    assert case.download("elsewhere") == 1
    assert case.held() == [b"mine"]


def test_several_targets_are_fetched_after_one_refresh(case: Conformance) -> None:
    for name in ("one", "two", "three"):
        case.world.put(name, name.encode())
    case.world.release()
    assert case.download("one", "two", "three") == 0
    assert sorted(case.held()) == [b"one", b"three", b"two"]


def test_one_missing_target_of_several_fails_the_command(case: Conformance) -> None:
    case.world.put("one", b"one")
    case.world.release()
    assert case.download("one", "absent") == 1


WRONG: dict[str, tuple[bytes, str]] = {
    "other bytes": (b"c0ntent", "UpdateRejected"),
    "more bytes": (b"content and more", "FetchError"),
    "endless": (bytes(1_000_000), "FetchError"),
    "fewer bytes": (b"cont", "FetchError"),
    "none": (b"", "FetchError"),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_target_without_the_signed_hash_is_not_kept(
    how: str, case: Conformance, capsys: pytest.CaptureFixture[str]
) -> None:
    path = case.world.put("file", b"content")
    case.world.release()
    case.world.files[path], said = WRONG[how]
    assert case.download("file") == 1
    assert capsys.readouterr().err.startswith(said)
    assert case.held() == []


# -- as a program ------------------------------------------------------------------------------------------


def test_the_command_runs_as_in_the_suite(case: Conformance) -> None:
    case.world.put("file", b"content")
    case.world.release()

    def run(*verb: str, target: str = "") -> int:
        command = [sys.executable, tuf_client.__file__, *case.arguments(*verb, target=target)]
        return subprocess.run(command, capture_output=True, check=False, timeout=60).returncode

    assert run("refresh") == 0
    assert run("download", target="file") == 0
    assert case.held() == [b"content"]
    old_timestamp(case.world)
    assert run("refresh") == 1
