"""Watching the trust of a running device."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from worlds.publishing import NOW, Authority, Gate

from edge.app.parts.trust_folder import open_trust
from edge.app.sync import trust_watch
from edge.app.sync.trust_watch import TrustChange, TrustWatch, log_trust
from edge.errors import TrustFault
from edge.sync.wake_file import WakeFile, wake
from edge.trust.snapshot import TrustSnapshot


@pytest.fixture
def authority() -> Authority:
    authority = Authority()
    authority.publish_lists()
    return authority


@pytest.fixture
def gate(tmp_path: Path, authority: Authority) -> Gate:
    gate = Gate(tmp_path, authority.root)
    gate.sync(authority.files)
    return gate


def released(authority: Authority, gate: Gate) -> None:
    authority.later().publish_lists()
    gate.sync(authority.files, now=authority.now)


def test_a_new_generation_is_taken_over_whole(gate: Gate, authority: Authority) -> None:
    told: list[TrustChange] = []
    seen = TrustWatch(gate.folder / "trust", open_trust, tell=told.append)
    before = seen.current()
    assert not seen.look()
    assert seen.current() is before
    released(authority, gate)
    assert seen.look()
    assert seen.current().published_at == authority.now
    assert before.published_at == NOW  # the old snapshot does not change
    assert [news.generation for news in told] == ["2"]
    assert told[0].trust is seen.current()


def test_a_sync_without_news_is_no_sign_of_a_network(gate: Gate, authority: Authority) -> None:
    """A mirror that froze serves the same files to every device, hour after hour."""
    seen = TrustWatch(gate.folder / "trust", open_trust)
    gate.sync(authority.files, now=NOW + timedelta(hours=1))
    assert not seen.look()
    assert seen.current().synced_at == NOW
    released(authority, gate)
    assert seen.look()
    assert seen.current().synced_at == authority.now


def test_broken_trust_is_told_once_and_the_old_trust_stays(gate: Gate, authority: Authority) -> None:
    told: list[TrustChange] = []
    seen = TrustWatch(gate.folder / "trust", open_trust, tell=told.append)
    before = seen.current()
    released(authority, gate)
    (gate.folder / "trust" / "issuers" / "broken.json").write_bytes(b"{")
    for _ in range(3):
        assert not seen.look()
    assert seen.current() is before
    assert [(news.generation, type(news.fault)) for news in told] == [("2", TrustFault)]
    released(authority, gate)
    assert seen.look()
    assert seen.current().published_at == authority.now


def test_a_generation_that_is_removed_during_the_read_is_not_told(gate: Gate, authority: Authority) -> None:
    told: list[TrustChange] = []
    overtaken = iter([True])

    def load(folder: Path) -> TrustSnapshot:
        if folder.name == "2" and next(overtaken, False):
            released(authority, gate)
            raise TrustFault("gone")
        return open_trust(folder)

    seen = TrustWatch(gate.folder / "trust", load, tell=told.append)
    released(authority, gate)
    assert not seen.look()
    assert seen.look()
    assert [news.generation for news in told] == ["3"]


def test_a_generation_that_is_removed_at_the_start_is_tried_again(gate: Gate, authority: Authority) -> None:
    overtaken = iter([True])

    def load(folder: Path) -> TrustSnapshot:
        if next(overtaken, False):
            released(authority, gate)
            raise TrustFault("gone")
        return open_trust(folder)

    assert TrustWatch(gate.folder / "trust", load).current().published_at == authority.now


def test_without_trust_there_is_nothing_to_watch(tmp_path: Path) -> None:
    with pytest.raises(TrustFault, match="no such folder"):
        TrustWatch(tmp_path / "trust", open_trust)


def test_a_folder_that_was_copied_by_hand_is_read_once(gate: Gate, tmp_path: Path) -> None:
    by_hand = tmp_path / "by-hand"
    (gate.folder / "trust.d" / "1").rename(by_hand)
    seen = TrustWatch(by_hand, open_trust)
    (by_hand / "generation.json").write_bytes(b"{")
    assert not seen.look()


def test_the_thread_finds_a_new_generation(
    gate: Gate, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust_watch, "LOOK_EVERY_S", 0.01)
    found = threading.Event()
    with TrustWatch(gate.folder / "trust", open_trust, tell=lambda _: found.set()).looking() as seen:
        released(authority, gate)
        assert found.wait(10)
        assert seen.current().published_at == authority.now
    assert not any(thread.name == "trust" for thread in threading.enumerate())


def test_both_kinds_of_change_are_one_line_of_the_log(gate: Gate, capsys: pytest.CaptureFixture[str]) -> None:
    log_trust(TrustChange("2", open_trust(gate.folder / "trust")))
    log_trust(TrustChange("3", fault=TrustFault("broken", hint="mend it")))
    swapped, kept = capsys.readouterr().err.splitlines()
    assert '"generation": "2"' in swapped
    assert '"why": "broken"' in kept
    assert "mend it" in kept


def test_each_wake_up_is_seen_once(tmp_path: Path) -> None:
    wake(tmp_path / "state")
    wake_file = WakeFile(tmp_path / "state")
    assert not wake_file.changed()  # it came before the watch
    wake(tmp_path / "state")
    assert wake_file.changed()
    assert not wake_file.changed()


def test_a_wake_file_that_cannot_be_written_is_not_an_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"in the way")
    wake(tmp_path / "state")
    assert not WakeFile(tmp_path / "state").changed()
