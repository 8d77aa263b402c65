"""The trust repository that a hub serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from worlds import folders
from worlds.fleet import PASSWORD, Hub, serving

from edge.errors import InputError, NotThere
from hw.network.http import HttpSource
from tools.hub.app import create_app
from tools.hub.files import mounts
from tools.hub.schema import Database

HASH = "0a" * 32
BIG = bytes(range(256)) * 1_000
FILES = {
    "metadata/timestamp.json": b'{"version": 7}',
    "metadata/7.snapshot.json": b"{}",
    "metadata/1.root.json": b"{}",
    f"targets/revocation/{HASH}.time.json": b"{}",
    f"targets/models/{HASH}.face.tflite": BIG,
    "targets/readme.txt": b"no hash",
    "metadata/.timestamp.json.1234": b"half a fi",
    "keys/root.key": b"secret",
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = folders.fill(tmp_path_factory.mktemp("repository"), FILES)
    (folder / "metadata" / "link.json").symlink_to(folder / "keys" / "root.key")
    return folder


@pytest.fixture(scope="module")
def hub(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    database = Database(str(tmp_path_factory.mktemp("hub") / "hub.db"))
    database.prepare()
    with serving(create_app(database, password=PASSWORD, repository=repository)) as hub:
        yield hub
    database.close()


SERVED = [name for name in FILES if name.startswith(("metadata/", "targets/")) and "/." not in name]


@pytest.mark.parametrize("name", SERVED)
def test_a_device_reads_the_files_of_the_folder(hub: Hub, name: str) -> None:
    assert b"".join(HttpSource(hub.url).fetch(name)) == FILES[name]


def test_a_device_continues_an_interrupted_download(hub: Hub) -> None:
    name = f"targets/models/{HASH}.face.tflite"
    assert b"".join(HttpSource(hub.url).fetch(name, offset=100_000)) == BIG[100_000:]
    assert hub.call("GET", name, headers={"Range": "bytes=100000-"}).status == 206
    assert b"".join(HttpSource(hub.url).fetch(name, offset=len(BIG))) == b""


def test_a_missing_file_is_not_cached(hub: Hub) -> None:
    with pytest.raises(NotThere):
        list(HttpSource(hub.url).fetch("metadata/2.root.json"))
    assert hub.call("GET", "metadata/2.root.json").headers["cache-control"] == "no-store"


AGES = {
    "metadata/timestamp.json": "public, no-cache",
    "targets/readme.txt": "public, no-cache",
    "metadata/7.snapshot.json": "public, max-age=31536000, immutable",
    f"targets/models/{HASH}.face.tflite": "public, max-age=31536000, immutable",
}


@pytest.mark.parametrize("name", AGES)
def test_only_files_that_never_change_are_cached_for_long(hub: Hub, name: str) -> None:
    said = hub.call("GET", name)
    assert said.headers["cache-control"] == AGES[name]
    again = hub.call("GET", name, headers={"If-None-Match": said.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


NOT_SERVED = [
    "keys/root.key",
    "metadata/../keys/root.key",
    "metadata/%2e%2e/keys/root.key",
    "metadata/..%2fkeys%2froot.key",
    "metadata/link.json",
    "metadata/.timestamp.json.1234",
    "metadata/",
    "metadata",
    "targets/models",
    "metadata/%00",
    "metadata/" + "a" * 300,
]


@pytest.mark.parametrize("path", NOT_SERVED)
def test_nothing_else_is_served(hub: Hub, path: str) -> None:
    said = hub.call("GET", path)
    assert said.status in {401, 404, 307}
    assert b"secret" not in said.body


def test_no_client_can_write(hub: Hub) -> None:
    for method in ("PUT", "POST", "DELETE"):
        assert hub.call(method, "metadata/timestamp.json", b"{}").status == 405


def test_a_folder_without_a_repository_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="metadata is missing"):
        mounts(tmp_path)
