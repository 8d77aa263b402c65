"""Weights of passive PAD: the pinned bytes of a folder or an address are kept, and other bytes are refused."""

from __future__ import annotations

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import ModelFault
from models.manifest import Pad, Weights
from models.pad import given

CONTENT = {"first.pth": b"one network", "second.pth": b"another one"}


def wanted(name: str, built: str) -> Weights:
    content = CONTENT[name]
    return Weights(
        file=built,
        package="a-package",
        member=f"a-package/{name}",
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
    )


PAD = Pad(licence="", origin="", v2=wanted("first.pth", "v2"), v1se=wanted("second.pth", "v1se"))
FOUND = {"v2": CONTENT["first.pth"], "v1se": CONTENT["second.pth"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "operator"
    place.mkdir()
    for name, content in CONTENT.items():
        (place / name).write_bytes(content)
    return place


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    """The folder, served on this machine."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_weights_that_were_never_given_are_not_an_error(tmp_path: Path) -> None:
    assert given.weights(PAD, tmp_path / "cache", None) == {}


def test_weights_from_a_folder_are_kept_for_the_next_build(folder: Path, tmp_path: Path) -> None:
    assert given.weights(PAD, tmp_path / "cache", str(folder)) == FOUND
    assert given.weights(PAD, tmp_path / "cache", None) == FOUND


def test_weights_are_fetched_from_an_address(address: str, tmp_path: Path) -> None:
    assert given.weights(PAD, tmp_path / "cache", address) == FOUND


@pytest.mark.parametrize("content", [None, b"", b"another two", b"another one, and more"])
def test_other_bytes_are_refused_and_not_kept(folder: Path, tmp_path: Path, content: bytes | None) -> None:
    (folder / "second.pth").unlink()
    if content is not None:
        (folder / "second.pth").write_bytes(content)
    with pytest.raises(ModelFault, match="holds no second"):
        given.weights(PAD, tmp_path / "cache", str(folder))
    assert not (tmp_path / "cache" / "second.pth").exists()
    assert given.weights(PAD, tmp_path / "cache", None) == {"v2": CONTENT["first.pth"]}


@pytest.mark.parametrize("place", ["http://127.0.0.1:9/", "http://[::1", "https://", "/no/such/folder", ""])
def test_an_invalid_place_is_a_model_fault_or_ignored(place: str, tmp_path: Path) -> None:
    if not place:
        assert given.weights(PAD, tmp_path / "cache", place) == {}
        return
    with pytest.raises(ModelFault) as caught:
        given.weights(PAD, tmp_path / "cache", place)
    assert caught.value.hint
