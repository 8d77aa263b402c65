"""The authority on the command line: every verb, and the files that python-tuf's client then gets."""

from __future__ import annotations

import hashlib
import http.server
import json
import shutil
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from tuf.api.exceptions import ExpiredMetadataError
from tuf.api.metadata import Metadata
from tuf.ngclient import Updater
from worlds.terminal import Terminal
from worlds.trust_repository import Client

from edge.card import cbor
from edge.errors import Exit
from tools.authority import cli
from tools.authority import folder as authority_folder
from tools.issuer import cli as issuer
from tools.issuing import roles

TOOLS = Path(cli.__file__).parents[1]
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
URI = "https://tower-1.example/s"
POLICY = f'version = "1"\nissued_at = {NOW:%Y-%m-%dT%H:%M:%SZ}\nsite = "tower-1"\n[door]\nmin_assurance = 2\n'


class Place:
    """A folder with an office, its trust folder, a repository and a device."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository, self.trust, self.keys = (
            folder / "repository",
            folder / "trust",
            folder / "repository-keys",
        )
        self.now = NOW

    def authority(self, *words, now: datetime | None = None) -> int:
        self.now += timedelta(minutes=1)
        return cli.main([str(word) for word in (*words, "--now", (now or self.now).isoformat())])

    def office(self, verb: str, *words) -> None:
        self.now += timedelta(minutes=1)
        timed = ["--now", self.now.isoformat()] if verb not in {"revoke", "list"} else []
        assert issuer.main([verb, str(self.folder / "office"), *map(str, words), *timed]) == Exit.OK

    @property
    def kid(self) -> str:
        (path,) = (self.trust / "issuers").glob("*.json")
        return path.stem

    def device(self, name: str = "device") -> Client:
        return Client(self.folder / name, (self.repository / "metadata/1.root.json").read_bytes())

    def read(self, name: str) -> bytes | None:
        return self.device().read(self.repository, name)

    def lock_away(self, folder: str = "away") -> Path:
        """Move the offline keys to another folder, as to a stick."""
        return Path(shutil.move(self.keys / "offline", self.folder / folder))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """An authority with one office and one card."""
    place = Place(tmp_path_factory.mktemp("made"))
    place.office("init", "--name", "tower-1", "--uri", URI, "--capacity", 50)
    place.office("enrol", "--no-face", "--out", place.folder / "a.wallet")
    place.office("publish", "--to", place.trust)
    assert place.authority("init", place.repository) == Exit.OK
    assert place.authority("issuer", "add", place.repository, "--from", place.trust) == Exit.OK
    assert place.authority("publish", place.repository, "--from", place.trust) == Exit.OK
    return place.folder


@pytest.fixture
def place(made, tmp_path) -> Place:
    shutil.copytree(made, tmp_path / "place")
    found = Place(tmp_path / "place")
    found.now = NOW + timedelta(minutes=10)
    return found


@contextmanager
def served(folder: Path):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_tools_run_from_an_office_to_the_files_of_a_web_server(tmp_path):
    def tool(name, *words):
        done = subprocess.run(
            [sys.executable, TOOLS / name, *words], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == Exit.OK, done.stderr
        return done.stdout

    tool("issuer", "init", "office", "--name", "tower-1", "--uri", URI, "--capacity", "50")
    tool("issuer", "publish", "office", "--to", "trust")
    tool("authority", "init", "repository")
    tool("authority", "issuer", "add", "repository", "--from", "trust", "--jurisdiction", "CN-GD")
    told = tool("authority", "publish", "repository", "--from", "trust")
    (name,) = (line.split()[1] for line in told.splitlines() if ".cwt" in line)
    (status,) = (tmp_path / "trust" / "status").iterdir()
    with served(tmp_path / "repository") as url:
        memory = tmp_path / "device"
        memory.mkdir()
        anchor = (tmp_path / "repository/metadata/1.root.json").read_bytes()
        updater = Updater(str(memory), f"{url}/metadata/", str(memory), f"{url}/targets/", bootstrap=anchor)
        updater.refresh()
        assert Path(updater.download_target(updater.get_targetinfo(name))).read_bytes() == status.read_bytes()


def test_keys_are_for_their_owner_only_and_never_in_the_repository(place):
    files = [path for path in place.keys.rglob("*") if path.is_file()]
    assert len(files) == sum(roles.KEY_COUNTS.values())
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {stat.S_IMODE(path.parent.stat().st_mode) for path in files} == {0o700}
    online = {path.name.partition("-")[0] for path in (place.keys / "online").iterdir()}
    assert online == roles.ONLINE
    seeds = [path.read_bytes() for path in files]
    for path in place.repository.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not any(seed in content or seed.hex().encode() in content for seed in seeds)


def test_init_refuses_an_existing_repository_and_keys_inside_it(place, tmp_path, capsys):
    assert place.authority("init", place.repository) == Exit.USAGE
    assert "already holds a repository" in capsys.readouterr().err
    assert place.authority("init", tmp_path / "new", "--keys", tmp_path / "new/keys") == Exit.USAGE
    assert "inside the repository" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_lists_and_the_time_need_no_offline_key(place):
    place.lock_away()
    place.office("publish", "--to", place.trust)
    assert place.authority("publish", place.repository, "--from", place.trust) == Exit.OK
    assert place.authority("refresh", place.repository) == Exit.OK
    assert json.loads(place.read("revocation/time.json")) == {"issued_at": f"{place.now:%Y-%m-%dT%H:%M:%SZ}"}


@pytest.mark.parametrize(
    ("words", "role"),
    [
        (["issuer", "remove", "DIR", "KID"], "targets"),
        (["issuer", "add", "DIR", "--from", "TRUST", "--venue", "desk"], "targets"),
        (["policy", "set", "DIR", "POLICY", "--site", "tower-1"], "targets"),
        (["firmware", "add", "DIR", "IMAGE"], "firmware"),
        (["renew", "DIR", "targets"], "targets"),
        (["renew", "DIR", "root"], "root"),
        (["rotate", "DIR", "timestamp"], "root"),
        (["rotate", "DIR", "revocation"], "targets"),
    ],
)
def test_changes_of_trust_need_the_offline_key(place, capsys, words, role):
    stick = place.lock_away()
    (place.folder / "policy.toml").write_text(POLICY)
    (place.folder / "door.uf2").write_bytes(b"image")
    named = {"DIR": place.repository, "KID": place.kid, "TRUST": place.trust}
    named |= {"POLICY": place.folder / "policy.toml", "IMAGE": place.folder / "door.uf2"}
    words = [named.get(word, word) for word in words]
    before = (place.repository / "metadata/timestamp.json").read_bytes()
    assert place.authority(*words) == Exit.USAGE
    assert f"the key of {role} was not found" in capsys.readouterr().err
    assert (place.repository / "metadata/timestamp.json").read_bytes() == before
    assert place.authority(*words, "--keys", stick) == Exit.OK
    assert place.read("revocation/time.json")


def test_an_issuer_has_the_scope_that_the_authority_gives_it(place, capsys):
    scope = ["--venue", "door", "--site", "tower-1", "--jurisdiction", "CN-GD", "--jurisdiction", "MO"]
    dates = ["--valid-from", "2026-01-01", "--valid-until", "2028-01-01"]
    (file,) = (place.trust / "issuers").iterdir()
    assert place.authority("issuer", "add", place.repository, file, *scope, *dates) == Exit.OK
    assert "changed" in capsys.readouterr().out
    assert place.authority("issuer", "list", place.repository, "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out) == {
        "kid": place.kid,
        "name": "tower-1",
        "venues": ["door"],
        "sites": ["tower-1"],
        "jurisdictions": ["CN-GD", "MO"],
        "valid_from": "2026-01-01T00:00:00Z",
        "valid_until": "2028-01-01T00:00:00Z",
    }
    assert json.loads(place.read(f"issuers/{place.kid}.json"))["scope"]["jurisdictions"] == ["CN-GD", "MO"]


def test_an_issuers_next_key_has_its_scope_and_the_old_one_ends(place, capsys):
    place.authority("issuer", "add", place.repository, "--from", place.trust, "--jurisdiction", "MO")
    old = place.kid
    shutil.rmtree(place.folder / "office")
    place.office("init", "--name", "tower-1", "--uri", URI, "--capacity", 50)
    shutil.rmtree(place.trust)
    place.office("publish", "--to", place.trust)
    turn = ["issuer", "rotate", place.repository, old[:6], "--from", place.trust, "--overlap", "3"]
    assert place.authority(*turn) == Exit.OK
    said = {kid: json.loads(place.read(f"issuers/{kid}.json")) for kid in (old, place.kid)}
    assert said[place.kid]["scope"] == said[old]["scope"]
    assert said[old]["valid_until"] == f"{place.now + timedelta(days=3):%Y-%m-%dT%H:%M:%SZ}"
    assert place.authority("publish", place.repository, "--from", place.trust) == Exit.OK
    assert place.authority("issuer", "remove", place.repository, old) == Exit.OK
    assert place.read(f"issuers/{old}.json") is None
    assert place.authority("issuer", "remove", place.repository, old) == Exit.USAGE


def test_a_removal_of_an_issuer_is_asked_about_at_a_terminal(place, capsys, monkeypatch):
    assert place.authority("issuer", "add", place.repository, "--from", place.trust) == Exit.OK
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    assert place.authority("issuer", "remove", place.repository, place.kid) == Exit.REFUSED
    assert "each device refuses all cards of this key" in capsys.readouterr().err
    assert place.read(f"issuers/{place.kid}.json") is not None
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert place.authority("issuer", "remove", place.repository, place.kid) == Exit.OK
    assert place.read(f"issuers/{place.kid}.json") is None


def test_a_key_of_another_issuer_is_not_a_rotation(place, capsys):
    shutil.rmtree(place.folder / "office")
    place.office("init", "--name", "tower-2", "--uri", URI)
    place.office("publish", "--to", place.folder / "other")
    turn = ["issuer", "rotate", place.repository, place.kid, "--from", place.folder / "other"]
    assert place.authority(*turn) == Exit.USAGE
    assert "the new key is of tower-2, the old one of tower-1" in capsys.readouterr().err


def test_sealed_templates_go_to_the_site_that_is_named(place):
    boxes = place.trust / "sealed"
    boxes.mkdir()
    for content in (b"one", b"two"):
        (boxes / f"{hashlib.sha256(content).hexdigest()[:32]}.box").write_bytes(content)
    assert (
        place.authority("publish", place.repository, "--from", place.trust, "--site", "tower-1/lobby")
        == Exit.OK
    )
    packed = place.read(f"sealed/tower-1_lobby.{place.kid}.boxes")
    assert sorted(cbor.decode(packed, limit=1_000)) == [b"one", b"two"]


def test_a_policy_is_published_for_the_site_that_it_names(place, capsys):
    file = place.folder / "policy.toml"
    file.write_text(POLICY)
    assert place.authority("policy", "set", place.repository, file, "--site", "tower-1") == Exit.OK
    assert place.read("policy/tower-1.toml") == POLICY.encode()
    assert place.authority("policy", "set", place.repository, file, "--site", "tower-2") == Exit.USAGE
    assert "`site` is tower-1, and --site is tower-2" in capsys.readouterr().err
    file.write_text(POLICY.replace('"tower-1"', '"*"'))
    assert place.authority("policy", "set", place.repository, file, "--site", "*") == Exit.OK
    assert place.read("policy/default.toml")
    file.write_text(POLICY.replace('"tower-1"', '"default"'))
    assert place.authority("policy", "set", place.repository, file, "--site", "default") == Exit.USAGE
    file.write_text("site = 1")
    assert place.authority("policy", "set", place.repository, file, "--site", "tower-1") == Exit.DEVICE
    assert place.authority("policy", "remove", place.repository, "--site", "tower-1") == Exit.OK
    assert place.read("policy/tower-1.toml") is None
    assert place.authority("policy", "remove", place.repository, "--site", "tower-1") == Exit.USAGE


def pins(folder: Path, **content: bytes) -> Path:
    """A folder in the form of `make models`, with small files."""
    folder.mkdir(exist_ok=True)
    page = ""
    for name, data in content.items():
        (folder / f"{name}.tflite").write_bytes(data)
        page += f'[files."{name}.tflite"]\nsha256 = "{hashlib.sha256(data).hexdigest()}"\n'
    (folder / "manifest.toml").write_text(page)
    return folder


def test_models_are_published_with_the_manifest_that_pins_them(place, capsys):
    built = pins(place.folder / "built", mesh=b"mesh", detector=b"detector")
    assert place.authority("models", "add", place.repository, built) == Exit.OK
    assert place.read("models/mesh.tflite") == b"mesh"
    assert place.read("models/manifest.toml") == (built / "manifest.toml").read_bytes()
    pins(built, mesh=b"finer mesh")
    assert place.authority("models", "add", place.repository, built) == Exit.OK
    assert place.read("models/mesh.tflite") == b"finer mesh"
    assert place.read("models/detector.tflite") is None, "a model that the manifest no longer pins is removed"
    (built / "mesh.tflite").write_bytes(b"another mesh")
    assert place.authority("models", "add", place.repository, built) == Exit.USAGE
    assert "not the file that manifest.toml pins" in capsys.readouterr().err
    for page in ("files = 1", "a = " + "[" * 4_000, "a = " + "9" * 5_000, "[files]\na = 1"):
        (built / "manifest.toml").write_text(page)
        assert place.authority("models", "add", place.repository, built) == Exit.USAGE, page[:40]


def test_models_that_make_models_built_are_published_whole(place, built_models):
    assert place.authority("models", "add", place.repository, built_models) == Exit.OK
    names = [path.name for path in built_models.iterdir() if path.suffix in {".tflite", ".npy", ".toml"}]
    for name in names:
        assert place.read(f"models/{name}") == (built_models / name).read_bytes()


def test_firmware_is_published_and_removed(place):
    (place.folder / "door-1.2.uf2").write_bytes(b"image")
    assert place.authority("firmware", "add", place.repository, place.folder / "door-1.2.uf2") == Exit.OK
    assert place.read("firmware/door-1.2.uf2") == b"image"
    assert place.authority("firmware", "remove", place.repository, "door-1.2.uf2") == Exit.OK
    assert place.read("firmware/door-1.2.uf2") is None
    assert place.authority("firmware", "remove", place.repository, "door-1.2.uf2") == Exit.USAGE


@pytest.mark.parametrize("role", [role for role in roles.KEY_COUNTS if role != "root"])
def test_a_role_gets_a_new_key_and_signs_without_the_old_one(place, role):
    device = place.device()
    device.look(place.repository)
    (old,) = place.keys.rglob(f"{role}-*.key")
    assert place.authority("rotate", place.repository, role) == Exit.OK
    old.unlink()
    assert place.authority("renew", place.repository, role) == Exit.OK
    assert device.read(place.repository, "revocation/time.json")
    assert place.device("newcomer").read(place.repository, "revocation/time.json")


def test_a_lost_root_key_is_replaced(place, capsys):
    lost, *_ = (place.keys / "offline").glob("root-*.key")
    lost.unlink()
    key_id = lost.stem.removeprefix("root-")
    assert place.authority("rotate", place.repository, "root") == Exit.USAGE
    assert "root has 3 keys" in capsys.readouterr().err
    assert place.authority("rotate", place.repository, "root", "--drop", key_id) == Exit.OK
    assert len(list((place.keys / "offline").glob("root-*.key"))) == 3
    root = Metadata.from_bytes((place.repository / "metadata/2.root.json").read_bytes()).signed
    assert len(root.roles["root"].keyids) == 3
    assert not any(held.startswith(key_id) for held in root.keys)
    assert place.read("revocation/time.json")


def test_root_keys_on_separate_sticks_sign_one_after_the_other(place, capsys):
    sticks = []
    for number, path in enumerate(sorted((place.keys / "offline").glob("root-*.key"))):
        stick = place.folder / f"stick-{number}"
        stick.mkdir()
        sticks.append(stick)
        shutil.move(path, stick)
    staged = place.folder / "root.next.json"
    assert place.authority("renew", place.repository, "root", "--keys", sticks[0]) == Exit.USAGE
    assert (
        place.authority("renew", place.repository, "root", "--keys", sticks[0], "--stage", staged) == Exit.OK
    )
    assert "signatures of root keys that are missing: 1" in capsys.readouterr().out
    assert not (place.repository / "metadata/2.root.json").exists()
    assert place.authority("sign-root", place.repository, staged, "--keys", sticks[0]) == Exit.OK
    assert not (place.repository / "metadata/2.root.json").exists(), "two signatures of one key count once"
    assert place.authority("sign-root", place.repository, staged, "--keys", sticks[2]) == Exit.OK
    assert (place.repository / "metadata/2.root.json").exists()
    assert not staged.exists()
    assert place.read("revocation/time.json")


def test_a_new_online_key_is_written_to_the_machine_and_an_offline_one_to_the_stick(place):
    stick = place.lock_away("stick")
    assert place.authority("rotate", place.repository, "timestamp", "--keys", stick) == Exit.OK
    assert place.authority("rotate", place.repository, "models", "--keys", stick) == Exit.OK
    assert len(list((place.keys / "online").glob("timestamp-*.key"))) == 2
    assert len(list(stick.rglob("models-*.key"))) == 2
    assert not (place.keys / "offline").exists()


def test_a_repository_for_transport_is_signed_for_longer(place):
    early = NOW - timedelta(days=7)
    travelling = Place(place.folder / "travelling")
    travelling.now = early
    travelling.folder.mkdir()
    assert travelling.authority("init", travelling.repository) == Exit.OK
    with pytest.raises(ExpiredMetadataError):
        travelling.read("revocation/time.json")
    assert travelling.authority("refresh", travelling.repository, "--life", "10") == Exit.OK
    assert travelling.read("revocation/time.json")
    assert travelling.authority("refresh", travelling.repository, "--life", "91") == Exit.USAGE


def test_show_lists_the_repository_and_warns_of_near_expiry(place, capsys):
    capsys.readouterr()
    assert place.authority("show", place.repository) == Exit.OK
    out = capsys.readouterr().out
    assert f"issuers/{place.kid}.json" in out
    assert "warning" not in out
    assert place.authority("show", place.repository, "--json") == Exit.OK
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {row["role"]: row for row in rows if "role" in row}
    assert set(found) == set(roles.KEY_COUNTS)
    assert (found["root"]["threshold"], len(found["root"]["keys"])) == (2, 3)
    assert {row["target"] for row in rows if "target" in row} >= {
        f"issuers/{place.kid}.json",
        "revocation/time.json",
    }
    assert place.authority("show", place.repository, now=place.now + timedelta(days=2.5)) == Exit.OK
    assert "warning: timestamp expires in 0 days" in capsys.readouterr().out
    assert place.authority("show", place.repository, now=place.now + timedelta(days=400)) == Exit.OK
    assert "warning: root has expired" in capsys.readouterr().out


def test_check_finds_altered_files_and_expired_metadata(place, capsys):
    assert place.authority("check", place.repository) == Exit.OK
    assert "all 3 targets are verified" in capsys.readouterr().out
    assert place.authority("check", place.repository, now=place.now + timedelta(days=5)) == Exit.USAGE
    assert "wrong: timestamp has expired" in capsys.readouterr().out
    (found,) = (place.repository / "targets/issuers").iterdir()
    good = found.read_bytes()
    found.write_bytes(good.replace(b"tower-1", b"tower-2"))
    assert place.authority("check", place.repository) == Exit.USAGE
    assert "not the file that was published" in capsys.readouterr().err
    found.write_bytes(good)
    (found,) = (place.repository / "targets/revocation").glob("*.cwt")
    found.unlink()
    assert place.authority("check", place.repository) == Exit.USAGE
    assert "1 errors in the publication" in capsys.readouterr().err


def test_two_publications_do_not_interleave(place, monkeypatch, capsys):
    monkeypatch.setattr(authority_folder, "WAIT_S", 0.3)
    with authority_folder.locked(place.repository):
        assert place.authority("refresh", place.repository) == Exit.DEVICE
    assert "another program is publishing" in capsys.readouterr().err
    assert place.authority("refresh", place.repository) == Exit.OK


def test_files_of_an_interrupted_publication_are_removed(place):
    leftovers = [
        place.repository / "metadata" / "99.snapshot.json",
        place.repository / "metadata" / ".timestamp.json.0a1b2c3d",
        place.repository / "targets" / "revocation" / ".x.cwt.0a1b2c3d",
        place.repository / "targets" / "revocation" / f"{'0' * 64}.x.cwt",
    ]
    for path in leftovers:
        path.write_bytes(b"{")
    assert place.authority("refresh", place.repository) == Exit.OK
    assert not [path for path in leftovers if path.exists()]
    assert place.read("revocation/time.json")


def test_the_last_publications_keep_their_files(place):
    for _ in range(4):
        assert place.authority("refresh", place.repository, "--keep", "2") == Exit.OK
    assert len(list((place.repository / "metadata").glob("*.snapshot.json"))) == 2
    assert len(list((place.repository / "targets/revocation").glob("*.time.json"))) == 2


USAGE = [
    (["show", "nowhere"], Exit.USAGE, "no such folder"),
    (["show", "TRUST"], Exit.USAGE, "no repository here"),
    (["publish", "DIR", "--from", "nowhere"], Exit.DEVICE, "no such folder"),
    (["issuer", "add", "DIR", "--from", "nowhere"], Exit.USAGE, "holds no issuer"),
    (["issuer", "add", "DIR", "nowhere.json"], Exit.USAGE, "not the name of an issuer's file"),
    (["issuer", "remove", "DIR", "ff"], Exit.USAGE, "0 issuers' keys begin with ff"),
    (["models", "add", "DIR", "TRUST"], Exit.DEVICE, "manifest.toml"),
    (["sign-root", "DIR", "WALLET"], Exit.USAGE, "not metadata of TUF"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "code", "message"), USAGE, ids=[" ".join(words) for words, _, _ in USAGE])
def test_an_error_has_its_reason_and_a_hint(place, capsys, words, code, message):
    named = {"DIR": place.repository, "TRUST": place.trust, "WALLET": place.folder / "a.wallet"}
    named |= {"nowhere": place.folder / "nowhere"}
    assert place.authority(*(named.get(word, word) for word in words)) == code
    told = capsys.readouterr().err
    assert message in told
    assert "hint: " in told
