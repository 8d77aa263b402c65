"""The contract of every Source, on the simulator, on a folder, and on two web servers."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from peers.web_server import serve
from worlds import folders

from edge.errors import FetchError, NotThere
from edge.ports import Source
from hw.network.folder import FolderSource
from hw.network.http import HttpSource
from hw.network.source import CHUNK_BYTES
from hw.sim.source import SimSource

BIG = bytes(range(256)) * 1_000  # four chunks
FILES = {
    "metadata/1.root.json": b"{}",
    "metadata/empty.json": b"",
    "targets/issuers/0a.key one.json": b"with a space",
    "targets/big": BIG,
}


@contextmanager
def sim(files: Mapping[str, bytes], folder: Path) -> Iterator[Source]:
    yield SimSource(files)


@contextmanager
def in_folder(files: Mapping[str, bytes], folder: Path) -> Iterator[Source]:
    yield FolderSource(folders.fill(folder, files))


@contextmanager
def on_the_web(files: Mapping[str, bytes], folder: Path) -> Iterator[Source]:
    with serve(files) as server:
        yield HttpSource(server.url)


@contextmanager
def on_a_web_without_ranges(files: Mapping[str, bytes], folder: Path) -> Iterator[Source]:
    with serve(files, ranges=False) as server:
        yield HttpSource(server.url)


WAYS = [sim, in_folder, on_the_web, on_a_web_without_ranges]


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    with request.param(FILES, tmp_path) as source:
        yield source


@pytest.mark.parametrize("name", FILES)
def test_a_file_comes_whole_in_chunks(source: Source, name: str) -> None:
    chunks = list(source.fetch(name))
    assert b"".join(chunks) == FILES[name]
    assert all(0 < len(chunk) <= CHUNK_BYTES for chunk in chunks)


@pytest.mark.parametrize("offset", [1, CHUNK_BYTES - 1, CHUNK_BYTES, 100_000, len(BIG) - 1, len(BIG)])
def test_a_file_can_be_read_from_an_offset(source: Source, offset: int) -> None:
    assert b"".join(source.fetch("targets/big", offset=offset)) == BIG[offset:]


def test_after_its_end_a_file_is_empty(source: Source) -> None:
    assert b"".join(source.fetch("targets/big", offset=len(BIG) + 1)) == b""


@pytest.mark.parametrize("name", ["metadata/2.root.json", "targets/nothing/here", "nowhere"])
def test_a_missing_file_differs_from_every_other_failure(source: Source, name: str) -> None:
    with pytest.raises(NotThere):
        list(source.fetch(name))


NAMES = ["", "/", "/etc/passwd", "..", "../a", "a/../b", "./a", "a//b", "a/", "a\0b", "a\nb", "a/" * 8 + "b"]


@pytest.mark.parametrize("name", [*NAMES, "a" * 513], ids=ascii)
def test_no_name_leaves_the_repository(source: Source, name: str) -> None:
    with pytest.raises(FetchError):
        list(source.fetch(name))


def test_a_caller_may_stop_reading_and_start_again(source: Source) -> None:
    for _ in range(3):
        with closing(source.fetch("targets/big")) as chunks:
            next(chunks)
    assert b"".join(source.fetch("targets/big")) == BIG


def test_one_source_serves_one_fetch_after_the_other(source: Source) -> None:
    for name, offset in itertools.product(FILES, (0, 1)):
        assert b"".join(source.fetch(name, offset=offset)) == FILES[name][offset:]


def test_no_timer_stays_running(source: Source) -> None:
    list(source.fetch("targets/big"))
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(timeout=5)
            assert not thread.is_alive()
