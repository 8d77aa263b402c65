"""A device from a configuration: its memory of time, its site's policy, and its metrics."""

from __future__ import annotations

import socket
import threading
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from samples.journals import read_records
from worlds import folders
from worlds.office import NOW
from worlds.trust import TRUST

from edge.app.clock_store import not_before, passed, remembered
from edge.app.door_device import open_device
from edge.app.loop.run import run_device
from edge.app.parts.trust_folder import open_files
from edge.audit.record import ClockChange, ClockEvent, StopCause, utc_ms
from edge.config import Config, parse_config
from edge.errors import ConfigError, StorageFault, TrustFault
from edge.trust.time import clock_file
from edge.trust.time.trusted_clock import LAST, ClockMemory
from edge.version import EPOCH, built_at, instant
from edge.vouched_time import UNVOUCHED, VouchedTime

HEAD = 'version = "7"\nissued_at = 2026-03-01T00:00:00Z\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a device without a face: trust, and a film for a camera."""
    folders.trust(tmp_path / "trust")
    folders.shoot(tmp_path / "film.avi")
    return tmp_path


def config(text: str = "") -> Config:
    plain = "door.face = 'none'\ncamera.device = 'film.avi'\n"
    return parse_config((plain + text).encode(), Path("door.toml"))


def run(folder: Path, text: str = "") -> None:
    with open_device(config(text), folder) as device:
        run_device(device, stop=threading.Event(), on_moment=lambda _: None)


def stored(folder: Path) -> ClockMemory:
    return clock_file.parse((folder / "state" / "clock.json").read_bytes())


def events(folder: Path) -> list[ClockEvent]:
    return [record.event for record in read_records(folder / "journal.db") if isinstance(record, ClockChange)]


def test_a_device_remembers_the_signed_time_and_counts_on_from_it(folder: Path) -> None:
    """Between the signature of long ago and now only the wall clock says how much time has passed."""
    run(folder)
    memory = stored(folder)
    signed = NOW.replace(microsecond=0)
    assert memory.signed == signed
    assert signed < memory.vouched < memory.time < signed + timedelta(minutes=5)
    assert events(folder) == []


def test_a_device_that_ran_tomorrow_does_not_trust_a_clock_of_today(folder: Path) -> None:
    run(folder)
    tomorrow = replace(stored(folder), time=datetime.now(UTC) + timedelta(days=1))
    (folder / "state" / "clock.json").write_bytes(clock_file.encode(tomorrow))
    run(folder)
    assert events(folder)[-1] is ClockEvent.BEHIND
    assert stored(folder).time >= tomorrow.time


def test_a_start_and_a_stop_are_no_witnesses_of_the_wall_clock(folder: Path) -> None:
    """One start with a clock that is ahead leaves records, and no holder's phone agreed with them."""
    with open_device(config(), folder) as device:
        device.verifier.start()
        device.verifier.stop(StopCause.END)
    assert read_records(folder / "journal.db")[-1].time_ms > utc_ms(NOW + timedelta(hours=1))
    assert stored(folder).time < NOW + timedelta(hours=1)


class Tape:
    """A journal with the time of its last grant only."""

    def __init__(self, last: datetime | None) -> None:
        self._last = last

    def last_grant_ms(self, limit: int) -> int | None:
        assert limit > 0
        return utc_ms(self._last) if self._last else None


def test_the_first_start_of_a_device_remembers_nothing(tmp_path: Path) -> None:
    assert remembered(open_files(tmp_path), Tape(None), trust=TRUST) is None


HOUR = timedelta(hours=1)
FILED = ClockMemory(NOW, NOW - HOUR, NOW - HOUR)
LAST_GRANTS = {
    "a grant after the file": (FILED, NOW + HOUR, replace(FILED, time=NOW + HOUR)),
    "a grant before the file": (FILED, NOW - HOUR, FILED),
    "no grant": (FILED, None, FILED),
    "no file": (None, NOW, ClockMemory(NOW, TRUST.floor, TRUST.synced_at)),
    "a grant with a time past the maximum": (
        FILED,
        datetime(9999, 1, 1, tzinfo=UTC),
        replace(FILED, time=LAST),
    ),
}


@pytest.mark.parametrize(("filed", "last", "memory"), LAST_GRANTS.values(), ids=LAST_GRANTS)
def test_the_later_of_file_and_grant_is_remembered(
    tmp_path: Path, filed: ClockMemory | None, last: datetime | None, memory: ClockMemory
) -> None:
    files = open_files(tmp_path)
    if filed:
        files.write(clock_file.NAME, clock_file.encode(filed))
    assert remembered(files, Tape(last), TRUST) == memory


def test_a_clock_that_is_set_back_silences_no_deadline(tmp_path: Path) -> None:
    files = open_files(tmp_path)
    assert not_before(files, NOW) == NOW
    files.write(clock_file.NAME, clock_file.encode(ClockMemory(NOW, NOW - HOUR)))
    assert not_before(files, NOW - 9 * HOUR) == NOW
    assert not_before(files, NOW + HOUR) == NOW + HOUR


def test_beside_the_device_no_more_has_passed_than_it_stored(tmp_path: Path) -> None:
    files = open_files(tmp_path)
    assert passed(files, NOW) == UNVOUCHED
    files.write(clock_file.NAME, clock_file.encode(ClockMemory(NOW, NOW - HOUR, None, NOW)))
    assert passed(files, NOW + 9_000 * HOUR) == VouchedTime(NOW)
    assert passed(files, NOW - HOUR) == VouchedTime(NOW - HOUR)
    assert passed(files, NOW - 2 * HOUR) == UNVOUCHED  # the wall clock is behind a signed time


def test_a_state_folder_that_cannot_be_written_does_not_stop_the_door(folder: Path) -> None:
    (folder / "state").write_bytes(b"a file where a folder should be")
    run(folder)
    assert [record.time_ms for record in read_records(folder / "journal.db")]


def test_the_policy_of_another_site_keeps_a_device_from_starting(folder: Path) -> None:
    (folder / "trust" / "policy.toml").write_text(HEAD + 'site = "tower-9"\n')
    with pytest.raises(TrustFault, match="tower-9"), open_device(config(), folder):
        pytest.fail("it opened")
    assert not (folder / "journal.db").exists()


def test_a_door_without_a_camera_does_not_start_with_a_policy_that_requires_a_face(folder: Path) -> None:
    (folder / "trust" / "policy.toml").write_text(HEAD + 'site = "tower-1"\n[door]\nface = "required"\n')
    text = "door.face = 'none'\ncamera.kind = 'none'\nscanner.kind = 'serial'\nscanner.port = 'absent'\n"
    alone = parse_config(text.encode(), Path("door.toml"))
    with pytest.raises(ConfigError, match="policy requires a face"), open_device(alone, folder):
        pytest.fail("it opened")
    assert not (folder / "journal.db").exists()


def test_the_policy_of_its_own_site_is_recorded(folder: Path) -> None:
    (folder / "trust" / "policy.toml").write_text(HEAD + 'site = "tower-1"\n')
    with open_device(config(), folder) as device:
        moments = []
        run_device(device, stop=threading.Event(), on_moment=moments.append)
    assert moments[0].trust_state.policy == "7"
    assert {part.kind.value for part in moments[0].trust_state.ages} == {"keys", "status", "policy", "time"}


def test_metrics_are_served_while_the_device_runs(folder: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = []

    def scrape(_: object) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            told.append(answer.read().decode())

    with open_device(config(f"metrics.port = {port}\n"), folder) as device:
        run_device(device, stop=threading.Event(), on_moment=scrape)
    assert 'doorward_trust_age_seconds{part="status"}' in told[-1]
    assert "doorward_journal_records 1.0" in told[-1]


def test_a_full_disk_is_not_an_error_of_the_clock_store(folder: Path) -> None:
    class Full:
        def write(self, name: str, data: bytes, *, secret: bool = False) -> None:
            raise StorageFault("the disk is full")

    from edge.app.clock_store import ClockStore
    from edge.trust.time.trusted_clock import TrustedClock

    store = ClockStore(Full(), TrustedClock())
    assert not store.save_if_due()


INSTANTS = {
    "2026-11-22T06:00:00Z\n": datetime(2026, 11, 22, 6, tzinfo=UTC),
    "2026-11-22T14:00:00+08:00": datetime(2026, 11, 22, 6, tzinfo=UTC),
    "2026-11-22T06:00:00": EPOCH,
    "yesterday": EPOCH,
    "0001-01-01T00:00:00+14:00": EPOCH,
    "1950-01-01T00:00:00Z": EPOCH,
    "": EPOCH,
}


@pytest.mark.parametrize("text", INSTANTS)
def test_the_time_of_an_image_needs_a_zone(text: str) -> None:
    assert instant(text) == INSTANTS[text]


def test_a_checkout_has_no_time_of_an_image() -> None:
    assert built_at() == EPOCH
