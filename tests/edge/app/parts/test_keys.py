"""A key that a device makes itself: once, complete, for all callers at the same time, and private."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from worlds.folders import write_secret

from edge.app.parts.keys import own_key
from edge.errors import ConfigError


def ask(file: Path, *, may_make: bool = True) -> bytes:
    return own_key(file, "the key", lost="put it back", may_make=may_make)


def test_it_is_made_once_for_all_callers_at_once(tmp_path: Path) -> None:
    file, askers = tmp_path / "new" / "the.key", 8
    together = threading.Barrier(askers)

    def begin(_: int) -> bytes:
        together.wait()
        return ask(file)

    with ThreadPoolExecutor(askers) as pool:
        keys = set(pool.map(begin, range(askers)))
    assert len(keys) == 1
    assert keys == {file.read_bytes()}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["the.key"]


def test_a_lost_key_is_made_again_with_may_make_only(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as lost:
        ask(tmp_path / "the.key", may_make=False)
    assert lost.value.hint == "put it back"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_a_file_of_another_size_is_refused_and_stays(tmp_path: Path, content: bytes) -> None:
    file = write_secret(tmp_path / "the.key", content)
    with pytest.raises(ConfigError, match="is not 32 bytes"):
        ask(file)
    assert file.read_bytes() == content
