"""`doorward sync` at a site: a web server, a stick, an attacker, a full disk, a bad line."""

from __future__ import annotations

import json
import os
import queue
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from conftest import ROOT
from peers.web_server import Web, reply, serve
from worlds import folders
from worlds.publishing import DAY, Authority, Gate

from edge.__main__ import main
from edge.app.door_device import open_device
from edge.app.lane_device import open_lane
from edge.app.parts.trust_folder import open_trust
from edge.cli.config import read as read_config
from edge.errors import Exit, NoSpace, TrustFault
from edge.sync.wake_file import wake
from hw.sim.source import SimSource


class Site:
    """A device's folder with its configuration, and an authority that publishes now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(now=datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2))
        self.authority.publish_lists()
        (folder / "root.json").write_bytes(self.authority.root)
        self.configure()

    @property
    def config(self) -> Path:
        return self.folder / "door.toml"

    def configure(self, **sync: object) -> None:
        lines = [f"{key} = {json.dumps(value)}" for key, value in sync.items()]
        self.config.write_text("\n".join(["[door]", 'face = "none"', "[sync]", *lines]), "utf-8")

    def next_publication(self) -> None:
        self.authority.later(timedelta(minutes=1)).revoke_one()
        self.authority.publish_lists()

    def stick(self, name: str = "stick", files: Mapping[str, bytes] | None = None) -> Path:
        """A folder with the repository of now, or with these files."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        return folders.fill(folder, files or self.authority.files)

    def sync(self, *more: str) -> int:
        return main(["sync", "--config", str(self.config), *more])

    @property
    def published_at(self) -> datetime | None:
        return open_trust(self.folder / "trust").published_at


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
def web(site: Site) -> Iterator[Web]:
    with serve(site.authority.files) as web:
        site.configure(url=web.url)
        yield web


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# -- a day -----------------------------------------------------------------------------------------------------


def test_a_device_follows_its_authority(site: Site, web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.sync("--json") == Exit.OK
    assert site.sync("--json") == Exit.OK
    site.next_publication()
    assert site.sync("--json") == Exit.OK
    first, second, third = printed(capsys)
    assert [row["result"] for row in (first, second, third)] == ["updated", "up-to-date", "updated"]
    assert [len(row["keys_added"]) for row in (first, second, third)] == [1, 0, 0]  # type: ignore[arg-type]
    assert [len(row["lists"]) for row in (first, second, third)] == [1, 0, 1]  # type: ignore[arg-type]
    assert site.published_at == site.authority.now


def test_the_text_tells_what_changed(site: Site, web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    site.sync()
    site.sync()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("updated: generation 1, signed ")
    assert lines[1].split()[:3] == ["key", site.authority.issuer.kid.hex(), "tower-1,"]
    assert "https://tower-1.example/s  1000 cards, signed 2 h ago" in lines[2]
    assert lines[3].startswith("up to date: generation 1, signed ")


def test_the_other_authority_of_a_lane_is_synced_too(
    site: Site, web: Web, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Site(tmp_path_factory.mktemp("other"))
    (site.folder / "other-root.json").write_bytes(other.authority.root)
    with serve(other.authority.files) as theirs:
        site.config.write_text(
            f'[door]\nvenue = "lane"\n[sync]\nurl = "{web.url}"\n'
            f'[lane]\nother_trust = "other"\nother_sync_url = "{theirs.url}"\n'
        )
        assert site.sync("--json") == Exit.OK
    assert [(row["device"], row["result"]) for row in printed(capsys)] == [
        ("doorward-1", "updated"),
        ("doorward-2", "updated"),
    ]
    kids = [list(open_trust(site.folder / name).issuers) for name in ("trust", "other")]
    assert kids == [[site.authority.issuer.kid], [other.authority.issuer.kid]]


def test_without_an_address_there_is_nothing_to_sync(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.sync() == Exit.USAGE
    assert "--from DIR" in capsys.readouterr().err
    assert site.sync("--watch") == Exit.USAGE


def test_without_a_root_no_request_is_sent(site: Site, web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    (site.folder / "root.json").unlink()
    assert site.sync() == Exit.REFUSED
    assert "root.json: no such file" in capsys.readouterr().err
    assert web.asked == []


# -- attackers, on the way or at the server ----------------------------------------------------------------------


def endless(handler: BaseHTTPRequestHandler) -> None:
    """Send data until the client closes."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    while True:
        handler.wfile.write(bytes(60_000))


def expire(site: Site) -> None:
    """The authority stopped signing; its server still runs."""
    site.authority.now -= 100 * DAY
    again = Authority(seed=1, now=site.authority.now)
    again.publish_lists()
    site.authority.shelf.files.clear()
    site.authority.shelf.files.update(again.files)


def mix(site: Site) -> None:
    """The snapshot of one publication with the files of another."""
    old = site.authority.repository.metadata["snapshot"].signed.version
    before = site.authority.files[f"metadata/{old}.snapshot.json"]
    site.next_publication()
    new = site.authority.repository.metadata["snapshot"].signed.version
    site.authority.files[f"metadata/{new}.snapshot.json"] = before


def forge(site: Site) -> None:
    """Another authority at this address."""
    other = Authority(seed=66, now=site.authority.now)
    site.authority.shelf.files.clear()
    site.authority.shelf.files.update(other.files)


def swap_list(site: Site) -> None:
    site.next_publication()
    name = site.authority.target(site.authority.list_name.signed)
    site.authority.files[name] = bytes(len(site.authority.files[name]))


ATTACKS = {
    "mix-and-match": (mix, "mix-and-match"),
    "a wrong root": (forge, "threshold"),
    "an unsigned list": (swap_list, "its SHA-256 is not the signed one"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_refused_and_the_old_trust_stays(
    attack: str, site: Site, web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    site.sync()
    before = site.published_at
    act, word = ATTACKS[attack]
    act(site)
    assert site.sync() == Exit.REFUSED
    assert word in capsys.readouterr().err
    assert site.published_at == before


def test_a_rollback_is_refused(site: Site, web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    old = site.authority.copy()
    site.next_publication()
    site.sync()
    site.authority.shelf.files.clear()
    site.authority.shelf.files.update(old)
    assert site.sync() == Exit.REFUSED
    assert "rollback" in capsys.readouterr().err
    assert site.published_at == site.authority.now


def test_a_freeze_is_noticed_when_the_signatures_expire(
    site: Site, web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    expire(site)
    assert site.sync() == Exit.REFUSED
    err = capsys.readouterr().err
    assert "expired" in err
    assert "clock" in err


def test_endless_data_is_cut_off(site: Site, web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    site.sync()
    before = site.published_at
    site.next_publication()
    for name in ("metadata/timestamp.json", site.authority.target(site.authority.list_name.signed)):
        web.answers[name] = endless
        assert site.sync() == Exit.DEVICE
        assert "endless" in capsys.readouterr().err
        del web.answers[name]
        assert site.published_at == before


def test_wrong_answers_of_a_server_are_refused(site: Site, web: Web) -> None:
    site.sync()
    site.next_publication()
    for status, body in ((500, b""), (200, b"<html>log in to this network</html>"), (200, os.urandom(999))):
        web.answers["metadata/timestamp.json"] = lambda handler, s=status, b=body: reply(handler, s, b)
        assert site.sync() in {Exit.REFUSED, Exit.DEVICE}
    del web.answers["metadata/timestamp.json"]
    assert site.sync() == Exit.OK


# -- a stick -----------------------------------------------------------------------------------------------------


def test_a_stick_replaces_the_network(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.sync("--from", str(site.stick())) == Exit.OK
    site.next_publication()
    assert site.sync("--from", str(site.stick())) == Exit.OK
    assert site.published_at == site.authority.now
    assert "generation 2" in capsys.readouterr().out


def test_a_stick_older_than_the_device_is_refused(
    site: Site, web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    old = site.authority.copy()
    site.next_publication()
    site.sync()
    assert site.sync("--from", str(site.stick(files=old))) == Exit.REFUSED
    assert "rollback" in capsys.readouterr().err
    assert site.published_at == site.authority.now


def test_a_stick_of_another_authority_is_refused(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    other = Authority(seed=66, now=site.authority.now)
    assert site.sync("--from", str(site.stick(files=other.files))) == Exit.REFUSED
    assert "threshold" in capsys.readouterr().err
    assert not (site.folder / "trust").exists()


def test_a_missing_stick_is_an_error_with_a_hint(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert site.sync("--from", str(site.folder / "usb")) == Exit.DEVICE
    assert "mount it" in capsys.readouterr().err


def test_a_stick_with_a_link_in_it_is_refused(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    stick = site.stick()
    timestamp = stick / "metadata" / "timestamp.json"
    timestamp.rename(stick / "elsewhere")
    timestamp.symlink_to(stick / "elsewhere")
    assert site.sync("--from", str(stick)) == Exit.DEVICE
    assert "links are not followed" in capsys.readouterr().err


# -- the first start ---------------------------------------------------------------------------------------------


def test_a_door_opens_for_the_first_time_without_a_network(site: Site) -> None:
    expire(site)  # the image was made long ago
    (site.folder / "root.json").write_bytes(site.authority.root)
    site.stick("image")
    site.configure(baked="image")
    folders.shoot(site.folder / "film.avi")
    with open_device(read_config(site.config), site.folder, camera=str(site.folder / "film.avi")):
        assert (site.folder / "trust").readlink() == Path("trust.d/1")
    assert site.published_at == site.authority.now
    with open_device(read_config(site.config), site.folder, camera=str(site.folder / "film.avi")):
        assert (site.folder / "trust").readlink() == Path("trust.d/1")


def test_a_lane_takes_the_trust_of_both_authorities_from_its_image(
    site: Site, tmp_path_factory: pytest.TempPathFactory, built_models: Path
) -> None:
    other = Site(tmp_path_factory.mktemp("other"))
    (site.folder / "other-root.json").write_bytes(other.authority.root)
    shutil.copytree(other.stick("image"), site.folder / "other-image")
    site.stick("image")
    site.config.write_text(
        f'[door]\nvenue = "lane"\n[paths]\nmodels = "{built_models}"\n[sync]\nbaked = "image"\n'
        '[camera]\ndevice = "film.avi"\n'
        '[lane]\ninner_camera = "film.avi"\nother_trust = "other"\nother_sync_baked = "other-image"\n'
    )
    folders.shoot(site.folder / "film.avi")
    with open_lane(read_config(site.config), site.folder):
        kids = [list(open_trust(site.folder / name).issuers) for name in ("trust", "other")]
    assert kids == [[site.authority.issuer.kid], [other.authority.issuer.kid]]


def test_an_image_with_the_repository_of_another_authority_does_not_start(site: Site) -> None:
    site.stick("image", Authority(seed=66).files)
    site.configure(baked="image")
    with (
        pytest.raises(TrustFault, match="threshold"),
        open_device(read_config(site.config), site.folder, camera="film.avi"),
    ):
        pytest.fail("it started")


def test_the_trust_of_the_image_is_taken_before_that_of_the_network(
    site: Site, web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    site.stick("image")
    site.configure(url=web.url, baked="image")
    site.next_publication()
    assert site.sync("--json") == Exit.OK
    image, network = printed(capsys)
    assert (image["generation"], network["generation"]) == ("1", "2")
    assert site.published_at == site.authority.now


# -- a full disk -------------------------------------------------------------------------------------------------


def test_a_full_disk_keeps_the_old_trust(site: Site, web: Web) -> None:
    """Each file of the update in turn is the one that does not fit (RLIMIT_FSIZE)."""
    site.sync()
    before = site.published_at
    site.next_publication()
    command = [sys.executable, "-m", "edge", "sync", "--config", str(site.config)]
    codes = []
    for limit in (0, 40, 300, 600, 1_000, 2_000):
        child = subprocess.run(
            command,
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(site.folder)},
        )
        codes.append(child.returncode)
        assert child.returncode == Exit.DEVICE, child.stderr
        assert "the disk is full" in child.stderr
        assert site.published_at == before
    assert site.sync() == Exit.OK
    assert site.published_at == site.authority.now


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user cannot mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_that_fills_up_at_any_point_keeps_the_old_trust(small_disk: Path) -> None:
    """A real file system with fewer and fewer free bytes: the trust in force is always complete."""
    authority = Authority(capacity=100_000)
    authority.manifest = True
    authority.publish_lists()
    gate = Gate(small_disk, authority.root)
    gate.sync(authority.files)
    filler = small_disk / "filler"
    refused = 0
    for free_kb in range(0, 140, 12):
        authority.later().revoke_one()
        authority.publish_lists()
        before = gate.trust.published_at
        filler.unlink(missing_ok=True)
        room = shutil.disk_usage(small_disk).free - free_kb * 1_024
        filler.write_bytes(bytes(max(room, 0)))
        try:
            gate.sync(authority.files, now=authority.now)
        except NoSpace:
            refused += 1
            assert gate.trust.published_at == before
    assert refused >= 3
    filler.unlink()
    gate.sync(authority.files, now=authority.now)
    assert gate.trust.published_at == authority.now
    assert len(gate.generations()) <= 2


def test_a_download_that_does_not_fit_is_not_begun(small_disk: Path) -> None:
    """The signed lengths show that before the first large file is fetched."""
    authority = Authority()
    authority.publish_lists()
    authority.publish({"models/manifest.toml": b"m", "models/big.tflite": bytes(600_000)})
    name = authority.target("models/big.tflite")
    source = SimSource(authority.files)
    gate = Gate(small_disk, authority.root, models=True)
    with pytest.raises(NoSpace, match="free"):
        gate.sync(source)
    assert name not in [asked for asked, _ in source.asked]
    assert not (small_disk / "trust").exists()


# -- a bad line --------------------------------------------------------------------------------------------------


def test_a_large_file_is_resumed_after_a_broken_connection(site: Site, web: Web) -> None:
    model = os.urandom(3_000_000)
    site.authority.publish({"models/manifest.toml": b"m", "models/big.tflite": model})
    site.configure(url=web.url, models=True)
    name = site.authority.target("models/big.tflite")

    def cut(handler: BaseHTTPRequestHandler) -> None:
        start = int(handler.headers.get("Range", "bytes=0-")[6:-1])
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Range", f"bytes {start}-{len(model) - 1}/{len(model)}")
        handler.send_header("Content-Length", str(len(model) - start))
        handler.end_headers()
        handler.wfile.write(model[start : start + 400_000])
        handler.close_connection = True

    web.answers[name] = cut
    assert site.sync() == Exit.DEVICE
    part = next((site.folder / "state" / "partial").glob("*.part"))
    got = part.stat().st_size
    assert 0 < got < len(model)
    del web.answers[name]
    assert site.sync() == Exit.OK
    asked = [headers.get("Range") for path, headers in web.asked if path == name]
    assert asked[-1] == f"bytes={got}-"
    assert (site.folder / "trust" / "models" / "big.tflite").read_bytes() == model


# -- without an end ----------------------------------------------------------------------------------------------------


def test_the_background_sync_runs_on_a_wake_up(site: Site, web: Web) -> None:
    asked: queue.Queue[float] = queue.Queue()

    def timestamp(handler: BaseHTTPRequestHandler) -> None:
        asked.put(time.monotonic())
        reply(handler, 200, site.authority.files["metadata/timestamp.json"])

    web.answers["metadata/timestamp.json"] = timestamp
    command = [sys.executable, "-m", "edge", "sync", "--watch", "--config", str(site.config)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as sync:
        try:
            asked.get(timeout=30)  # at once: there was no trust
            assert sync.stdout is not None
            assert sync.stdout.readline().startswith("updated: generation 1")
            assert os.getpriority(os.PRIO_PROCESS, sync.pid) == min(os.nice(0) + 10, 19)
            site.next_publication()
            sync.send_signal(signal.SIGUSR1)
            asked.get(timeout=30)
            while not (line := sync.stdout.readline()).startswith("updated: generation 2"):
                assert line
            wake(site.folder / "state")
            asked.get(timeout=30)
        finally:
            sync.send_signal(signal.SIGTERM)
        _, errors = sync.communicate(timeout=30)
    assert sync.returncode == 0
    assert errors == ""


def test_a_stop_in_the_middle_of_a_download_ends_the_sync(site: Site, web: Web) -> None:
    site.authority.publish({"models/manifest.toml": b"m", "models/big.tflite": os.urandom(5_000_000)})
    site.configure(url=web.url, models=True)
    begun = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "5000000")
        handler.end_headers()
        while not web.over.wait(0.02):
            handler.wfile.write(bytes(1_000))
            begun.set()

    web.answers[site.authority.target("models/big.tflite")] = drip
    command = [sys.executable, "-m", "edge", "sync", "--watch", "--config", str(site.config)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as sync:
        assert begun.wait(30)
        sync.send_signal(signal.SIGTERM)
        _, errors = sync.communicate(timeout=30)
    assert sync.returncode == 0
    assert errors == ""
    assert not (site.folder / "trust").exists()
